"""Fit both models with the package and with a second tool, and hold the answers together.

    python tests/independent/compare.py [safety_trend] [crime_trend] [--draws N] [--out FOLDER]

Writes `<FOLDER>/<model>/evidence/independent.json` (default the checkout's `models`). Needs the
dependency group `bench` and some forty minutes of two cores; fewer draws widen the errors.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np
import numpyro
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.infer import MCMC, NUTS

from amager_eval.evidence.document import Evidence, write_evidence
from amager_eval.provenance import versions

CHAINS = 4
numpyro.enable_x64()
numpyro.set_host_device_count(CHAINS)

#: Batches of a chain: a Monte-Carlo error is that of the mean of all chains' batch means.
BATCHES = 10
SEEDS = {"package": 1, "elsewhere": 20261123}


def sample(model, *arguments, seed, draws, warmup, target_accept=0.9):
    """Draws (chain, draw, ...) of a NumPyro model by NUTS, and what its run looked like."""
    start = time.perf_counter()
    run = MCMC(
        NUTS(model, target_accept_prob=target_accept),
        num_warmup=warmup,
        num_samples=draws,
        num_chains=CHAINS,
        chain_method="parallel",
        progress_bar=False,
    )
    run.run(jax.random.PRNGKey(seed), *arguments, extra_fields=("diverging", "num_steps"))
    extra = run.get_extra_fields()
    report = {
        "draws": CHAINS * draws,
        "divergences": int(extra["diverging"].sum()),
        "mean_steps": round(float(extra["num_steps"].mean()), 1),
        "seconds": round(time.perf_counter() - start),
    }
    samples = run.get_samples(group_by_chain=True)
    return {k: np.asarray(v) for k, v in samples.items()}, report


def mixing(draws):
    """Worst split R-hat and least effective sample size over named arrays (chain, draw, ...)."""
    rhat, ess = 1.0, np.inf
    for values in draws.values():
        flat = values.reshape(*values.shape[:2], -1)
        flat = flat[..., flat.std(axis=(0, 1)) > 1e-12]
        if flat.shape[-1]:
            rhat = max(rhat, float(split_gelman_rubin(flat).max()))
            ess = min(ess, float(effective_sample_size(flat).min()))
    return {"max_rhat": round(rhat, 4), "min_ess": round(ess)}


def batches(chains, draws):
    """Positions (batch, draw) of the batches in flattened draws, chain after chain."""
    size = draws // BATCHES
    starts = [c * draws + b * size for c in range(chains) for b in range(BATCHES)]
    return [np.arange(s, s + size) for s in starts]


def mean_and_error(values, draws):
    """Mean of equal batches' means and its Monte-Carlo standard error.

    Where every batch says 0 (or 1) the error is one draw's worth, not 0.
    """
    values = np.asarray(values, dtype=float)
    error = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(error if error > 0 else 1 / draws)


def row(label, ours, theirs):
    """One line of the table from two pairs of a value and its error."""
    difference = theirs[0] - ours[0]
    error = float(np.hypot(ours[1], theirs[1]))
    return label | {
        "package": round(ours[0], 6),
        "package_se": round(ours[1], 6),
        "elsewhere": round(theirs[0], 6),
        "elsewhere_se": round(theirs[1], 6),
        "difference": round(difference, 6),
        "z": round(difference / error, 2),
    }


def write(folder, spec, data, rows, package, elsewhere, seconds):
    """Keep a model's table as evidence, with everything needed to run it again."""
    largest = max(rows, key=lambda r: abs(r["z"]))
    settings = {
        "inputs": {f.name: f.sha256 for f in data.files},
        "seeds": SEEDS,
        "package_run": package,
        "elsewhere_run": elsewhere,
        "rows_beyond_3": sum(abs(r["z"]) > 3 for r in rows),
        "rows_in_all": len(rows),
        "largest_z": largest["z"],
        "largest_difference_of_a_probability": max(
            abs(r["difference"]) for r in rows if r["kind"] == "probability"
        ),
    }
    path = write_evidence(
        Evidence(
            name="independent",
            model=spec.name,
            spec_version=spec.version,
            spec_digest=spec.digest,
            command=f"python tests/independent/compare.py {spec.name}",
            date=date.today().isoformat(),
            seconds=seconds,
            settings=settings,
            rows=rows,
            packages=versions() | {p: version(p) for p in ("numpyro", "jax")},
        ),
        folder=folder,
    )
    print(f"{path}: {len(rows)} rows, {settings['rows_beyond_3']} beyond 3, largest {largest}")


def main():
    """Compare the models named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["safety_trend", "crime_trend"])
    parser.add_argument("--draws", type=int, help="per chain, for both; default the spec's")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "models")
    arguments = parser.parse_args()

    import amager_eval as ae
    from amager_eval.spec.model import load_model_spec

    data = ae.published()
    for name in arguments.models:
        if name == "safety_trend":
            from compare_safety import compare
        else:
            from compare_crime import compare
        start = time.perf_counter()
        spec = load_model_spec(name)
        rows, package, elsewhere = compare(data, spec, arguments.draws)
        seconds = time.perf_counter() - start
        write(arguments.out, spec, data, rows, package, elsewhere, seconds)


if __name__ == "__main__":
    # the comparisons import this file by its name
    sys.modules["compare"] = sys.modules["__main__"]
    main()
