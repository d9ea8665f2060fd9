"""Rows of a frame one by one, as named tuples whose cells may be anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["rows_of"]


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows as named tuples, without the index.

    Examples
    --------
    >>> import pandas as pd
    >>> rows_of(pd.DataFrame({"wave": [2026], "share": [0.85]}))[0].share
    0.85
    """
    return list(frame.itertuples(index=False))
