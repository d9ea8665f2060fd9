"""Leave out published figures of the areas, and predict what was printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job, beside_districts
from amager_eval.scores.crps import crps_draws
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.design import nested_of
from amager_eval.trends.area.estimate import estimate_area
from amager_eval.trends.safety.fit import fit_safety

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.area_estimate import AreaSpec
    from amager_eval.trends.fit import Fit

__all__ = ["area_left_out", "examine_left_out", "summarise_left_out"]

#: Last wave of the fit that predicts the later figures of the areas.
ORIGIN: Final = 2020
#: Draws of the districts an estimate takes: enough for a score, fewer than a report's.
_DRAWS: Final = 1500
_OTHERS: Final = ("district", "city", "city_and_siblings", "last_value")


def examine_left_out(job: Job, fit: Fit) -> dict[str, Found]:
    """Predict the published figures of the areas without them, and the last from earlier waves."""
    data = published()
    assert data.safety is not None
    known = replace(data, safety=data.safety[data.safety["wave"] <= ORIGIN])
    then = job.spec.with_options(baseline=min(ORIGIN, int(job.spec.options["baseline"])))
    earlier = fit_safety(known, spec=then, draws=job.draws, seed=1)
    table = area_left_out(fit, data, load_agreement(), earlier=earlier, origin=ORIGIN,
                          progress=job.told("left_out"))  # fmt: skip
    beside = beside_districts(job, fit) | {
        "origin_of_later_waves": ORIGIN,
        "gates_passed_at_origin": earlier.diagnostics.passed,
        "least_effective_draws": float(table["effective"].min()),
    }
    return {
        "left_out": Found(table, beside),
        "left_out_means": Found(summarise_left_out(table), beside),
    }


def area_left_out(
    fit: Fit,
    data: Input,
    agreement: Agreement,
    *,
    earlier: Fit | None = None,
    origin: int = ORIGIN,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Leave out each figure, each area, each partnership and the last waves, and predict them.

    `fit` holds no figure of the areas. `earlier` is a fit of the waves to `origin` alone, from
    which the figures after it are predicted; without it that is left out.

    Columns: `left_out` (`figure`, `area`, `partnership` or `later_waves`), `area, wave, setting`,
    `printed, low_95, middle, high_95` (percent who feel unsafe), `inside_95, inside_80`,
    `effective` (draws of the alternative of the drift that has fewest), and in points `crps` with
    those of `district, city` (the model's own draws of their true shares), `city_and_siblings`
    (city plus the other areas' mean distance from it) and `last_value` (of the same partnership's
    area or its earlier version; NaN where there is none): a single number's CRPS is its distance.

    Apart from `later_waves` the districts' draws rest on all waves: what is tested is the blocks.
    """
    assert data.safety is not None
    spec = load_area_spec().model_copy(update={"effective_min": 200.0})
    nested = nested_of(agreement)
    of = {name: p.of for p in nested.published for name in p.area}
    rows = data.safety[data.safety["area"].isin(of) & (data.safety["response"] == "unsafe")]
    own = nested.pieces()
    rows = rows.assign(partnership=rows["area"].map(lambda a: "own" if of[a] in own else of[a]))
    asked: list[tuple[str, Fit, Agreement, Any, list[Any]]] = []
    for label, row in rows.iterrows():
        for name, left in {
            "figure": [label],
            "area": list(rows.index[rows["area"] == row["area"]]),
            "partnership": list(rows.index[rows["partnership"] == row["partnership"]]),
        }.items():
            asked.append((name, fit, agreement, row, left))
    if earlier is not None:
        later = rows[rows["wave"] > origin]
        moved = agreement.safety.model_copy(update={"baseline_wave": origin})
        before = agreement.model_copy(update={"safety": moved})
        asked += [("later_waves", earlier, before, row, list(later.index))
                  for _, row in later.iterrows()]  # fmt: skip
    made = []
    for done, (name, rests, read, row, left) in enumerate(asked, 1):
        made.append({"left_out": name} | _predict(rests, data, read, row, left, rows, spec))
        if progress is not None:
            progress(done, len(asked))
    return pd.DataFrame(made)


def _predict(
    fit: Fit,
    data: Input,
    agreement: Agreement,
    row: Any,
    left: list[Any],
    rows: pd.DataFrame,
    spec: AreaSpec,
) -> dict[str, object]:
    """Predict one figure, and what nearer-lying forecasts would have said."""
    nested, whole = nested_of(agreement), agreement.areas.whole
    area, wave, setting = str(row["area"]), int(row["wave"]), str(row["setting"])
    of = {name: p.of for p in nested.published for name in p.area}
    about = nested.model_copy(update={"area": of[area], "stated": (), "estate": None})
    few = replace(fit, spec=fit.spec.with_options(forecast_draws=_DRAWS))
    estimate = estimate_area(
        few, data, agreement.model_copy(update={"nested": about}), spec=spec, steps=["1"],
        leave_out=left, until=max(agreement.safety.baseline_wave, wave),
    )  # fmt: skip
    true = 100 * estimate.forecast.draws["true"].sel(response="unsafe")
    cell: dict[str, object] = {"setting": setting, "period": wave}
    district = about.districts()[0]
    published = 100 * estimate.forecast.draws["published"].sel(
        cell | {"area": estimate.area, "response": "unsafe"}
    )
    printed = float(row["percent"])
    ends = np.quantile(published, [0.025, 0.975, 0.1, 0.9])
    kept = rows[~rows.index.isin(left) & (rows["setting"] == setting)]
    before = kept[(kept["partnership"] == row["partnership"]) & (kept["wave"] < wave)]
    before = before.sort_values("wave")
    city = true.sel(area=whole, setting=setting).median("sample")
    off = [o["percent"] - float(city.sel(period=o["wave"])) for o in kept.to_dict("records")]
    return {
        "area": area, "wave": wave, "setting": setting, "printed": printed,
        "low_95": ends[0], "middle": float(np.median(published)), "high_95": ends[1],
        "inside_95": bool(ends[0] <= printed <= ends[1]),
        "inside_80": bool(ends[2] <= printed <= ends[3]),
        "effective": min(estimate.effective.values()),
        "crps": float(crps_draws(published.to_numpy(), printed)),
        "district": float(crps_draws(true.sel(cell | {"area": district}).to_numpy(), printed)),
        "city": float(crps_draws(true.sel(cell | {"area": whole}).to_numpy(), printed)),
        "city_and_siblings": abs(float(city.sel(period=wave)) + np.mean(off) - printed)
        if off else np.nan,
        "last_value": abs(float(before["percent"].iloc[-1]) - printed)
        if len(before) else np.nan,
    }  # fmt: skip


def summarise_left_out(table: pd.DataFrame) -> pd.DataFrame:
    """Take means over the figures of each kind, and of the same figures for each other forecast.

    Columns: `left_out, versus, figures, inside_95, inside_80` (counts), `crps, crps_other`
    (points): over the figures the other forecast has an answer for.
    """
    made = []
    for name, of in table.groupby("left_out", sort=False):
        for other in _OTHERS:
            both = of[of[other].notna()]
            if len(both):
                made.append(
                    {"left_out": name, "versus": other, "figures": len(both),
                     "inside_95": int(both["inside_95"].sum()),
                     "inside_80": int(both["inside_80"].sum()),
                     "crps": float(both["crps"].mean()), "crps_other": float(both[other].mean())}
                )  # fmt: skip
    return pd.DataFrame(made)
