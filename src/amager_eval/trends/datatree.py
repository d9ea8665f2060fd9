"""A fit's groups as one tree that ArviZ reads: coordinates and attributes of its schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np
import xarray as xr

from amager_eval.provenance import versions
from amager_eval.spec.model import ModelSpec

__all__ = ["arviz_tree"]

_SAMPLE: Final = ("chain", "draw")


def arviz_tree(groups: Mapping[str, xr.Dataset], spec: ModelSpec) -> xr.DataTree:
    """Join groups to a tree as ArviZ's InferenceData schema wants it.

    Parameters
    ----------
    groups : mapping of str to Dataset
        By the schema's names: `posterior`, `sample_stats`, `observed_data`, `constant_data`,
        `posterior_predictive`, `log_likelihood`, `prior`, `prior_predictive`, `log_prior`. One
        with dims `chain, draw` gets their coordinates.
    spec : ModelSpec
        The document the fit rests on; its name, version and digest become attributes.

    Returns
    -------
    xarray.DataTree

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> draws = xr.Dataset({"x": (("chain", "draw"), np.zeros((2, 3)))})
    >>> tree = arviz_tree({"posterior": draws}, load_model_spec("crime_trend"))
    >>> list(tree["posterior"].coords), tree["posterior"].attrs["inference_library"]
    (['chain', 'draw'], 'nutpie')
    """
    found = versions()
    attributes = {
        "created_at": datetime.now(UTC).isoformat(),
        "creation_library": "amager_eval",
        "creation_library_version": found["amager-eval"],
        "creation_library_language": "Python",
        "inference_library": "nutpie",
        "inference_library_version": found["nutpie"],
        "model": f"{spec.name} {spec.version}",
        "model_digest": spec.digest,
    }
    told = {}
    for name, group in groups.items():
        numbers = {d: np.arange(group.sizes[d]) for d in _SAMPLE if d in group.sizes}
        told[name] = group.assign_coords(numbers).assign_attrs(attributes)
    return xr.DataTree.from_dict(told)
