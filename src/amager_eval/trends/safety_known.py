"""How much a forecast loses by not knowing the safety model's scales: the same fit with them given.

On figures the model made itself, the answer that knows the innovation sds, their correlation, the
numbers of respondents, the design effect and the third answer's width, but no drift, step or state,
is the best one can hope for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.scores.crps import crps_draws
from amager_eval.scores.ratio import score_sets
from amager_eval.trends import sample
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import Fit
from amager_eval.trends.safety_density import Density, write_density
from amager_eval.trends.safety_forecast import forecast
from amager_eval.trends.safety_natural import natural_draws
from amager_eval.trends.safety_point import true_point
from amager_eval.trends.safety_simulate import simulate_safety
from amager_eval.trends.safety_study import SafetyStudy, figures_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety_simulate import Simulated

    type Floats = NDArray[np.float64]

__all__ = ["Pinned", "compare_with_known", "pin_known"]

#: Waves ahead that are scored.
_AHEAD: Final = 4
#: Variables the best answer is given; drifts, steps, levels and walks it has to find.
_KNOWN: Final = (
    "path_sd",
    "area_sd",
    "gap_scale",
    "gap_sd_spread",
    "setting_correlation_unit",
    "response_gap",
    "log_deff",
    "wave_size",
    "area_size",
    "unknown_size",
)


@dataclass(frozen=True, eq=False)
class Pinned(Density):
    """A density on some of its coordinates, the others held where they are.

    Parameters
    ----------
    blocks : tuple of Block
        As :class:`~amager_eval.trends.safety_density.Density`.
    data : dict of str to ndarray
        As there.
    start : ndarray
        The free coordinates only.
    inner : Density
        The density on all coordinates.
    point : ndarray
        A point of `inner`; its free coordinates are not read.
    free : ndarray of bool
        Which coordinates are sampled.
    """

    inner: Density
    point: Floats
    free: NDArray[np.bool_]

    @property
    def evaluate(self) -> Callable[..., tuple[float, Floats]]:
        """Function of the free coordinates that gives value and gradient."""

        def restricted(x: Floats, **data: Any) -> tuple[float, Floats]:
            value, gradient = self.inner.evaluate(self._whole(x), **data)
            return value, gradient[self.free]

        return restricted

    def variables(self, x: Floats) -> dict[str, Floats]:
        """Turn free coordinates into all of the model's variables."""
        return self.inner.variables(self._whole(x))

    def _whole(self, x: Floats) -> Floats:
        whole = self.point.copy()
        whole[self.free] = x
        return whole


def pin_known(density: Density, design: xr.Dataset, spec: ModelSpec, truth: xr.Dataset) -> Pinned:
    """Hold sds, correlation, sizes, design effect and response gaps at their true values.

    Parameters
    ----------
    density : Density
        Of `design`.
    design : Dataset
        The figures the truth has made.
    spec : ModelSpec
        Prior scales.
    truth : Dataset
        From :func:`amager_eval.trends.safety_simulate.simulate_safety`.

    Returns
    -------
    Pinned
    """
    free = np.repeat(
        [block.name not in _KNOWN for block in density.blocks],
        [math.prod(block.shape) for block in density.blocks],
    )
    return Pinned(
        density.blocks,
        density.data,
        density.start[free],
        inner=density,
        point=true_point(density, design, spec, truth),
        free=free,
    )


