"""The safety model written a second time, in NumPyro, from the words of its specification.

Nothing of the package's design, likelihood or forecast is used: only the frames of an input and
the priors of `models/safety_trend/spec.toml`. Where the words leave a choice, it says so here:

- respondents of a wave that published none: log-linear between the neighbouring waves' (the
  nearest wave's outside them), times exp(N(0, `wave_size`));
- an area's part of n: lognormal factors around an equal split, scaled to add up to the whole's n;
- a part's published figure is its sample share with the variance of a uniform error over its
  rounding interval; a share published in the other answer only is the Normal conditional;
- errors of the weights: independent from cell to cell, relative sd `weight_sd`;
- a past city figure that was not published is made of the parts' samples, given their figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import log_ndtr, logsumexp
from scipy.special import expit
from scipy.stats import truncnorm

#: Priors this second writing knows; a specification with others has to be written again.
PRIORS = {
    "level", "area_sd", "path_sd", "gap_sd", "path_drift", "gap_drift",
    "setting_correlation", "wave_error", "collector_step", "response_gap", "design_effect",
    "wave_size", "area_size", "unknown_size", "damping",
}  # fmt: skip
SETTINGS = ("neighbourhood", "night")
SAFE, UNSAFE = 0, 1
NODES = 24
FAR = 10.0  # an open edge of an interval, on the share scale


@dataclass(frozen=True)
class Figures:
    """Published figures by cell, and what is known about the sample."""

    areas: list[str]
    whole: str
    weight: np.ndarray  # area
    years: np.ndarray
    respondents: np.ndarray  # year; of the whole
    n_unknown: np.ndarray  # year
    before: np.ndarray  # year; 1 before the latest collector
    interval: dict  # (area or whole, setting, year) -> {answer: (low, high)}
    value: dict  # the same -> {answer: share}, bounds left out
    rounding: float  # variance


def read(data, spec) -> Figures:
    """Take what the model needs from an input's frames."""
    if set(spec.priors) != PRIORS:
        raise ValueError(f"the spec has changed: {sorted(set(spec.priors) ^ PRIORS)}; rewrite this")
    frame = data.safety[data.safety["area_kind"].isin(spec.options["area_kinds"])]
    frame = frame[frame["percent"].notna()]
    if set(frame["area"]) - {*data.parts, data.whole} or frame["count"].notna().any():
        raise ValueError("an area outside the whole, or a count: not written here")
    years = np.arange(frame["wave"].min(), frame["wave"].max() + 1)
    interval, value = {}, {}
    for row in frame.itertuples():
        key = (row.area, row.setting, int(row.wave))
        share, half = row.percent / 100, 0.5 * 10.0 ** -int(row.decimals) / 100
        edges = {
            "<": (-FAR, share - half),
            ">": (share + half, FAR),
            "=": (share - half, share + half),
        }
        interval.setdefault(key, {})[row.response] = edges[row.comparator]
        if row.comparator == "=":
            value.setdefault(key, {})[row.response] = share
    rounds = data.survey_rounds.set_index("wave")
    known = rounds["respondents"].dropna()
    log_n = np.interp(years, known.index, np.log(known.to_numpy(float)))
    collector = rounds["collector"].dropna()
    latest = collector[collector == collector.iloc[-1]].index.min()
    people = data.population[data.population["area"].isin(data.parts)].set_index("area")
    weight = people["population"].loc[list(data.parts)].to_numpy(float)
    return Figures(
        list(data.parts),
        data.whole,
        weight / weight.sum(),
        years,
        np.exp(log_n),
        (~np.isin(years, known.index)).astype(float),
        (years < latest).astype(float),
        interval,
        value,
        float((10.0 ** -frame["decimals"].min() / 100) ** 2 / 12),
    )


# ---------------------------------------------------------------- likelihood


def log_between(low, high, mean, sd):
    """Log probability that a Normal lies between two edges, from the side where it is small."""
    a, b = (low - mean) / sd, (high - mean) / sd
    flip = a + b > 0
    a, b = jnp.where(flip, -b, a), jnp.where(flip, -a, b)
    small, large = log_ndtr(a), log_ndtr(b)
    return large + jnp.log(-jnp.expm1(small - large))


