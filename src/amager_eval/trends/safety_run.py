"""Sample one posterior of the safety model; what diverges is sampled again, otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amager_eval.trends import sample
from amager_eval.trends.safety_geometry import centring

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

__all__ = ["sample_run"]


def sample_run(
    compiled: Any,
    told: Mapping[str, Any],
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    keep: NDArray[np.bool_],
    targets: Sequence[float],
    centred: bool = True,
    **settings: Any,
) -> tuple[xr.DataTree, Mapping[str, NDArray[np.float64]]]:
    """Sample; a run that diverges is sampled again, whole and from the same seed.

    First in coordinates centred by what the figures say. Where few waves let a drift explain the
    whole path, or there are few areas, an sd may reach towards 0 and those coordinates are a
    funnel; so the next tries, with the same steps, are without centring of the path, then of the
    levels too. Smaller steps come after. Nothing is dropped from a run; the last one is returned as
    it is, and the gates judge it.

    Parameters
    ----------
    compiled : object
        From :func:`amager_eval.trends.sample.compile_density`.
    told : mapping of str to array
        The figures, and whether there is a drift.
    design : Dataset
        The figures.
    spec : ModelSpec
        Prior scales.
    keep : ndarray of bool
        Figures that count, shape (area, setting, response, year).
    targets : sequence of float
        Target acceptance probabilities, in order.
    centred : bool
        False begins at the second coordinates: for cities known to be a funnel in the first.
    **settings
        The other arguments of :func:`amager_eval.trends.sample.sample_posterior`.

    Returns
    -------
    tree : DataTree
        The sampler's groups.
    centre : mapping of str to ndarray
        The coordinates it was sampled in, as
        :func:`amager_eval.trends.safety_natural.natural_draws` wants them.
    """
    told_by_figures = centring(design, spec, keep)
    path_free = told_by_figures | {"centre_path": np.zeros_like(told_by_figures["centre_path"])}
    free = path_free | {"centre_level": np.zeros_like(path_free["centre_level"])}
    coordinates = (told_by_figures, path_free) if centred else (path_free,)
    first = [(centre, targets[0]) for centre in coordinates]
    for centre, target in [*first, *((free, target) for target in targets)]:
        chosen = compiled.with_data(**told, **centre)
        tree = sample.sample_posterior(chosen, target_accept=target, **settings)
        if not bool(tree["sample_stats"]["diverging"].any()):
            break
    return tree, centre
