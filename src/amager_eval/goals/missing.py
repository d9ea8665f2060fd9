"""What was not supplied, which goal that leaves open, and which delivery would decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.goals.statement import Missing

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["missing_deliveries"]


def missing_deliveries(data: Input, agreement: Agreement, area: str) -> tuple[Missing, ...]:
    """List what is missing for a verdict on every goal; nothing is filled in.

    Parameters
    ----------
    data : Input
    agreement : Agreement
    area : str
        The agreement's own area, as the input names it.

    Returns
    -------
    tuple of Missing
        Keys of wording: `safety_area`, `crime_baseline`, `crime_types`, `crime_monitored`,
        `population_area`, `activities`; the consequence names the goals left open.
    """
    missing = []
    safety, crime = agreement.safety, agreement.crime
    if data.safety is None or not _has(data.safety["area"] == area):
        missing.append(
            Missing(
                "safety_area",
                "1a, 1b",
                f"{safety.survey}: {area}, {safety.baseline_wave}-{safety.target_wave}",
            )
        )
    counted = None
    if data.crime is not None:
        counted = data.crime[
            (data.crime["area"] == area)
            & (data.crime["definition"] == crime.definition)
            & data.crime["count"].notna()
        ]
    baseline = str(crime.baseline_year)

    def delivered(crime_type: str) -> bool:
        if counted is None:
            return False
        in_year = counted["period"].astype(str).str.startswith(baseline)
        return _has((counted["crime_type"] == crime_type) & in_year)

    absent = [t for t in crime.type if not delivered(t.id)]
    for role, key, goals in (
        ("total", "crime_baseline", "2a"),
        ("selected", "crime_types", "2b"),
        ("monitored", "crime_monitored", ""),
    ):
        names = [t.label_da for t in absent if t.role == role]
        if names:
            source = crime.monitoring_source if role == "monitored" else crime.source
            missing.append(Missing(key, goals, f"{source}: {area}, {baseline}: {', '.join(names)}"))
    if data.population is None or not _has(data.population["area"] == area):
        missing.append(Missing("population_area", "2a", f"Befolkning i {area}, {baseline}-"))
    if data.activities is None or data.activities.empty:
        missing.append(Missing("activities", "3", "Tryghedsplanens aktiviteter med partnere"))
    return tuple(missing)


def _has(mask: object) -> bool:
    return bool(mask.any())  # type: ignore[attr-defined]
