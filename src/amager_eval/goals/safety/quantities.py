"""Joint draws of safety shares to the probability of every reading of the safety goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.errors import InputError
from amager_eval.spec.readings import SAFETY_READINGS, STAYS_REACHED, Drawn

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.trends.fit import Forecast

    type Truths = NDArray[np.bool_]

__all__ = ["ALL", "Asked", "by_cell", "safety_quantities"]

#: Rows of the quantities, by area, setting, response and quantity.
type Asked = Mapping[tuple[str, str, str, str], Mapping[Any, Any]]

#: Name of the joint rows: over all areas, or all settings.
ALL: Final = "alle"

#: Published percentages are compared as such: differences below this are rounding of binary.
_EQUAL: Final = 1e-9


def safety_quantities(
    forecast: Forecast,
    *,
    whole: str | None,
    baseline: int,
    target: int,
    areas: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Probability of each reading, for true and for published shares, beside its prior-only value.

    `area, setting, response, quantity, probability_true, probability_published,
    prior_probability_true, prior_probability_published`; one row per area (and "alle" where there
    are several; by default all but the whole), setting (and "alle"), response and quantity. All in
    the direction of more safety: for `unsafe`, reaching means lying at or below, rising means
    falling. NaN where a quantity does not apply: `stays_reached` unless the area was at or above
    the whole at the baseline, the shortfall's unless it was below. The published figures of the
    baseline decide that, for true shares and where none were published the median true share. A
    published quantity uses every figure that is already published. Without a `whole`, what compares
    with it is left out.

    Notes
    -----
    `stays_reached`: at or above the whole in every wave after the baseline through the target.
    `rises_every_year`: strictly, from the baseline to the target.

    Examples
    --------
    >>> from amager_eval.trends.fit import Forecast
    >>> import xarray as xr
    >>> share = np.array([[[[[0.80, 0.85]]], [[[0.88, 0.86]]]]])
    >>> dims = ("sample", "area", "setting", "response", "period")
    >>> draws = xr.Dataset(
    ...     {"true": (dims, share), "published": (dims, share)},
    ...     coords={"area": ["Nord", "Byen"], "setting": ["night"], "response": ["safe"],
    ...             "period": [2024, 2025], "observed": (dims[1:], share[0] > 2)})
    >>> forecast = Forecast("safety", draws, None, "")
    >>> frame = safety_quantities(forecast, whole="Byen", baseline=2024, target=2025)
    >>> frame.set_index("quantity")["probability_true"].loc["shortfall_halved"]
    np.float64(1.0)
    """
    draws = forecast.draws
    _check(draws, whole, baseline, target)
    names = [str(a) for a in draws["area"].to_numpy() if a != whole]
    chosen = list(areas) if areas is not None else names
    unknown = [a for a in chosen if a not in names]
    if unknown:
        raise InputError(
            f"the forecast has no area {', '.join(unknown)}; it has {', '.join(names)}"
        )
    reached = _reached_at_baseline(draws, whole, baseline)
    columns = {}
    for prefix, source in (("", draws), ("prior_", forecast.prior_only)):
        for kind in ("true", "published"):
            column = f"{prefix}probability_{kind}"
            columns[column] = (
                _column(source, kind, chosen, whole, baseline, target, reached)
                if source is not None
                else None
            )
    index = next(c for c in columns.values() if c is not None).index
    empty = pd.Series(np.nan, index=index)
    frame = pd.DataFrame({k: empty if c is None else c for k, c in columns.items()})
    return frame.reset_index()


def by_cell(quantities: pd.DataFrame) -> Asked:
    """Index the rows of :func:`safety_quantities`: a goal asks for some hundred of them."""
    return {
        (r["area"], r["setting"], r["response"], r["quantity"]): r
        for r in quantities.to_dict(orient="records")
    }


def _check(draws: xr.Dataset, whole: str | None, baseline: int, target: int) -> None:
    periods = draws["period"].to_numpy()
    missing = [p for p in range(baseline, target + 1) if p not in periods]
    if target <= baseline or missing:
        raise InputError(
            f"baseline {baseline} and target {target} must lie, in this order, in the forecast's "
            f"{periods[0]} to {periods[-1]}; forecast further or choose other waves"
        )
    if whole is not None and whole not in draws["area"].to_numpy():
        raise InputError(f"the forecast has no area '{whole}'; name the whole or pass None")


def _reached_at_baseline(
    draws: xr.Dataset, whole: str | None, baseline: int
) -> xr.DataArray | None:
    """Whether an area was level with the whole: by published figures, else by median true share."""
    if whole is None:
        return None
    at = draws.sel(period=baseline)
    sign = _sign(draws)
    figure = sign * at["published"].isel(sample=0)
    true = sign * at["true"].median("sample")
    both = at["observed"] & at["observed"].sel(area=whole, drop=True)
    by_figure = figure >= figure.sel(area=whole, drop=True) - _EQUAL
    by_true = true >= true.sel(area=whole, drop=True)
    return by_figure.where(both, by_true).astype(bool)


def _sign(draws: xr.Dataset) -> xr.DataArray:
    """+1 for the safe share, -1 for the unsafe: more is better."""
    return (draws["response"] == "safe") * 2 - 1


def _column(
    draws: xr.Dataset,
    kind: str,
    areas: list[str],
    whole: str | None,
    baseline: int,
    target: int,
    reached: xr.DataArray | None,
) -> pd.Series[float]:
    """One probability per area, setting, response and quantity, joint rows included."""
    span = draws[kind].sel(period=slice(baseline, target)) * _sign(draws)
    own = span.sel(area=areas).transpose("sample", "area", "setting", "response", "period")
    gap = None
    if whole is not None:
        gap = (own - span.sel(area=whole, drop=True)).transpose(*own.dims).to_numpy()
    truths = _truths(own.to_numpy(), gap)
    held = np.stack([_joint(truth).mean(axis=0) for truth in truths.values()], axis=-1)
    if reached is not None:
        level = reached.sel(area=areas).transpose("area", "setting", "response").to_numpy()[None]
        at_level, below = _joint(level)[0], _joint(~level)[0]
        for k, name in enumerate(truths):
            if name == STAYS_REACHED:
                held[~at_level, k] = np.nan
            elif SAFETY_READINGS[name].of_shortfall:
                held[~below, k] = np.nan
    settings = [str(s) for s in draws["setting"].to_numpy()]
    names = [
        [*areas, ALL] if len(areas) > 1 else areas,
        [*settings, ALL] if len(settings) > 1 else settings,
        [str(r) for r in draws["response"].to_numpy()],
        list(truths),
    ]
    index = pd.MultiIndex.from_product(names, names=["area", "setting", "response", "quantity"])
    return pd.Series(held[: len(names[0]), : len(names[1])].ravel(), index=index)


def _joint(truth: Truths) -> Truths:
    """Add whether it holds in all areas at once, and in all settings, as the last of each."""
    for dim in (1, 2):
        everywhere = truth.all(axis=dim, keepdims=True)
        truth = np.concatenate([truth, everywhere], axis=dim)
    return truth


def _truths(own: Any, gap: Any) -> dict[str, Truths]:
    """Whether each quantity holds, per sample, area, setting and response.

    Shares are signed so that more is better, `gap` the same minus the whole's (None without one).
    """
    drawn = Drawn(own, gap)
    return {
        name: reading.asks(drawn)
        for name, reading in SAFETY_READINGS.items()
        if gap is not None or not reading.of_the_whole
    }
