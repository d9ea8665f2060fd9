"""What differs in this year's status from the one before: figures, verdicts, definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

import pandas as pd

from amager_eval.conventions import crime_year_of_wave

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.record.record import Kept, KeptRow

__all__ = ["SINCE_COLUMNS", "since_last_status"]

#: `what` is figure, verdict, assessment, definition, area or document; the rest says of what.
SINCE_COLUMNS: Final = (
    "what",
    "goal",
    "area",
    "part",
    "form",
    "year_before",
    "before",
    "year_after",
    "after",
)


def since_last_status(kept: Mapping[int, Kept], statement: Statement) -> pd.DataFrame:
    """Put the figures, verdicts, definitions and documents of two statuses side by side.

    Parameters
    ----------
    kept : mapping of int to dict
        Earlier statements by year, as they were kept; the latest is held against this one.
    statement : Statement
        This year's.

    Returns
    -------
    DataFrame
        Columns :data:`SINCE_COLUMNS`; empty where nothing was kept. A figure is the latest each
        status knew: `before` and `after` are numbers in the unit `form` names. Verdicts are each
        status's own year's, of the primary readings. Documents are versions, both where they are
        the same too.

    Examples
    --------
    >>> since_last_status({}, None).empty  # the first year
    True
    """
    rows: list[dict[str, object]] = []
    if kept:
        before, after = kept[max(kept)], cast("Kept", statement.to_dict())
        rows += [*_figures(before, after, statement), *_verdicts(before, after, statement)]
        rows += [*_definitions(before, after, statement), *_documents(before, after, statement)]
    return pd.DataFrame(
        [[row.get(c) for c in SINCE_COLUMNS] for row in rows], columns=list(SINCE_COLUMNS),
        dtype=object,
    )  # fmt: skip


def _areas(statement: Statement) -> set[str]:
    return {*statement.agreement.areas.evaluated.names, *statement.agreement.areas.indicators}


def _figures(before: Kept, after: Kept, statement: Statement) -> Iterator[dict[str, object]]:
    """Yield the latest figure of every series the goals are about, in each of the statuses."""
    known = [_latest(s, statement) for s in (before, after)]
    for key in dict.fromkeys((*known[1], *known[0])):
        _, area, part, form = key
        then, now = (figures.get(key) for figures in known)
        yield {
            "what": "figure",
            "area": area,
            "part": part,
            "form": form,
            "year_before": None if then is None else then["year"],
            "before": None if then is None else then["value"],
            "year_after": None if now is None else now["year"],
            "after": None if now is None else now["value"],
        }


def _latest(stated: Kept, statement: Statement) -> dict[tuple[str, str, str, str], KeptRow]:
    """Find the latest figure of every series: the goals' answer, the goals' own definition."""
    agreement = statement.agreement
    found: dict[tuple[str, str, str, str], KeptRow] = {}
    goals = {kind for g in agreement.goal if g.kind == "crime" for kind in g.crime_types}
    for figure in stated["forecasts"]["figures"]:
        if figure["area"] not in _areas(statement):
            continue
        safety = figure["kind"] == "safety"
        if safety and figure["response"] != agreement.response:
            continue
        own = figure["definition"] == agreement.crime.definition
        if not safety and not (own and figure["crime_type"] in goals):
            continue
        part = figure["setting"] if safety else figure["crime_type"]
        key = (figure["kind"], figure["area"], part, figure["form"])
        if key not in found or figure["year"] > found[key]["year"]:
            found[key] = figure
    return found


def _verdicts(before: Kept, after: Kept, statement: Statement) -> Iterator[dict[str, object]]:
    """Yield each goal part's verdict and assessment of its primary reading, of each own year."""
    primary = {g.id: g.primary for g in statement.agreement.goal}
    kinds = {g.id: g.kind for g in statement.agreement.goal}
    areas = set(statement.agreement.areas.evaluated.names)

    def of_year(stated: Kept) -> dict[tuple[str, str, str], KeptRow]:
        found = {}
        for row in stated["results"]:
            goal = row["goal"]
            if goal not in primary or row["reading"] != primary[goal].id:
                continue
            year = int(stated["year"])
            wanted = crime_year_of_wave(year) if kinds[goal] == "crime" else year
            part = row["setting"] or row["crime_type"]
            counts = kinds[goal] == "partners" or (part is not None and row["area"] in areas)
            answers = row["response"] in (None, primary[goal].response)
            if counts and answers and (kinds[goal] == "partners" or row["year"] == wanted):
                found[goal, str(row["area"] or ""), str(part or "")] = row
        return found

    then, now = of_year(before), of_year(after)
    for key in dict.fromkeys((*now, *then)):
        for what, column in (("verdict", "literal_verdict"), ("assessment", "evidence_verdict")):
            yield {
                "what": what,
                "goal": key[0],
                "area": key[1],
                "part": key[2],
                "year_before": before["year"],
                "before": then[key][column] if key in then else None,
                "year_after": after["year"],
                "after": now[key][column] if key in now else None,
            }


def _definitions(before: Kept, after: Kept, statement: Statement) -> Iterator[dict[str, object]]:
    """Yield the definitions of each area's reports, and the version of the area, that differ."""
    for area in sorted(_areas(statement)):
        for what, key in (("definition", "definition"), ("area", "area_version")):
            then, now = (
                ", ".join(
                    sorted(
                        {
                            str(f[key])
                            for f in stated["forecasts"]["figures"]
                            if f["area"] == area and f[key]
                        }
                    )
                )
                for stated in (before, after)
            )
            if then != now:
                yield {
                    "what": what,
                    "area": area,
                    "year_before": before["year"],
                    "before": then or None,
                    "year_after": after["year"],
                    "after": now or None,
                }


def _documents(before: Kept, after: Kept, statement: Statement) -> Iterator[dict[str, object]]:
    """Yield the agreement and the models, with the versions that changed named."""
    changed = {c.document: c for c in statement.changed}
    for name, digest in after["versions"].items():
        kind, _, identity = name.partition(" ")
        if kind not in {"agreement", "spec"}:
            continue
        document = f"agreements/{identity}.toml" if kind == "agreement" else f"{identity}/spec.toml"
        change = changed.get(document)
        then = before["versions"].get(name)
        yield {
            "what": "document",
            "part": document,
            "year_before": before["year"],
            "before": change.before if change else (then[:12] if then else None),
            "year_after": after["year"],
            "after": change.now if change else digest[:12],
        }
