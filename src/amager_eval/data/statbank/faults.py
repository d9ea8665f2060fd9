"""Faults of the StatBank's replies and saved tables, in the catalogues of both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from amager_eval.errors import InputError
from amager_eval.wording.faults import fault_of

__all__ = ["statbank_fault"]

#: What was found is shown up to this length.
_LONGEST: Final = 120


def statbank_fault(
    key: str, found: object = "", *, file: str | None = None, **words: object
) -> InputError:
    """Make the error of a key below `error.statbank_`; `found` is shown as it is.

    Examples
    --------
    >>> print(statbank_fault("px_figures", 15, file="a.px", count=16))
    a.px: the PX file should hold 16 figures; found '15'. Fetch or save the table again.
    """
    told = fault_of(f"statbank_{key}", file=file, column=None, **words)
    return InputError(replace(told, found=str(found)[:_LONGEST]))
