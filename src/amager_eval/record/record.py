"""The yearly record: each statement as published, with the digest that proves it unchanged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from amager_eval.errors import Fault, InputError
from amager_eval.provenance import sha256_of_bytes, sha256_of_file
from amager_eval.whole_file import whole_file

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement

__all__ = [
    "BASELINE_FILE",
    "MANIFEST",
    "hold_against_record",
    "keep_file",
    "read_record",
    "recorded_years",
    "verify_record",
    "write_record",
]

MANIFEST = "digests.json"
BASELINE_FILE = "baseline.json"
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def hold_against_record(statement: Statement, folder: Path) -> None:
    """Refuse a statement whose year is kept already with another content.

    Raises
    ------
    InputError
        With both digests.
    """
    path = folder / f"{statement.year}.json"
    now = sha256_of_bytes(statement.to_json().encode("utf-8"))
    if path.exists() and sha256_of_file(path) != now:
        raise InputError(
            Fault(
                f"the record holds another statement of {statement.year}",
                found=f"{now[:12]} now, {sha256_of_file(path)[:12]} kept",
                remedy="Move the kept statement away by hand if it was never published.",
                file=path.name,
            )
        )


def write_record(statement: Statement, folder: Path) -> Path:
    """Keep a statement as `<year>.json`; a year once kept is never overwritten by another.

    Raises
    ------
    InputError
        A differing statement of that year is kept already, or the statement is a draft.
    """
    if statement.draft:
        raise InputError(
            Fault(
                f"the statement of {statement.year} is a draft",
                remedy="Only a statement whose fits passed their gates is kept in the record.",
            )
        )
    hold_against_record(statement, folder)
    return keep_file(folder, f"{statement.year}.json", statement.to_json().encode("utf-8"))


def keep_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a file of the record and its digest; the folder is made if absent.

    Raises
    ------
    InputError
        The list of digests cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digests = _digests(folder) | {name: sha256_of_bytes(content)}
    for target, data in ((folder / name, content), (folder / MANIFEST, _manifest(digests))):
        with whole_file(target) as unfinished:
            unfinished.write_bytes(data)
    return folder / name


def recorded_years(folder: Path) -> list[int]:
    """Years with a kept statement, first to last.

    Raises
    ------
    InputError
        There is no such folder.
    """
    _known_folder(folder)
    return sorted(int(p.stem) for p in folder.glob("[0-9][0-9][0-9][0-9].json"))


def read_record(folder: Path, year: int) -> dict[str, Any]:
    """Read a kept statement after verifying its digest."""
    path = folder / f"{year}.json"
    if not path.exists():
        raise InputError(
            Fault(
                f"no statement of {year} is kept",
                found=", ".join(map(str, recorded_years(folder))) or "no year",
                remedy="Name a year that is kept.",
                file=str(folder),
            )
        )
    verify_record(folder)
    statement: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return statement


def verify_record(folder: Path) -> list[str]:
    """Hold every kept file, the frozen baseline included, against its digest.

    Returns
    -------
    list of str
        Names of the files that were verified.

    Raises
    ------
    InputError
        A file is missing, was changed, or was added by hand; or there is no such folder.
    """
    _known_folder(folder)
    digests = _digests(folder)
    faults = []
    for name, digest in digests.items():
        path = folder / name
        if not path.exists():
            faults.append(
                Fault(
                    "a kept file is missing",
                    found="no file",
                    remedy="Restore the file from the archive.",
                    file=name,
                )
            )
        elif sha256_of_file(path) != digest:
            faults.append(
                Fault(
                    "a kept file was changed after it was kept",
                    found=f"{sha256_of_file(path)[:12]}, kept as {digest[:12]}",
                    remedy="Restore the file from the archive.",
                    file=name,
                )
            )
    names = [f"{year}.json" for year in recorded_years(folder)]
    names += [BASELINE_FILE] if (folder / BASELINE_FILE).exists() else []
    faults += [
        Fault(
            "a file stands in the record without a digest",
            remedy=f"Restore {MANIFEST} from the archive, or take the file out.",
            file=name,
        )
        for name in names
        if name not in digests
    ]
    if faults:
        raise InputError(faults)
    return sorted(digests)


def _digests(folder: Path) -> dict[str, str]:
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        digests = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # not JSON, or not even text
        raise _spoilt(str(error)) from error
    if not isinstance(digests, dict):
        raise _spoilt(repr(digests)[:60])
    for name, digest in digests.items():
        if Path(name).name != name or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise _spoilt(f"{name}: {digest!r}"[:60])
    return digests


def _spoilt(found: str) -> InputError:
    return InputError(
        Fault(
            "the record's list of digests cannot be read",
            found=found,
            remedy="Restore the file from the archive; do not edit it by hand.",
            file=MANIFEST,
        )
    )


def _known_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            Fault(
                "there is no such record folder",
                found=str(folder),
                remedy="Name the folder that amager-eval appendix --record made.",
            )
        )


def _manifest(digests: dict[str, str]) -> bytes:
    return (json.dumps(dict(sorted(digests.items())), indent=2) + "\n").encode()
