"""How often is a verdict wrong? Many made-up partnerships, judged as a real one would be.

    python -m amager_eval.evidence.rehearsal.rehearse build/rehearsal --partnerships 200 --workers 2

Each partnership is a city whose truth is known: the safety model is refitted to its survey, the
crime model to its yearly reports, and the rooms that judge a real agreement judge it, in the
wave after the baseline and in the target wave, by the command's own chain with quicker samplers.
As with the real command, nothing is judged from a fit that missed its gates: it is counted apart.
A stopped run continues: each finished partnership is a file, and only files of the same models
count.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

import pandas as pd

from amager_eval.evaluation.fit import fit
from amager_eval.evaluation.judge import judge
from amager_eval.evidence.city.process import SCENARIOS
from amager_eval.evidence.city.synthetic import SyntheticCity, synthetic_city
from amager_eval.evidence.rehearsal.bench import as_judged, quick_crime, quick_safety
from amager_eval.evidence.rehearsal.keep_rehearsal import keep_rehearsal
from amager_eval.evidence.rehearsal.wrong_verdicts import summarise, with_whole_goals
from amager_eval.provenance import sampler_versions, sha256_of_bytes, sha256_of_code
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import load_model_spec
from amager_eval.whole_file import whole_file

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement

__all__ = ["VERDICT_CODE", "Settings", "main", "rehearse", "small_agreement"]

#: A chain's; with 500 the shares' effective sample size was 250 to 360 of the 400 asked for.
DRAWS: Final = 1000
#: Rooms and modules a verdict comes out of; partnerships judged by other code are judged again.
#: What is missing here would leave stale verdicts: the tests follow the imports.
VERDICT_CODE: Final = (
    "conventions",
    "data.period",
    "data.population",
    "disclosure",
    "evaluation",
    "evidence.city",
    "evidence.rehearsal",
    "goals",
    "indicators",
    "record",
    "scores",
    "significance",
    "trends",
)
#: Workers share the cores by whole partnerships; threads of linear algebra would only wait.
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: What a row of results is about, and what is kept of it.
_KEYS: Final = ("goal", "reading", "setting", "response", "crime_type", "year")
_KEPT: Final = (*_KEYS, "literal_verdict", "evidence_verdict", "probability_true")
_SETUP: Final = (
    "A small city (three districts, six years before the baseline), two chains, a shorter warm-up; "
    "gates: no divergence anywhere, R-hat and effective sample size of the shares and rates that "
    "verdicts rest on."
)


@dataclass(frozen=True)
class Settings:
    """What is rehearsed: spread evenly over the scenarios, seeds that follow, draws a chain."""

    partnerships: int = 200
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    seed: int = 1
    draws: int = DRAWS

    def cities(self) -> Iterator[tuple[str, int]]:
        """Scenario and seed of every partnership."""
        for k in range(self.partnerships):
            yield self.scenarios[k % len(self.scenarios)], self.seed + k


@cache
def small_agreement() -> Agreement:
    """Return the Amager agreement in a city of three districts, which fits in a tenth the time."""
    agreement = load_agreement()
    parts = (*agreement.areas.evaluated.districts, agreement.areas.parts[-1])
    areas = agreement.areas.model_copy(update={"parts": parts, "indicators": ()})
    return agreement.model_copy(update={"areas": areas})


def rehearse(
    folder: Path,
    settings: Settings,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Judge every partnership that is not judged yet: one JSON file each in `folder`.

    Each of the `workers` is a process on a partnership of its own; 1 stays in this one. A row
    of what is returned is a judged part of a goal: `scenario, seed`, what it is about,
    `statement` (wave), `met` (the truth), `literal_verdict, evidence_verdict,
    probability_true`, `passed` (whether the fits it rests on were within their gates), and
    `seconds`, `problems` and `divergences` of its partnership.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = _identity(settings)
    paths = {city: folder / f"{city[0]}-{city[1]:05d}.json" for city in settings.cities()}
    left = [city for city, path in paths.items() if not _is_kept(path, identity)]
    done = len(paths) - len(left)
    if progress is not None:
        progress(done, len(paths))
    for finished in _each_judged(left, paths, identity, settings.draws, workers):
        done += finished
        if progress is not None:
            progress(done, len(paths))
    frames: list[dict[str, object]] = []
    for (scenario, seed), path in paths.items():
        kept = _kept(path)
        more = {k: kept[k] for k in ("seconds", "problems", "divergences")}
        frames += [{"scenario": scenario, "seed": seed} | row | more for row in kept["rows"]]
    return pd.DataFrame(frames)


class _Finished(TypedDict):
    """The file of a judged partnership."""

    identity: str
    seconds: dict[str, float]
    problems: dict[str, list[str]]
    divergences: int
    rows: list[dict[str, object]]


def _each_judged(
    left: list[tuple[str, int]],
    paths: dict[tuple[str, int], Path],
    identity: str,
    draws: int,
    workers: int,
) -> Iterator[int]:
    """Judge what is left, and yield 1 for every partnership finished."""
    if workers == 1:
        for city in left:
            _judge_one(*city, paths[city], identity, draws)
            yield 1
        return
    # a fresh interpreter each: threads of the sampler do not survive a fork
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context)
    try:
        tasks = [pool.submit(_judge_one, *city, paths[city], identity, draws) for city in left]
        for task in as_completed(tasks):
            task.result()
            yield 1
    finally:  # after an error nothing more is begun
        pool.shutdown(cancel_futures=True)


def _kept(path: Path) -> _Finished:
    finished: _Finished = json.loads(path.read_text(encoding="utf-8"))
    return finished


def _is_kept(path: Path, identity: str) -> bool:
    return path.is_file() and _kept(path)["identity"] == identity


def _judge_one(scenario: str, seed: int, path: Path, identity: str, draws: int) -> None:
    """Judge a partnership, at the first wave after the baseline and at the target, and keep it."""
    agreement = small_agreement()
    baseline, target = agreement.safety.baseline_wave, agreement.safety.target_wave
    started, computing = time.perf_counter(), time.process_time()

    def until(wave: int) -> SyntheticCity:
        return synthetic_city(seed, scenario=scenario, agreement=agreement, last_wave=wave)

    every = until(target)
    data = as_judged(every.data, agreement)
    truth = {tuple(t[k] for k in _KEYS): t["met"] for t in every.truth["goals"]}
    rows: list[dict[str, object]] = []
    problems: dict[str, list[str]] = {}
    spent: dict[str, float] = {}
    divergences = 0
    for year in (baseline + 1, target):
        begun = time.perf_counter()
        known, shown = data, data
        if year < target:  # reports are held against the baseline in the target year alone
            known, shown = replace(data, crime=None), as_judged(until(year).data, agreement)
        fits = fit(
            known, agreement, seed=seed, draws=draws, draft=True, area=False,
            sample_safety=partial(quick_safety, baseline=baseline, year=year),
            sample_crime=quick_crime,
        )  # fmt: skip
        statement = judge(shown, agreement, year, fits, draft=True)
        spent[f"statement_{year}"] = time.perf_counter() - begun
        problems[str(year)] = fits.problems
        divergences += sum(f.diagnostics.divergences for f in fits.by_name.values())
        about = {"safety": year} | ({} if fits.crime is None else {"crime": year - 1})
        kinds = {goal.id: goal.kind for goal in agreement.goal}
        rows += [
            {k: row[k] for k in _KEPT}
            | {"statement": year, "met": truth[key], "passed": not fits.problems}
            for one in statement.judged
            for row in (one.row(),)
            if one.year == about.get(kinds.get(one.goal, ""))
            and (key := tuple(row[k] for k in _KEYS)) in truth
        ]
    finished: _Finished = {
        "identity": identity,
        # of all cores together: what the run would take on a core of its own
        "seconds": spent
        | {
            "all": time.perf_counter() - started,
            "all_cores": time.process_time() - computing,
        },
        "problems": problems,
        "divergences": divergences,
        "rows": rows,
    }
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(finished, ensure_ascii=False, indent=1), encoding="utf-8")


def _identity(settings: Settings) -> str:
    """Everything a partnership's verdicts depend on: documents, code, samplers and draws."""
    digests = [load_model_spec(name).digest for name in ("safety_trend", "crime_trend")]
    digests += [load_agreement().digest, load_assumptions().digest, sha256_of_code(VERDICT_CODE)]
    text = " ".join([*digests, sampler_versions(), str(settings.draws)])
    return sha256_of_bytes(text.encode())


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the rehearsal and print its tables; CSV files stand beside the partnerships."""
    parser = argparse.ArgumentParser(prog="python -m amager_eval.evidence.rehearsal.rehearse")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--partnerships", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the table in models/*/evidence")
    given = parser.parse_args(None if arguments is None else list(arguments))
    settings = Settings(given.partnerships, seed=given.seed, draws=given.draws)
    begun = time.perf_counter()

    def report(done: int, total: int) -> None:
        sys.stderr.write(f"{done} of {total} after {time.perf_counter() - begun:.0f} s\n")

    if given.workers > 1:
        os.environ |= dict.fromkeys(_ONE_THREAD, "1")  # read when a worker starts
    agreement = small_agreement()
    rows = rehearse(given.folder, settings, workers=given.workers, progress=report)
    seconds = pd.DataFrame(rows.drop_duplicates(["scenario", "seed"])["seconds"].tolist())
    sys.stdout.write(f"{_SETUP}\n\n")
    for name, table in (
        ("parts", summarise(rows, agreement)),
        ("goals", summarise(with_whole_goals(rows), agreement)),
        ("seconds", seconds.describe().loc[["mean", "min", "max"]].reset_index()),
    ):
        table.to_csv(given.folder / f"{name}.csv", index=False)
        shown = table[table["primary"]] if "primary" in table else table
        sys.stdout.write(f"{name}\n{shown.round(3).to_string(index=False)}\n\n")
    fits = rows.drop_duplicates(["scenario", "seed", "statement"])
    for year, statements in fits.groupby("statement"):
        within = int(statements["passed"].sum())
        sys.stdout.write(
            f"statement {year}: {within} of {len(statements)} partnerships judged; in the others a "
            "fit missed its gates and nothing is judged\n"
        )
    divergent = int(rows.drop_duplicates(["scenario", "seed"])["divergences"].sum())
    sys.stdout.write(f"{divergent} divergent transitions\n")
    if given.keep:
        for path in keep_rehearsal(rows, agreement, draws=given.draws, seed=given.seed):
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
