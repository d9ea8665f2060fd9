"""Compile the crime model for a design, once for all designs of one structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data, structure

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["compiled_for"]

#: So many structures are kept of a process: a statement's own and its alternatives'.
KEPT: Final = 4

#: Compiled models by structure, the one used last at the end.
_COMPILED: dict[Any, Any] = {}


def compiled_for(design: xr.Dataset) -> Any:
    """Give the compiled model of a design; one of a structure compiled before gets new data only.

    Parameters
    ----------
    design : Dataset
        From :func:`amager_eval.trends.crime.design.crime_design`.

    Returns
    -------
    nutpie.CompiledModel
        Holding the design's counts. Another structure takes seconds, the same one none.
    """
    from amager_eval.trends.crime.model import build_model  # imports PyMC: not for bad data

    key = (sample.compile_model, structure(design))
    # looked up once: another thread of a cluster's worker may drop it meanwhile
    compiled = _COMPILED.pop(key, None)
    if compiled is None:
        compiled = sample.compile_model(build_model(design, refit=True))
    else:
        compiled = compiled.with_data(**model_data(design))
    _COMPILED[key] = compiled
    for old in list(_COMPILED)[:-KEPT]:
        _COMPILED.pop(old, None)
    return compiled
