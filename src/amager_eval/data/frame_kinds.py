"""Frames of other libraries to pandas, at the door: inside the house there is one kind."""

from __future__ import annotations

from typing import Any, overload

import pandas as pd

__all__ = ["as_pandas"]


@overload
def as_pandas(frame: None) -> None: ...
@overload
def as_pandas(frame: Any) -> Any: ...
def as_pandas(frame: Any) -> Any:
    """Give a frame of polars, PyArrow or another library narwhals knows as a pandas DataFrame.

    What is no frame is returned as it is: whoever needs one says so. A missing value is missing.

    Examples
    --------
    >>> import polars as pl
    >>> as_pandas(pl.DataFrame({"area": ["Nord"], "count": [None]}))["count"].isna().tolist()
    [True]
    """
    if frame is None or isinstance(frame, pd.DataFrame):
        return frame
    import narwhals as nw  # only where another library's frame may have come

    known = nw.from_native(frame, pass_through=True)
    if isinstance(known, nw.LazyFrame):
        known = known.collect()
    if not isinstance(known, nw.DataFrame):
        return frame
    # column by column: no other library is needed for it
    return pd.DataFrame({name: known[name].to_list() for name in known.columns})
