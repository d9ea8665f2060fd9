"""Simulation-based calibration: draw a truth, make its data, fit, and see where the truth ranks.

If the sampler and the model as coded agree with the model as declared, the truth is one more draw
of the posterior: its rank is uniform (Talts et al. 2018, arXiv:1804.06788; Modrak et al. 2023,
Bayesian Analysis). A wrong likelihood, prior or geometry bends the ranks.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import arviz as az
import numpy as np
import pandas as pd

from amager_eval.conventions import LEVELS
from amager_eval.errors import InputError
from amager_eval.scores.pit import covered
from amager_eval.scores.uniform_band import shares_up_to, uniform_band
from amager_eval.whole_file import whole_file

if TYPE_CHECKING:
    from amager_eval.evidence.studies.replicate import Replicate, Study

__all__ = [
    "Calibrated",
    "calibrate",
    "judge_forecasts",
    "judge_ranks",
    "kept_ranks",
    "rank_curves",
    "summarise_recovery",
    "tabulate_ranks",
]

#: Uniform samples a band is found from.
SIMULATIONS: Final = 2000
#: Of the band around all quantities' rank distributions together.
BAND: Final = 0.99
#: Of what is simulated and resampled here, and how often it is resampled.
_SEED: Final = 1
_RESAMPLES: Final = 2000
#: Processes share the cores by whole fits; threads of linear algebra would only wait.
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What the replicates of a study say."""

    #: One row per replicate and quantity: `fit, quantity, truth, mean, sd, pit, ess, rhat,
    #: divergences, problems, times, seconds`; `pit` is the randomised rank of the truth among the
    #: draws, 0 to 1, `problems` the gates its fit missed (NaN: none), `times` how many times the
    #: study's own draws it took, `seconds` the time it took.
    replicates: pd.DataFrame
    #: One row per replicate and figure that came after: `fit, low, high`, the bounds of its
    #: probability integral transform. No rows where the study forecasts nothing.
    forecasts: pd.DataFrame


