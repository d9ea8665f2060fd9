"""Draw true and published shares of every wave, past and future, from a fit's draws; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import expit, ndtr, ndtri

from amager_eval.errors import InputError
from amager_eval.trends.fit import Forecast
from amager_eval.trends.safety.covariance import setting_contrasts
from amager_eval.trends.safety.draws import inverse_size
from amager_eval.trends.safety.own_effects import own_move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.fit import Fit

    type Floats = NDArray[np.float64]
    type Draws = Mapping[str, Any]

__all__ = [
    "Piece",
    "forecast",
    "inverse_size_by_area",
    "joint_draws",
    "sample_shares",
    "shown_decimals",
]

#: Alternatives without lasting directions.
_DRIFTLESS = ("driftless", "gap_stays")
#: Answers of a forecast; the third is what is left.
ANSWERS = ("safe", "unsafe")


def forecast(
    fit: Fit,
    until: int | str,
    *,
    n: float | None = None,
    alternatives: Sequence[str] | None = None,
    prior: bool = True,
) -> Forecast:
    """Draw every wave from the first observed through `until`, jointly over areas and settings.

    Parameters
    ----------
    fit : Fit
        From :func:`~amager_eval.trends.safety.fit.fit_safety`, or loaded.
    until : int
        Last wave.
    n : float or None
        Respondents of a whole future wave (all areas together, or the whole's own sample);
        default as the latest wave.
    alternatives : sequence of str or None
        What is assumed of the years to come; default the spec's. `gap_stays`, which is none of
        the spec's, keeps every area's gap as the last observed wave left it.
    prior : bool
        Whether `prior_only` is drawn.

    Returns
    -------
    Forecast
        `draws` and `prior_only`: `true` and `published`, shares 0 to 1, dims `sample, area,
        setting, response, period`. Coordinate `alternative` on `sample` names the declared model
        of the drift; each has the same number of draws, so all of them together are the
        equal-weight mixture. Coordinate `observed` marks published figures, which `published`
        repeats exactly. `prior_only` is None where the baseline wave alone was not sampled.

    Notes
    -----
    A published share is the true share, plus the wave's shared error, plus sampling error, rounded
    as the latest wave was. The whole's is formed from the same simulated samples of its parts.
    A past figure that was not published is drawn given what was: the cell's other answer, or a
    bound.
    """
    try:
        last = int(until)
    except ValueError as error:
        raise InputError(f"`until` is a wave, a whole year; found '{until}'") from error
    if n is not None and not n >= 1:
        raise InputError(f"`n` is the respondents of a future wave, 1 or more; found {n}")
    design = fit.data["design"].to_dataset()
    first = int(design.attrs["first_wave"])
    if last < first:
        raise InputError(f"`until` is {last}, before the first wave {first}; name a later wave")
    seed = np.random.SeedSequence([fit.seed, last])
    rngs = [np.random.default_rng(s) for s in seed.spawn(2)]
    names = tuple(alternatives or fit.spec.options["alternatives"])
    posterior = _simulate(fit, design, last, n, rngs[0], names, prior_only=False)
    before = None
    if prior and "baseline_only" in fit.data.children:
        before = _simulate(fit, design, last, n, rngs[1], names, prior_only=True)
    return Forecast("safety", posterior, before, fit.spec.digest, fit.spec.changed_from)


def _simulate(
    fit: Fit,
    design: xr.Dataset,
    until: int,
    n: float | None,
    rng: np.random.Generator,
    names: Sequence[str],
    *,
    prior_only: bool,
) -> xr.Dataset:
    """Draws of all alternatives, one after the other on `sample`."""
    years, pieces = _pieces(fit, design, until, n, rng, names, prior_only=prior_only)
    start = int(years[0])
    per = len(pieces[0].true)
    shown = slice(int(design.attrs["first_wave"]) - start, until - start + 1)
    true, published = (
        np.concatenate([getattr(p, kind) for p in pieces])[..., shown]
        for kind in ("true", "published")
    )
    value = _figures(design, years, prior_only=prior_only)["value"][..., shown]
    dims = ("sample", "area", "setting", "response", "period")
    return xr.Dataset(
        {"true": (dims, true), "published": (dims, published)},
        coords={
            "sample": np.arange(per * len(names)),
            "alternative": ("sample", np.repeat(names, per)),
            "area": design["area"].to_numpy(),
            "setting": design["setting"].to_numpy(),
            "response": list(ANSWERS),
            "period": years[shown],
            "observed": (dims[1:], np.isfinite(value)),
        },
        attrs={"whole": design.attrs["whole"], "last_wave": int(design["year"][-1])},
    )


@dataclass(frozen=True, eq=False)
class Piece:
    """Joint draws under one declared alternative of the drift.

    Parameters
    ----------
    alternative : str
        Which.
    draws : mapping of str to ndarray
        The posterior's draws they rest on, (sample, ...).
    eta : ndarray
        Logit of the true safe share, (sample, latent, setting, year).
    shift : ndarray
        What the survey sees beyond it in every cell, (sample, year).
    true, published : ndarray
        Shares, (sample, area, setting, answer, year).
    """

    alternative: str
    draws: Draws
    eta: Floats
    shift: Floats
    true: Floats
    published: Floats


def joint_draws(
    fit: Fit, until: int, *, prior_only: bool = False
) -> tuple[NDArray[np.int64], list[Piece]]:
    """Give the draws behind a forecast, sample by sample: what other areas are estimated from.

    Parameters
    ----------
    fit : Fit
        Safety.
    until : int
        Last wave.
    prior_only : bool
        Those that rest on the baseline wave alone.

    Returns
    -------
    tuple of ndarray and list of Piece
        Years, and a piece for each alternative; `true` and `published` are those of
        ``fit.forecast(until)``.
    """
    design = fit.data["design"].to_dataset()
    seeds = np.random.SeedSequence([fit.seed, until]).spawn(2)
    rng = np.random.default_rng(seeds[int(prior_only)])
    names = list(fit.spec.options["alternatives"])
    return _pieces(fit, design, until, None, rng, names, prior_only=prior_only)


def _pieces(
    fit: Fit,
    design: xr.Dataset,
    until: int,
    n: float | None,
    rng: np.random.Generator,
    names: Sequence[str],
    *,
    prior_only: bool,
) -> tuple[NDArray[np.int64], list[Piece]]:
    """Years from the design's first, and draws of each alternative."""
    per = int(fit.spec.options["forecast_draws"]) // len(names)
    start = int(design["year"][0])
    years = np.arange(start, max(until, int(design["year"][-1])) + 1)
    pieces = []
    for k, name in enumerate(names):
        draws = _take(fit, name, per, k, prior_only=prior_only)
        if prior_only:
            eta = _walk_out(fit, design, draws, name, years, rng)
        else:
            eta = _extend(fit, draws, name, len(years) - design.sizes["year"], rng)
        eta = _moved_on(design, draws, eta, years, prior_only=prior_only)
        shift = _shift(fit, design, draws, years, rng)
        shares = _shares(design, draws, eta, shift, years, n, rng, prior_only=prior_only)
        pieces.append(Piece(name, draws, eta, shift, *shares))
    return years, pieces


def _take(fit: Fit, alternative: str, per: int, offset: int, *, prior_only: bool) -> Draws:
    """`per` draws spread evenly over the chains, as arrays with the draw first."""
    if prior_only:
        draws = fit.data["baseline_only"].to_dataset()
    else:
        fitted = "driftless" if alternative in _DRIFTLESS else "drift"
        draws = fit.data["posterior"].to_dataset().sel(alternative=fitted)
    flat = draws.stack(sample=("chain", "draw")).transpose("sample", ...)
    size = flat.sizes["sample"]
    # alternatives that share a run take different draws of it
    at = (np.floor((np.arange(per) + offset / 3) * size / per).astype(int)) % size
    return {str(k): v.to_numpy()[at].astype(float) for k, v in flat.data_vars.items()}


def _steps(
    fit: Fit, draws: Draws, alternative: str, count: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Innovations and damped slopes of `count` years, (sample, latent, setting, year)."""
    samples, areas, settings = draws["gap_slope"].shape
    contrasts, r = setting_contrasts(settings), draws["setting_correlation"][:, None]
    relative = np.sqrt(1 + np.where(np.arange(settings) == 0, settings - 1, -1) * r)
    mix = contrasts * relative[:, None]  # (sample, setting, contrast)
    path = mix @ rng.standard_normal((samples, settings, count))
    path *= draws["path_sd"][:, None, None]
    gap = mix[:, None] @ rng.standard_normal((samples, areas, settings, count))
    gap *= draws["gap_sd"][:, :, None, None]
    fade = np.ones((samples, count))
    if alternative == "gap_stays":
        gap *= 0
    if alternative in _DRIFTLESS:
        fade *= 0
    elif alternative == "damped":
        prior = fit.spec.priors["damping"]
        phi = rng.beta(prior["alpha"], prior["beta"], size=samples)
        fade = phi[:, None] ** np.arange(1, count + 1)
    slope = draws["path_slope"][:, None] + draws["gap_slope"]
    return path[:, None] + gap, slope[..., None] * fade[:, None, None]


def _extend(
    fit: Fit, draws: Draws, alternative: str, count: int, rng: np.random.Generator
) -> Floats:
    """Logit of the true safe share: the sampled past and `count` simulated years."""
    past = draws["eta"]
    noise, slope = _steps(fit, draws, alternative, count, rng)
    future = past[..., -1:] + np.cumsum(noise + slope, axis=-1)
    return np.concatenate([past, future], axis=-1)


def _walk_out(
    fit: Fit,
    design: xr.Dataset,
    draws: Draws,
    alternative: str,
    years: Any,
    rng: np.random.Generator,
) -> Floats:
    """Prior-only: from the level at the baseline, simulated both ways."""
    anchor = design.attrs["anchor"]
    ahead, back = int((years > anchor).sum()), int((years < anchor).sum())
    level = draws["eta"][..., None]
    noise, slope = _steps(fit, draws, alternative, ahead, rng)
    future = level + np.cumsum(noise + slope, axis=-1)
    undamped = "drift" if alternative == "damped" else alternative
    noise, slope = _steps(fit, draws, undamped, back, rng)
    past = level - np.cumsum(noise + slope, axis=-1)
    return np.concatenate([past[..., ::-1], level, future], axis=-1)


def _moved_on(
    design: xr.Dataset, draws: Draws, eta: Floats, years: Any, *, prior_only: bool
) -> Floats:
    """Add what declared covariates do where the walk was simulated: past their known value."""
    moved = own_move(design, draws, years, "truth")
    if isinstance(moved, float):
        return eta
    known = design.sizes["year"]
    if prior_only:
        anchor = int(np.flatnonzero(years == design.attrs["anchor"])[0])
        return eta + moved - moved[..., [anchor]]
    later = moved[..., known:] - moved[..., [known - 1]]
    return np.concatenate([eta[..., :known], eta[..., known:] + later], axis=-1)


def _shares(
    design: xr.Dataset,
    draws: Draws,
    eta: Floats,
    shift: Floats,
    years: Any,
    n: float | None,
    rng: np.random.Generator,
    *,
    prior_only: bool,
) -> tuple[Floats, Floats]:
    """Give true and published shares, (sample, area, setting, answer, year)."""
    width = draws["response_gap"][..., None]
    true = np.stack([expit(eta), expit(-(eta + width))], axis=3)
    seen = eta + shift[:, None, None] + own_move(design, draws, years, "survey")
    expected = np.stack([expit(seen), expit(-(seen + width))], axis=3)
    inverse = _inverse_size(design, draws, years, n)
    figures = _figures(design, years, prior_only=prior_only)
    inside = [list(design["area"].to_numpy()).index(a) for a in design["latent"].to_numpy()]
    sampled = sample_shares(expected, inverse, {k: v[inside] for k, v in figures.items()}, rng)
    decimals = shown_decimals(design)
    if design.attrs["weighted"]:
        weight = design["weight"].to_numpy()
        true = np.concatenate([_weighted(weight, true), true], axis=1)
        sampled = np.concatenate([_weighted(weight, sampled), sampled], axis=1)
    published = np.clip(sampled, 0, 1)
    if np.isfinite(decimals):
        published = np.round(published * 100, int(decimals)) / 100
    value = figures["value"]
    published = np.where(np.isfinite(value), value, published)
    return true, published


def _weighted(weight: Floats, shares: Floats) -> Floats:
    """Weighted mean over areas, as one area."""
    mean: Floats = np.einsum("a,na...->n...", weight, shares)
    return mean[:, None]


def _shift(
    fit: Fit, design: xr.Dataset, draws: Draws, years: Any, rng: np.random.Generator
) -> Floats:
    """Error shared by all cells of a wave and the collector's step, (sample, year)."""
    before = design["before_break"].to_numpy()
    past = draws["wave_error"] + draws["collector_step"][:, None] * before
    count = len(years) - past.shape[1]
    scale = fit.spec.priors["wave_error"]["sigma"]
    future = scale * rng.standard_normal((len(past), count))
    return np.concatenate([past, future], axis=1)


def inverse_size_by_area(fit: Fit) -> dict[str, Any]:
    """Design effect over respondents of every area and the whole, each (sample, setting, year)."""
    design = fit.data["design"].to_dataset()
    posterior = fit.data["posterior"].to_dataset()
    logs = (posterior[k].to_numpy().ravel() for k in ("log_deff", "unknown_size"))
    inverse = inverse_size(design, *logs)
    by_area = {str(a): inverse[:, i] for i, a in enumerate(design["latent"].to_numpy())}
    if design.attrs["weighted"]:
        square = design["weight"].to_numpy() ** 2
        by_area[design.attrs["whole"]] = np.einsum("a,nast->nst", square, inverse)
    return by_area


def _inverse_size(design: xr.Dataset, draws: Draws, years: Any, n: float | None) -> Floats:
    """Design effect over respondents through the last year, (sample, latent, setting, year)."""
    inverse = inverse_size(design, draws["log_deff"], draws["unknown_size"])
    count = len(years) - inverse.shape[-1]
    latest = inverse[..., -1:]
    if n is not None:
        unsized = design["n_unknown"].to_numpy()[..., -1] > 0
        unknown = np.exp(draws["unknown_size"])[:, None, None]
        sizes = design["n"].to_numpy()[..., -1] * np.where(unsized, unknown, 1.0)
        latent = list(design["latent"].to_numpy())
        weight = design["weight"].to_numpy()
        if design.attrs["weighted"]:
            total = sizes[:, weight > 0].sum(axis=1)
        elif design.attrs["whole"] in latent:
            total = sizes[:, latent.index(design.attrs["whole"])]
        else:
            total = sizes.sum(axis=1)
        latest = latest * (total / n)[:, None, :, None]
    return np.concatenate([inverse, np.repeat(latest, count, axis=-1)], axis=-1)


def _figures(design: xr.Dataset, years: Any, *, prior_only: bool) -> dict[str, Floats]:
    """Take published value and edges of safe and unsafe over all years, NaN where none."""
    kept = design["kept"].to_numpy()
    if prior_only:
        kept = kept & (design["year"].to_numpy() == design.attrs["baseline"])
    out = {}
    for name in ("value", "low", "high"):
        table = np.where(kept, design[name].to_numpy(), np.nan)[:, :, [0, 2]]
        future = np.full((*table.shape[:-1], max(len(years) - table.shape[-1], 0)), np.nan)
        out[name] = np.concatenate([table, future], axis=-1)[..., : len(years)]
    return out


def shown_decimals(design: xr.Dataset) -> float:
    """Decimals of the latest wave's percentages; NaN for counts, which are not rounded."""
    decimals = design["decimals"].to_numpy()
    low = design["low"].to_numpy()
    last = np.flatnonzero(np.isfinite(low).any(axis=(0, 1, 2)))[-1]
    found = decimals[..., last]
    return float(np.nanmin(found)) if np.isfinite(found).any() else np.nan


def sample_shares(
    expected: Floats, inverse: Floats, figures: Mapping[str, Floats], rng: np.random.Generator
) -> Floats:
    """Sample shares given what the cell published, (sample, latent, setting, answer, year)."""
    # a share of exactly 1 would leave nothing to condition on
    safe, unsafe = (np.clip(expected[:, :, :, k], 1e-9, 1 - 1e-9) for k in (0, 1))
    noise = rng.standard_normal((2, *safe.shape))
    known = figures["value"]
    knows_safe, knows_unsafe = (np.isfinite(known[:, :, k]) for k in (0, 1))
    sd = np.sqrt(inverse * safe * (1 - safe))
    drawn_safe = safe + sd * noise[0]
    # a bound: the same draw, moved to where the bound allows it
    bounded = np.isfinite(figures["low"][:, :, 0]) & ~knows_safe
    drawn_safe = _within(drawn_safe, safe, sd, noise[0], figures, 0, bounded)
    drawn_safe = np.where(knows_safe, known[:, :, 0], drawn_safe)

    neither = np.maximum(1 - safe - unsafe, 0)
    mean = unsafe - unsafe / (1 - safe) * (drawn_safe - safe)
    sd = np.sqrt(inverse * unsafe * neither / (1 - safe))
    drawn_unsafe = mean + sd * noise[1]
    bounded = np.isfinite(figures["low"][:, :, 1]) & ~knows_unsafe
    drawn_unsafe = _within(drawn_unsafe, mean, sd, noise[1], figures, 1, bounded)
    drawn_unsafe = np.where(knows_unsafe, known[:, :, 1], drawn_unsafe)

    # only the unsafe share published: the safe one is drawn given it
    mean = safe - safe / (1 - unsafe) * (drawn_unsafe - unsafe)
    sd = np.sqrt(inverse * safe * neither / (1 - unsafe))
    drawn_safe = np.where(knows_unsafe & ~knows_safe, mean + sd * noise[0], drawn_safe)
    return np.stack([drawn_safe, drawn_unsafe], axis=3)


def _within(
    drawn: Floats,
    mean: Floats,
    sd: Floats,
    noise: Floats,
    figures: Mapping[str, Floats],
    answer: int,
    bounded: NDArray[np.bool_],
) -> Floats:
    """Map Normal draws into the bounds of the cells that have them (inverse distribution)."""
    out = drawn.copy()
    for a, s, t in zip(*np.nonzero(bounded), strict=True):
        low, high = (float(figures[k][a, s, answer, t]) for k in ("low", "high"))
        centre, width = mean[:, a, s, t], np.maximum(sd[:, a, s, t], 1e-12)
        start, end = ndtr((low - centre) / width), ndtr((high - centre) / width)
        uniform = start + ndtr(noise[:, a, s, t]) * (end - start)
        inside = centre + width * ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
        out[:, a, s, t] = np.clip(inside, low, high)
    return out
