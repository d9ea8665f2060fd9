"""Every error the package raises on purpose.

An error says what is wrong, what was found, where, and what to do. The command line maps
each class to an exit code; nothing here imports anything else of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["AmagerEvalError", "Fault", "GateError", "InputError", "SpecError"]


class AmagerEvalError(Exception):
    """Base of all errors of the package; `exit_code` is what the command line returns.

    Examples
    --------
    >>> [error.exit_code for error in (InputError("no rows"), SpecError(), GateError(["R-hat"]))]
    [2, 2, 3]
    """

    exit_code = 2


@dataclass(frozen=True)
class Fault:
    """One fault of an input: where it is, what was found and what to do.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence.
    found : str
        The offending value as it stands in the input.
    remedy : str
        What the user should do.
    file, sheet : str or None
        File name, and sheet where the file is a workbook.
    row : int or None
        Row as a spreadsheet shows it (the header is row 1); for a bare frame, its index label
        is used by the caller to fill this in, counted from 1 without a header.
    column : str or None
        Column name.
    severity : {"error", "warning"}
        Errors stop; warnings are listed.
    key, words : str and tuple of pairs
        Where the sentences stand in the catalogue, so that they can be said in another language;
        empty where they stand in one alone.

    Examples
    --------
    >>> print(Fault("percent must lie in 0 to 100", found="187", remedy="Correct the cell.",
    ...             file="safety.csv", row=7, column="percent"))
    safety.csv, row 7, column percent: percent must lie in 0 to 100; found '187'. Correct the cell.
    """

    message: str
    found: str = ""
    remedy: str = ""
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    severity: Literal["error", "warning"] = "error"
    key: str = ""
    words: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        place = [self.file, f"sheet {self.sheet}" if self.sheet else None]
        place.append(f"row {self.row}" if self.row is not None else None)
        place.append(f"column {self.column}" if self.column else None)
        where = ", ".join(p for p in place if p)
        text = f"{where}: {self.message}" if where else self.message
        if self.found:
            text += f"; found '{self.found}'"
        text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class InputError(AmagerEvalError):
    """The input or the call is wrong.

    Parameters
    ----------
    faults : sequence of Fault or str
        Every fault found, not only the first.

    Examples
    --------
    >>> error = InputError([Fault("no rows", file="crime.csv"), Fault("no area", row=3)])
    >>> print(error)
    crime.csv: no rows.
    row 3: no area.
    >>> error.faults[1].row
    3
    """

    def __init__(self, faults: Sequence[Fault] | Fault | str) -> None:
        if isinstance(faults, str):
            faults = [Fault(faults.rstrip("."))]
        elif isinstance(faults, Fault):
            faults = [faults]
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SpecError(AmagerEvalError):
    """A document in `models/` (agreement, model spec, register) is wrong.

    Parameters
    ----------
    *problems : str or Fault
        Every problem found; a fault of the catalogue can be said in another language.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> load_agreement("no_such_agreement")
    Traceback (most recent call last):
    amager_eval.errors.SpecError: ...
    """

    def __init__(self, *problems: str | Fault) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class GateError(AmagerEvalError):
    """A fit did not pass its gates, so nothing may be published from it.

    Parameters
    ----------
    problems : sequence of str
        One sentence per gate that failed.

    Examples
    --------
    >>> print(GateError(["R-hat 1.02 of path_sd exceeds 1.01"]))
    The fit did not pass its gates: R-hat 1.02 of path_sd exceeds 1.01
    """

    exit_code = 3

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The fit did not pass its gates: " + "; ".join(problems))
