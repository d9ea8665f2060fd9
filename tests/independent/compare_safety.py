"""Safety: the probabilities the goals use and the parameters behind them, from both tools."""

from __future__ import annotations

import numpy as np
import safety_elsewhere as elsewhere
from compare import BATCHES, CHAINS, SEEDS, batches, mean_and_error, mixing, row, sample

from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.trends.fit import Forecast
from amager_eval.trends.safety.fit import fit_safety

BASELINE, TARGET = 2024, 2028
STATED_FALL = (2014, 2024)
AREAS = ("Amager Øst", "Amager Vest")
ANSWERS = ("safe", "unsafe")
QUANTITIES = (
    "reaches_whole",
    "within_2_points",
    "shortfall_smaller_and_rose",
    "shortfall_halved",
    "above_baseline",
    "rises_every_year",
    "stays_reached",
)
ALTERNATIVES = ("driftless", "drift", "damped")
SHARES_OF = (2014, 2024, 2026, 2028)
EQUAL = 1e-9


def compare(data, spec, draws):
    """Rows of the table, and what the two runs looked like."""
    if tuple(spec.options["alternatives"]) != ALTERNATIVES:
        raise ValueError("the alternatives of the drift have changed; rewrite this comparison")
    figures = elsewhere.read(data, spec)
    package, ours = package_answers(data, spec, draws)
    theirs, other = elsewhere_answers(figures, spec, draws or 2000)
    rows = []
    for key in sorted(ours.keys() & theirs.keys()):
        kind, quantity, area, setting, answer, version = key
        label = {
            "kind": kind,
            "quantity": quantity,
            "area": area,
            "setting": setting,
            "response": answer,
            "of": version,
        }
        rows.append(row(label, ours[key], theirs[key]))
    missing = ours.keys() - theirs.keys()
    if missing:
        raise AssertionError(f"not answered elsewhere: {sorted(missing)[:3]}")
    return rows, package, other


# ---------------------------------------------------------------- the package


def package_answers(data, spec, draws):
    """Answers of the package, each with its Monte-Carlo error."""
    count = draws or spec.sampling.draws
    # every draw of the fit goes into the forecast, so that its Monte-Carlo error is as small
    options = spec.options | {"forecast_draws": len(ALTERNATIVES) * CHAINS * count}
    wide = spec.model_copy(update={"options": options})
    fit = fit_safety(data, spec=wide, draws=draws, chains=CHAINS, seed=SEEDS["package"])
    forecast = fit.forecast(TARGET)
    found = {}
    total = CHAINS * count
    for at in batches(CHAINS, count):
        both = np.concatenate([at + k * total for k in range(len(ALTERNATIVES))])
        part = forecast.draws.isel(sample=both)
        frame = safety_quantities(
            Forecast("safety", part, None, ""), whole=data.whole, baseline=BASELINE, target=TARGET,
            areas=list(AREAS),
        )  # fmt: skip
        for line in frame.itertuples():
            if line.quantity in QUANTITIES and "alle" not in (line.area, line.setting):
                for version in ("true", "published"):
                    key = ("probability", line.quantity, line.area, line.setting)
                    value = getattr(line, f"probability_{version}")
                    found.setdefault((*key, line.response, version), []).append(value)
        true = part["true"].sel(response="safe")
        for area in (*AREAS, data.whole):
            for setting in elsewhere.SETTINGS:
                share = true.sel(area=area, setting=setting)
                add_shares(found, area, setting, share.to_numpy(), list(true["period"].to_numpy()))
    # a quantity that does not apply by the published baseline is NaN in every batch
    found = {k: v for k, v in found.items() if np.isfinite(v).all()}
    posterior = fit.data["posterior"].to_dataset()
    for alternative in ("driftless", "drift"):
        one = posterior.sel(alternative=alternative)
        named = {k: one[k].to_numpy() for k in ("path_sd", "log_deff", "collector_step")}
        named["setting_correlation"] = one["setting_correlation"].to_numpy()
        named["gap_sd"] = one["gap_sd"].sel(latent=list(AREAS)).to_numpy()
        named["response_gap"] = one["response_gap"].isel(latent=0).to_numpy()
        add_parameters(found, alternative, named)
    d = fit.diagnostics
    report = {
        "tool": "amager-eval (scales weighted, paths drawn given them)",
        "draws": total,
        "divergences": d.divergences,
        "max_rhat": round(d.max_rhat, 4),
        "min_ess": round(d.min_ess),
        "problems": list(d.problems),
    }
    return report, {k: mean_and_error(v, 3 * total) for k, v in found.items()}


# ---------------------------------------------------------------- elsewhere


