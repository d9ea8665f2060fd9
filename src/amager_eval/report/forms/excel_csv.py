"""The tables as CSV that a Danish Excel opens with a double click; the open data stand beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.tables.table import print_cell

if TYPE_CHECKING:
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["write_excel_csv"]


def write_excel_csv(table: Table, path: Path, words: Wording) -> None:
    """Write a table's raw values for Excel: semicolon, decimal comma, byte order mark."""
    frame = table.frame[[c.key for c in table.in_data]].copy()
    for column in table.in_data:
        if column.kind == "year":
            frame[column.key] = frame[column.key].astype("Int64")
        elif column.numeric:  # a column of objects would keep its decimal points
            frame[column.key] = pd.to_numeric(frame[column.key])
        elif column.kind == "mark":
            frame[column.key] = [words.name("verdict", str(v)) for v in frame[column.key]]
        elif column.kind == "flag":
            frame[column.key] = [print_cell(v, "flag", words) for v in frame[column.key]]
    frame.columns = [c.label.replace("\n", " ") for c in table.in_data]
    frame.to_csv(
        path, index=False, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n"
    )
