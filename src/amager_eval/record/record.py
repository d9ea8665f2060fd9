"""The yearly record: each statement as published, with the digest that proves it unchanged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

from amager_eval.conventions import BASELINE_FILE
from amager_eval.errors import InputError
from amager_eval.provenance import sha256_of_bytes, sha256_of_file
from amager_eval.whole_file import whole_file
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amager_eval.goals.statement import Statement

__all__ = [
    "MANIFEST",
    "Kept",
    "KeptRow",
    "hold_against_record",
    "keep_file",
    "keep_statement",
    "read_record",
    "recorded_years",
    "verify_record",
    "write_record",
]

#: A row of a kept statement: what JSON knows, by the names of the record.
type KeptRow = Mapping[str, Any]


class KeptForecasts(TypedDict):
    """What a statement issued, to be scored when the figures come."""

    quantile_levels: list[float]
    figures: list[KeptRow]
    quantities: list[KeptRow]
    events: list[KeptRow]


class Kept(TypedDict):
    """A statement as it was kept, as far as a later one reads it again."""

    year: int
    agreement: str
    synthetic: bool
    versions: dict[str, str]
    results: list[KeptRow]
    forecasts: KeptForecasts


MANIFEST = "digests.json"
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def hold_against_record(statement: Statement, folder: Path) -> None:
    """Refuse a statement whose year is kept already with another content.

    Raises
    ------
    InputError
        With both digests.
    """
    _hold(statement.year, statement.to_json().encode("utf-8"), folder)


def write_record(statement: Statement, folder: Path) -> Path:
    """Keep a statement as `<year>.json`; a year once kept is never overwritten by another.

    Raises
    ------
    InputError
        A differing statement of that year is kept already, or the statement is a draft.
    """
    return keep_statement(statement.to_json().encode("utf-8"), folder)


def keep_statement(content: bytes, folder: Path) -> Path:
    """Keep the `statement.json` of an appendix, as :func:`write_record` keeps a statement."""
    said = json.loads(content)
    if said["draft"]:
        raise InputError(fault_of("record_draft", year=said["year"]))
    _hold(said["year"], content, folder)
    return keep_file(folder, f"{said['year']}.json", content)


def _hold(year: int, content: bytes, folder: Path) -> None:
    path, now = folder / f"{year}.json", sha256_of_bytes(content)
    if path.exists() and sha256_of_file(path) != now:
        raise InputError(
            fault_of(
                "record_differs",
                file=path.name,
                year=year,
                now=now[:12],
                kept=sha256_of_file(path)[:12],
            )
        )


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


def read_record(folder: Path, year: int) -> Kept:
    """Read a kept statement after verifying its digest."""
    path = folder / f"{year}.json"
    if not path.exists():
        raise InputError(
            fault_of(
                "record_no_year",
                file=str(folder),
                year=year,
                years=", ".join(map(str, recorded_years(folder))) or "-",
            )
        )
    verify_record(folder)
    statement: Kept = json.loads(path.read_text(encoding="utf-8"))
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
            faults.append(fault_of("record_missing", file=name))
        elif sha256_of_file(path) != digest:
            faults.append(
                fault_of(
                    "record_changed", file=name, now=sha256_of_file(path)[:12], kept=digest[:12]
                )
            )
    names = [f"{year}.json" for year in recorded_years(folder)]
    names += [BASELINE_FILE] if (folder / BASELINE_FILE).exists() else []
    faults += [
        fault_of("record_without_digest", file=name, manifest=MANIFEST)
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
    return InputError(fault_of("record_spoilt", file=MANIFEST, text=found))


def _known_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(fault_of("record_folder", folder=str(folder)))


def _manifest(digests: dict[str, str]) -> bytes:
    return (json.dumps(dict(sorted(digests.items())), indent=2) + "\n").encode()
