"""What was not supplied, which goal that leaves open, and which delivery would decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.input import Masked
from amager_eval.goals.records import Missing

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["missing_deliveries"]


def missing_deliveries(data: Input, agreement: Agreement, area: str) -> tuple[Missing, ...]:
    """List what is missing for a verdict on every goal; nothing is filled in.

    Keys of wording: `safety_area`, `crime_baseline`, `crime_types`, `crime_monitored`,
    `population_area`, `activities`, `residents` (asked for while the area is estimated and not
    measured; no goal waits for it); each with the goals left open.
    """
    missing = []
    safety, crime, goals = agreement.safety, agreement.crime, agreement.goal
    about = {"area": area, "first": safety.baseline_wave, "last": safety.target_wave}
    safety_goals = [g.id for g in goals if g.kind == "safety"]
    if safety_goals and not _measured(data, area, safety.baseline_wave):
        missing.append(
            Missing("safety_area", tuple(safety_goals), about | {"source": safety.survey})
        )
        if _made_of_shares(agreement) and (data.residents is None or data.residents.empty):
            missing.append(Missing("residents", (), about))
    about = {"area": area, "first": crime.baseline_year, "last": crime.target_year}
    absent = [t for t in crime.type if not _delivered(data, agreement, area, t.id)]
    for role, key in (
        ("total", "crime_baseline"),
        ("selected", "crime_types"),
        ("monitored", "crime_monitored"),
    ):
        types = tuple(t.id for t in absent if t.role == role)
        if types:
            source = crime.monitoring_source if role == "monitored" else crime.source
            concerned = [g.id for g in goals if set(g.crime_types) & set(types)]
            missing.append(
                Missing(key, tuple(concerned), about | {"source": source, "types": types})
            )
    rates = [g.id for g in goals if g.kind == "crime" and g.primary.id == "hold_rate"]
    if rates and (data.population is None or not _has(data.population["area"] == area)):
        missing.append(Missing("population_area", tuple(rates), about))
    partners = [g.id for g in goals if g.kind == "partners"]
    if partners and (data.activities is None or data.activities.empty):
        missing.append(Missing("activities", tuple(partners), {}))
    return tuple(missing)


def _measured(data: Input, area: str, baseline: int) -> bool:
    """Whether the area has a figure of the input's last wave, or one since the baseline."""
    if data.safety is None or data.safety.empty:
        return False
    own = data.safety.loc[data.safety["area"] == area, "wave"].astype(int)
    return _has((own > baseline) | (own == int(data.safety["wave"].max())))


def _made_of_shares(agreement: Agreement) -> bool:
    """Whether a delivery of residents would say what the area is made of."""
    nested = agreement.nested
    return nested is not None and any(m.residents is not None for m in nested.mixture)


def _delivered(data: Input, agreement: Agreement, area: str, crime_type: str) -> bool:
    """Whether the whole baseline year's reports of a type were delivered; a hidden count was."""
    crime = agreement.crime
    key = ("crime", area, crime.baseline_year, crime_type, crime.definition)
    if Masked(*key) in data.masked:
        return True
    figures = annual_figures(data, area, crime_type, crime.definition)
    figure = figures.get(crime.baseline_year)
    return figure is not None and figure.count is not None


def _has(mask: pd.Series) -> bool:
    return bool(mask.any())