def pair_region(edges):
    """Nodes over one answer's interval and the limits of the other answer at each node.

    Over the unsafe share where its interval is closed, else over the safe one. A third answer is
    a band for the sum of the two.
    """
    closed = edges.get("unsafe", (-FAR, FAR))
    first = UNSAFE if closed[1] - closed[0] < 1 else SAFE
    mine, other = ("unsafe", "safe") if first == UNSAFE else ("safe", "unsafe")
    low_x, high_x = edges[mine]
    low_y, high_y = edges.get(other, (-FAR, FAR))
    low_n, high_n = edges.get("neither", (-FAR, FAR))
    low_x, high_x = max(low_x, 1 - high_n - high_y), min(high_x, 1 - low_n - low_y)
    at, w = np.polynomial.legendre.leggauss(NODES)
    x = (low_x + high_x) / 2 + (high_x - low_x) / 2 * at
    return (
        first,
        x,
        np.log(w * (high_x - low_x) / 2),
        np.maximum(low_y, 1 - high_n - x),
        np.minimum(high_y, 1 - low_n - x),
    )


def log_figures(mean, cov, edges_of_cells):
    """Log likelihood of cells with sample means (cell, 2) and covariances (cell, 2, 2)."""
    singles = [i for i, e in enumerate(edges_of_cells) if len(e) == 1]
    doubles = [i for i, e in enumerate(edges_of_cells) if len(e) > 1]
    total = 0.0
    if singles:
        answer = [next(iter(edges_of_cells[i])) for i in singles]
        k = np.array([{"safe": SAFE, "unsafe": UNSAFE}[a] for a in answer])
        low, high = np.array([edges_of_cells[i][a] for i, a in zip(singles, answer, strict=True)]).T
        i = np.array(singles)
        total += log_between(low, high, mean[i, k], jnp.sqrt(cov[i, k, k])).sum()
    if doubles:
        first, x, log_w, low, high = map(
            np.array, zip(*(pair_region(edges_of_cells[i]) for i in doubles), strict=True)
        )
        i, j = np.array(doubles), 1 - first
        m1, m2 = mean[i, first][:, None], mean[i, j][:, None]
        v1, v2 = cov[i, first, first][:, None], cov[i, j, j][:, None]
        slope = cov[i, 0, 1][:, None] / v1
        inside = log_between(low, high, m2 + slope * (x - m1), jnp.sqrt(v2 - slope**2 * v1))
        density = -0.5 * (x - m1) ** 2 / v1 - 0.5 * jnp.log(2 * jnp.pi * v1)
        total += logsumexp(log_w + density + inside, axis=1).sum()
    return total


def moments(safe, unsafe, inverse):
    """Mean and covariance of two sample shares of a multinomial with n = 1 / inverse."""
    mean = jnp.stack([safe, unsafe], axis=-1)
    cov = jnp.expand_dims(inverse, (-1, -2)) * (
        jnp.eye(2) * mean[..., None] - mean[..., :, None] * mean[..., None, :]
    )
    return mean, cov


def given_own_figures(mean, cov, known, seen, rounding):
    """Condition parts' sample shares on the figures they published in the cell.

    `mean` and `seen` have shape (cell, part, 2), `cov` (cell, part, 2, 2), `known` is bool.
    """
    both = known.all(axis=-1)[..., None]
    pull = jnp.where(known, seen - mean, 0.0)
    # column k: what one unit of answer k moves; the other answer follows unless known itself
    own = jnp.diagonal(cov, axis1=-2, axis2=-1)[..., None, :]
    gain = jnp.where(both[..., None], jnp.eye(2), cov / own) * known[..., None, :]
    left = cov - jnp.einsum("...ik,...k,...jk->...ij", gain, own[..., 0, :], gain)
    left = jnp.where(both[..., None], 0.0, left)
    error = rounding * jnp.einsum("...ik,...jk->...ij", gain, gain)
    return mean + jnp.einsum("...ik,...k->...i", gain, pull), left + error


