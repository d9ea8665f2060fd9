"""Measure the package against plain `pm.sample` in one run and write docs/benchmarks.md.

    nox -s bench                                  (about half an hour on two cores)
    python tests/benchmarks/measure_speed.py --repeats 1 safety

Every measurement is a process of its own, with compile caches of its own: empty for "cold", kept
from the cold run for "warm". Ratios are of medians within one run, because seconds belong to a
machine; the ratios of the last accepted run stand in `numbers.json` and on the page beside the new
ones. A ratio above 1.25 times the accepted one, or a fit of the package that was valid then and is
not now, ends the script with a message and exit status 1, after the page is written. With
`--accept` this run's ratios are stored and what is slower is accepted; an invalid fit never is.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from speed_page import ratios, regressions, write_page

HERE = Path(__file__).resolve().parent
KEPT = HERE / "numbers.json"
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
#: Of the bundled reports.
DEFINITION = "STRAF11"


# ------------------------------------------------------------------ inside a measured process

#: What a fit leaves: its gates' numbers.
type Found = dict[str, float]
#: Fits once more, on other figures of the same shape, what is compiled.
type Refit = Callable[[int], Found]


def fit_package(kind: str) -> tuple[Found, Refit]:
    """Fit the bundled figures as the package does, and keep what was compiled."""
    import amager_eval as ae
    from amager_eval.trends.crime.design import crime_design
    from amager_eval.trends.crime.fit import begin_design
    from amager_eval.trends.safety.fit import design_safety, sample_safety

    data, spec = ae.published(), ae.load_model_spec(f"{kind}_trend")
    if kind == "safety":
        survey = design_safety(data, population=None, whole=None, spec=spec, parts=None)

        def again(which: int) -> Found:
            keep = other_waves(survey) if which else None
            return _numbers(sample_safety(survey, spec, keep=keep, seed=which + 1).diagnostics)

        return again(0), again
    design = crime_design(data, spec, population=None, whole=None, definition=DEFINITION)

    def refit(which: int) -> Found:
        now = other_counts(design) if which else design
        return _numbers(begin_design(now, spec, chains=4, seed=which + 1)().diagnostics)

    return refit(0), refit


def fit_plain(kind: str) -> tuple[Found, Refit]:
    """Sample the same PyMC models with `pm.sample` (NUTS) alone, with the same number of draws.

    Of safety that is the model of the scales, `safety_model`: the paths it integrates out, which
    the package's fit draws too, are not drawn on this side.
    """
    import numpy as np
    import pymc as pm

    import amager_eval as ae
    from amager_eval.trends.crime.arrays import model_data
    from amager_eval.trends.crime.design import crime_design
    from amager_eval.trends.crime.model import build_model as build_crime_model
    from amager_eval.trends.crime.posterior import crime_posterior
    from amager_eval.trends.safety.fit import design_safety
    from amager_eval.trends.safety.model import build_model
    from amager_eval.trends.safety.point import fitted_point

    data, spec = ae.published(), ae.load_model_spec(f"{kind}_trend")
    sampling = spec.sampling
    settings: dict[str, Any] = {
        "tune": sampling.tune,
        "chains": sampling.chains,
        "cores": os.cpu_count() or 1,
        "target_accept": sampling.target_accept,
        "progressbar": False,
        "compute_convergence_checks": False,
    }
    if kind == "safety":
        design = design_safety(data, population=None, whole=None, spec=spec, parts=None)

        def again(which: int) -> Found:
            kept = other_waves(design) if which else np.isfinite(design["low"].to_numpy())
            baseline = kept & (design["year"].to_numpy() == design.attrs["anchor"])
            stats, reported = [], []
            for k, (keep, drift) in enumerate([(kept, False), (kept, True), (baseline, True)]):
                with build_model(fitted_point(design, spec, keep, drift=drift)):
                    tree = pm.sample(draws=sampling.draws, random_seed=3 * which + k, **settings)
                stats.append(tree["sample_stats"].to_dataset())
                reported.append(tree["posterior"].to_dataset())
            return _judged(stats, reported, spec)

        return again(0), again
    crime = crime_design(data, spec, population=None, whole=None, definition=DEFINITION)
    model = build_crime_model(crime, refit=True)

    def refit(which: int) -> Found:
        now = other_counts(crime) if which else crime
        with model:
            pm.set_data(model_data(now))
            tree = pm.sample(draws=sampling.draws, random_seed=which + 1, **settings)
        rng = np.random.default_rng(1)
        draws = tree["posterior"].to_dataset()
        made = crime_posterior(draws, now, rng)
        return _judged([tree["sample_stats"].to_dataset()], [made], spec)

    return refit(0), refit


def other_waves(design: Any) -> Any:
    """All figures but those of the latest wave: what a back-test keeps."""
    import numpy as np

    year = design["year"].to_numpy()
    return np.isfinite(design["low"].to_numpy()) & (year < year.max())


def other_counts(design: Any) -> Any:
    """Give the same cells other counts, drawn around the reported ones."""
    import numpy as np

    count = design["count"]
    drawn = np.random.default_rng(1).poisson(np.nan_to_num(np.asarray(count, float)))
    return design.assign(count=count.copy(data=np.where(np.isnan(count), np.nan, drawn)))


def _numbers(found: Any) -> Found:
    return {"ess": found.min_ess, "rhat": found.max_rhat, "divergences": found.divergences}


def _judged(stats: list[Any], reported: list[Any], spec: Any) -> Found:
    import xarray as xr

    from amager_eval.trends.diagnose import diagnose

    diverging = xr.Dataset({"diverging": sum(int(s["diverging"].sum()) for s in stats)})
    return _numbers(diagnose(diverging, reported, spec.gates))


def run_fit(task: Any, kind: str, refits: int) -> dict[str, float]:
    """Fit once, and again if asked; seconds of the refits are their own, per refit."""
    found, refit = task(kind)
    found["processor"] = _processor_seconds()  # imports and compiling included
    if not refits:
        return found
    begun = time.perf_counter()
    again = [refit(k + 1) for k in range(refits)]
    spent = time.perf_counter() - begun
    return found | {
        "refit_seconds": spent / refits,
        "refit_ess": min(r["ess"] for r in again),
        "refit_rhat": max(r["rhat"] for r in again),
        "refit_divergences": sum(r["divergences"] for r in again),
        "all_refits": spent,
    }


def _processor_seconds() -> float:
    """Processor seconds of this process and of those it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def run_appendix() -> dict[str, float]:
    """Make the whole appendix from the bundled figures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "amager_eval", "appendix", "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"processor": _processor_seconds()}


TASKS = {"package": fit_package, "plain": fit_plain}


# ------------------------------------------------------------------ around it


def measure(task: str, kind: str, cache: Path, refits: int = 0) -> dict[str, float]:
    """Run one task in a fresh process with these compile caches; seconds are wall clock."""
    environment = os.environ | {
        "XDG_CACHE_HOME": str(cache),
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}",
    }
    command = [sys.executable, __file__, "--inside", task, "--refits", str(refits), kind]
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{task} {kind} failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": seconds - found.pop("all_refits", 0.0)} | found


def compare(kind: str, repeats: int, refits: int) -> list[dict[str, Any]]:
    """Cold once and warm `repeats` times, package and plain in turn; refits in the warm ones."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        caches = {task: Path(folder) / task for task in ("package", "plain")}
        for state in ["cold", *["warm"] * repeats]:
            for task, cache in caches.items():
                again = refits if state == "warm" else 0
                row = {"model": kind, "task": task, "state": state}
                row |= measure(task, kind, cache, again)
                rows.append(row)
                print(json.dumps(row), flush=True)
    return rows


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--refits", type=int, default=1, help="of each warm process")
    parser.add_argument("--inside", choices=[*TASKS, "appendix"])
    parser.add_argument("--accept", action="store_true", help="keep this run's ratios")
    parser.add_argument("kinds", nargs="*", default=["safety", "crime", "appendix"])
    options = parser.parse_args()
    if options.inside:
        task = TASKS.get(options.inside)
        run = run_fit(task, options.kinds[0], options.refits) if task else run_appendix()
        print(json.dumps(run))
        return
    # what else the machine did when it began: seconds are of a quiet one
    machine = f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.2f} at its beginning"
    rows: list[dict[str, Any]] = []
    models = [kind for kind in options.kinds if kind != "appendix"]
    for kind in models:
        rows += compare(kind, options.repeats, options.refits)
    if "appendix" in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            for state in ("cold", "warm"):
                row = {"model": "both", "task": "appendix", "state": state}
                rows.append(row | measure("appendix", "both", Path(folder)))
    accepted = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    new = {name: ratio for kind in options.kinds for name, ratio in ratios(rows, kind).items()}
    command = shlex.join(["nox", "-s", "bench", *(["--", *sys.argv[1:]] if sys.argv[1:] else [])])
    write_page(PAGE, rows, new, accepted, command=command, machine=machine)
    print(PAGE.read_text())
    if options.accept:
        kept = {name: ratio.value for name, ratio in new.items() if ratio.value is not None}
        accepted |= kept
        KEPT.write_text(json.dumps(accepted, indent=1) + "\n")
    if worse := regressions(new, accepted):
        told = "; ".join(f"{name}: {what}" for name, what in worse.items())
        raise SystemExit(f"worse than the last accepted run: {told}")


if __name__ == "__main__":
    main()
