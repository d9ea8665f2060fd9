"""The atom of the house: a value with its interval, n, method and unit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Number = float | NDArray[np.float64]

__all__ = ["Estimate", "Shown", "frame_of"]


class Shown:
    """A record that a notebook shows as the table it is."""

    def to_frame(self) -> pd.DataFrame:
        """Return one row per element with the columns of this record."""
        return frame_of(self)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, border=0, float_format="{:.4g}".format))


@dataclass(frozen=True)
class Estimate(Shown):
    """A value, its interval, and what they rest on.

    Parameters
    ----------
    estimate : float or ndarray
        The point estimate, in `unit`.
    low, high : float or ndarray
        Limits of the interval at `level`, same shape.
    n : float or ndarray
        Respondents (a share), events (a rate).
    level : float
        Confidence level.
    method : str
        Name of the interval's method.
    unit : str
        What the numbers are: `share`, `per 1000`.

    Examples
    --------
    >>> Estimate(0.84, 0.80, 0.87, n=300, level=0.95, method="wilson", unit="share").low
    0.8
    """

    estimate: Number
    low: Number
    high: Number
    n: Number
    level: float
    method: str
    unit: str


def frame_of(record: Any) -> pd.DataFrame:
    """Return one row per element of a frozen record, its fields as columns; no tuples."""
    fields = {k: v for k, v in asdict(record).items() if not isinstance(v, tuple)}
    columns = np.broadcast_arrays(*(np.atleast_1d(v) for v in fields.values()))
    return pd.DataFrame({k: v.ravel() for k, v in zip(fields, columns, strict=True)})
