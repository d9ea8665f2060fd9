"""Quote evidence by inclusion, in a model's card and its pages of evidence: no number is typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from amager_eval.errors import SpecError
from amager_eval.evidence.document import OtherVersionError, evidence_path, read_evidence
from amager_eval.spec.documents import models_folder

if TYPE_CHECKING:
    from amager_eval.evidence.document import Evidence
    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.spec.model import ModelSpec

__all__ = ["quote_evidence", "renew_card"]

#: `<!-- evidence NAME [COLUMN=VALUE ...] [COLUMN ...] -->`, the quoted table, `<!-- end -->`.
_BLOCK: Final = re.compile(r"(<!-- evidence ([\w= ]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def quote_evidence(card: str, spec: ModelSpec | AreaSpec, *, folder: Path | None = None) -> str:
    """Fill every quoting block of a card from the evidence kept for the spec.

    A block is `<!-- evidence NAME COLUMN ... -->` to `<!-- end -->`. Without columns all are
    quoted; `settings` in place of columns quotes the numbers beside the table, those that are named
    after it or all; `COLUMN=VALUE` quotes the rows that have the value.

    Returns the card with each block's inside replaced; the same text again if nothing has changed.
    A block of evidence that is not kept, or not made again under this version, says so.
    """

    def fill(match: re.Match[str]) -> str:
        name, *asked = match[2].split()
        chosen = dict(a.split("=", 1) for a in asked if "=" in a)
        columns = [a for a in asked if "=" not in a]
        if not evidence_path(spec.name, name, folder=folder).is_file():
            kind = spec.name.partition("_")[0]
            return (
                f"{match[1]}\nNot run yet (`{name}`): `amager-eval validate {kind}`.\n\n{match[3]}"
            )
        try:
            kept = read_evidence(spec, name, folder=folder)
        except OtherVersionError as error:
            return f"{match[1]}\nNot made again yet: {error}\n\n{match[3]}"
        evidence = _rows(kept, chosen)
        return match[1] + _table(evidence, columns) + match[3]

    return _BLOCK.sub(fill, card)


def renew_card(spec: ModelSpec | AreaSpec, *, folder: Path | None = None) -> None:
    """Quote the evidence kept now in a model's card and in its pages of evidence."""
    for name in ("CARD.md", "EVIDENCE.md"):
        page = (folder or models_folder()) / spec.name / name
        if page.is_file():
            text = page.read_text(encoding="utf-8")
            page.write_text(quote_evidence(text, spec, folder=folder), encoding="utf-8")


def _rows(evidence: Evidence, chosen: Mapping[str, str]) -> Evidence:
    """Keep the rows that have the chosen values."""
    rows = [r for r in evidence.rows if all(str(r.get(c)) == v for c, v in chosen.items())]
    if not rows:
        raise SpecError(f"evidence '{evidence.name}' has no row of {chosen or 'any kind'}")
    return replace(evidence, rows=rows)


def _table(evidence: Evidence, columns: Sequence[str]) -> str:
    """Markdown table with a line that says where it comes from."""
    if columns and columns[0] == "settings":
        every, asked = _every(evidence.settings), columns[1:]
        if lost := set(asked) - {k.replace(" ", "_") for k, _ in every}:
            raise SpecError(f"evidence '{evidence.name}' has no number '{', '.join(sorted(lost))}'")
        rows = [
            {"what": k.replace("_", " "), "value": v}
            for k, v in every
            if not asked or k.replace(" ", "_") in asked
        ]
        return _table(replace(evidence, rows=rows, settings={}), [])
    known = list(evidence.rows[0])
    for column in columns:
        if column not in known:
            raise SpecError(
                f"evidence '{evidence.name}' has no column '{column}'; it has {', '.join(known)}"
            )
    shown = list(columns) or known
    lines = [
        f"| {' | '.join(c.replace('_', ' ') for c in shown)} |",
        f"|{'---|' * len(shown)}",
        *(f"| {' | '.join(_cell(row.get(c)) for c in shown)} |" for row in evidence.rows),
    ]
    settings = ", ".join(f"{k.replace('_', ' ')} {_cell(v)}" for k, v in _numbers(evidence))
    spent = "time not recorded" if evidence.seconds is None else f"{evidence.seconds:.0f} s"
    source = (
        f"Version {evidence.spec_version}, {evidence.date}, `{evidence.command}`"
        f"{f' ({settings})' if settings else ''}, {spent}."
    )
    return "\n" + "\n".join(lines) + f"\n\n{source}\n\n"


def _every(settings: Mapping[str, object], before: str = "") -> list[tuple[str, Any]]:
    """List all settings, those in tables too; not the digests of the input's files."""
    found: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += [] if name == "inputs" else _every(value, f"{before}{name} ")
        elif isinstance(value, (int, float, str)):
            found.append((f"{before}{name}", value))
    return found


def _numbers(evidence: Evidence) -> list[tuple[str, Any]]:
    """Pick the settings that are one number or word each."""
    return [(k, v) for k, v in evidence.settings.items() if isinstance(v, (int, float, str))]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value).replace("|", "\\|")