def calibrate(
    study: Study,
    *,
    fits: int,
    seed: int,
    folder: Path,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Calibrated:
    """Run the replicates that are not kept yet; a stopped run continues.

    Replicate k has the k-th seed drawn from `seed`, and two files in `folder`. With more than one
    process the study is pickled, and the replicates are the same.
    """
    if fits < 20:
        raise InputError(f"calibration needs at least 20 fits, found {fits}")
    folder.mkdir(parents=True, exist_ok=True)
    seeds = np.random.SeedSequence(seed).generate_state(fits)
    paths = [folder / f"{study.name}-{seed}-{k:04d}.csv" for k in range(fits)]
    missing = [(k, int(seeds[k]), path) for k, path in enumerate(paths) if not path.is_file()]
    for done, _ in enumerate(_each(study, missing, processes), fits - len(missing) + 1):
        if progress is not None:
            progress(done, fits)
    forecasts = [pd.read_csv(path.with_suffix(".after.csv")) for path in paths]
    return Calibrated(
        pd.concat([pd.read_csv(path) for path in paths], ignore_index=True),
        pd.concat(forecasts, ignore_index=True),
    )


def _each(study: Study, missing: Sequence[tuple[int, int, Path]], processes: int) -> Iterator[None]:
    """Replicate what is missing, in this process or in some of its own."""
    if processes == 1 or not missing:
        for one in missing:
            _replicate(study, *one)
            yield
        return
    # fresh interpreters, for threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    with _one_thread(), ProcessPoolExecutor(processes, context) as pool:
        futures = [pool.submit(_replicate, study, *one) for one in missing]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:  # after an error nothing more is begun
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Give processes started in the block one thread of linear algebra each."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ |= dict.fromkeys(_ONE_THREAD, "1")  # read when a process starts
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _replicate(study: Study, k: int, seed: int, path: Path) -> None:
    """Replicate once and keep what is found."""
    started = time.perf_counter()
    found = study.replicate(seed)
    seconds = time.perf_counter() - started
    bounds = pd.DataFrame(dict(zip(("low", "high"), found.pit, strict=True)))
    ranked = _ranked(found, np.random.default_rng([seed, 1])).assign(seconds=seconds)
    # the ranks last: they say that the replicate is finished
    for where, rows in ((path.with_suffix(".after.csv"), bounds), (path, ranked)):
        with whole_file(where) as unfinished:
            rows.assign(fit=k).to_csv(unfinished, index=False)


def judge_forecasts(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Count how often central intervals hold what came.

    Columns: `nominal, coverage, low, high, figures`: the interval is 95 %, over replicates, whose
    figures belong together.
    """
    rng = np.random.default_rng([_SEED, 8])
    rows = []
    for level in LEVELS:
        inside = covered(forecasts["low"], forecasts["high"], level)
        sums = pd.DataFrame({"inside": inside, "fit": forecasts["fit"]}).groupby("fit")["inside"]
        table = sums.agg(["sum", "count"]).to_numpy()
        drawn = table[rng.integers(len(table), size=(_RESAMPLES, len(table)))].sum(axis=1)
        low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
        row = {"nominal": level, "coverage": float(inside.mean()), "low": low, "high": high}
        rows.append(row | {"figures": len(inside)})
    return pd.DataFrame(rows)


def judge_ranks(replicates: pd.DataFrame) -> pd.DataFrame:
    """Hold each quantity's ranks against uniformity.

    One row per quantity: `quantity, fits`, `furthest` (largest distance of the empirical
    distribution of the ranks from the diagonal), `inside` (whether it stays in a band that holds
    for all points and quantities together in 99 % of calibrated models), `coverage_50, coverage_80,
    coverage_95`.
    """
    rows = []
    for quantity, curve in rank_curves(replicates).groupby("quantity", sort=False):
        pit = replicates.loc[replicates["quantity"] == quantity, "pit"].to_numpy()
        row: dict[str, object] = {
            "quantity": quantity,
            "fits": len(pit),
            "furthest": float(curve["difference"].abs().max()),
            "inside": bool(curve["difference"].between(curve["low"], curve["high"]).all()),
        }
        for width in LEVELS:
            row[f"coverage_{100 * width:g}"] = float((np.abs(pit - 0.5) <= width / 2).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def rank_curves(replicates: pd.DataFrame) -> pd.DataFrame:
    """Empirical distribution of each quantity's ranks, minus the diagonal, with its band.

    Columns: `quantity, point` (0 to 1), `difference, low, high`; the band holds for all points and
    quantities together in 99 % of calibrated models.
    """
    ranks = {q: own.to_numpy() for q, own in replicates.groupby("quantity", sort=False)["pit"]}
    level = 1 - (1 - BAND) / len(ranks)
    # one band for all quantities of as many fits: it depends on nothing else
    bands = {
        n: uniform_band(n, level, SIMULATIONS, np.random.default_rng([_SEED, 7]))
        for n in {len(own) for own in ranks.values()}
    }
    frames = []
    for quantity, pit in ranks.items():
        points, low, high = bands[len(pit)]
        curve = {"point": points, "difference": shares_up_to(pit) - points, "low": low - points}
        frames.append(pd.DataFrame(curve | {"high": high - points}).assign(quantity=quantity))
    return pd.concat(frames, ignore_index=True)


def tabulate_ranks(replicates: pd.DataFrame) -> pd.DataFrame:
    """Put every truth's rank into one row per quantity, so that it can be kept as evidence.

    Columns: `quantity, ranks`: of all fits in their order, four decimals, separated by spaces.

    Examples
    --------
    >>> made = pd.DataFrame({"fit": [0, 1], "quantity": "drift", "pit": [0.25, 0.5]})
    >>> tabulate_ranks(made).values.tolist()
    [['drift', '0.2500 0.5000']]
    >>> kept_ranks(tabulate_ranks(made))["pit"].tolist()
    [0.25, 0.5]
    """
    ordered = replicates.sort_values("fit", kind="stable").groupby("quantity", sort=False)["pit"]
    ranks = ordered.agg(lambda own: " ".join(f"{rank:.4f}" for rank in own))
    return ranks.rename("ranks").reset_index()


def kept_ranks(table: pd.DataFrame) -> pd.DataFrame:
    """Read ranks back.

    Columns: `quantity, pit`, as :func:`rank_curves` takes them.
    """
    each = table.assign(pit=table["ranks"].str.split()).explode("pit", ignore_index=True)
    return each.assign(pit=each["pit"].astype(float))[["quantity", "pit"]]


def summarise_recovery(replicates: pd.DataFrame) -> pd.DataFrame:
    """How far posterior means lie from the truths.

    One row per quantity: `quantity, bias` (mean error and its standard error), `rmse`,
    `posterior_sd` (mean), `correlation` (of means with truths; 0: the data say nothing),
    `least_ess, largest_rhat, divergences` over all fits.
    """
    rows = []
    for quantity, group in replicates.groupby("quantity", sort=False):
        error = group["mean"] - group["truth"]
        rows.append(
            {
                "quantity": quantity,
                "bias": error.mean(),
                "bias_se": error.std(ddof=1) / np.sqrt(len(error)),
                "rmse": float(np.sqrt((error**2).mean())),
                "posterior_sd": group["sd"].mean(),
                "correlation": group["mean"].corr(group["truth"]),
                "least_ess": group["ess"].min(),
                "largest_rhat": group["rhat"].max(),
                "divergences": int(group["divergences"].sum()),
            }
        )
    return pd.DataFrame(rows)


def _ranked(replicate: Replicate, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for quantity, truth in replicate.truth.items():
        draws = np.asarray(replicate.draws[quantity], dtype=float)
        flat = draws.ravel()
        # every draw: their dependence blurs the rank a little and biases nothing
        below, ties = (flat < truth).sum(), (flat == truth).sum()
        rows.append(
            {
                "quantity": quantity,
                "truth": truth,
                "mean": flat.mean(),
                "sd": flat.std(ddof=1),
                "pit": (below + rng.uniform() * (ties + 1)) / (flat.size + 1),
                "ess": float(az.ess(draws)),
                "rhat": float(az.rhat(draws)),
                "divergences": replicate.diagnostics.divergences,
                "problems": "; ".join(replicate.diagnostics.problems),
                "times": replicate.times,
            }
        )
    return pd.DataFrame(rows)
