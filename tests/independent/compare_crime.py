"""Crime: the probabilities of holding 2024 and the parameters behind them, from both tools."""

from __future__ import annotations

from dataclasses import replace

import crime_elsewhere as elsewhere
import numpy as np
from compare import BATCHES, CHAINS, SEEDS, batches, mean_and_error, mixing, row, sample

from amager_eval.goals.crime.quantities import annual_levels, crime_quantities
from amager_eval.trends.crime.fit import fit_crime

DEFINITION = "STRAF11"
BASELINE, TARGET = 2024, 2028
MARGIN = 1.05
PROBABILITIES = (
    "probability_true_at_or_below",
    "probability_true_at_or_below_105",
    "probability_true_at_or_below_mean_2022_24",
    "probability_true_every_year",
    "probability_observed_at_or_below",
    "probability_observed_every_year",
)
PARAMETERS = ("innovation", "dispersion", "drift", "covid")


def compare(data, spec, draws):
    """Rows of the table, and what the two runs looked like."""
    counts = elsewhere.read(data, spec, DEFINITION)
    # more draws than the spec's: a narrow Monte-Carlo error shows a small difference
    package, ours = package_answers(data, spec, draws or 2 * spec.sampling.draws)
    other, theirs = elsewhere_answers(counts, spec, draws or 2000)
    if ours.keys() != theirs.keys():
        raise AssertionError(f"answered by one side only: {sorted(ours.keys() ^ theirs.keys())}")
    rows = []
    for key in sorted(ours):
        kind, quantity, crime_type, form = key
        label = {"kind": kind, "quantity": quantity, "crime_type": crime_type, "of": form}
        rows.append(row(label, ours[key], theirs[key]))
    return rows, package, other


def package_answers(data, spec, draws):
    """Answers of the package, each with its Monte-Carlo error."""
    fit = fit_crime(
        data, spec=spec, definition=DEFINITION, draws=draws, chains=CHAINS, seed=SEEDS["package"]
    )
    forecast = fit.forecast(f"{TARGET}K4")
    found = {}
    for at in batches(CHAINS, draws):
        part = replace(forecast, draws=forecast.draws.isel(sample=at), prior_only=None)
        frame = crime_quantities(part, baseline=BASELINE, target=TARGET, margin=MARGIN)
        frame = frame[(frame["year"] == TARGET) & frame["quantity"].isin(PROBABILITIES)]
        for line in frame.itertuples():
            quantity = line.quantity.removeprefix("probability_")
            key = ("probability", quantity, line.crime_type, line.form)
            found.setdefault(key, []).append(line.value)
        levels = annual_levels(part)["rate"].isel(area=0)
        for kind in levels["crime_type"].to_numpy():
            for year in (BASELINE, TARGET):
                values = np.log(levels.sel(crime_type=kind, year=year).to_numpy())
                found.setdefault(("mean", f"log_rate_{year}", str(kind), ""), []).append(
                    values.mean()
                )
    posterior = fit.data["posterior"].to_dataset()
    named = {
        "innovation": posterior["innovation"].isel(path_class=0),
        "drift": posterior["drift"].isel(area=0),
        "covid": posterior["effect_size"].sel(effect="covid"),
        "dispersion": posterior["dispersion"],
    }
    if "path_class" in named["dispersion"].dims:
        named["dispersion"] = named["dispersion"].isel(path_class=0)
    types = [str(k) for k in posterior["crime_type"].to_numpy()]
    arrays = {k: v.transpose("chain", "draw", "crime_type").to_numpy() for k, v in named.items()}
    add_parameters(found, arrays, types)
    d = fit.diagnostics
    report = {
        "tool": "amager-eval (PyMC, nutpie)",
        "draws": CHAINS * draws,
        "divergences": d.divergences,
        "max_rhat": round(d.max_rhat, 4),
        "min_ess": round(d.min_ess),
        "problems": list(d.problems),
    }
    return report, {k: mean_and_error(v, CHAINS * draws) for k, v in found.items()}


def elsewhere_answers(counts, spec, draws):
    """Answers of the second writing, each with its Monte-Carlo error."""
    priors = {k: p.parameters for k, p in spec.priors.items()}
    run, report = sample(
        elsewhere.model, counts, priors, seed=SEEDS["elsewhere"], draws=draws,
        warmup=min(1000, 2 * draws), target_accept=0.99,
    )  # fmt: skip
    report |= {"tool": "NumPyro NUTS, model written a second time"}
    report |= mixing({k: run[k] for k in (*PARAMETERS, "path", "season")})
    found = {}
    add_parameters(found, {k: run[k] for k in PARAMETERS}, counts.types)
    keep = ("path", "innovation", "drift", "season", "dispersion")
    flat = {k: run[k].reshape(-1, *run[k].shape[2:]) for k in keep}
    rng = np.random.default_rng(SEEDS["elsewhere"])
    answer = elsewhere.forecast(counts, priors, flat, TARGET, rng)
    years = answer["years"]
    then, now = years.index(BASELINE), years.index(TARGET)
    names = [*counts.types, spec.options["total"]["type"]]
    forms = {
        "rate": (answer["rate"], answer["reports"] / answer["people"][:, None]),
        "count": (answer["expected"], answer["reports"]),
    }
    for at in batches(CHAINS, draws):
        for k, kind in enumerate(names):
            for form, (true, reported) in forms.items():
                t, r = true[at, k], reported[at, k]
                since = slice(then + 1, now + 1)
                held = {
                    "true_at_or_below": t[:, now] <= t[:, then],
                    "true_at_or_below_105": t[:, now] <= MARGIN * t[:, then],
                    "true_at_or_below_mean_2022_24": t[:, now]
                    <= t[:, then - 2 : then + 1].mean(axis=1),
                    "true_every_year": (t[:, since] <= t[:, [then]]).all(axis=1),
                    "observed_at_or_below": r[:, now] <= r[:, then],
                    "observed_every_year": (r[:, since] <= r[:, [then]]).all(axis=1),
                }
                for quantity, true_in in held.items():
                    key = ("probability", quantity, kind, form)
                    found.setdefault(key, []).append(true_in.mean())
            for year, j in ((BASELINE, then), (TARGET, now)):
                key = ("mean", f"log_rate_{year}", kind, "")
                found.setdefault(key, []).append(np.log(answer["rate"][at, k, j]).mean())
    return report, {k: mean_and_error(v, CHAINS * draws) for k, v in found.items()}


def add_parameters(found, arrays, types):
    """Add batch means of parameters (chain, draw, type)."""
    for name, values in arrays.items():
        size = values.shape[1] // BATCHES
        for k, kind in enumerate(types):
            for c in range(CHAINS):
                for b in range(BATCHES):
                    part = values[c, b * size : (b + 1) * size, k]
                    found.setdefault(("mean", name, kind, ""), []).append(part.mean())
