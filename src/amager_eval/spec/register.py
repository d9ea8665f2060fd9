"""The register of documents: which version was declared when, why, and with which digest."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amager_eval.errors import Fault, SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document, read_document
from amager_eval.spec.values import AtKey
from amager_eval.wording.faults import fault_of

__all__ = [
    "Entry",
    "Register",
    "hold_against_register",
    "hold_agreement_against_register",
    "load_register",
    "unregistered_documents",
]

#: What every statement rests on beside its agreement.
_OF_EVERY_STATEMENT: Final = (
    "safety_trend/spec.toml", "crime_trend/spec.toml", "area_estimate/spec.toml",
    "sensitivity.toml", "assumptions.toml",
)  # fmt: skip


class Entry(BaseModel):
    """One registered version of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str  #: Path below `models/`
    version: str  #: The document's own version
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  #: Digest of the document's bytes
    date: date  #: When it was registered
    reason: Annotated[str, Field(min_length=10)]  #: Why it was made or changed
    supersedes: str = ""  #: Version it replaces; empty for the first


class Register(BaseModel):
    """Every registered version, oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entry: tuple[Entry, ...]

    @model_validator(mode="after")
    def _follow_each_other(self) -> Self:
        """Hold every entry against those above it."""
        versions: dict[str, list[str]] = {}
        for i, entry in enumerate(self.entry):
            above = versions.setdefault(entry.document, [])
            if entry.version in above:
                raise AtKey(("entry", i, "version"), "registered_above", document=entry.document)
            replaced = above[-1] if above else ""
            if entry.supersedes != replaced:
                raise AtKey(
                    ("entry", i, "supersedes"),
                    "supersedes" if above else "first_entry",
                    document=entry.document,
                    version=replaced,
                )
            if i and entry.date < self.entry[i - 1].date:
                raise AtKey(("entry", i, "date"), "entry_order", date=self.entry[i - 1].date)
            above.append(entry.version)
        return self

    def current(self, document: str) -> Entry | None:
        """Return the newest entry of a document, None where it was never registered."""
        return next((e for e in reversed(self.entry) if e.document == document), None)


def load_register() -> Register:
    """Load `models/REGISTER.toml`."""
    return parse_document(Register, models_folder() / "REGISTER.toml")


def hold_against_register(path: Path) -> None:
    """Refuse a document of `models/` that is not the one that was registered.

    A file outside `models/` is the user's own and is not held against anything. A
    `SpecError` where it was never registered, its bytes differ from its newest registered
    digest, or it calls itself another version than its newest entry does.
    """
    if problem := _problem_of_document(path):
        raise SpecError(problem)


def hold_agreement_against_register(name: str, digest: str) -> None:
    """Refuse a changed agreement that goes by a registered one's name, wherever its file lies.

    The digest is that of the file it was read from, empty for one made in Python. A
    `SpecError` where the name is registered with another digest, or the document of that
    name in `models/` is not the registered one.
    """
    if problem := _problem_of_agreement(name, digest):
        raise SpecError(problem)


def unregistered_documents(name: str, digest: str) -> dict[str, Fault]:
    """Find what a statement rests on that is not registered as it stands.

    The problem, and what to do, by path below `models/`; empty where all is registered.
    """
    folder = models_folder()
    problems = {d: _problem_of_document(folder / d) for d in _OF_EVERY_STATEMENT}
    problems[f"agreements/{name}.toml"] = _problem_of_agreement(name, digest)
    return {document: problem for document, problem in problems.items() if problem}


def _problem_of_document(path: Path) -> Fault | None:
    """Say why a document is not the registered one; None where it is, or is the user's own."""
    folder = models_folder()
    if not path.resolve().is_relative_to(folder.resolve()):
        return None
    document = path.resolve().relative_to(folder.resolve()).as_posix()
    entry = load_register().current(document)
    digest = sha256_of_file(path)
    if entry is None:
        return fault_of("document_unregistered", document=document, digest=digest)
    if entry.sha256 != digest:
        return fault_of(
            "document_differs",
            document=document,
            version=entry.version,
            date=entry.date,
            registered=entry.sha256[:12],
            now=digest[:12],
            digest=digest,
        )
    version = read_document(path)[0].get("version")
    if version is not None and str(version) != entry.version:  # without one, the digest says all
        return fault_of(
            "document_version", document=document, version=version, registered=entry.version
        )
    return None


def _problem_of_agreement(name: str, digest: str) -> Fault | None:
    """Say why an agreement is not the registered one of its name; None where it is."""
    document = f"agreements/{name}.toml"
    own = models_folder() / document
    if own.exists() and (problem := _problem_of_document(own)):
        return problem
    entry = load_register().current(document)
    if entry is None or digest in {"", entry.sha256}:
        return None
    return fault_of(
        "agreement_differs",
        name=name,
        version=entry.version,
        date=entry.date,
        registered=entry.sha256[:12],
        now=digest[:12],
    )
