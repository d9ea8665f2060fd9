"""Folders of appendices: one a year, put in its place whole; a stopped run leaves nothing there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from amager_eval.errors import InputError
from amager_eval.wording.faults import fault_of

__all__ = ["alone_in", "appendix_folder", "put_in_place", "sweep", "years_in"]

_UNFINISHED: Final = ".unfinished-"
_LOCK: Final = ".amager-eval.lock"
_NAME: Final = re.compile(r"appendix-(\d{4})")


def appendix_folder(out: Path, year: int) -> Path:
    """Return the folder of a year's appendix."""
    return out / f"appendix-{year}"


def years_in(out: Path) -> list[int]:
    """Years with a finished appendix, newest first."""
    found = (_NAME.fullmatch(p.parent.name) for p in out.glob("appendix-*/appendix.html"))
    return sorted((int(match[1]) for match in found if match), reverse=True)


@contextmanager
def alone_in(out: Path) -> Iterator[Path]:
    """Give a folder to work in, of this process alone; gone afterwards, whatever happens.

    Raises
    ------
    InputError
        Another process makes a status there already.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / _LOCK, timeout=0):
            _clear(out)
            work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=out))
            try:
                yield work
            finally:
                _clear(out)
    except Timeout as error:
        raise InputError(fault_of("app_busy", file=str(out))) from error


def sweep(out: Path) -> bool:
    """Remove what a killed process left behind; False where one is at work."""
    if not out.is_dir():
        return True
    try:
        with FileLock(out / _LOCK, timeout=0):
            _clear(out)
    except Timeout:
        return False
    return True


def put_in_place(new: Path, target: Path) -> None:
    """Put a finished folder where the old one was; a process killed in between loses neither."""
    before = new.with_name(f"before-{target.name}")
    if target.exists():
        target.rename(before)
    try:
        new.rename(target)
    except OSError:
        if before.exists():
            before.rename(target)
        raise


def _clear(out: Path) -> None:
    """Remove unfinished work; an appendix that had just been taken from its place goes back."""
    for work in out.glob(f"{_UNFINISHED}*"):
        for before in work.glob("before-*"):
            target = out / before.name.removeprefix("before-")
            if not target.exists():
                before.rename(target)
        shutil.rmtree(work)
