"""Score the forecasts of earlier statements against what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.conventions import crime_year_of_wave
from amager_eval.errors import InputError
from amager_eval.goals.ledger import (
    FIGURE_KEYS,
    LEDGER_EVENT_COLUMNS,
    LEDGER_QUANTITY_COLUMNS,
    Ledger,
)
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.published_shares import PublishedShare
from amager_eval.record.known_figures import known_figures
from amager_eval.record.record import read_record, recorded_years
from amager_eval.scores.crps import crps_quantiles
from amager_eval.scores.event import brier
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.record.record import Kept, KeptRow
    from amager_eval.spec.agreement import Agreement

__all__ = ["earlier_statements", "score_record"]


def earlier_statements(
    folder: Path, agreement: Agreement, year: int, *, synthetic: bool
) -> dict[int, Kept]:
    """Read every kept statement of an earlier year, verified.

    Raises
    ------
    InputError
        The record was changed, is of another agreement, or mixes made-up and real figures.
    """
    if not folder.is_dir():
        return {}
    kept = {y: read_record(folder, y) for y in recorded_years(folder) if y < year}
    faults = []
    for at, statement in kept.items():
        if statement["agreement"] != agreement.id:
            faults.append(
                fault_of(
                    "record_other_agreement",
                    file=f"{at}.json",
                    kept=statement["agreement"],
                    asked=agreement.id,
                )
            )
        if bool(statement["synthetic"]) != synthetic:
            faults.append(
                fault_of(
                    "record_made_up" if statement["synthetic"] else "record_real",
                    file=f"{at}.json",
                )
            )
    if faults:
        raise InputError(faults)
    return kept


def score_record(kept: Mapping[int, Kept], facts: Facts, agreement: Agreement, year: int) -> Ledger:
    """Score the forecasts of earlier statements against the figures known through wave `year`."""
    issued = {y: s["forecasts"] for y, s in kept.items() if s.get("forecasts")}
    definitions = {
        f["definition"]: None
        for s in issued.values()
        for f in (*s["quantities"], *s["events"])
        if f.get("definition")
    }
    now = _by_key(_records(known_figures(facts, agreement, year, list(definitions))))
    first: dict[tuple[Any, ...], float] = {}
    for statement in issued.values():
        for key, value in _by_key(statement["figures"]).items():
            first.setdefault(key, value)
    series: dict[tuple[Any, ...], dict[int, tuple[str, float]]] = {}
    for key, value in now.items():
        figure = dict(zip(FIGURE_KEYS, key, strict=True))
        of_series = series.setdefault(tuple(figure[k] for k in _ABOUT), {})
        of_series[figure["year"]] = (figure["area_version"], value)
    known = _Known(now, first, series, agreement, year)
    quantities = [
        {"issued": y} | _scored(f, s["quantile_levels"], known)
        for y, s in issued.items()
        for f in s["quantities"]
    ]
    events = [{"issued": y} | _judged(e, known) for y, s in issued.items() for e in s["events"]]
    return Ledger(
        True,
        tuple(kept),
        pd.DataFrame(quantities, columns=list(LEDGER_QUANTITY_COLUMNS)),
        pd.DataFrame(events, columns=list(LEDGER_EVENT_COLUMNS)),
    )


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict(orient="records")]


def _by_key(figures: Iterable[KeptRow]) -> dict[tuple[Any, ...], float]:
    return {tuple(f[k] for k in FIGURE_KEYS): float(f["value"]) for f in figures}


@dataclass(frozen=True)
class _Known:
    """Figures as known now and as first kept, by :data:`FIGURE_KEYS`; those now by series too."""

    now: Mapping[tuple[Any, ...], float]
    first: Mapping[tuple[Any, ...], float]
    by_series: Mapping[tuple[Any, ...], Mapping[int, tuple[str, float]]]
    agreement: Agreement
    year: int

    def series(self, **about: Any) -> Mapping[int, tuple[str, float]]:
        """Version and value of every figure of a series, by year."""
        return self.by_series.get(tuple(about[k] for k in _ABOUT), {})

    def first_if_revised(self, year: int, version: str, **about: Any) -> float | None:
        """First kept value of a figure, where that is not what is known now."""
        key = tuple((about | {"year": year, "area_version": version}).get(k) for k in FIGURE_KEYS)
        before, after = self.first.get(key), self.now.get(key)
        return before if before is not None and after is not None and before != after else None

    def status_without_figure(self, row: KeptRow) -> str:
        """Why a forecast has nothing to be scored against."""
        last = self.year if row["form"] == "percent" else crime_year_of_wave(self.year)
        if row["year"] > last:
            return "pending"
        # the forecast was about the agreement's area of its time, which is not today's
        versioned = bool(row["area_version"])
        own = self.agreement.areas.evaluated.names
        return "area_changed" if versioned and row["area"] not in own else "no_figure"


_ABOUT: Final = tuple(k for k in FIGURE_KEYS if k not in {"area_version", "year"})


def _scored(forecast: KeptRow, levels: Sequence[float], known: _Known) -> dict[str, object]:
    about = {k: forecast[k] for k in _ABOUT}
    row = dict(forecast)
    quantiles = row.pop("quantiles")
    found = known.series(**about).get(forecast["year"])
    if found is None:
        return row | {"status": known.status_without_figure(forecast)}
    version, observed = found
    row |= {"observed": observed}
    if version != forecast["area_version"]:
        return row | {"status": "area_changed"}
    return row | {
        "first_published": known.first_if_revised(forecast["year"], version, **about),
        "inside_80": forecast["low_80"] <= observed <= forecast["high_80"],
        "inside_95": forecast["low_95"] <= observed <= forecast["high_95"],
        "crps": float(crps_quantiles(quantiles, levels, observed)),
        "error_of_last": np.nan if forecast["last"] is None else abs(forecast["last"] - observed),
        "status": "scored",
    }


def _judged(event: KeptRow, known: _Known) -> dict[str, object]:
    """Whether the published figures met a reading that a probability was given for."""
    kind = "safety" if event["form"] == "percent" else "crime"
    about = {"kind": kind} | {k: event[k] for k in _ABOUT if k != "kind"}
    own = known.series(**about)
    year, version = event["year"], event["area_version"]
    if year not in own:
        return {**event, "status": known.status_without_figure(event)}
    baseline = (
        known.agreement.safety.baseline_wave
        if kind == "safety"
        else known.agreement.crime.baseline_year
    )
    span = {y: v for y, v in own.items() if baseline <= y <= year}
    if any(v != version for v, _ in span.values()):
        return {**event, "status": "area_changed"}
    whole = known.agreement.areas.whole
    revised = any(
        known.first_if_revised(y, v, **(about | {"area": area})) is not None
        for area, series in (
            (event["area"], own),
            (whole, known.series(**(about | {"area": whole}))),
        )
        for y, (v, _) in series.items()
        if baseline <= y <= year and (kind == "safety" or area == event["area"])
    )
    met: bool | None
    if kind == "safety":
        city = known.series(**(about | {"area": whole}))
        met = literally_met(
            event["reading"], event["response"], _shares(own), _shares(city), baseline, year
        )
    else:
        met = own[year][1] <= own[baseline][1] if baseline in own else None
    if met is None:
        return {**event, "status": "no_figure"}
    score = float(brier(event["probability"], met))
    return {**event, "outcome": met, "revised": revised, "brier": score, "status": "scored"}


def _shares(series: Mapping[int, tuple[str, float]]) -> dict[int, PublishedShare]:
    return {y: PublishedShare(y, value, 0, "") for y, (_, value) in series.items()}
