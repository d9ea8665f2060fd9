"""Draw true and published shares of every wave, past and future, from a fit's draws; NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import xarray as xr
from scipy.special import expit, ndtr, ndtri

from amager_eval.errors import InputError
from amager_eval.trends.forecast import Forecast
from amager_eval.trends.safety.covariance import setting_contrasts
from amager_eval.trends.safety.draws import (
    draws_first,
    inverse_size,
    respondents,
    survey_error,
)
from amager_eval.trends.safety.own_effects import own_move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.trends.drawn import Fitted

    type Floats = NDArray[np.float64]
    type Draws = Mapping[str, Any]
    type Drawn = tuple[NDArray[np.int64], list[Piece], Floats]

__all__ = [
    "Piece",
    "forecast",
    "in_blocks",
    "inverse_size_by_area",
    "joint_draws",
    "sample_shares",
    "shares_of_logit",
    "shown_decimals",
]

#: Alternatives without lasting directions.
_DRIFTLESS = ("driftless", "gap_stays")
#: Answers of a forecast; the third is what is left.
ANSWERS = ("safe", "unsafe")
#: What was drawn last of a fit, as long as there is one.
_DRAWN: WeakKeyDictionary[Fitted, dict[bool, tuple[Any, Drawn]]] = WeakKeyDictionary()
#: Draws computed with at a time.
_AT_ONCE: Final = 200


def forecast(
    fit: Fitted,
    until: int | str,
    *,
    n: float | None = None,
    alternatives: Sequence[str] | None = None,
    prior: bool = True,
) -> Forecast:
    """Draw every wave from the first observed through `until`, jointly over areas and settings.

    `alternatives` are what is assumed of the years to come, by default the spec's; `gap_stays`,
    which is none of the spec's, keeps every area's gap as the last observed wave left it. `n` are
    the respondents of a whole future wave (all areas together, or the whole's own sample), by
    default as many as in the latest. Prior-only answers are None where the baseline wave alone was
    not sampled, or `prior` is off.

    Each alternative has the same number of draws, so all of them together are the equal-weight
    mixture. A published share is the true share, plus the wave's shared error, plus sampling error,
    rounded as the latest wave was; published figures are repeated exactly, and marked `observed`.
    The whole's is formed from the same simulated samples of its parts. A past figure that was not
    published is drawn given what was: the cell's other answer, or a bound.
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
    names = tuple(alternatives or fit.spec.options["alternatives"])
    posterior = _simulate(fit, last, n, names, prior_only=False)
    before = None
    if prior and "baseline_only" in fit.data.children:
        before = _simulate(fit, last, n, names, prior_only=True)
    return Forecast("safety", posterior, before, fit.spec.digest, fit.spec.changed_from)


def _simulate(
    fit: Fitted, until: int, n: float | None, names: tuple[str, ...], *, prior_only: bool
) -> xr.Dataset:
    """Draws of all alternatives, one after the other on `sample`."""
    years, pieces, every = _pieces(fit, until, n, names, prior_only=prior_only)
    design = fit.data["design"].to_dataset()
    true, published = (
        xr.DataArray(shares, dims=("sample", "area", "setting", "response", "period"))
        .assign_coords(period=years)
        .sel(period=slice(design.attrs["first_wave"], until))
        for shares in every
    )
    observed = _published(design, true["period"].to_numpy(), prior_only=prior_only)["value"]
    return xr.Dataset(
        {"true": true, "published": published},
        coords={
            "sample": np.arange(true.sizes["sample"]),
            "alternative": ("sample", np.repeat(names, len(pieces[0].true))),
            "area": design["area"].to_numpy(),
            "setting": design["setting"].to_numpy(),
            "response": list(ANSWERS),
            "observed": (true.dims[1:], np.isfinite(observed)),
        },
        attrs={"whole": design.attrs["whole"], "last_wave": int(design["year"][-1])},
    )


@dataclass(frozen=True, eq=False)
class Piece:
    """Joint draws under one declared alternative of the drift."""

    alternative: str
    #: The posterior's draws they rest on, (sample, ...).
    draws: Draws
    #: Logit of the true safe share, (sample, latent, setting, year).
    eta: Floats
    #: What the survey sees beyond it in every cell, (sample, year).
    shift: Floats
    #: Shares, (sample, area, setting, answer, year).
    true: Floats
    published: Floats


def joint_draws(
    fit: Fitted, until: int, *, prior_only: bool = False
) -> tuple[NDArray[np.int64], list[Piece]]:
    """Give the draws behind ``fit.forecast(until)``: what other areas are estimated from.

    They are years, and a piece for each alternative.
    """
    names = tuple(fit.spec.options["alternatives"])
    return _pieces(fit, until, None, names, prior_only=prior_only)[:2]


def _pieces(
    fit: Fitted, until: int, n: float | None, names: tuple[str, ...], *, prior_only: bool
) -> Drawn:
    """Draw once what a forecast and an estimate of other areas ask of the same fit."""
    asked, kept = (until, n, names), _DRAWN.setdefault(fit, {})
    if prior_only not in kept or kept[prior_only][0] != asked:
        kept[prior_only] = asked, _draw(fit, *asked, prior_only=prior_only)
    return kept[prior_only][1]


def _draw(
    fit: Fitted, until: int, n: float | None, names: tuple[str, ...], *, prior_only: bool
) -> Drawn:
    """Years from the design's first, draws of each alternative, and the shares of all."""
    design = fit.data["design"].to_dataset()
    seeds = np.random.SeedSequence([fit.seed, until]).spawn(2)
    rng = np.random.default_rng(seeds[int(prior_only)])
    per = int(fit.spec.options["forecast_draws"]) // len(names)
    years = np.arange(int(design["year"][0]), max(until, int(design["year"][-1])) + 1)
    figures = _published(design, years, prior_only=prior_only)
    cells = (len(design["area"]), len(design["setting"]), len(ANSWERS), len(years))
    every, pieces = np.empty((2, per * len(names), *cells)), []
    for k, name in enumerate(names):
        draws = _take(fit, name, per, k, prior_only=prior_only)
        eta = _paths(fit, design, draws, name, years, rng, prior_only=prior_only)
        past = survey_error(design, draws)
        later = rng.standard_normal((per, len(years) - past.shape[1]))
        shift = np.concatenate([past, fit.spec.priors["wave_error"]["sigma"] * later], axis=1)
        seen = eta + shift[:, None, None] + own_move(design, fit.spec, draws, years, "survey")
        width = draws["response_gap"][..., None]
        inverse = _inverse_size(design, draws, len(years), n)
        noise = rng.standard_normal((2, *eta.shape))
        own = every[:, k * per : (k + 1) * per]
        for at in in_blocks(per):
            own[:, at] = _shares(
                design, eta[at], seen[at], width[at], inverse[at], figures, noise[:, at]
            )
        pieces.append(Piece(name, draws, eta, shift, *own))
    return years, pieces, every


def _take(fit: Fitted, alternative: str, per: int, offset: int, *, prior_only: bool) -> Draws:
    """`per` draws spread evenly over the chains, as arrays with the draw first."""
    if prior_only:
        draws = fit.data["baseline_only"].to_dataset()
    else:
        fitted = "driftless" if alternative in _DRIFTLESS else "drift"
        draws = fit.data["posterior"].to_dataset().sel(alternative=fitted)
    size = draws.sizes["chain"] * draws.sizes["draw"]
    # alternatives that share a run take different draws of it
    at = (np.floor((np.arange(per) + offset / 3) * size / per).astype(int)) % size
    return {k: v[at].astype(float) for k, v in draws_first(draws).items()}


def _steps(
    fit: Fitted, draws: Draws, alternative: str, count: int, rng: np.random.Generator
) -> Floats:
    """Draw what `count` years add to the logit one by one, (sample, latent, setting, year)."""
    samples, areas, settings = draws["gap_slope"].shape
    contrasts, r = setting_contrasts(settings), draws["setting_correlation"][:, None]
    relative = np.sqrt(1 + np.where(np.arange(settings) == 0, settings - 1, -1) * r)
    mix = contrasts * relative[:, None]  # (sample, setting, contrast)
    path = mix @ rng.standard_normal((samples, settings, count))
    path *= draws["path_sd"][:, None, None]
    gap: Floats = mix[:, None] @ rng.standard_normal((samples, areas, settings, count))
    gap *= draws["gap_sd"][:, :, None, None] * (alternative != "gap_stays")
    gap += path[:, None]
    if alternative in _DRIFTLESS:
        return gap
    fade = np.ones((samples, count))
    if alternative == "damped":
        prior = fit.spec.priors["damping"]
        phi = rng.beta(prior["alpha"], prior["beta"], size=samples)
        fade = phi[:, None] ** np.arange(1, count + 1)
    slope = draws["path_slope"][:, None] + draws["gap_slope"]
    gap += slope[..., None] * fade[:, None, None]
    return gap


def _paths(
    fit: Fitted,
    design: xr.Dataset,
    draws: Draws,
    alternative: str,
    years: Any,
    rng: np.random.Generator,
    *,
    prior_only: bool,
) -> Floats:
    """Logit of the true safe share: what was drawn, and simulated years after it.

    Prior-only it is the baseline's that was drawn, and years before are simulated too.
    """
    known = draws["eta"][..., None] if prior_only else draws["eta"]
    first = int(design.attrs["anchor"]) - int(years[0]) if prior_only else 0
    last = first + known.shape[-1] - 1
    ahead = _steps(fit, draws, alternative, len(years) - 1 - last, rng)
    parts = [known, known[..., -1:] + np.cumsum(ahead, axis=-1)]
    if prior_only:
        undamped = "drift" if alternative == "damped" else alternative
        back = _steps(fit, draws, undamped, first, rng)
        parts = [(known - np.cumsum(back, axis=-1))[..., ::-1], *parts]
    eta = np.concatenate(parts, axis=-1)
    moved = own_move(design, fit.spec, draws, years, "truth")
    # declared covariates move on from where they are known
    return eta + moved - moved[..., np.clip(np.arange(len(years)), first, last)]


def _shares(
    design: xr.Dataset,
    eta: Floats,
    seen: Floats,
    width: Floats,
    inverse: Floats,
    figures: Mapping[str, Floats],
    noise: Floats,
) -> Floats:
    """Give true and published shares of every area, (2, sample, area, setting, answer, year)."""
    latent = np.isin(design["area"], design["latent"])
    ends = {k: v[latent] for k, v in figures.items()}
    expected = shares_of_logit(seen, width)
    both = [shares_of_logit(eta, width), sample_shares(expected, inverse, noise, ends)]
    if design.attrs["weighted"]:
        weight = design["weight"].to_numpy()
        whole = (np.einsum("a,na...->n...", weight, shares)[:, None] for shares in both)
        both = [np.concatenate(x, axis=1) for x in zip(whole, both, strict=True)]
    published = np.clip(both[1], 0, 1)
    decimals, value = shown_decimals(design), figures["value"]
    if np.isfinite(decimals):
        published = np.round(published * 100, int(decimals)) / 100
    return np.stack([both[0], np.where(np.isfinite(value), value, published)])


def in_blocks(draws: int) -> list[slice]:
    """Cut draws into blocks that a processor keeps at hand."""
    return [slice(k, k + _AT_ONCE) for k in range(0, draws, _AT_ONCE)]


def shares_of_logit(safe: Floats, width: Floats) -> Floats:
    """Safe and unsafe share by the logit of the safe one and the third answer's width.

    Both (..., year), a width of one year standing for all; answers come before the years.
    """
    return np.asarray(expit(np.stack([safe, -(safe + width)], axis=-2)), dtype=float)


def inverse_size_by_area(fit: Fitted) -> dict[str, Any]:
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


def _inverse_size(design: xr.Dataset, draws: Draws, years: int, n: float | None) -> Floats:
    """Design effect over respondents of some years, (sample, latent, setting, year)."""
    inverse = inverse_size(design, draws["log_deff"], draws["unknown_size"])
    latest = inverse[..., -1:]
    if n is not None:
        sizes, latent = respondents(design, draws["unknown_size"])[..., -1], design["latent"]
        if design.attrs["weighted"]:
            asked = design["weight"].to_numpy() > 0
        else:
            asked = latent.to_numpy() == design.attrs["whole"]
        total = sizes[:, asked if asked.any() else slice(None)].sum(axis=1)
        latest = latest * (total / n)[:, None, :, None]
    return np.concatenate([inverse, np.repeat(latest, years - inverse.shape[-1], -1)], axis=-1)


def _published(design: xr.Dataset, years: Any, *, prior_only: bool) -> dict[str, Floats]:
    """Take published value and edges of safe and unsafe over all years, NaN where none."""
    kept = design["kept"]
    if prior_only:
        kept = kept & (design["year"] == design.attrs["baseline"])
    table = design[["value", "low", "high"]].where(kept)
    table = table.sel(response=list(ANSWERS)).reindex(year=years)
    return {str(k): v.to_numpy() for k, v in table.items()}


def shown_decimals(design: xr.Dataset) -> float:
    """Decimals of the latest wave's percentages; NaN for counts, which are not rounded."""
    decimals = design["decimals"].to_numpy()
    low = design["low"].to_numpy()
    last = np.flatnonzero(np.isfinite(low).any(axis=(0, 1, 2)))[-1]
    found = decimals[..., last]
    return float(np.nanmin(found)) if np.isfinite(found).any() else np.nan


def sample_shares(
    expected: Floats,
    inverse: Floats,
    noise: Floats,
    figures: Mapping[str, Floats] | None = None,
) -> Floats:
    """Sample shares given what the cell published, (sample, latent, setting, answer, year).

    The sample is drawn around `expected`, by standard Normal noise (2, sample, latent, setting,
    year); what was published are `value, low, high`, (latent, setting, answer, year), NaN where
    none, or nothing.
    """
    if figures is None:
        figures = dict.fromkeys(("value", "low", "high"), np.full(expected.shape[1:], np.nan))
    # a share of exactly 1 would leave nothing to condition on
    safe, unsafe = (np.clip(expected[:, :, :, k], 1e-9, 1 - 1e-9) for k in (0, 1))
    knows_safe, knows_unsafe = (np.isfinite(figures["value"][:, :, k]) for k in (0, 1))
    out = np.empty((*safe.shape[:3], 2, safe.shape[3]))
    of_safe, of_unsafe = out[:, :, :, 0], out[:, :, :, 1]
    sd = np.sqrt(inverse * safe * (1 - safe))
    of_safe[:] = _answer(safe, sd, noise[0], figures, 0)
    neither = np.maximum(1 - safe - unsafe, 0)
    mean = unsafe - unsafe / (1 - safe) * (of_safe - safe)
    sd = np.sqrt(inverse * unsafe * neither / (1 - safe))
    of_unsafe[:] = _answer(mean, sd, noise[1], figures, 1)
    # only the unsafe share published: the safe one is drawn given it
    alone = np.s_[:, knows_unsafe & ~knows_safe]
    p, q, inverse = safe[alone], unsafe[alone], np.broadcast_to(inverse, safe.shape)[alone]
    sd = np.sqrt(inverse * p * neither[alone] / (1 - q))
    of_safe[alone] = p - p / (1 - q) * (of_unsafe[alone] - q) + sd * noise[0][alone]
    return out


def _answer(
    mean: Floats, sd: Floats, noise: Floats, figures: Mapping[str, Floats], answer: int
) -> Floats:
    """Draw an answer's sample shares; what is known of a cell's is met."""
    value, low, high = (figures[k][:, :, answer] for k in ("value", "low", "high"))
    out = mean + sd * noise
    # a bound: the same draw, moved to where the bound allows it (inverse distribution)
    for a, s, t in zip(*np.nonzero(np.isfinite(low) & np.isnan(value)), strict=True):
        centre, width = mean[:, a, s, t], np.maximum(sd[:, a, s, t], 1e-12)
        start, end = (ndtr((edge[a, s, t] - centre) / width) for edge in (low, high))
        uniform = start + ndtr(noise[:, a, s, t]) * (end - start)
        inside = centre + width * ndtri(np.clip(uniform, 1e-12, 1 - 1e-12))
        out[:, a, s, t] = np.clip(inside, low[a, s, t], high[a, s, t])
    np.copyto(out, value, where=np.isfinite(value))
    return out
