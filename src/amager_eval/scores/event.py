"""Score probabilities of events: Brier score and its decomposition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Floats = NDArray[np.float64]

__all__ = ["Calibration", "brier", "calibrate"]


def brier(probability: ArrayLike, outcome: ArrayLike) -> Floats:
    """Brier score of each forecast, `(probability - outcome)^2`; smaller is better.

    Examples
    --------
    >>> brier([0.8, 0.5], [True, False]).round(2).tolist()
    [0.04, 0.25]
    """
    result: Floats = np.asarray(
        (np.asarray(probability, dtype=np.float64) - np.asarray(outcome, dtype=np.float64)) ** 2
    )
    return result


@dataclass(frozen=True, eq=False)
class Calibration:
    """Mean Brier score taken apart."""

    #: Mean score: `miscalibration - discrimination + uncertainty`.
    brier: float
    #: What would be gained by recalibrating the probabilities; 0 is calibrated.
    miscalibration: float
    #: What the calibrated probabilities gain over always saying the mean frequency.
    discrimination: float
    #: Score of always saying the mean frequency.
    uncertainty: float


def calibrate(probability: ArrayLike, outcome: ArrayLike) -> Calibration:
    """Hold probabilities of events against how often they happened.

    CORP: the frequency is an isotonic regression of outcome on probability, so there are no bins
    to choose. Dimitriadis, Gneiting and Jordan (2021), PNAS 118.

    Examples
    --------
    >>> found = calibrate([0.1, 0.1, 0.9, 0.9], [False, False, True, False])
    >>> round(found.brier, 3), round(found.miscalibration, 3), round(found.discrimination, 3)
    (0.21, 0.085, 0.062)
    """
    p = np.asarray(probability, dtype=np.float64)
    y = np.asarray(outcome, dtype=np.float64)
    grouped = (
        pd.DataFrame({"probability": p, "frequency": y})
        .groupby("probability", as_index=False)["frequency"]
        .agg(["mean", "size"])
    )
    weight = grouped["size"].to_numpy(dtype=np.float64)
    fitted = isotonic_regression(grouped["mean"].to_numpy(), weights=weight).x
    recalibrated = fitted[np.searchsorted(grouped["probability"].to_numpy(), p)]
    mean_score = float(brier(p, y).mean())
    calibrated_score = float(brier(recalibrated, y).mean())
    climate_score = float(brier(np.full_like(p, y.mean()), y).mean())
    return Calibration(
        brier=mean_score,
        miscalibration=mean_score - calibrated_score,
        discrimination=climate_score - calibrated_score,
        uncertainty=climate_score,
    )
