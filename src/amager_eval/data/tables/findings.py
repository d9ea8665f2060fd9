"""The faults of one table as they are found, each told with its place in the user's language."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from amager_eval.data.delivered import Delivered, Kind, State
from amager_eval.data.tables.columns import word_in
from amager_eval.data.tables.fault_texts import fault_text
from amager_eval.errors import Fault, InputError
from amager_eval.wording.numbers import as_typed
from amager_eval.wording.sentences import Lang, load_wording

__all__ = ["LONGEST_FOUND", "MOST_FAULTS", "Findings", "raise_errors", "show_found"]

#: Faults listed of one table; more are counted, not listed.
MOST_FAULTS: Final = 10_000
#: Rows named of a fault that several share.
MOST_ROWS: Final = 10
#: A found value is shown up to this length.
LONGEST_FOUND: Final = 60


@dataclass
class Findings:
    """The faults of one table, written in one language, with the table's place."""

    lang: Lang = "en"  #: Language of messages and remedies
    #: Where the table stands.
    file: str | None = None
    sheet: str | None = None
    #: Column name to the heading it has in the file.
    headings: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[int | None] = ()  #: Row number of each row, as a spreadsheet shows it
    labels: Sequence[Hashable] = ()  #: Index label of each row, for a bare frame
    faults: list[Fault] = field(default_factory=list)  #: What was found so far
    #: What became of the table and its parts so far.
    delivered: list[Delivered] = field(default_factory=list)

    def deliver(
        self, kind: Kind, name: str, state: State, rows: int | None = None, reason: str = ""
    ) -> None:
        """Note what became of a part of the table; see :class:`Delivered`."""
        entry = Delivered(kind, name, state, rows, reason, self.file, self.sheet)
        self.delivered.append(entry)

    def add(
        self,
        code: str,
        *,
        at: int | Sequence[int] = (),
        row: int | None = None,
        column: str | None = None,
        found: object = "",
        **words: object,
    ) -> None:
        """Note one fault; `at` is where its row or rows stand in the table, counted from 0.

        A fault of several rows is told once, placed at the first.
        """
        at = at if isinstance(at, Sequence) else (at,)
        if len(self.faults) > MOST_FAULTS:
            return
        if len(self.faults) == MOST_FAULTS:
            code, at, row, column, found = "too_many", (), None, None, ""
            words = {"limit": MOST_FAULTS}
        words.setdefault("column", column)
        for listed in {"what", "known"} & words.keys():
            parts = str(words[listed]).split(", ")
            words[listed] = ", ".join(word_in(self.lang, part) for part in parts)
        found = as_typed(found, self.lang)
        text = fault_text(code, self.lang, **words)
        message, say = text.problem, load_wording(self.lang).say
        if at:
            row = next((self.rows[i] for i in at if self.rows[i] is not None), None)
            if self.labels:
                message = say("place.index", problem=message, label=repr(self.labels[at[0]]))
        numbered = [str(self.rows[i]) for i in at if self.rows[i] is not None]
        if len(numbered) > 1:  # what was computed has no rows
            rows = ", ".join(numbered[:MOST_ROWS])
            rows = rows if len(numbered) <= MOST_ROWS else say("place.more_rows", rows=rows)
            message = say("place.in_rows", problem=message, count=len(numbered), rows=rows)
        self.faults.append(
            Fault(
                message,
                found=show_found(found),
                remedy=text.remedy,
                file=self.file,
                sheet=self.sheet,
                row=row,
                column=self.headings.get(column, column) if column else None,
                severity=text.severity,
            )
        )


def show_found(value: object) -> str:
    """Show a found value: short, on one line, without control characters."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)  # a spreadsheet shows 102 where it stores 102.0
    text = "".join(c if c.isprintable() else "?" for c in str(value)[: LONGEST_FOUND + 1])
    return text if len(text) <= LONGEST_FOUND else text[:LONGEST_FOUND] + "…"


def raise_errors(faults: Sequence[Fault]) -> None:
    """Raise one InputError with every fault that is an error; warnings do not stop."""
    errors = [f for f in faults if f.severity == "error"]
    if errors:
        raise InputError(errors)
