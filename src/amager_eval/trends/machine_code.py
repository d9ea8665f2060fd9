"""Where compiled code is kept: a folder of the user's own, new when the compiled sources change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Final

import numba
from platformdirs import user_cache_path

__all__ = ["njit"]

#: Files whose functions are compiled and call each other. Numba looks at the file of the outermost
#: function alone, and would keep using what an older version of another file compiled to.
_SOURCES: Final = ("safety_likelihood.py", "safety_density.py")
_config: Any = numba.config  # not typed


def _njit(function: Any) -> Any:
    """Compile on first use, keep the code, release the lock; dividing by 0 gives infinity."""
    sources = b"".join((Path(__file__).parent / name).read_bytes() for name in _SOURCES)
    digest = hashlib.sha256(sources).hexdigest()[:12]
    kept = _config.CACHE_DIR
    _config.CACHE_DIR = os.fspath(user_cache_path("amager_eval") / "safety" / digest)
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        _config.CACHE_DIR = kept


njit: Any = _njit
