"""Write the tree of a fit and what is recorded of it to one NetCDF file, and read both back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from amager_eval.errors import InputError
from amager_eval.whole_file import whole_file

__all__ = ["read_tree", "write_tree"]

_FORMAT = 1


def write_tree(
    tree: xr.DataTree, record: Mapping[str, object], path: Path, *, compress: bool = False
) -> None:
    """Write every group of a tree, and a record of plain values as an attribute.

    Parameters
    ----------
    tree : DataTree
        What to keep.
    record : mapping of str to object
        What JSON knows.
    path : Path
        The file to write; its folder must exist. An older file is replaced only when the new one
        is complete.
    compress : bool
        Whether the file is made small: writing takes longer.
    """
    tree = tree.copy()
    tree.attrs["amager_eval_fit"] = json.dumps({"format": _FORMAT, **record})
    with whole_file(path) as unfinished:
        how = {
            node.path: {
                str(n): {"zlib": True, "complevel": 9, "shuffle": True}
                for n, v in node.data_vars.items()
                if compress and v.ndim and v.dtype.kind == "f"
            }
            for node in tree.subtree
        }
        tree.to_netcdf(unfinished, engine="h5netcdf", mode="w", encoding=how)


def read_tree(path: Path) -> tuple[xr.DataTree, dict[str, Any]]:
    """Read what :func:`write_tree` wrote.

    Raises
    ------
    InputError
        The file does not exist or was not written by this package.
    """
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
    return tree, record
