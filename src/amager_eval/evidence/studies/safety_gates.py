"""Does a fit of the safety model pass its gates, whichever seed it is given and whatever city?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.trends.safety.fit import sample_safety

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec

__all__ = ["judge_seeds", "judge_simulated"]

#: Of a run's statistics: what its weights leave, the worst run standing for the fit.
_LEFT = ("effective_draws", "exact_share", "least_cell_share")


def judge_seeds(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    seeds: Sequence[int],
    draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Fit the same figures with several seeds.

    One row per seed: `seed, divergences, max_rhat, min_ess, effective_draws` (of the
    weighted ones), `exact_share` and `least_cell_share` (of the draws, what the exact likelihood of
    all figures and of the worst cell leaves), `passed, seconds`.
    """
    rows = []
    for k, seed in enumerate(seeds):
        rows.append({"seed": seed, **_judged(design, spec, seed, draws)})
        if progress is not None:
            progress(k + 1, len(seeds))
    return pd.DataFrame(rows)


def judge_simulated(
    design: xr.Dataset,
    spec: ModelSpec,
    *,
    sets: int,
    draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Fit figures the model makes of its own priors, seeds 1, 2 and so on.

    As :func:`judge_seeds`.
    """
    rows = []
    for seed in range(1, sets + 1):
        made = simulate_safety(design, spec, seed)
        rows.append({"seed": seed, **_judged(made.design, spec, seed, draws)})
        if progress is not None:
            progress(seed, sets)
    return pd.DataFrame(rows)


def _judged(design: xr.Dataset, spec: ModelSpec, seed: int, draws: int | None) -> dict[str, object]:
    """One fit and what its gates saw."""
    start = time.perf_counter()
    fit = sample_safety(design, spec, draws=draws, seed=seed)
    found, stats = fit.diagnostics, fit.data["sample_stats"]
    return {
        "divergences": found.divergences,
        "max_rhat": found.max_rhat,
        "min_ess": found.min_ess,
        **{name: float(stats[name].min()) for name in _LEFT},
        "passed": found.passed,
        "seconds": time.perf_counter() - start,
    }
