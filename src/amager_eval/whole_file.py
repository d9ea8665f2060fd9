"""Write a file whole or not at all: a stopped run leaves no half file behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes `path` when the block ends without an error.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder must exist.

    Yields
    ------
    Path
        A file beside it, of this process alone.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "note.txt")
    ...     with whole_file(path) as unfinished:
    ...         _ = unfinished.write_text("all of it", encoding="utf-8")
    ...         before = path.exists()
    ...     before, path.read_text(encoding="utf-8")
    (False, 'all of it')
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
