"""The crime model written a second time, in NumPyro, from the words of its specification.

For one area in quarters, as København's bundled STRAF11 counts are: what the specification says
of areas inside a whole (gaps, seasons of their own, what passes) is not written here. Nothing of
the package's design, model or forecast is used. Where the words leave a choice, it says so here:

- inhabitants of a quarter: log-linear between the published dates, read at the quarter's middle;
  after the last quarter the mean growth of `population.growth_years`, with its uncertainty;
- the prior of the level stands on the mean of the baseline year's quarters, season left out;
- a walk step between two quarters has a quarter of a year's variance, its drift a quarter of a
  year's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

#: Priors this second writing knows; a specification with others has to be written again.
PRIORS = {
    "level", "innovation", "drift_mean", "drift_spread", "dispersion", "dispersion_spread",
    "season", "covid", "population_growth",
}  # fmt: skip
#: Priors of areas inside a whole, which do not occur in one area's counts.
OF_PARTS = {"level_gap", "innovation_gap", "drift_gap", "dispersion_gap", "season_gap", "passing"}
REMAINDER = "remainder"


@dataclass(frozen=True)
class Counts:
    """Counts of one area by type and quarter, and what moves them."""

    types: list[str]
    quarters: list[tuple[int, int]]  # year, quarter
    count: np.ndarray  # type, quarter
    thousands: np.ndarray  # quarter; inhabitants
    growth: float  # log, per year
    covid: np.ndarray  # quarter; share of its days in the window
    steps: list[tuple[str, np.ndarray, np.ndarray]]  # name, sd by type, share of days before
    baseline: np.ndarray  # quarter; bool
    shared: float  # share of the innovations' variance that moves every type


def read(data, spec, definition) -> Counts:
    """Take what the model needs from an input's frames."""
    changed = set(spec.priors) ^ (PRIORS | OF_PARTS)
    if changed or spec.options["completeness"]["apply"] or spec.options.get("types"):
        raise ValueError(f"the spec has changed: {sorted(changed)}; write this again")
    frame = data.crime[(data.crime["definition"] == definition) & data.crime["count"].notna()]
    (area,) = frame["area"].unique()
    wide = frame.pivot_table(index="crime_type", columns="period", values="count", aggfunc="sum")
    wide = wide.sort_index(axis=1)
    total = spec.options["total"]
    nested = [k for k in total["nested"][definition] if k in wide.index]
    own = [k for k in wide.index if k != total["type"]]
    remainder = wide.loc[total["type"]] - wide.loc[nested].sum()
    count = np.vstack([wide.loc[own].to_numpy(float), remainder.to_numpy(float)])
    if set(own) != set(nested) or np.isnan(count).any():
        raise ValueError("types beside the total, or counts missing: not written here")
    types = [*own, REMAINDER]
    quarters = [(int(p[:4]), int(p[5])) for p in wide.columns]
    thousands = inhabitants(data.population[data.population["area"] == area], quarters)
    back = 4 * spec.options["population"]["growth_years"]
    covid, steps = spec.options["covid"], []
    after = date(quarters[-1][0] + 1, 1, 1) - covid["end"]
    if after < timedelta(365 * covid["least_years_after"]):
        raise ValueError("too little follows the pandemic: not written here")
    for step in spec.options["steps"]:
        if definition in step["definitions"]:
            sd = np.array([step["sigma"] * (k in step["types"]) for k in types])
            before = (date.min, step["date"] - timedelta(1))
            steps.append((step["name"], sd, days_inside(quarters, *before)))
    return Counts(
        types,
        quarters,
        count,
        thousands,
        float(np.log(thousands[-1] / thousands[-1 - back]) * 4 / back),
        days_inside(quarters, covid["start"], covid["end"]),
        steps,
        np.array([y == spec.options["baseline_year"] for y, _ in quarters]),
        spec.options.get("shared_innovation", {}).get("share", 0.0),
    )


def inhabitants(frame, quarters):
    """Thousand inhabitants at the middle of each quarter."""
    month = frame["period"].astype(str).str.extract(r"(\d{4})(?:M(\d\d))?").astype(float)
    at = month[0] + (month[1].fillna(1) - 1) / 12
    order = np.argsort(at.to_numpy())
    log = np.log(frame["population"].to_numpy(float) / 1000)
    middle = [y + (q - 0.5) / 4 for y, q in quarters]
    if middle[0] < at.min() or middle[-1] > at.max():
        raise ValueError("quarters outside the published population: not written here")
    return np.exp(np.interp(middle, at.to_numpy()[order], log[order]))


def days_inside(quarters, start, end):
    """Share of each quarter's days from `start` through `end`."""
    shares = []
    for year, quarter in quarters:
        first = date(year, 3 * quarter - 2, 1)
        last = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
        days = [first + timedelta(i) for i in range((last - first).days)]
        shares.append(np.mean([start <= d <= end for d in days]))
    return np.array(shares)


