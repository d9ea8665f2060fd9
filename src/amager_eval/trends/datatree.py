"""A fit's groups as one tree that ArviZ reads: coordinates and attributes of its schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from amager_eval.provenance import versions
from amager_eval.spec.model import ModelSpec

if TYPE_CHECKING:
    from amager_eval.trends.drawn import Drawn

__all__ = ["arviz_tree", "forecast_tree", "with_sample_numbers"]

_SAMPLE: Final = ("chain", "draw")


def arviz_tree(groups: Mapping[str, xr.Dataset], spec: ModelSpec, sampler: str) -> xr.DataTree:
    """Join groups to a tree as ArviZ's InferenceData schema wants it.

    Parameters
    ----------
    groups : mapping of str to Dataset
        By the schema's names: `posterior`, `sample_stats`, `observed_data`, `constant_data`,
        `posterior_predictive`, `log_likelihood`, `prior`, `prior_predictive`, `log_prior`. One
        with dims `chain, draw` gets their coordinates.
    spec : ModelSpec
        The document the fit rests on; its name, version and digest become attributes.
    sampler : str
        The package whose sampler drew the posterior, `nutpie`.

    Returns
    -------
    xarray.DataTree

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((2, 3)))})
    >>> tree = arviz_tree({"posterior": draws}, load_model_spec("crime_trend"), "nutpie")
    >>> list(tree["posterior"].coords), tree["posterior"].attrs["inference_library"]
    (['chain', 'draw'], 'nutpie')
    """
    found = versions()
    attributes = {
        "created_at": datetime.now(UTC).isoformat(),
        "creation_library": "amager_eval",
        "creation_library_version": found["amager-eval"],
        "creation_library_language": "Python",
        "inference_library": sampler,
        "inference_library_version": found[sampler],
        "model": f"{spec.name} {spec.version}",
        "model_digest": spec.digest,
        "model_changed_from": spec.changed_from,
    }
    told = {n: with_sample_numbers(g).assign_attrs(attributes) for n, g in groups.items()}
    return xr.DataTree.from_dict(told)


def with_sample_numbers(group: xr.Dataset) -> xr.Dataset:
    """Give chains and draws numbers, as ArviZ's functions want it.

    Examples
    --------
    >>> with_sample_numbers(xr.Dataset({"x": (("chain", "draw"), np.zeros((2, 3)))}))["draw"].size
    3
    """
    return group.assign_coords({d: np.arange(group.sizes[d]) for d in _SAMPLE if d in group.sizes})


def forecast_tree(forecast: Drawn) -> xr.DataTree:
    """Give a forecast's draws as groups of ArviZ's schema; see :meth:`Forecast.to_datatree`."""

    def one_chain(draws: xr.Dataset) -> xr.Dataset:
        drawn = draws.drop_vars([n for n in draws.coords if "sample" in draws[n].dims])
        drawn = drawn.drop_vars("observed", errors="ignore")
        return with_sample_numbers(drawn.rename(sample="draw").expand_dims("chain"))

    groups = {"posterior_predictive": one_chain(forecast.draws)}
    if forecast.prior_only is not None:
        groups["prior_predictive"] = one_chain(forecast.prior_only)
    observed = forecast.draws["observed"].reset_coords(drop=True)
    groups["constant_data"] = observed.to_dataset(name="observed")
    about = {
        "model_digest": forecast.spec_digest,
        "model_changed_from": forecast.spec_changed_from,
    }
    return xr.DataTree.from_dict({n: g.assign_attrs(about) for n, g in groups.items()})
