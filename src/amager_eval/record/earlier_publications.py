"""What the yearly record has published of reported crime, and what it has hidden."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from amager_eval.conventions import BASELINE_FILE
from amager_eval.disclosure.earlier import EarlierFigures, Key
from amager_eval.record.record import KeptRow, read_record, recorded_years, verify_record

__all__ = ["earlier_publications"]


def earlier_publications(record: Path | None) -> Mapping[Key, EarlierFigures]:
    """Collect every count and rate the record holds, its frozen baseline's among them.

    By definition, area, crime type and calendar year; a folder that is not there holds nothing.
    Statements kept before reports were listed in full give what they forecast from.

    Raises
    ------
    InputError
        The record was changed by hand.
    """
    found: dict[Key, EarlierFigures] = defaultdict(EarlierFigures)
    if record is None or not record.is_dir():
        return found
    for kept in _documents(record):
        for m in kept.get("masked", []):
            if m["table"] == "crime":
                found[m["definition"], m["area"], m["what"], int(m["period"])].hidden = True
        for row in _rows(kept):
            period = str(row["period"])
            at = found[row["definition"], row["area"], row["crime_type"], int(period[:4])]
            if len(period) > 4:
                at.periods[period].append(row["count"])
                continue
            at.counts += [] if row["count"] is None else [row["count"]]
            at.rates += [] if row["rate"] is None else [row["rate"]]
    return found


def _documents(record: Path) -> Iterator[KeptRow]:
    """Yield every statement and every baseline that was ever frozen."""
    for year in recorded_years(record):
        yield read_record(record, year)
    if (record / BASELINE_FILE).exists():
        verify_record(record)
        baseline = json.loads((record / BASELINE_FILE).read_text(encoding="utf-8"))
        yield from (baseline, *baseline["revisions"])


def _rows(kept: KeptRow) -> Iterator[KeptRow]:
    """Yield a document's counts and rates by area, type, definition and period."""
    yield from kept.get("reports", [])
    for entry in kept.get("entries", []):
        yield {**entry, "period": entry["year"]}
    for figure in kept.get("forecasts", {}).get("figures", []):
        if figure["kind"] == "crime":
            forms = {"count": None, "rate": None, figure["form"]: figure["value"]}
            yield {**figure, "period": figure["year"], **forms}
