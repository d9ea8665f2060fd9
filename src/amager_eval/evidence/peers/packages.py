"""Peers from forecasting packages of the benchmark group: statsforecast and Prophet."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from amager_eval.errors import InputError
from amager_eval.evidence.peers.series import Past, SeriesPeer, Unforecastable

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from amager_eval.evidence.peers.series import Scale

    type Floats = NDArray[np.float64]

__all__ = ["prophet", "statsforecast"]

#: What statsforecast raises on a series it cannot take; the series is then marked as a fallback.
_FAILURES: Final = (
    ValueError,
    ArithmeticError,
    IndexError,
    NotImplementedError,
    np.linalg.LinAlgError,
)
#: Interval levels asked for; between their ends quantiles are interpolated on the Normal scale.
_LEVELS: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)


def statsforecast(model: str, name: str, scale: Scale) -> SeriesPeer:
    """Make the peer: an automatic model of statsforecast."""
    return SeriesPeer(
        name,
        partial(_statsforecast, model=model),
        scale,
        f"statsforecast.{model}; draws from its interval limits at {len(_LEVELS)} levels, "
        "interpolated on the Normal scale",
        packages=("numpy", "statsforecast"),
        least=5,
    )


def prophet(scale: Scale, *, size: int = 1000) -> SeriesPeer:
    """Make the peer: Prophet with its own predictive draws (trend and noise)."""
    return SeriesPeer(
        "prophet",
        _prophet,
        scale,
        "Prophet, defaults but a yearly season of order 2 for quarters and months and none for "
        "years; its own predictive draws of trend and noise",
        packages=("numpy", "prophet", "cmdstanpy"),
        least=4,
        size=size,
    )


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"the peers need {name}, of the benchmark group: uv sync --group bench"
        ) from error


def _statsforecast(past: Past, size: int, rng: np.random.Generator, *, model: str) -> Floats:
    make: Any = getattr(_package("statsforecast.models"), model)
    season = past.per_year if len(past.values) > 2 * past.per_year else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a perfect fit divides by no freedom
        try:
            found = make(season_length=season).forecast(
                y=past.filled, h=past.horizon, level=list(_LEVELS)
            )
        except _FAILURES as error:
            raise Unforecastable(f"{type(error).__name__}: {str(error)[:60]}") from error
    names = [f"lo-{k}" for k in reversed(_LEVELS)] + [f"hi-{k}" for k in _LEVELS]
    quantiles = np.array([np.asarray(found[n], dtype=np.float64) for n in names])
    tails = np.array(_LEVELS) / 200
    levels = np.concatenate([0.5 - tails[::-1], 0.5 + tails])
    return _from_quantiles(quantiles, levels, size, rng)


def _from_quantiles(
    quantiles: Floats, levels: Floats, size: int, rng: np.random.Generator
) -> Floats:
    """Draw from quantiles, dims `level, step`: linear in the Normal score, tails included."""
    if not np.isfinite(quantiles).all():
        raise Unforecastable("interval limits are not finite")
    z = norm.ppf(levels)
    ordered = np.sort(quantiles, axis=0)
    score = rng.standard_normal((size, quantiles.shape[1]))
    at = np.clip(np.searchsorted(z, score) - 1, 0, len(z) - 2)
    step = np.arange(quantiles.shape[1])
    low, high = ordered[at, step], ordered[at + 1, step]
    return np.asarray(low + (high - low) * (score - z[at]) / (z[at + 1] - z[at]))


def _prophet(past: Past, size: int, rng: np.random.Generator) -> Floats:
    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)  # plotly is not needed
    package = _package("prophet")
    months = 12 // past.per_year
    first = pd.Timestamp(past.first_year, (past.first_index - 1) * months + 1, 1)
    dates = pd.date_range(
        first, periods=len(past.values) + past.horizon, freq=pd.DateOffset(months=months)
    )
    history = pd.DataFrame({"ds": dates[: len(past.values)], "y": past.values}).dropna()
    season = 2 if past.per_year > 1 and len(past.values) > 2 * past.per_year else False
    model = package.Prophet(
        yearly_seasonality=season,
        weekly_seasonality=False,
        daily_seasonality=False,
        uncertainty_samples=size,
    )
    # Prophet draws from NumPy's global generator: seed it, and put it back as it was
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(rng.integers(2**31)))  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", RuntimeWarning)
            model.fit(history, seed=int(rng.integers(2**31)))
            future = pd.DataFrame({"ds": dates[len(past.values) :]})
            drawn = model.predictive_samples(future)["yhat"]
    except (ValueError, RuntimeError) as error:
        raise Unforecastable(f"{type(error).__name__}: {str(error)[:60]}") from error
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return np.asarray(drawn, dtype=np.float64).T
