"""Measure the package against plain `pm.sample` in one run and write docs/benchmarks.md.

    nox -s bench                                  (about half an hour on two cores)
    python tests/benchmarks/measure_speed.py --repeats 1 safety

Every measurement is a process of its own, with compile caches of its own: empty for "cold", kept
from the cold run for "warm". Ratios are of medians within one run, because seconds belong to a
machine; the ratios of the last accepted run stand in `numbers.json` and are printed beside the new
ones, so that a regression shows. Nothing here fails on time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KEPT = HERE / "numbers.json"
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
#: Effective draws both sides are brought to: the gate's.
TARGET_ESS = 400.0
#: Of the bundled reports.
DEFINITION = "STRAF11"


# ------------------------------------------------------------------ inside a measured process


def fit_package(kind: str) -> dict[str, float]:
    """Fit the bundled figures as the package does."""
    import amager_eval as ae

    data = ae.published()
    fit: Any = (
        ae.fit_safety(data) if kind == "safety" else ae.fit_crime(data, definition=DEFINITION)
    )
    found = fit.diagnostics
    return {"ess": found.min_ess, "rhat": found.max_rhat, "divergences": found.divergences}


def fit_plain(kind: str) -> dict[str, float]:
    """Sample the same PyMC models with `pm.sample` alone, with the same number of draws."""
    import numpy as np
    import pymc as pm
    import xarray as xr

    import amager_eval as ae
    from amager_eval.trends.diagnose import diagnose

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
    stats, reported = [], []
    if kind == "safety":
        from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes
        from amager_eval.trends.safety_fit import _reported, design_safety, natural_draws
        from amager_eval.trends.safety_geometry import centring
        from amager_eval.trends.safety_model import build_model

        design = design_safety(data, population=None, whole=None, spec=spec, parts=None)
        everything = np.isfinite(design["low"].to_numpy())
        baseline = everything & (design["year"].to_numpy() == design.attrs["baseline"])
        model = build_model(design, spec)
        runs = [(everything, 0.0, 1), (everything, 1.0, 1), (baseline, 1.0, 2)]
        for seed, (figures, drift, fewer) in enumerate(runs):
            observed = observe(
                design, list_cells(design), keep=figures, nodes=quadrature_nodes(design)
            )
            centre = centring(design, spec, figures)
            values = {k: v for k, v in (observed | centre).items() if v.size}
            with model:
                pm.set_data({"drift_on": np.float64(drift)} | values)
                # plain NUTS on the declared graph; the written-out density is the package's
                tree = pm.sample(draws=sampling.draws // fewer, random_seed=seed, **settings)
            stats.append(tree["sample_stats"].to_dataset())
            draws = natural_draws(tree["posterior"].to_dataset(), design, spec, centre, drift)
            if seed == 2:
                draws = draws.assign(eta=draws["eta"].sel(year=design.attrs["anchor"]))
            reported.append(_reported(draws, design))
    else:
        from amager_eval.trends.crime_data import model_data
        from amager_eval.trends.crime_design import crime_design
        from amager_eval.trends.crime_model import crime_model
        from amager_eval.trends.crime_posterior import crime_posterior

        design = crime_design(data, spec, population=None, whole=None, definition=DEFINITION)
        with crime_model(design):
            tree = pm.sample(draws=sampling.draws, random_seed=1, **settings)
        stats.append(tree["sample_stats"].to_dataset())
        rng = np.random.default_rng(1)
        draws = tree["posterior"].to_dataset()
        reported.append(crime_posterior(draws, design, model_data(design), rng))
    diverging = xr.Dataset({"diverging": sum(int(s["diverging"].sum()) for s in stats)})
    found = diagnose(diverging, reported, spec.gates)
    return {"ess": found.min_ess, "rhat": found.max_rhat, "divergences": found.divergences}


def run_appendix(_: str) -> dict[str, float]:
    """Make the whole appendix from the bundled figures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "amager_eval", "appendix", "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {}


TASKS = {"package": fit_package, "plain": fit_plain, "appendix": run_appendix}


