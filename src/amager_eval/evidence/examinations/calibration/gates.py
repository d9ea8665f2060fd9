"""Does a fit of the model pass its gates, whichever seed it is given and whatever city?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job, timed
from amager_eval.evidence.studies import crime_study, safety_study
from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.trends.crime.fit import begin_design, fit_crime
from amager_eval.trends.safety.fit import design_safety, sample_safety

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

    from amager_eval.trends.fit import Fit

__all__ = ["judge_crime", "judge_fits", "judge_safety"]

#: Seeds whose fits of the bundled figures are tabled, chosen before they were run.
SEEDS: Final = (1, 2, 3, 4, 5)
#: Simulated small cities whose fits are tabled; city and sampler have the same seed.
CITIES: Final = 10
#: Of a weighted run's statistics, the worst run standing for the fit: the effective draws, and the
#: shares of them that the exact likelihood of all figures and of the worst cell leaves.
_LEFT: Final = ("effective_draws", "exact_share", "least_cell_share")


def judge_safety(job: Job) -> dict[str, Found]:
    """Fit the bundled figures from several seeds, and figures made of the small city's priors."""
    bundled = design_safety(published(), population=None, whole=None, spec=job.spec, parts=None)
    city = safety_study.small_city(job.spec)

    def fitted(design: xr.Dataset, seed: int) -> Fit:
        return sample_safety(design, job.spec, draws=job.draws, seed=seed)

    return _judged(
        job,
        lambda seed: fitted(bundled, seed),
        lambda seed: fitted(simulate_safety(city, job.spec, seed).design, seed),
    )


def judge_crime(job: Job) -> dict[str, Found]:
    """Fit the bundled counts from several seeds, and counts made of the small city's priors."""
    figures, city = published(), crime_study.small_city(job.spec)
    return _judged(
        job,
        lambda seed: fit_crime(
            figures, spec=job.spec, draws=job.draws, seed=seed, definition="STRAF11"
        ),
        lambda seed: begin_design(
            simulate_crime(city, seed).design, job.spec, draws=job.draws, seed=seed
        )(),
    )


def _judged(
    job: Job, bundled: Callable[[int], Fit], simulated: Callable[[int], Fit]
) -> dict[str, Found]:
    cities = range(1, CITIES + 1)
    return {
        "gates": Found(judge_fits(bundled, SEEDS, job.told("gates"))),
        "gates_simulated": Found(judge_fits(simulated, cities, job.told("gates, simulated"))),
    }


def judge_fits(
    fitted: Callable[[int], Fit],
    seeds: Sequence[int],
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Table what the gates saw of a fit from each seed, and the seconds it took."""
    rows: list[dict[str, object]] = []
    for seed in seeds:
        fit, seconds = timed(fitted, seed)
        found, left = fit.diagnostics, {}
        if fit.kind == "safety":
            left = {name: float(fit.data["sample_stats"][name].min()) for name in _LEFT}
        rows.append(
            {"seed": seed, "divergences": found.divergences, "max_rhat": found.max_rhat,
             "min_ess": found.min_ess, **left, "passed": found.passed, "seconds": seconds}
        )  # fmt: skip
        if progress is not None:
            progress(len(rows), len(seeds))
    return pd.DataFrame(rows)
