"""The crime model in PyMC: one vectorised graph for every type, area and period."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends.crime.arrays import (
    FIGURES,
    groups_of_areas,
    model_data,
    unpack,
    whole_numbers,
)
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.walk import crime_unknowns

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.prior import Prior

__all__ = ["build_model", "crime_model"]

#: Matrix products with fewer multiplications than this are written out as sums: the sums take
#: microseconds longer to run, a BLAS call takes ten seconds to compile.
WRITTEN_OUT: Final = 200_000


class _Declared:
    """Unknowns as PyMC declares them; see :class:`amager_eval.trends.crime.walk.Variables`."""

    functions = pt

    def normal(self, name: str, mu: Any, sigma: Any, dims: tuple[str, ...]) -> Any:
        return pm.Normal(name, mu, sigma, shape=_shape(dims), dims=dims)

    def half_normal(self, name: str, sigma: float, dims: tuple[str, ...]) -> Any:
        return pm.HalfNormal(name, sigma, shape=_shape(dims), dims=dims)

    def positive(self, name: str, prior: Prior, dims: tuple[str, ...]) -> Any:
        family = getattr(pm, prior.distribution)
        return family(name, **prior.parameters, shape=_shape(dims), dims=dims)

    def named(self, name: str, value: Any, dims: tuple[str, ...]) -> Any:
        return pm.Deterministic(name, value, dims=dims)


def _shape(dims: tuple[str, ...]) -> tuple[int, ...]:
    """Lengths of dims, known when the graph is built: one array less each to compile for."""
    coords = pm.modelcontext(None).coords
    return tuple(len(coords[d]) for d in dims)


def crime_model(
    data: Input | pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    whole: str | None = None,
    spec: ModelSpec | str | Path | None = None,
    definition: str | None = None,
) -> pm.Model:
    """Build the crime model as a PyMC model: what :func:`~amager_eval.fit_crime` samples.

    Parameters
    ----------
    data : Input or DataFrame
        An input, or a bare frame `area, period, crime_type, count`, as of
        :func:`~amager_eval.fit_crime`.
    population : DataFrame or None
        `area, period, population`; dates after the last count are taken as a projection.
    whole : str or None
        The area that contains the others; None lets areas stand alone.
    spec : ModelSpec, str, Path or None
        The model's document; default `crime_trend`.
    definition : str or None
        Definition of crime; needed where the data hold several.

    Returns
    -------
    pymc.Model
        Observed variables: `reports`, dims `cell` (an area, type and period with a count of its
        own; named `area | type | period`), and, where counts are known only as sums,
        `summed_reports`, dims `lump`. Dims `crime_type`, `effect` (season, pandemic, steps),
        `component` (of a random walk about its mean over time); `area`, or, where areas lie
        inside a whole, `rest` (what is left of it) and `inside`. Quantities by the names of their
        priors: `innovation`, `dispersion`, `drift_mean`, `drift_spread`, `drift`, `effect_size`,
        `path_baseline` (log rate per 1,000 per period in the baseline), `expected` (reports); of
        areas inside with `_gap`, and `passing_sd`, `season_gap_sd`, `season_gap`.

    Raises
    ------
    InputError
        The data are wrong.

    Notes
    -----
    A path is `centre + coefficient @ walk`, the basis being the principal components of a random
    walk about its own mean, rotated where something passes or periods have no count. Variables
    named `..._told` are the sampler's coordinates, `..._signed` the normal whose absolute value is
    a half-normal: intervene on the quantity itself (`pm.do(model, {"innovation": ...})`).

    Examples
    --------
    >>> import amager_eval as ae
    >>> model = ae.crime_model(ae.published(), definition="STRAF11")
    >>> [v.name for v in model.observed_RVs], len(model.coords["crime_type"])
    (['reports'], 5)
    """
    if not isinstance(spec, ModelSpec):
        spec = load_model_spec(spec or "crime_trend")
    return build_model(
        crime_design(data, spec, population=population, whole=whole, definition=definition)
    )


def build_model(
    design: xr.Dataset,
    *,
    refit: bool = False,
    known: Mapping[str, NDArray[np.float64]] | None = None,
) -> pm.Model:
    """Build the model of one design.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.
    refit : bool
        Whether the counts and everything else that is known stand in one array, which other data
        of the same structure may replace; else they are constants.
    known : mapping of str to ndarray or None
        Free variables that are not sampled but known, by name; shared data of the model, for
        `with_data`.

    Returns
    -------
    pymc.Model
        As :func:`crime_model`. :func:`amager_eval.trends.crime.posterior.crime_posterior` turns
        draws of its free variables into levels.
    """
    sizes = design.sizes
    with pm.Model(coords=_coords(design), check_bounds=False) as model:
        figures = pm.Data(FIGURES, model_data(design)[FIGURES]) if refit else None
        d = unpack(figures, design)
        unknowns = crime_unknowns(_Declared(), d, _product(design["guess"].size))
        effect = _product(design["effect_value"].size * sizes["crime_type"])(
            unknowns.effect, d["effect_value"]
        )
        large = _product(design["guess"].size * sizes["period"])
        paths, sizes_of_alpha = [], []
        for g, walk in enumerate(unknowns.walks):
            path = walk.centre[:, :, None] + large(walk.coefficient, d["walk"])
            if walk.season_gap is not None:
                path = path + _written_out(walk.season_gap, d["season_value"])
            paths.append(path)
            areas = (len(groups_of_areas(design)[g]), sizes["crime_type"], sizes["period"])
            of_type = unknowns.dispersion[g] ** -2.0
            sizes_of_alpha.append((of_type, areas))
        log_mean = _together(paths) + effect + d["log_exposure"]
        if unknowns.own_effect is not None:
            sizes_of = unknowns.own_effect[None, :, :, None]  # area, crime_type, own_effect, period
            log_mean = log_mean + (sizes_of * d["own_effect_value"][:, None]).sum(axis=2)
        every = len(model.coords["cell"]) == design["count"].size  # then no look-up is needed

        def of_cells(values: Any) -> Any:
            return values.ravel() if every else values.ravel()[d["cell"]]

        def by_type(function: Callable[[Any], Any]) -> Any:
            """Take a function of alpha once a type, and lay it out over its cells."""
            laid = [pt.broadcast_to(function(a)[None, :, None], n) for a, n in sizes_of_alpha]
            return of_cells(_together(laid))

        expected = pm.Deterministic("expected", pt.exp(of_cells(log_mean)), dims="cell")
        alpha, reports = by_type(lambda a: a), whole_numbers(d["reports"])
        if refit:
            # the same density, what does not differ by cell taken once: half the time of a gradient
            pm.CustomDist(
                "reports",
                of_cells(log_mean),
                alpha,
                by_type(pt.log),
                by_type(pt.gammaln),
                d["log_factorial"],
                logp=_log_density,
                random=_draw_reports,
                observed=reports,
                dtype="int64",
                dims="cell",
            )
        else:
            pm.NegativeBinomial("reports", mu=expected, alpha=alpha, observed=reports, dims="cell")
        if sizes["lump"]:
            flat = pt.concatenate([pt.exp(log_mean).ravel(), pt.zeros(1)])  # type: ignore[no-untyped-call]
            # a sum varies as its rest does
            of_lump = unknowns.dispersion[0][d["lump_type"]] ** -2.0
            pm.NegativeBinomial(
                "summed_reports",
                mu=flat[d["lump_cells"]].sum(axis=1),
                alpha=of_lump,
                observed=whole_numbers(d["lump_count"]),
                dims="lump",
            )
    return pm.do(model, dict(known)) if known else model


def _log_density(
    value: Any, log_mean: Any, alpha: Any, log_alpha: Any, log_gamma: Any, log_factorial: Any
) -> Any:
    """Log density of a negative binomial, with what depends on alpha or the value alone given."""
    away = log_mean - log_alpha
    size = value + alpha
    return pt.gammaln(size) - log_gamma - log_factorial + value * away - size * pt.softplus(away)


def _draw_reports(
    log_mean: Any, alpha: Any, *_: Any, rng: np.random.Generator, size: Any
) -> NDArray[np.int64]:
    drawn: NDArray[np.int64] = rng.negative_binomial(
        alpha, alpha / (alpha + np.exp(log_mean)), size=size
    )
    return drawn


def _coords(design: xr.Dataset) -> dict[str, Any]:
    """Names of everything the model's dims count."""
    groups = groups_of_areas(design)
    order = np.concatenate(groups)
    areas = design["area"].values
    count = design["count"].values[order]
    kinds, periods = design["crime_type"].values, design["period"].values
    coords = {
        "crime_type": kinds,
        "path_class": design["path_class"].values,
        "effect": design["effect"].values,
        "component": np.arange(design.sizes["component"]),
        "lump": np.arange(design.sizes["lump"]),
        "cell": [
            f"{areas[order[a]]} | {kinds[k]} | {periods[t]}"
            for a, k, t in np.argwhere(~np.isnan(count))
        ],
    }
    if "own_effect" in design.sizes:
        coords["own_effect"] = design["own_effect"].values
    if len(groups) == 1:
        return coords | {"area": areas}
    return coords | {
        "rest": areas[groups[0]],
        "inside": areas[groups[1]],
        "season_contrast": design["season_contrast"].values,
    }


def _together(of_groups: list[Any]) -> Any:
    return pt.concatenate(of_groups) if len(of_groups) > 1 else of_groups[0]  # type: ignore[no-untyped-call]


def _product(multiplications: int) -> Callable[[Any, Any], Any]:
    """Matrix product over the last axis of `left` and the first of `right`, fit for its size."""
    product: Callable[[Any, Any], Any] = pt.dot
    return product if multiplications > WRITTEN_OUT else _written_out


def _written_out(left: Any, right: Any) -> Any:
    return (left[..., None] * right).sum(axis=-2)