def model(counts, priors):
    """Priors and likelihood; `path` is the log rate per 1,000 and quarter, season left out."""
    types, quarters = counts.count.shape
    sigma = {k: p["sigma"] for k, p in priors.items()}

    def of_types(name, distribution):
        return numpyro.sample(name, distribution.expand([types]).to_event(1))

    def standard(name, shape):
        return numpyro.sample(name, dist.Normal(0, 1).expand(shape).to_event(len(shape)))

    b = counts.baseline
    crude = np.log((counts.count[:, b].sum(axis=1) + 0.5) / counts.thousands[b].sum())
    level = numpyro.sample(
        "level", dist.Normal(priors["level"]["mu"] + crude, sigma["level"]).to_event(1)
    )
    innovation = of_types("innovation", dist.HalfNormal(sigma["innovation"]))
    direction = numpyro.sample(
        "drift_mean", dist.Normal(priors["drift_mean"]["mu"], sigma["drift_mean"])
    )
    spread = numpyro.sample("drift_spread", dist.HalfNormal(sigma["drift_spread"]))
    drift = numpyro.deterministic("drift", direction + spread * standard("drift_z", [types]))
    shock = jnp.sqrt(1 - counts.shared) * standard("walk_z", [types, quarters - 1])
    shock += jnp.sqrt(counts.shared) * standard("shared_z", [quarters - 1])
    step = innovation[:, None] * jnp.sqrt(0.25) * shock
    walk = jnp.cumsum(step + 0.25 * drift[:, None], axis=1)
    walk = jnp.concatenate([jnp.zeros((types, 1)), walk], axis=1)
    walk = walk - walk[:, b].mean(axis=1, keepdims=True)
    path = numpyro.deterministic("path", level[:, None] + walk)

    season = numpyro.sample(
        "season", dist.ZeroSumNormal(sigma["season"], event_shape=(4,)).expand([types]).to_event(1)
    )
    log_mu = path + season[:, [q - 1 for _, q in counts.quarters]] + np.log(counts.thousands)
    log_mu += (
        of_types("covid", dist.Normal(priors["covid"]["mu"], sigma["covid"]))[:, None]
        * counts.covid
    )
    for name, sd, before in counts.steps:
        log_mu += (sd * standard(name, [types]))[:, None] * before
    common = numpyro.sample("dispersion_common", dist.HalfNormal(sigma["dispersion"]))
    own = sigma["dispersion_spread"] * standard("dispersion_z", [types])
    variation = numpyro.deterministic("dispersion", common * jnp.exp(own))
    concentration = jnp.broadcast_to(variation[:, None] ** -2, log_mu.shape)
    numpyro.sample(
        "count",
        dist.NegativeBinomial2(jnp.exp(log_mu), concentration).to_event(2),
        obs=counts.count,
    )


def forecast(counts, priors, draws, until, rng):
    """Draws of years from the first full one to `until`; `draws` are flat (draw first).

    Returns
    -------
    dict
        `years`; `rate`, `expected` and `reports`, (draw, type and total, year): true reports per
        1,000 inhabitants, true reports, and reports as published or predicted; `people` (draw,
        year), thousand inhabitants on average.
    """
    size, types, seen = draws["path"].shape
    ahead = 4 * (until - counts.quarters[-1][0])
    shock = np.sqrt(1 - counts.shared) * rng.standard_normal((size, types, ahead))
    shock += np.sqrt(counts.shared) * rng.standard_normal((size, 1, ahead))
    shock *= 0.5 * draws["innovation"][..., None]
    later = np.cumsum(shock + 0.25 * draws["drift"][..., None], axis=-1)
    path = np.concatenate([draws["path"], draws["path"][..., -1:] + later], axis=-1)
    first = counts.quarters[0][0]
    quarter = np.arange(seen + ahead) % 4
    if counts.quarters[0][1] != 1 or counts.quarters[-1][1] != 4:
        raise ValueError("counts that do not begin and end with a year: not written here")
    growth = counts.growth + priors["population_growth"]["sigma"] * rng.standard_normal((size, 1))
    grown = counts.thousands[-1] * np.exp(growth * np.arange(1, ahead + 1) / 4)
    people = np.concatenate([np.tile(counts.thousands, (size, 1)), grown], axis=1)
    rate = np.exp(path + draws["season"][..., quarter])
    expected = rate * people[:, None]
    shape = draws["dispersion"][..., None] ** -2.0
    reports = rng.poisson(expected * rng.gamma(shape, 1 / shape, size=expected.shape)).astype(float)
    reports[..., :seen] = counts.count  # a published figure stands in every draw

    def yearly(x):
        return x.reshape(*x.shape[:-1], -1, 4).sum(axis=-1)

    def with_total(x):
        return np.concatenate([x, x.sum(axis=1, keepdims=True)], axis=1)

    return {
        "years": list(range(first, until + 1)),
        "rate": with_total(yearly(rate)),
        "expected": with_total(yearly(expected)),
        "reports": with_total(yearly(reports)),
        "people": yearly(people) / 4,
    }
