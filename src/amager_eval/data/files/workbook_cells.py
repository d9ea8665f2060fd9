"""Print the cells of a workbook as JSON; run as a process of its own by `workbook`.

The reader is native code: on a crafted file it may abort the process or ask for all memory,
which no exception handler sees. Here that ends this process alone.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date
from typing import Any, Final

from python_calamine import CalamineWorkbook

__all__ = ["MOST_MEMORY", "main", "plain_cell"]

#: Address space of the process, where the system can limit it.
MOST_MEMORY: Final = 3 * 1024**3


def plain_cell(cell: object) -> Any:
    """Turn a cell into what JSON knows; a date becomes `{"date": "2024-12-31"}`.

    Examples
    --------
    >>> plain_cell(date(2024, 12, 31)), plain_cell(84.0), plain_cell("nat")
    ({'date': '2024-12-31'}, 84.0, 'nat')
    """
    if isinstance(cell, str | bool | int | float) or cell is None:
        return cell
    if isinstance(cell, date):  # a datetime too: no table holds a time of day
        return {"date": cell.isoformat()[:10]}
    return str(cell)


def main() -> None:
    """Read a workbook from standard input and print `[[sheet, rows], ...]`."""
    try:
        import resource
    except ImportError:  # not on Windows
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    content = sys.stdin.buffer.read()
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        sheets = [
            [
                name,
                [
                    [plain_cell(cell) for cell in row]
                    for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)
                ],
            ]
            for name in json.loads(sys.argv[1])
            if name in book.sheet_names
        ]
    json.dump(sheets, sys.stdout)


if __name__ == "__main__":
    main()
