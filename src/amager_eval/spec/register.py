"""The register of documents: which version was declared when, why, and with which digest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document

__all__ = [
    "Entry",
    "Register",
    "hold_against_register",
    "hold_agreement_against_register",
    "load_register",
]


class Entry(BaseModel):
    """One registered version of a document.

    Parameters
    ----------
    document : str
        Path below `models/`.
    version : str
        The document's own version.
    sha256 : str
        Digest of the document's bytes.
    date : date
        When it was registered.
    reason : str
        Why it was made or changed.
    supersedes : str
        Version it replaces; empty for the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str
    version: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    date: date
    reason: Annotated[str, Field(min_length=10)]
    supersedes: str = ""


class Register(BaseModel):
    """Every registered version, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: tuple[Entry, ...]

    def current(self, document: str) -> Entry | None:
        """Return the newest entry of a document, None where it was never registered."""
        return next((e for e in reversed(self.entry) if e.document == document), None)


def load_register() -> Register:
    """Load `models/REGISTER.toml`."""
    return parse_document(Register, models_folder() / "REGISTER.toml")


def hold_against_register(path: Path) -> None:
    """Refuse a document of `models/` whose bytes are not those that were registered.

    A file outside `models/` is the user's own and is not held against anything.

    Parameters
    ----------
    path : Path
        The document.

    Raises
    ------
    SpecError
        It was never registered, or it differs from its newest registered digest.
    """
    folder = models_folder()
    if not path.resolve().is_relative_to(folder.resolve()):
        return
    document = path.resolve().relative_to(folder.resolve()).as_posix()
    entry = load_register().current(document)
    digest = sha256_of_file(path)
    if entry is None:
        raise SpecError(
            f"models/{document} is not in models/REGISTER.toml; register it with version, date "
            f"and reason (sha256 {digest}), or work with --draft."
        )
    if entry.sha256 != digest:
        raise SpecError(
            f"models/{document} differs from its registered version {entry.version} of "
            f"{entry.date}: registered {entry.sha256[:12]}, found {digest[:12]}. Register the "
            f"change with a reason (sha256 {digest}), or work with --draft."
        )


def hold_agreement_against_register(name: str, digest: str) -> None:
    """Refuse a changed agreement that goes by a registered one's name, wherever its file lies.

    Parameters
    ----------
    name : str
        The agreement's id.
    digest : str
        sha256 of the file it was read from; empty for one that was made in Python.

    Raises
    ------
    SpecError
        The name is registered with another digest.
    """
    entry = load_register().current(f"agreements/{name}.toml")
    if entry is None or digest in {"", entry.sha256}:
        return
    raise SpecError(
        f"the agreement '{name}' in use is not the registered one: version {entry.version} of "
        f"{entry.date} is registered with {entry.sha256[:12]}, found {digest[:12]}. Give your own "
        "agreement an id of its own, register the change with a reason, or work with --draft."
    )
