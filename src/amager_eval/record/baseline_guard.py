"""The noisy-baseline guard: "hold 2024" beside the level behind 2024 and the mean of three years.

A single year's count swings. Where 2024 was high by chance the goal is held without anything
having changed, and where it was low it is missed; so the literal comparison with the one year
stands beside the mean of the guard years and beside the level the model finds behind the count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.conventions import crime_year_of_wave
from amager_eval.goals.crime.quantities import guard_label
from amager_eval.goals.remarks import RemarkCode, remark
from amager_eval.goals.verdict import Verdict, literal_verdict

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts
    from amager_eval.goals.remarks import Remark
    from amager_eval.goals.result import Result
    from amager_eval.spec.agreement import Agreement

__all__ = ["GUARD_COLUMNS", "baseline_guard", "with_guard"]

GUARD_COLUMNS: Final = (
    "goal",
    "area",
    "crime_type",
    "form",
    "year",
    "observed",
    "baseline",
    "guard_mean",
    "latent_baseline",
    "literal_baseline",
    "literal_guard_mean",
    "probability_baseline",
    "probability_guard_mean",
    "reason",
)


def baseline_guard(
    facts: Facts,
    agreement: Agreement,
    year: int,
    quantities: pd.DataFrame,
    definition: str | None,
) -> pd.DataFrame:
    """Hold each crime goal against the baseline year and against the guard years, side by side.

    One row per crime goal, type and form (`rate`, `count`) of the agreement's own area: the
    latest published figure (`year`, `observed`), `baseline` (the published baseline year),
    `guard_mean` (mean of the published guard years), `latent_baseline` (median level behind the
    baseline year); literal verdicts against the first two; probabilities that the true level of
    the latest year (before one is published: the target year) is at or below the true level of
    the baseline year, and of the guard years' mean. What is missing is None, and `reason` says
    why. Reports, or reports per 1,000 inhabitants.
    """
    crime, area = agreement.crime, facts.area
    last = crime_year_of_wave(year)
    rows = []
    for goal in (g for g in agreement.goal if g.kind == "crime"):
        for kind in goal.crime_types:
            figures = facts.reports(area, kind, crime.definition)
            for form in ("rate", "count"):
                values = {
                    y: float(v)
                    for y, f in figures.items()
                    if y <= last and (v := getattr(f, form)) is not None
                }
                modelled = quantities if definition == crime.definition else quantities.iloc[:0]
                rows.append(_row(agreement, goal.id, area, kind, form, values, modelled))
    return pd.DataFrame(rows, columns=list(GUARD_COLUMNS), dtype=object)


def with_guard(results: Sequence[Result], guard: pd.DataFrame) -> list[Result]:
    """Put a caveat on every result whose literal verdict hangs on the choice of baseline."""
    said: dict[tuple[str, str | None, str | None, str], Remark] = {}
    for held in guard.to_dict(orient="records"):
        verdicts = (held["literal_baseline"], held["literal_guard_mean"])
        if Verdict.NOT_MEASURED not in verdicts and verdicts[0] != verdicts[1]:
            said[held["goal"], held["area"], held["crime_type"], held["form"]] = remark(
                RemarkCode.NOISY_BASELINE,
                verdict=verdicts[0],
                baseline=held["baseline"],
                other_verdict=verdicts[1],
                guard_mean=held["guard_mean"],
            )
    keys = [
        (r.goal, r.area, r.crime_type, "rate" if r.reading == "hold_rate" else "count")
        for r in results
    ]
    return [r.noting(said[key]) if key in said else r for r, key in zip(results, keys, strict=True)]


def _row(
    agreement: Agreement,
    goal: str,
    area: str,
    kind: str,
    form: str,
    values: dict[int, float],
    quantities: pd.DataFrame,
) -> dict[str, object]:
    crime, reasons = agreement.crime, []
    baseline = values.get(crime.baseline_year)
    absent = [y for y in crime.guard_years if y not in values]
    mean = None
    if not crime.guard_years:
        reasons.append("the agreement names no guard years")
    elif absent:
        reasons.append(f"no published {form} for {', '.join(map(str, absent))}")
    else:
        mean = sum(values[y] for y in crime.guard_years) / len(crime.guard_years)
    latest = max((y for y in values if y > crime.baseline_year), default=None)
    observed = None if latest is None else values[latest]
    if latest is None:
        reasons.append(f"no published {form} after {crime.baseline_year}")
    row: dict[str, object] = {
        "goal": goal,
        "area": area,
        "crime_type": kind,
        "form": form,
        "year": latest if latest is not None else crime.target_year,
        "observed": observed,
        "baseline": baseline,
        "guard_mean": mean,
        "literal_baseline": _literal(observed, baseline),
        "literal_guard_mean": _literal(observed, mean),
    }
    own = quantities
    if len(own):
        own = own[
            (own["area"] == area)
            & (own["crime_type"] == kind)
            & (own["form"] == form)
            & (own["year"] == row["year"])
        ]
    if own.empty:
        reasons.append("not modelled: no series for this area and type")
        return row | {"reason": "; ".join(reasons)}
    value = own.set_index("quantity")["value"]
    chances = {
        "latent_baseline": value["true_baseline"],
        "probability_baseline": value["probability_true_at_or_below"],
    }
    if crime.guard_years:
        name = f"probability_true_at_or_below_{guard_label(crime.guard_years)}"
        chances["probability_guard_mean"] = value[name]
    row |= {k: None if pd.isna(v) else float(v) for k, v in chances.items()}
    return row | {"reason": "; ".join(reasons)}


def _literal(observed: float | None, limit: float | None) -> str:
    return literal_verdict(None if observed is None or limit is None else observed <= limit)
