"""List every fault of an input, errors and warnings, without computing anything."""

from __future__ import annotations

from pathlib import Path

from amager_eval.data.read import read_everything
from amager_eval.errors import Fault
from amager_eval.spec.agreement import Agreement
from amager_eval.wording.sentences import Lang

__all__ = ["check_input"]


def check_input(
    path: str | Path, *, agreement: Agreement | None = None, lang: Lang = "en"
) -> list[Fault]:
    """List every fault of an input.

    Errors first, then warnings, each in the order found. A place is written in the same language by
    :func:`amager_eval.data.tables.fault_texts.format_fault`.
    """
    faults = read_everything(path, agreement=agreement, lang=lang).faults
    return sorted(faults, key=lambda fault: fault.severity == "warning")