def elsewhere_answers(figures, spec, draws):
    """Answers of the second writing, each with its Monte-Carlo error."""
    priors = {k: p.parameters for k, p in spec.priors.items()}
    rng = np.random.default_rng(SEEDS["elsewhere"])
    runs, found, report = {}, {}, {"tool": "NumPyro NUTS, model written a second time"}
    for k, alternative in enumerate(("driftless", "drift")):
        run, report[alternative] = sample(
            elsewhere.model, figures, priors, spec.options, alternative == "drift",
            seed=SEEDS["elsewhere"] + k, draws=draws, warmup=min(800, 2 * draws),
            target_accept=0.95,
        )  # fmt: skip
        names = ("path_sd", "log_deff", "collector_step", "setting_correlation", "response_gap")
        named = {n: run[n] for n in names}
        at = [figures.areas.index(a) for a in AREAS]
        named["gap_sd"] = run["gap_sd"][..., at]
        report[alternative] |= mixing(named | {"share": 1 / (1 + np.exp(-run["eta"]))})
        add_parameters(found, alternative, named)
        keep = ("eta", "slope", "root", "path_sd", "gap_sd", "shift", "log_inverse", "response_gap")
        runs[alternative] = {n: run[n].reshape(-1, *run[n].shape[2:]) for n in keep}
    true, published = [], []
    for alternative in ALTERNATIVES:
        run = runs["driftless" if alternative == "driftless" else "drift"]
        t, p = elsewhere.forecast(figures, priors, run, alternative, TARGET, rng)
        true.append(t)
        published.append(p)
    years = list(range(int(figures.years[0]), TARGET + 1))
    names = [figures.whole, *figures.areas]
    for at in batches(CHAINS, draws):
        versions = {
            "true": np.concatenate([x[at] for x in true]),
            "published": np.concatenate([x[at] for x in published]),
        }
        for version, shares in versions.items():
            for area in AREAS:
                for s, setting in enumerate(elsewhere.SETTINGS):
                    for r, answer in enumerate(ANSWERS):
                        span = slice(years.index(BASELINE), years.index(TARGET) + 1)
                        sign = 1 if answer == "safe" else -1
                        own = sign * shares[:, names.index(area), s, r, span]
                        whole = sign * shares[:, 0, s, r, span]
                        for quantity, held in readings(own, whole).items():
                            key = ("probability", quantity, area, setting, answer, version)
                            found.setdefault(key, []).append(held.mean())
        for area in (*AREAS, figures.whole):
            for s, setting in enumerate(elsewhere.SETTINGS):
                share = versions["true"][:, names.index(area), s, 0]
                add_shares(found, area, setting, share, years)
    total = 3 * CHAINS * draws
    return {k: mean_and_error(v, total) for k, v in found.items()}, report


def readings(own, whole):
    """Whether each reading of the goal holds; shares (draw, year), more is better."""
    short = np.maximum(whole - own, 0)
    rose = own[:, -1] > own[:, 0] + EQUAL
    smaller = short[:, -1] < short[:, 0] - EQUAL
    return {
        "reaches_whole": own[:, -1] >= whole[:, -1] - EQUAL,
        "within_2_points": own[:, -1] >= whole[:, -1] - 0.02 - EQUAL,
        "shortfall_smaller_and_rose": smaller & rose,
        "shortfall_halved": smaller & (short[:, -1] <= short[:, 0] / 2 + EQUAL),
        "above_baseline": rose,
        "rises_every_year": (np.diff(own, axis=1) > EQUAL).all(axis=1),
        "stays_reached": (own[:, 1:] >= whole[:, 1:] - EQUAL).all(axis=1),
    }


# ---------------------------------------------------------------- both


def add_shares(found, area, setting, share, years):
    """Add the stated fall and the mean true safe share of some years; shares (draw, year)."""
    before, after = (share[:, years.index(y)] for y in STATED_FALL)
    key = ("probability", "fell_{}_{}".format(*STATED_FALL), area, setting, "safe", "true")
    found.setdefault(key, []).append((after < before).mean())
    for year in SHARES_OF:
        key = ("mean", f"share_{year}", area, setting, "safe", "true")
        found.setdefault(key, []).append(share[:, years.index(year)].mean())


def add_parameters(found, alternative, named):
    """Add batch means of parameters (chain, draw) or (chain, draw, setting or area)."""
    for name, values in named.items():
        flat = values.reshape(CHAINS, values.shape[1], -1)
        size = flat.shape[1] // BATCHES
        for k in range(flat.shape[-1]):
            where = (
                {"gap_sd": (AREAS[k], ""), "response_gap": ("", elsewhere.SETTINGS[k])}
                if (flat.shape[-1] > 1)
                else {}
            )
            key = ("mean", name, *where.get(name, ("", "")), "", alternative)
            for c in range(CHAINS):
                for b in range(BATCHES):
                    part = flat[c, b * size : (b + 1) * size, k]
                    found.setdefault(key, []).append(part.mean())
