"""Write a fit to one NetCDF file and read it back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import xarray as xr

from amager_eval.errors import InputError
from amager_eval.spec.model import ModelSpec
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.fit import Fit
from amager_eval.whole_file import whole_file

__all__ = ["load_fit", "save_fit"]

_FORMAT = 1


def save_fit(fit: Fit, path: Path) -> None:
    """Write a fit: every group of its tree, and its document, diagnostics and seed as attributes.

    Parameters
    ----------
    fit : Fit
        What to keep.
    path : Path
        The file to write; its folder must exist. An older file is replaced only when the new one
        is complete.
    """
    record = {
        "format": _FORMAT,
        "kind": fit.kind,
        "seed": fit.seed,
        "spec": fit.spec.model_dump(mode="json"),
        "spec_digest": fit.spec.digest,
        "diagnostics": asdict(fit.diagnostics),
    }
    tree = fit.data.copy()
    tree.attrs["amager_eval_fit"] = json.dumps(record)
    with whole_file(path) as unfinished:
        tree.to_netcdf(unfinished, engine="h5netcdf", mode="w")


def load_fit(path: str | Path) -> Fit:
    """Read a fit that :meth:`~amager_eval.trends.fit.Fit.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Fit
        Forecasts exactly as the one that was saved.

    Raises
    ------
    InputError
        The file does not exist or was not written by this package.

    Examples
    --------
    >>> load_fit("safety.nc").forecast(2028)  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist; name a file that `fit.save` wrote")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read as NetCDF: {error}") from error
    if "amager_eval_fit" not in tree.attrs:
        raise InputError(f"{path.name} holds no fit of this package; name a file `fit.save` wrote")
    record = json.loads(tree.attrs.pop("amager_eval_fit"))
    if record["format"] != _FORMAT:
        raise InputError(
            f"{path.name} was written in format {record['format']}, this version reads "
            f"{_FORMAT}; fit again"
        )
    spec = ModelSpec.model_validate(record["spec"])
    spec._digest = record["spec_digest"]
    diagnostics = Diagnostics(
        **{**record["diagnostics"], "problems": tuple(record["diagnostics"]["problems"])}
    )
    return Fit(record["kind"], tree, spec, diagnostics, record["seed"])