def log_likelihood(figures, options, eta, shift, response_gap, inverse):
    """Log likelihood of all figures.

    `eta` and `inverse` (deff / n) have shape (area, setting, year), `shift` (year,),
    `response_gap` (setting,).
    """
    seen = eta + shift
    safe = jax.nn.sigmoid(seen)
    unsafe = jax.nn.sigmoid(-(seen + response_gap[:, None]))
    mean, cov = moments(safe, unsafe, inverse)
    first = int(figures.years[0])
    inner = [key for key in figures.interval if key[0] != figures.whole]
    outer = [key for key in figures.interval if key[0] == figures.whole]
    a = np.array([figures.areas.index(key[0]) for key in inner])
    s, t = np.array([(SETTINGS.index(k[1]), k[2] - first) for k in inner]).T
    total = log_figures(mean[a, s, t], cov[a, s, t], [figures.interval[k] for k in inner])

    s, t = np.array([(SETTINGS.index(k[1]), k[2] - first) for k in outer]).T
    value = [[figures.value.get((p, *k[1:]), {}) for p in figures.areas] for k in outer]
    seen = [[[v.get("safe", np.nan), v.get("unsafe", np.nan)] for v in row] for row in value]
    known, seen = np.isfinite(seen), np.nan_to_num(seen)
    w, expected = figures.weight, mean[:, s, t].swapaxes(0, 1)
    m, c = given_own_figures(expected, cov[:, s, t].swapaxes(0, 1), known, seen, figures.rounding)
    off = expected - jnp.einsum("a,cai->ci", w, expected)[:, None]
    loose = (options["weight_sd"] * w) ** 2
    of_whole = jnp.einsum("a,caij->cij", w**2, c) + jnp.einsum("a,cai,caj->cij", loose, off, off)
    cells = [figures.interval[k] for k in outer]
    return total + log_figures(jnp.einsum("a,cai->ci", w, m), of_whole, cells)


# ---------------------------------------------------------------- model


def walk_from(steps, at):
    """Random walk over the last axis that is 0 at position `at`, built forward and backward."""
    back = -jnp.cumsum(steps[..., :at][..., ::-1], axis=-1)[..., ::-1]
    ahead = jnp.cumsum(steps[..., at:], axis=-1)
    return jnp.concatenate([back, jnp.zeros((*steps.shape[:-1], 1)), ahead], axis=-1)


def model(figures, priors, options, drift):
    """Priors and likelihood; `drift` False is the driftless alternative."""
    areas, settings, years = len(figures.areas), len(SETTINGS), len(figures.years)
    at = int(options["baseline"] - figures.years[0])
    time = figures.years - options["baseline"]

    def normal(name, shape):
        p = priors[name]
        unit = numpyro.sample(f"{name}_z", dist.Normal(0, 1).expand(shape).to_event(len(shape)))
        return p["mu"] + p["sigma"] * unit

    level = numpyro.sample(
        "level",
        dist.Normal(priors["level"]["mu"], priors["level"]["sigma"]).expand([settings]).to_event(1),
    )
    area_sd = numpyro.sample("area_sd", dist.HalfNormal(priors["area_sd"]["sigma"]))
    d = numpyro.sample(
        "area_level",
        dist.ZeroSumNormal(area_sd, event_shape=(areas,)).expand([settings]).to_event(1),
    )
    root = numpyro.sample("root", dist.LKJCholesky(settings, priors["setting_correlation"]["eta"]))
    numpyro.deterministic("setting_correlation", root[1, 0])
    path_sd = numpyro.sample("path_sd", dist.HalfNormal(priors["path_sd"]["sigma"]))
    gap_common = numpyro.sample("gap_common", dist.HalfNormal(priors["gap_sd"]["sigma"]))
    gap_sd = numpyro.deterministic("gap_sd", gap_common * jnp.ones(areas))

    def innovations(name, shape):
        unit = numpyro.sample(name, dist.Normal(0, 1).expand(shape).to_event(len(shape)))
        return jnp.einsum("ij,...jt->...it", root, unit)

    c = path_sd * walk_from(innovations("path_z", (settings, years - 1)), at)
    g = gap_sd[:, None, None] * walk_from(innovations("gap_z", (areas, settings, years - 1)), at)
    slope = jnp.zeros((areas, settings))
    if drift:
        slope = normal("path_drift", (settings,)) + normal("gap_drift", (areas, settings))
    numpyro.deterministic("slope", slope)
    eta = numpyro.deterministic("eta", (level + d.T)[:, :, None] + c + g + slope[:, :, None] * time)

    response_gap = numpyro.sample(
        "response_gap",
        dist.Gamma(priors["response_gap"]["alpha"], priors["response_gap"]["beta"])
        .expand([settings])
        .to_event(1),
    )
    step = numpyro.deterministic("collector_step", normal("collector_step", ()))
    shift = numpyro.deterministic("shift", normal("wave_error", (years,)) + step * figures.before)
    log_deff = numpyro.deterministic("log_deff", normal("design_effect", ()))
    log_n = np.log(figures.respondents) + figures.n_unknown * normal("wave_size", (years,))
    part = jnp.exp(normal("area_size", (areas,)))
    log_inverse = log_deff - log_n[None] - jnp.log(part / part.sum())[:, None]
    log_inverse = numpyro.deterministic("log_inverse", log_inverse)
    inverse = jnp.exp(jnp.broadcast_to(log_inverse[:, None], eta.shape))
    numpyro.factor("figures", log_likelihood(figures, options, eta, shift, response_gap, inverse))