def compare_with_known(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    sets: int,
    seed: int,
    folder: Path,
    draws: int | None = None,
    tune: int | None = None,
    chains: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score both answers on simulated sets that are not kept yet; a stopped run continues.

    Parameters
    ----------
    design : Dataset
        Shape of every set; :func:`amager_eval.trends.safety_study.small_city`.
    spec : ModelSpec
        The model's document.
    sets : int
        Simulated sets, two fits each.
    seed : int
        Seed; set k has the k-th seed drawn from it.
    folder : Path
        One file per finished set.
    draws, tune, chains : int or None
        Of each fit; default the spec's and 4.
    progress : callable or None
        Called with (sets done, sets in all).

    Returns
    -------
    DataFrame
        `set, quantity` (true or published share), `area, setting, response, ahead` (waves), and
        the CRPS (share) of the model's forecast and of the one that knows, `model, known`; the
        divergences of both, `model_divergences, known_divergences`.

    Raises
    ------
    InputError
        Fewer than ten sets: the ratio would show nothing.
    """
    study = SafetyStudy(design, spec, ahead=_AHEAD, draws=draws, tune=tune, chains=chains)

    def score(own: int) -> pd.DataFrame:
        return _scored(study, design, spec, own, draws, tune, chains)

    return score_sets(score, sets=sets, seed=seed, folder=folder, progress=progress)


def _scored(
    study: SafetyStudy,
    design: xr.Dataset,
    spec: ModelSpec,
    seed: int,
    draws: int | None,
    tune: int | None,
    chains: int,
) -> pd.DataFrame:
    """One set: simulate, fit twice, score the waves ahead."""
    made = simulate_safety(design, spec, seed, ahead=_AHEAD)
    told = figures_of(made.design, spec, centred=False)
    pinned = pin_known(write_density(made.design, spec), made.design, spec, made.truth)
    tree = sample.sample_without_divergence(
        sample.compile_density(replace(pinned, data=pinned.data | told)),
        draws=draws or spec.sampling.draws,
        tune=tune or spec.sampling.tune,
        chains=chains,
        targets=(spec.sampling.target_accept, *spec.sampling.stricter),
        seed=seed,
    )
    knowing = natural_draws(tree["posterior"].to_dataset(), made.design, spec, told, 1.0)
    fits = {
        "model": study.fit(made.design, seed),
        "known": (knowing, tree["sample_stats"].to_dataset()),
    }
    found = {}
    for name, (posterior, stats) in fits.items():
        ahead = _forecast(posterior, stats, made, spec, seed)
        found[name] = _crps(ahead, made)
        found[f"{name}_divergences"] = xr.DataArray(int(stats["diverging"].sum()))
    return xr.Dataset(found).to_dataframe().reset_index()


def _forecast(
    posterior: xr.Dataset, stats: xr.Dataset, made: Simulated, spec: ModelSpec, seed: int
) -> xr.Dataset:
    """Forecast as the package does, with the one assumption on drift the sets are made with."""
    options = {
        "alternatives": ["drift"],
        "forecast_draws": posterior.sizes["chain"] * posterior.sizes["draw"],
    }
    one = spec.with_options(**options)
    design = made.design
    groups = {
        "posterior": posterior.expand_dims(alternative=["drift"]),
        # the prior-only answer is not looked at
        "baseline_only": posterior.assign(eta=posterior["eta"].sel(year=design.attrs["anchor"])),
        "design": design.assign(kept=np.isfinite(design["low"])),
    }
    judged = diagnose(stats, [posterior[["eta"]].astype(float)], spec.gates)
    fit = Fit("safety", xr.DataTree.from_dict(groups), one, judged, seed)
    return forecast(fit, int(made.shares["year"][-1])).draws


def _crps(ahead: xr.Dataset, made: Simulated) -> xr.DataArray:
    """CRPS of true and published shares, dims quantity, area, setting, response, ahead."""
    future = made.shares.isel(year=slice(-_AHEAD, None)).sel(response=ahead["response"])
    future = future.sel(area=ahead["area"]).transpose("area", "setting", "response", "year")
    drawn = ahead.sel(period=future["year"].to_numpy())
    scores = [crps_draws(drawn[k].to_numpy(), future[k].to_numpy()) for k in ("true", "published")]
    names = {k: ahead[k].to_numpy() for k in ("area", "setting", "response")}
    return xr.DataArray(
        np.stack(scores),
        dims=("quantity", "area", "setting", "response", "ahead"),
        coords={"quantity": ["true", "published"], **names, "ahead": np.arange(1, _AHEAD + 1)},
    )
