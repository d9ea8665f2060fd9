"""Where a number came from: digests of data and documents, versions and seed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final

__all__ = [
    "VERSIONED_PACKAGES",
    "sampler_versions",
    "sha256_of_bytes",
    "sha256_of_code",
    "sha256_of_file",
    "versions",
]

#: Packages whose version can change a number.
VERSIONED_PACKAGES = (
    "amager-eval",
    "arviz",
    "matplotlib",
    "numba",
    "numpy",
    "nutpie",
    "pandas",
    "pymc",
    "pytensor",
    "scipy",
    "statsmodels",
    "typst",
    "xarray",
)
#: Those whose version can change a draw.
_SAMPLERS: Final = ("numba", "numpy", "nutpie", "pymc", "pytensor", "scipy")


def sha256_of_bytes(content: bytes) -> str:
    """Return the hexadecimal SHA-256 digest of `content`.

    Examples
    --------
    >>> sha256_of_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 digest of a file's bytes."""
    return sha256_of_bytes(path.read_bytes())


def sha256_of_code(names: Iterable[str]) -> str:
    """Digest of the sources of modules of this package, for caches of what they computed.

    Parameters
    ----------
    names : iterable of str
        Modules by their name below `amager_eval`, or rooms and shelves: every module in them.

    Returns
    -------
    str
        Hexadecimal SHA-256; the order of the names is of no matter.

    Raises
    ------
    FileNotFoundError
        A name is neither a module nor a folder.

    Examples
    --------
    >>> sha256_of_code(["errors", "scores"]) == sha256_of_code(["scores", "errors"])
    True
    """
    package = Path(__file__).parent
    files: set[Path] = set()
    for name in names:
        place = package.joinpath(*name.split("."))
        found = [*place.rglob("*.py")] if place.is_dir() else [place.with_suffix(".py")]
        files |= set(found)
    return sha256_of_bytes(b"".join(path.read_bytes() for path in sorted(files)))


def versions() -> dict[str, str]:
    """Versions of Python and of every package whose version can change a number.

    Returns
    -------
    dict of str to str
        Package name to version, `python` first.
    """
    return {"python": platform.python_version()} | {p: version(p) for p in VERSIONED_PACKAGES}


def sampler_versions() -> str:
    """Versions of the packages that can change a draw, as text for the identity of a cache.

    Examples
    --------
    >>> versions()["numba"] in sampler_versions().split()
    True
    """
    return " ".join(version(p) for p in _SAMPLERS)
