"""Fit a made-up partnership, the crime model compiled once; hold its verdicts to its truth."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import xarray as xr
from scipy.special import expit

from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.goals.crime.quantities import crime_quantities
from amager_eval.goals.crime.results import crime_rows
from amager_eval.goals.results import evaluated_area, safety_rows
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime.arrays import model_data
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import sample_design
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.options import with_baseline_year
from amager_eval.trends.diagnose import Diagnostics, diagnose
from amager_eval.trends.safety.fit import design_safety, sample_safety

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.evidence.city.synthetic import SyntheticCity
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

__all__ = ["Bench", "as_judged", "judge"]

#: Two chains. A probability near the thresholds .05 and .95 from 400 effective draws of each of
#: two alternatives has a Monte-Carlo error of about .008: a verdict can flip only within that.
CHAINS: Final = 2
#: Years of figures before the baseline: fewer than a real evaluation has, and faster.
HISTORY: Final = 6
#: First wave whose safe share is published, as in Copenhagen; before it the unsafe one alone is.
SAFE_FROM: Final = 2022
_KEYS: Final = ("goal", "reading", "setting", "response", "crime_type", "year")


@dataclass(frozen=True, eq=False)
class Bench:
    """Both documents, and the crime model compiled for the shape every partnership has."""

    safety_spec: ModelSpec
    crime: Any
    crime_spec: ModelSpec

    @classmethod
    def compiled(cls, city: SyntheticCity, agreement: Agreement) -> Bench:
        """Compile for a city; another seed's reports are refitted in what is compiled."""
        data = as_judged(city.data, agreement)
        spec = with_baseline_year(load_model_spec("crime_trend"), agreement.crime.baseline_year)
        design = crime_design(data, spec, definition=agreement.crime.definition)
        safety = load_model_spec("safety_trend")
        return cls(safety, sample.compile_model(build_model(design, refit=True)), spec)


def judge(
    bench: Bench,
    city: SyntheticCity,
    agreement: Agreement,
    scenario: str,
    seed: int,
    draws: int,
) -> dict[str, Any]:
    """Fit one partnership and hold its verdicts against its truth.

    Parameters
    ----------
    bench : Bench
    city : SyntheticCity
        With figures to the target wave.
    agreement : Agreement
    scenario, seed : str, int
        What the city was drawn from.
    draws : int
        Kept draws per chain of each run.

    Returns
    -------
    dict
        `seconds` by part, `problems` by statement (why a gate failed; empty where none did),
        `divergences`, and `rows`: verdicts, the truth `met`, and `passed`.
    """
    started, computing = time.perf_counter(), time.process_time()
    target = agreement.safety.target_wave
    sampling: dict[str, Any] = {"draws": draws, "chains": CHAINS, "seed": seed}
    rows: list[dict[str, Any]] = []
    gates: dict[int, list[Diagnostics]] = {}
    spent = {}
    for year in (agreement.safety.baseline_wave + 1, target):
        then = synthetic_city(seed, scenario=scenario, agreement=agreement, last_wave=year).data
        data = as_judged(then, agreement)
        begun = time.perf_counter()
        survey = design_safety(
            data, population=None, whole=None, spec=bench.safety_spec, parts=None
        )
        fit = sample_safety(survey, bench.safety_spec, prior_only=False, **sampling)
        gates[year] = [_safety_gates(fit, agreement.safety.baseline_wave, year)]
        forecast = fit.forecast(target)
        quantities = {
            year: safety_quantities(
                forecast,
                whole=agreement.areas.whole,
                baseline=agreement.safety.baseline_wave,
                target=year,
                areas=[evaluated_area(data, agreement)],
            )
        }
        spent[f"safety_{year}"] = time.perf_counter() - begun
        made = safety_rows(data, agreement, year, forecast, quantities)
        rows += [r | {"statement": year} for r in made if r["year"] == year]
    begun = time.perf_counter()
    design = crime_design(data, bench.crime_spec, definition=agreement.crime.definition)
    crime = sample_design(
        bench.crime.with_data(**model_data(design)), design, bench.crime_spec, **sampling
    )
    gates[target].append(_crime_gates(crime))
    frame = crime_quantities(
        crime.forecast(agreement.crime.target_year),
        baseline=agreement.crime.baseline_year,
        target=agreement.crime.target_year,
        guard=agreement.crime.guard_years,
        margin=agreement.crime.margin,
    )
    spent["crime"] = time.perf_counter() - begun
    made = crime_rows(data, agreement, target, frame, agreement.crime.definition)
    rows += [r | {"statement": target} for r in made if r["year"] == target - 1]
    truth = {tuple(t[k] for k in _KEYS): t["met"] for t in city.truth["goals"]}
    problems = {year: [p for d in found for p in d.problems] for year, found in gates.items()}
    kept = (*_KEYS, "statement", "literal_verdict", "evidence_verdict", "probability_true")
    return {
        "seconds": spent
        | {
            "all": time.perf_counter() - started,
            # of all cores together: what the run would take on a core of its own
            "all_cores": time.process_time() - computing,
        },
        "problems": {str(year): found for year, found in problems.items()},
        "divergences": sum(d.divergences for found in gates.values() for d in found),
        "rows": [
            {k: r[k] for k in kept}
            | {"met": truth[tuple(r[k] for k in _KEYS)], "passed": not problems[r["statement"]]}
            for r in rows
        ],
    }


def _safety_gates(fit: Fit, baseline: int, year: int) -> Diagnostics:
    """Hold a fit against the document's gates: all divergences, and the shares verdicts rest on."""
    posterior, design = fit.data["posterior"].to_dataset(), fit.data["design"]
    eta = posterior["eta"].sel(year=slice(baseline, year)).astype(float)
    share = xr.apply_ufunc(expit, eta)
    weights = xr.DataArray(design["weight"].to_numpy(), dims="latent")
    judged = xr.Dataset({"share": share, "share_whole": share.dot(weights, dim="latent")})
    return diagnose(fit.data["sample_stats"].to_dataset(), [judged], fit.spec.gates)


def _crime_gates(fit: Fit) -> Diagnostics:
    """Hold a fit against the document's gates: all divergences, and the levels verdicts rest on."""
    judged = fit.data["posterior"].to_dataset()[["level"]]
    return diagnose(fit.data["sample_stats"].to_dataset(), [judged], fit.spec.gates)


def as_judged(data: Input, agreement: Agreement) -> Input:
    """Keep what the goals are about, by year: the agreement's area and types, and the city.

    The area is modelled beside the districts, as an evaluation does it. The safe share is left
    out of waves in which Copenhagen's survey did not publish it.
    """
    assert data.safety is not None
    assert data.crime is not None
    areas = (evaluated_area(data, agreement), agreement.areas.whole)
    kinds = [t.id for t in agreement.crime.type if t.role != "monitored"]
    crime = data.crime[data.crime["area"].isin(areas) & data.crime["crime_type"].isin(kinds)]
    period = crime["period"].astype(str).str[:4]
    keys = ["area", "crime_type", "definition", "period"]
    yearly = crime.assign(period=period).groupby(keys)["count"].sum().reset_index()
    yearly = yearly[yearly["period"].astype(int) >= agreement.crime.baseline_year - HISTORY]
    safety = data.safety.drop(columns="area_kind")
    safety = safety[safety["wave"] >= agreement.safety.baseline_wave - HISTORY]
    safety = safety[(safety["response"] == "unsafe") | (safety["wave"] >= SAFE_FROM)]
    return replace(data, safety=safety, crime=yearly)
