"""The crime model in PyMC: one vectorised graph for every type, area and period."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from amager_eval.trends.crime.arrays import model_data, unpack
from amager_eval.trends.crime.geometry import LEAST_DISPERSION
from amager_eval.trends.crime.walk import by_area, crime_walk

__all__ = ["crime_model"]

#: Matrix products with fewer multiplications than this are written out as sums: the sums take
#: microseconds longer to run, a BLAS call takes ten seconds to compile.
WRITTEN_OUT: Final = 200_000


def crime_model(
    design: xr.Dataset, *, known: Mapping[str, NDArray[np.float64]] | None = None
) -> pm.Model:
    """Build the model of one design; its free variables are geometry, not results.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.
    known : mapping of str to ndarray or None
        Free variables whose values are given instead of their priors; data of the model then.

    Returns
    -------
    pymc.Model
        :func:`amager_eval.trends.crime.posterior.crime_posterior` turns draws of its free
        variables into levels.

    Notes
    -----
    A level path is `centre + basis @ coefficient`, the basis being the principal components of a
    random walk about its own mean over time; :func:`amager_eval.trends.crime.walk.crime_walk`
    holds the geometry. The prior of the level stands on the baseline year, not on the centre.
    Innovation and spread of drifts are absolute values of normal variables: nothing depends on
    their sign, and zero, which the data often allow, is no boundary and has no long tail as on
    the log scale. The dispersion stays on the log scale: large counts rule out zero, and a wall
    there stops the sampler.
    """
    sizes = design.sizes
    n_types, n_effects, classes = sizes["crime_type"], sizes["effect"], sizes["path_class"]
    cells = (sizes["area"], n_types)
    # shapes, not dims: the length of a named dimension would be one more array to compile for
    with pm.Model() as model:
        packed = {name: pm.Data(name, value) for name, value in model_data(design).items()}
        d = unpack(packed, design)
        dispersion = pm.HalfNormal("dispersion_common", 1.0, shape=(classes, 1)) * pt.exp(
            d["dispersion_spread"] * pm.Normal("dispersion_raw", shape=(classes, n_types))
        )
        squared = (d["dispersion_scale"] * dispersion) ** 2 + LEAST_DISPERSION**2
        of_area = by_area(squared, d["is_gap"])
        raw = {
            "innovation_raw": pm.Normal("innovation_raw", shape=(classes, n_types)),
            "drift_mean": pm.Normal("drift_mean", shape=1),
            "drift_spread": pm.Normal("drift_spread", shape=1),
            "drift_raw": pm.Normal("drift_raw", shape=cells),
            "centre_raw": pm.Normal("centre_raw", shape=cells),
            "effect_raw": pm.Normal("effect_raw", shape=(n_types, n_effects)),
            "walk_raw": pm.Normal("walk_raw", shape=design["guess"].shape),
        }
        nested = bool(design["is_gap"].values.any())
        if float(design.attrs["passing_correlation"]) > 0:
            raw["passing_raw"] = pm.Normal("passing_raw", shape=n_types)
        if nested and sizes["season_contrast"]:
            contrasts = (*cells, sizes["season_contrast"])
            raw["season_gap_spread"] = pm.Normal("season_gap_spread", shape=n_types)
            raw["season_gap_raw"] = pm.Normal("season_gap_raw", shape=contrasts)
        walk = crime_walk(raw, of_area, d, _product(design["guess"].size), nested=nested)
        squares, *changes = walk.squares
        pm.Potential("priors", 0.5 * squares.sum() - 0.5 * sum(pt.log1p(c).sum() for c in changes))

        large = _product(design["guess"].size * sizes["period"])
        path = walk.centre[:, :, None] + large(walk.coefficient, d["walk"])
        effect = _product(design["effect_value"].size * n_types)(
            raw["effect_raw"] * d["effect_scale"], d["effect_value"]
        )
        log_mu = path + effect + d["log_exposure"]
        if walk.season_gap is not None:
            log_mu = log_mu + _written_out(walk.season_gap, d["season_value"])
        reports = d["seen"] * _log_negbin(d["y"], log_mu, (1.0 / of_area)[:, :, None])
        pm.Potential("reports", reports.sum())
        if sizes["lump"]:
            flat = pt.concatenate([pt.exp(log_mu).ravel(), pt.zeros(1)])  # type: ignore[no-untyped-call]
            log_sum = pt.log(flat[packed["lump_cells"]].sum(axis=1))
            of_lump = (1.0 / squared[0])[packed["lump_type"]]  # a sum varies as its rest does
            summed = _log_negbin(packed["lump_count"], log_sum, of_lump)
            pm.Potential("summed_reports", summed.sum())
    return model if known is None else pm.do(model, known)


def _product(multiplications: int) -> Callable[[Any, Any], Any]:
    """Matrix product over the last axis of `left` and the first of `right`, fit for its size."""
    product: Callable[[Any, Any], Any] = pt.dot
    return product if multiplications > WRITTEN_OUT else _written_out


def _written_out(left: Any, right: Any) -> Any:
    return (left[..., None] * right).sum(axis=-2)


def _log_negbin(y: Any, log_mu: Any, alpha: Any) -> Any:
    """Log-probability of NegBin2 up to a term of `y` alone."""
    return (
        pt.gammaln(y + alpha)
        - pt.gammaln(alpha)
        + y * (log_mu - pt.log(alpha))
        - (y + alpha) * pt.log1p(pt.exp(log_mu) / alpha)
    )
