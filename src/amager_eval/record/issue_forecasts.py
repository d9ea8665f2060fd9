"""Issue a year's forecasts: every figure the goals rest on, every declared reading, by wave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.goals.ledger import (
    ENDS,
    EVENT_COLUMNS,
    FIGURE_KEYS,
    FORECAST_COLUMNS,
    QUANTILE_LEVELS,
    Issued,
)
from amager_eval.goals.results import quantity_of_reading
from amager_eval.goals.safety.literal_reading import literally_met
from amager_eval.goals.safety.quantities import by_cell, safety_quantities
from amager_eval.record.known_figures import area_version, known_figures, shown_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement, Goal, Reading
    from amager_eval.trends.fit import Forecast

__all__ = ["issue_forecasts"]


def issue_forecasts(
    facts: Facts,
    agreement: Agreement,
    year: int,
    safety: Forecast | None,
    crime: Forecast | None,
    crime_frame: pd.DataFrame,
    *,
    estimated: Forecast | None = None,
) -> Issued:
    """Forecast every figure the goals rest on, and every declared reading, wave by wave.

    `crime_frame` is from :func:`amager_eval.goals.crime.quantities.crime_quantities` and may be
    empty; `estimated` are joint draws with the agreement's own area, estimated for want of a
    survey of it. Its rows say so, and are scored when a figure comes. No event is issued of
    them: an event is settled by figures printed from the baseline on, and the area has none
    there.
    """
    definitions = [agreement.crime.definition]
    if crime is not None and crime.draws.attrs["definition"] not in definitions:
        definitions.append(str(crime.draws.attrs["definition"]))
    figures = known_figures(facts, agreement, year, definitions)
    quantities: list[dict[str, object]] = []
    events: list[dict[str, object]] = []
    if safety is not None:
        quantities += _safety_quantities(facts, agreement, year, safety)
        events += _safety_events(facts, agreement, year, safety)
    if estimated is not None:
        rows = _safety_quantities(facts, agreement, year, estimated, areas=(facts.area,))
        quantities += [row | {"basis": "estimate"} for row in rows]
    if crime is not None:
        quantities += _crime_quantities(facts, agreement, year, crime)
        events += _crime_events(facts, agreement, year, crime_frame)
    frame = pd.DataFrame(quantities, columns=list(FORECAST_COLUMNS))
    frame["basis"] = frame["basis"].astype(object).where(frame["basis"].notna(), "measured")
    return Issued(
        frame.assign(last=_latest(frame, figures)),
        pd.DataFrame(events, columns=list(EVENT_COLUMNS)),
        figures,
    )


def _waves(agreement: Agreement, year: int, forecast: Forecast) -> list[int]:
    """Waves after the statement's through the last one a goal may be read for."""
    safety = agreement.safety
    last = max(safety.target_wave, safety.alternative_target_wave)
    known = set(forecast.draws["period"].values.tolist())
    return [w for w in range(year + 1, last + 1) if w in known]


def _safety_quantities(
    facts: Facts,
    agreement: Agreement,
    year: int,
    forecast: Forecast,
    *,
    areas: tuple[str, ...] | None = None,
) -> Iterator[dict[str, object]]:
    draws = forecast.draws
    for area in shown_areas(facts, agreement) if areas is None else areas:
        if area not in draws["area"].values:
            continue
        version = area_version(agreement, area, facts.versions.get(("safety", area), ""))
        for setting in (str(s) for s in draws["setting"].values):
            for response in (str(r) for r in draws["response"].values):
                for wave in _waves(agreement, year, forecast):
                    cell = {"area": area, "setting": setting, "response": response}
                    values = draws["published"].sel(cell | {"period": wave}).values
                    head = cell | {"kind": "safety", "area_version": version, "form": "percent"}
                    yield head | {"year": wave} | _summary(100 * values)


def _crime_quantities(
    facts: Facts, agreement: Agreement, year: int, forecast: Forecast
) -> Iterator[dict[str, object]]:
    levels = annual_levels(forecast)
    definition = str(levels.attrs["definition"])
    inhabitants = levels["inhabitants"]
    for area in shown_areas(facts, agreement):
        if area not in levels["area"].values:
            continue
        version = area_version(agreement, area, facts.versions.get(("crime", area), ""))
        for kind in (t.id for t in agreement.crime.type if t.id in levels["crime_type"].values):
            for target in range(crime_year_of_wave(year) + 1, agreement.crime.target_year + 1):
                if target not in levels["year"].values:
                    continue
                cell = {"area": area, "crime_type": kind, "year": target}
                reports = levels["reports"].sel(cell).values
                forms = {"count": reports, "rate": reports / inhabitants.sel(cell).values}
                for form, values in forms.items():
                    head = {"kind": "crime", "area_version": version, "form": form}
                    yield cell | head | {"definition": definition} | _summary(values)


