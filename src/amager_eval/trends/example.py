"""Stored fits to try functions on: real, of the bundled published figures, and thinned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from amager_eval.errors import InputError
from amager_eval.trends.fit import Kind, load_fit
from amager_eval.trends.store import write_tree

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.trends.fit import Fit

__all__ = ["example_fit", "store_example", "thinned"]

#: Where the fits are kept.
EXAMPLES: Final = Path(__file__).parent / "examples"
#: What is said of such a fit wherever it shows itself.
_MARK: Final = (
    "Example: {kept} of {draws} draws per chain of a fit of the bundled published figures, to try "
    "functions on and not to report from; the diagnostics are those of the whole run."
)


def example_fit(kind: Kind) -> Fit:
    """Load a stored fit of the bundled published figures, thinned: no sampling, under a second.

    Parameters
    ----------
    kind : {"safety", "crime"}
        Which model.

    Returns
    -------
    Fit
        Marked as an example in `data.attrs["example"]`. What it forecasts has a larger
        Monte-Carlo error than a report allows.

    Raises
    ------
    InputError
        There is no such example.

    Notes
    -----
    Made by `docs/make_example_fits.py` from `published()`.

    Examples
    --------
    >>> fit = example_fit("crime")
    >>> fit.diagnostics.passed, fit.data.attrs["example"][:8]
    (True, 'Example:')
    """
    path = EXAMPLES / f"{kind}.nc"
    if not path.is_file():
        known = sorted(p.stem for p in EXAMPLES.glob("*.nc"))
        raise InputError(f"there is no example fit '{kind}'; there are {', '.join(known)}")
    return load_fit(path)


def thinned(fit: Fit, kept: int) -> Fit:
    """Keep some draws of every chain, evenly spaced, in single precision; and mark it.

    Parameters
    ----------
    fit : Fit
        The whole run; its diagnostics stay.
    kept : int
        Draws per chain.

    Returns
    -------
    Fit
    """
    draws = fit.data["posterior"].sizes["draw"]
    at = np.linspace(0, draws - 1, kept).round().astype(int)

    def thin(group: xr.Dataset) -> xr.Dataset:
        few = group.isel(draw=at) if "draw" in group.sizes else group
        if "chain" not in group.sizes:
            return few
        return few.map(lambda v: v.astype(np.float32) if v.dtype == np.float64 else v)

    data = fit.data.map_over_datasets(thin)
    data.attrs["example"] = _MARK.format(kept=kept, draws=draws)
    return replace(fit, data=data)


def store_example(fit: Fit, kept: int, folder: Path = EXAMPLES) -> Path:
    """Write a thinned fit where :func:`example_fit` finds it.

    Parameters
    ----------
    fit : Fit
        The whole run.
    kept : int
        Draws per chain.
    folder : Path
        Existing folder.

    Returns
    -------
    Path
        The file.
    """
    path = folder / f"{fit.kind}.nc"
    few = thinned(fit, kept)
    write_tree(few.data, few.record(), path, compress=True)
    return path
