"""Which declared documents a statement rests on that last year's did not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from amager_eval.goals.records import ChangedDocument
from amager_eval.spec.register import load_register

if TYPE_CHECKING:
    from amager_eval.record.record import Kept

__all__ = ["changed_documents"]


def changed_documents(
    kept: Mapping[int, Kept], versions: Mapping[str, str]
) -> tuple[ChangedDocument, ...]:
    """Compare the documents of a statement with those of the latest kept one.

    In `versions` digests stand under `agreement <id>` and `spec <name>`; where a fit's spec is
    a changed copy, that of its document under `document of spec <name>`.
    """
    if not kept:
        return ()
    since = max(kept)
    changed = []
    earlier = kept[since]["versions"]
    for name in versions:
        before, digest = (_digest_of_document(name, said) for said in (earlier, versions))
        document = _document(name)
        if document is not None and before is not None and before != digest:
            assert digest is not None
            changed.append(_changed(document, since, before, digest))
    return tuple(changed)


def _digest_of_document(name: str, said: Mapping[str, str]) -> str | None:
    """Give the digest of a document, whatever copy of it was fitted."""
    return said.get(f"document of {name}", said.get(name))


def _document(name: str) -> str | None:
    kind, _, identity = name.partition(" ")
    if kind == "agreement":
        return f"agreements/{identity}.toml"
    return f"{identity}/spec.toml" if kind == "spec" else None


def _changed(document: str, since: int, before: str, now: str) -> ChangedDocument:
    entries = [e for e in load_register().entry if e.document == document]
    at = {e.sha256: i for i, e in enumerate(entries)}
    reasons: list[str] = []
    if now in at:
        start = at[before] + 1 if before in at else at[now]
        # a return to an earlier version has that version's own reason
        span = entries[start : at[now] + 1] or [entries[at[now]]]
        reasons = [e.reason for e in span]
    names = [entries[at[d]].version if d in at else d[:12] for d in (before, now)]
    return ChangedDocument(document, since, names[0], names[1], " ".join(reasons))
