"""The model of the scales against version 1, which sampled every path: frozen answers of its seeds.

`tests/reference/safety_version_1.csv` holds, for the bundled figures under two agreements, a large
made-up city and a small one of sixty answers a part: every probability and every band edge of the
areas a statement speaks of, means over the seeds that were run (column `seeds`).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.published import published
from amager_eval.evaluation.prepare import prepare
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.fit import fit_safety

pytestmark = pytest.mark.slow

FROZEN = pd.read_csv(Path(__file__).parents[1] / "reference" / "safety_version_1.csv")
KEYS = ["area", "setting", "response", "quantity", "year", "of"]


def small_city() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three parts of sixty answers a wave each, as they were drawn for the frozen answers."""
    rng = np.random.default_rng(60)
    parts = {"Nord": 0.45, "Syd": 0.33, "Vest": 0.22}
    level, gap = {"neighbourhood": 1.9, "night": 1.1}, {"neighbourhood": 0.6, "night": 0.45}
    apart = {"Nord": 0.3, "Syd": -0.1, "Vest": -0.5}
    path = {s: level[s] + np.cumsum(rng.normal(0, 0.08, 11)) for s in level}
    rows = []
    for t, wave in enumerate(range(2016, 2027)):
        for s in level:
            whole = np.zeros(2)
            for area, weight in parts.items():
                eta = path[s][t] + apart[area] + rng.normal(0, 0.03)
                safe, unsafe = 1 / (1 + np.exp(-eta)), 1 / (1 + np.exp(eta + gap[s]))
                x = rng.multinomial(60, [safe, 1 - safe - unsafe, unsafe])
                whole += weight * np.array([x[0], x[2]]) / 60
                told = [("safe", x[0] / 60, area, 60.0), ("unsafe", x[2] / 60, area, 60.0)]
                rows += [(a, wave, s, r, round(100 * v), n) for r, v, a, n in told
                         if r == "unsafe" or wave >= 2022]  # fmt: skip
            rows += [("Byen", wave, s, r, round(100 * v), 180.0)
                     for r, v in zip(("safe", "unsafe"), whole, strict=True)
                     if r == "unsafe" or wave >= 2022]  # fmt: skip
    columns = ["area", "wave", "setting", "response", "percent", "n"]
    people = [(a, 2024, int(60000 * w)) for a, w in parts.items()]
    return (
        pd.DataFrame(rows, columns=columns).assign(decimals=0),
        pd.DataFrame(people, columns=["area", "period", "population"]),
    )


def answers(case: str) -> pd.DataFrame:
    """The same probabilities and band edges from today's model."""
    spec, prior = load_model_spec("safety_trend"), {"": "draws", "prior_": "prior_only"}
    if case == "small":
        frame, people = small_city()
        whole, baseline, targets, until = "Byen", 2024, [2028], 2029
        fit = fit_safety(frame, population=people, whole=whole, spec=spec, seed=1)
    else:
        agreement = load_agreement("amager_2025_2028" if case == "published" else case)
        safety = agreement.safety
        whole, baseline = agreement.areas.whole, safety.baseline_wave
        targets = [safety.target_wave, safety.alternative_target_wave]
        until = max(2026, safety.alternative_target_wave)
        data = prepare(published(), agreement, 2026)
        fit = fit_safety(data, spec=spec.with_options(baseline=baseline), seed=1)
    assert fit.diagnostics.passed, fit.diagnostics.problems
    forecast = fit.forecast(until)
    found = []
    for target in targets:
        asked = safety_quantities(forecast, whole=whole, baseline=baseline, target=target)
        found.append(
            asked.melt(KEYS[:4], [c for c in asked if "probability" in c], "of").assign(year=target)
        )
    for name, group in prior.items():
        bands = type(forecast)("safety", getattr(forecast, group), None, "").to_frame()
        bands = bands[bands["quantity"] == "true"].rename(columns={"period": "year"})
        edges = [c for c in bands if c.startswith(("median", "low", "high"))]
        long = bands.melt(["area", "setting", "response", "year"], edges, "of")
        found.append(long.assign(quantity=f"{name}share"))
    return pd.concat(found)


@pytest.mark.parametrize("case", ["published", "tingbjerg_husum", "small"])
def test_the_answers_are_version_ones(case):
    both = FROZEN[FROZEN["case"] == case].merge(answers(case), on=KEYS, suffixes=("", "_now"))
    off = (both["value_now"] - both["value"]).abs()
    band, prior = both["quantity"].str.endswith("share"), both["of"].str.startswith("prior")
    prior |= both["quantity"].str.startswith("prior")
    print(
        case, "mean and 95 % quantile of differences:",
        {name: (round(off[at].mean(), 4), round(off[at].quantile(0.95), 4))
         for name, at in {"probability": ~band & ~prior, "prior probability": ~band & prior,
                          "band edge": band & ~prior, "prior band edge": band & prior}.items()},
    )  # fmt: skip
    assert (off[~band & ~prior] <= 0.03).mean() > 0.9
    assert off[~band & ~prior].max() < 0.08
    assert (off[band & ~prior] <= 0.005).mean() > 0.9
    assert off[band & ~prior].max() < 0.015
    assert off[prior].mean() < 0.02