# ---------------------------------------------------------------- forecast


def forecast(figures, priors, draws, alternative, until, rng):
    """True and published shares, each (draw, whole and areas, setting, answer, year).

    `draws` are flat (draw first). A published figure stands in every draw.
    """
    eta, slope = draws["eta"], draws["slope"]
    count, (areas, settings, seen) = len(eta), eta.shape[1:]
    ahead = until - int(figures.years[-1])
    unit = rng.standard_normal((count, 1 + areas, settings, ahead))
    unit = np.einsum("nij,najt->nait", draws["root"], unit)
    shock = draws["path_sd"][:, None, None, None] * unit[:, :1]
    shock = shock + draws["gap_sd"][:, :, None, None] * unit[:, 1:]
    phi = np.ones(count)
    if alternative == "damped":
        phi = rng.beta(priors["damping"]["alpha"], priors["damping"]["beta"], size=count)
    keep = phi[:, None] ** np.arange(1, ahead + 1)
    future = eta[..., -1:] + np.cumsum(shock + slope[..., None] * keep[:, None, None], axis=-1)
    eta = np.concatenate([eta, future], axis=-1)
    wave = priors["wave_error"]["sigma"] * rng.standard_normal((count, ahead))
    shift = np.concatenate([draws["shift"], wave], axis=1)[:, None, None]
    inverse = np.exp(draws["log_inverse"])
    inverse = np.concatenate([inverse, np.repeat(inverse[..., -1:], ahead, axis=-1)], axis=-1)
    gap = draws["response_gap"][:, None, :, None]

    true = np.stack([expit(eta), expit(-(eta + gap))], axis=3)
    sampled = np.empty_like(true)
    expected_safe, expected_unsafe = expit(eta + shift), expit(-(eta + shift + gap))
    for a, s, t in np.ndindex(areas, settings, seen + ahead):
        key = (figures.areas[a], SETTINGS[s], int(figures.years[0]) + t)
        sampled[:, a, s, :, t] = sample_cell(
            expected_safe[:, a, s, t],
            expected_unsafe[:, a, s, t],
            inverse[:, a, t],
            figures.interval.get(key, {}),
            figures.value.get(key, {}),
            rng,
        )
    true, sampled = (
        np.concatenate([np.einsum("a,na...->n...", figures.weight, x)[:, None], x], axis=1)
        for x in (true, sampled)
    )
    published = np.round(sampled, 2)
    for (area, setting, year), shares in figures.value.items():
        a = 0 if area == figures.whole else 1 + figures.areas.index(area)
        for answer, share in shares.items():
            if answer != "neither":
                k = SAFE if answer == "safe" else UNSAFE
                published[:, a, SETTINGS.index(setting), k, year - figures.years[0]] = share
    return true, published


def sample_cell(safe, unsafe, inverse, edges, value, rng):
    """Draw a cell's two sample shares given what it published."""

    def draw(mean, sd, answer):
        if answer in value:
            return np.full(len(mean), value[answer])
        low, high = edges.get(answer, (-FAR, FAR))
        if (low, high) == (-FAR, FAR):
            return mean + sd * rng.standard_normal(len(mean))
        a, b = (low - mean) / sd, (high - mean) / sd
        return truncnorm.rvs(a, b, loc=mean, scale=sd, random_state=rng)

    def both(p, q, names):
        x = draw(p, np.sqrt(inverse * p * (1 - p)), names[0])
        mean = q - q / (1 - p) * (x - p)
        return x, draw(mean, np.sqrt(inverse * q * (1 - p - q) / (1 - p)), names[1])

    if "unsafe" in value and "safe" not in value:
        u, s = both(unsafe, safe, ("unsafe", "safe"))
    else:
        s, u = both(safe, unsafe, ("safe", "unsafe"))
    return np.stack([s, u], axis=1)
