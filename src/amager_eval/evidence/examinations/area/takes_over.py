"""What the area's own figures change once they come: estimate, block prior and vague prior."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from amager_eval.data.published import published
from amager_eval.evaluation.area import smooth_measured
from amager_eval.evidence.examinations.job import Found, Job, beside_districts
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.area.estimate import estimate_area
from amager_eval.trends.safety.fit import fit_safety

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit, Forecast

__all__ = ["MADE_UP", "area_takes_over", "examine_take_over"]

#: SYNTHETIC figures of the area: wave, question, answer, percent, respondents.
MADE_UP: Final = (
    (2024, "neighbourhood", "safe", 84.0, 402.0), (2024, "neighbourhood", "unsafe", 9.0, 402.0),
    (2024, "night", "safe", 71.0, 402.0), (2024, "night", "unsafe", 20.0, 402.0),
    (2025, "neighbourhood", "safe", 85.0, 415.0), (2025, "neighbourhood", "unsafe", 9.0, 415.0),
    (2025, "night", "safe", 73.0, 415.0), (2025, "night", "unsafe", 19.0, 415.0),
)  # fmt: skip


def examine_take_over(job: Job, fit: Fit) -> dict[str, Found]:
    """Hold the estimate against what made-up figures of the area would leave of it."""
    table = area_takes_over(fit, published(), load_agreement(), job.spec)
    beside = beside_districts(job, fit) | {"figures_of_the_area": "SYNTHETIC"}
    return {"takes_over": Found(table, beside)}


def area_takes_over(fit: Fit, data: Input, agreement: Agreement, spec: ModelSpec) -> pd.DataFrame:
    """Estimate the area, then read made-up figures of it beside its blocks, and by themselves.

    Columns: `read` (`estimate` before the figures; after them `block_prior`, which assessments rest
    on, and `vague_prior`), `setting, printed` (the latest made-up share), bands of the true share
    `low_first, high_first` (baseline wave), `low_latest, middle_latest, high_latest` (latest
    made-up wave), `low_target, high_target`, percent, and `reaches` (the whole's level at the
    target). An estimate has no middle.
    """
    area = agreement.areas.evaluated.names[0]
    rows = pd.DataFrame(
        [(area, w, s, r, p, n, 0.0, "=") for w, s, r, p, n in MADE_UP],
        columns=["area", "wave", "setting", "response", "percent", "n", "decimals", "comparator"],
    )
    assert data.safety is not None
    with_own = replace(data, safety=pd.concat([data.safety, rows], ignore_index=True))
    target = agreement.safety.target_wave
    smoothed = smooth_measured(fit, with_own, agreement, until=target, prior=False)
    assert smoothed is not None
    alone = fit_safety(with_own, spec=spec, seed=fit.seed)
    asked = {
        "estimate": estimate_area(fit, data, agreement, until=target, prior=False).forecast,
        "block_prior": smoothed.forecast,
        "vague_prior": alone.forecast(target),
    }
    made: list[dict[str, object]] = []
    for read, forecast in asked.items():
        made += _rows(read, forecast, area, agreement)
    return pd.DataFrame(made)


def _rows(
    read: str, forecast: Forecast, area: str, agreement: Agreement
) -> list[dict[str, object]]:
    safety, latest = agreement.safety, max(row[0] for row in MADE_UP)
    made = []
    for setting in safety.settings:
        true = 100 * forecast.draws["true"].sel(setting=setting, response="safe")
        own, whole = (true.sel(area=a) for a in (area, agreement.areas.whole))
        row: dict[str, object] = {"read": read, "setting": setting}
        row["printed"] = next(r[3] for r in MADE_UP if r[:3] == (latest, setting, "safe"))
        for name, wave in (
            ("first", safety.baseline_wave), ("latest", latest), ("target", safety.target_wave)
        ):  # fmt: skip
            values = own.sel(period=wave)
            row[f"low_{name}"], row[f"high_{name}"] = np.quantile(values, [0.025, 0.975])
            if name == "latest":
                row["middle_latest"] = np.nan if read == "estimate" else float(np.median(values))
        reached = own.sel(period=safety.target_wave) >= whole.sel(period=safety.target_wave)
        made.append(row | {"reaches": float(reached.mean())})
    return made