# ------------------------------------------------------------------ around it


def measure(task: str, kind: str, cache: Path) -> dict[str, float]:
    """Run one task in a fresh process with these compile caches; seconds are wall clock."""
    environment = os.environ | {
        "XDG_CACHE_HOME": str(cache),
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "PYTENSOR_FLAGS": f"base_compiledir={cache / 'pytensor'}",
    }
    command = [sys.executable, __file__, "--inside", task, kind]
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{task} {kind} failed:\n{done.stderr[-2000:]}")
    return {"seconds": seconds} | json.loads(done.stdout.splitlines()[-1])


def compare(kind: str, repeats: int) -> list[dict[str, Any]]:
    """Cold once and warm `repeats` times, package and plain in turn."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        caches = {task: Path(folder) / task for task in ("package", "plain")}
        for state in ["cold", *["warm"] * repeats]:
            for task, cache in caches.items():
                row = {"model": kind, "task": task, "state": state} | measure(task, kind, cache)
                rows.append(row)
                print(json.dumps(row), flush=True)
    return rows


def ratios(rows: list[dict[str, Any]], kind: str) -> dict[str, float]:
    """Time of the package over plain PyMC's, both brought to the same effective draws."""
    found = {}
    for state in ("cold", "warm"):
        median = {}
        for task in ("package", "plain"):
            chosen = [r for r in rows if (r["model"], r["task"], r["state"]) == (kind, task, state)]
            median[task] = statistics.median(
                r["seconds"] * max(1.0, TARGET_ESS / r["ess"]) for r in chosen
            )
        found[f"{kind} {state}"] = round(median["package"] / median["plain"], 3)
    return found


def write_page(rows: list[dict[str, Any]], new: dict[str, float], old: dict[str, float]) -> None:
    """Write the tables as a page of the documentation."""
    head = "| model | what | caches | seconds | least ESS | R-hat | divergences |"
    body = [
        f"| {r['model']} | {r['task']} | {r['state']} | {r['seconds']:.0f} | "
        + " | ".join(f"{r[k]:.4g}" if k in r else "–" for k in ("ess", "rhat", "divergences"))
        + " |"
        for r in rows
    ]
    table = [f"| {k} | {v:.2f} | {old.get(k, float('nan')):.2f} |" for k, v in new.items()]
    PAGE.write_text(
        "\n".join(
            [
                "# Benchmarks",
                "",
                f"Written by `nox -s bench` on {date.today().isoformat()}, {os.cpu_count()} cores. "
                "Seconds are wall clock of a whole process, imports included; `plain` is "
                "`pm.sample` on the same PyMC models with the same draws, tuning and target.",
                "",
                head,
                "|---|---|---|---|---|---|---|",
                *body,
                "",
                "Time of the package over plain PyMC's, medians, each time stretched by "
                f"{TARGET_ESS:.0f} / ESS where a run had fewer effective draws than the gate asks:",
                "",
                "| ratio | this run | last accepted run |",
                "|---|---|---|",
                *table,
                "",
            ]
        ),
        encoding="utf-8",
    )


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--inside", choices=TASKS)
    parser.add_argument("--accept", action="store_true", help="keep this run's ratios")
    parser.add_argument("kinds", nargs="*", default=["safety", "crime", "appendix"])
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(TASKS[options.inside](options.kinds[0])))
        return
    rows: list[dict[str, Any]] = []
    models = [kind for kind in options.kinds if kind != "appendix"]
    for kind in models:
        rows += compare(kind, options.repeats)
    if "appendix" in options.kinds:
        with tempfile.TemporaryDirectory() as folder:
            for state in ("cold", "warm"):
                row = {"model": "both", "task": "appendix", "state": state}
                rows.append(row | measure("appendix", "both", Path(folder)))
    old = json.loads(KEPT.read_text()) if KEPT.is_file() else {}
    new = {k: v for kind in models for k, v in ratios(rows, kind).items()}
    write_page(rows, new, old)
    if options.accept:
        KEPT.write_text(json.dumps(old | new, indent=1) + "\n")
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