def _safety_events(
    facts: Facts, agreement: Agreement, year: int, forecast: Forecast
) -> Iterator[dict[str, object]]:
    baseline, whole = agreement.safety.baseline_wave, agreement.areas.whole
    areas = [
        a
        for a in shown_areas(facts, agreement)
        if a != whole and a in forecast.draws["area"].values
    ]
    waves = [w for w in _waves(agreement, year, forecast) if w > baseline] if areas else []
    for wave in waves:
        asked = by_cell(
            safety_quantities(forecast, whole=whole, baseline=baseline, target=wave, areas=areas)
        )
        for goal, reading in _readings(agreement, "safety"):
            if reading.id == "rises_every_year" and wave > agreement.safety.target_wave:
                continue
            for area in areas:
                for setting in reading.settings:
                    assert reading.response is not None
                    key = (area, setting, reading.response)
                    own, city = (facts.shares(a, setting, reading.response) for a in (area, whole))
                    met = literally_met(reading.id, reading.response, own, city, baseline, wave)
                    found = quantity_of_reading(asked, key, reading.id)
                    probability = None if found is None else found["probability_published"]
                    if met is not None or baseline not in own or pd.isna(probability):
                        continue  # settled in print, or never to be settled, or not modelled
                    yield {
                        "goal": goal.id,
                        "reading": reading.id,
                        "area": area,
                        "area_version": area_version(
                            agreement, area, facts.versions.get(("safety", area), "")
                        ),
                        "setting": setting,
                        "response": reading.response,
                        "form": "percent",
                        "year": wave,
                        "probability": float(probability),
                    }


def _crime_events(
    facts: Facts, agreement: Agreement, year: int, frame: pd.DataFrame
) -> Iterator[dict[str, object]]:
    crime = agreement.crime
    # where another series than the goal's own was modelled there is no row, and no event
    frame = frame[
        (frame["definition"] == crime.definition)
        & (frame["quantity"] == "probability_observed_at_or_below")
    ]
    values = frame.set_index(["area", "crime_type", "year", "form"])["value"]
    for goal, reading in _readings(agreement, "crime"):
        form = "rate" if reading.id == "hold_rate" else "count"
        for area in (facts.area, *agreement.areas.indicators):
            for kind in goal.crime_types:
                for target in range(crime_year_of_wave(year) + 1, crime.target_year + 1):
                    probability = values.get((area, kind, target, form))
                    if pd.isna(probability):
                        continue
                    yield {
                        "goal": goal.id,
                        "reading": reading.id,
                        "area": area,
                        "area_version": area_version(
                            agreement, area, facts.versions.get(("crime", area), "")
                        ),
                        "crime_type": kind,
                        "definition": crime.definition,
                        "form": form,
                        "year": target,
                        "probability": float(probability),
                    }


def _readings(agreement: Agreement, kind: str) -> Iterator[tuple[Goal, Reading]]:
    for goal in agreement.goal:
        if goal.kind == kind:
            yield from ((goal, reading) for reading in goal.reading)


def _summary(values: NDArray[np.float64]) -> dict[str, object]:
    ends = np.quantile(values, list(ENDS.values()))
    quantiles = np.quantile(values, QUANTILE_LEVELS)
    return {
        **{name: round(float(v), 4) for name, v in zip(ENDS, ends, strict=True)},
        "quantiles": [round(float(v), 4) for v in quantiles],
    }


def _latest(forecasts: pd.DataFrame, figures: pd.DataFrame) -> pd.Series[Any]:
    """Latest published figure of each forecast's series: what saying "as last time" would be."""
    keys = [k for k in FIGURE_KEYS if k != "year"]
    # what does not apply is None in one frame and NaN in the other
    series = {
        tuple("" if pd.isna(r[k]) else r[k] for k in keys): r["value"]
        for r in figures.sort_values("year").to_dict(orient="records")
    }
    rows = forecasts[keys].astype(object).where(forecasts[keys].notna(), "").to_numpy().tolist()
    return pd.Series([series.get(tuple(r)) for r in rows], index=forecasts.index, dtype=object)
