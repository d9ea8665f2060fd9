"""Does a fit of the safety model pass its gates, whichever seed it is given and whatever city?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.trends.safety_fit import sample_safety
from amager_eval.trends.safety_simulate import simulate_safety

if TYPE_CHECKING:
    from amager_eval.trends.safety_fit import Prepared

__all__ = ["judge_seeds", "judge_simulated"]


def judge_seeds(
    prepared: Prepared,
    *,
    seeds: Sequence[int],
    draws: int | None = None,
    chains: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Fit the same figures with several seeds.

    Parameters
    ----------
    prepared : Prepared
        From :func:`amager_eval.trends.safety_fit.prepare_safety`.
    seeds : sequence of int
        Seeds of the sampler.
    draws : int or None
        Draws per chain; default the spec's, with which a run that diverges is sampled again.
    chains : int
        Chains of each run.
    progress : callable or None
        Called with (fits done, fits in all).

    Returns
    -------
    DataFrame
        One row per seed: `seed, divergences, max_rhat, min_ess, passed, again` (runs sampled
        again because they diverged, of the three a fit has), `seconds`.
    """
    rows = []
    for k, seed in enumerate(seeds):
        rows.append({"seed": seed, **_judged(prepared, seed, draws, chains)})
        if progress is not None:
            progress(k + 1, len(seeds))
    return pd.DataFrame(rows)


def judge_simulated(
    prepared: Prepared,
    *,
    sets: int,
    draws: int | None = None,
    chains: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Fit figures the model makes of its own priors, seeds 1, 2 and so on.

    Parameters
    ----------
    prepared : Prepared
        Its design says which figures there are.
    sets : int
        Simulated sets, one fit each; set and sampler have the same seed.
    draws : int or None
        As :func:`judge_seeds`.
    chains : int
        As :func:`judge_seeds`.
    progress : callable or None
        As :func:`judge_seeds`.

    Returns
    -------
    DataFrame
        As :func:`judge_seeds`.
    """
    rows = []
    for seed in range(1, sets + 1):
        made = simulate_safety(prepared.design, prepared.spec, seed)
        one = replace(prepared, design=made.design)
        rows.append({"seed": seed, **_judged(one, seed, draws, chains)})
        if progress is not None:
            progress(seed, sets)
    return pd.DataFrame(rows)


def _judged(prepared: Prepared, seed: int, draws: int | None, chains: int) -> dict[str, object]:
    """One fit and what its gates saw."""
    seen: list[int] = []
    start = time.perf_counter()
    fit = sample_safety(
        prepared, draws=draws, chains=chains, seed=seed, progress=lambda done, _: seen.append(done)
    )
    found = fit.diagnostics
    return {
        "divergences": found.divergences,
        "max_rhat": found.max_rhat,
        "min_ess": found.min_ess,
        "passed": found.passed,
        # a run that is sampled again takes the progress back to where the run began
        "again": sum(after < before for before, after in pairwise(seen)),
        "seconds": time.perf_counter() - start,
    }
