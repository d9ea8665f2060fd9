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
from amager_eval.trends.safety.draws import inverse_size
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

    Parameters
    ----------
    fit : Fitted
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
    names = tuple(alternatives or fit.spec.options["alternatives"])
    posterior = _simulate(fit, design, last, n, names, prior_only=False)
    before = None
    if prior and "baseline_only" in fit.data.children:
        before = _simulate(fit, design, last, n, names, prior_only=True)
    return Forecast("safety", posterior, before, fit.spec.digest, fit.spec.changed_from)


def _simulate(
    fit: Fitted,
    design: xr.Dataset,
    until: int,
    n: float | None,
    names: tuple[str, ...],
    *,
    prior_only: bool,
) -> xr.Dataset:
    """Draws of all alternatives, one after the other on `sample`."""
    years, pieces, every = _pieces(fit, until, n, names, prior_only=prior_only)
    start = int(years[0])
    per = len(pieces[0].true)
    shown = slice(int(design.attrs["first_wave"]) - start, until - start + 1)
    true, published = every[..., shown]
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
    fit: Fitted, until: int, *, prior_only: bool = False
) -> tuple[NDArray[np.int64], list[Piece]]:
    """Give the draws behind a forecast, sample by sample: what other areas are estimated from.

    Parameters
    ----------
    fit : Fitted
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
    start = int(design["year"][0])
    years = np.arange(start, max(until, int(design["year"][-1])) + 1)
    cells = (len(design["area"]), len(design["setting"]), len(ANSWERS), len(years))
    every, pieces = np.empty((2, per * len(names), *cells)), []
    for k, name in enumerate(names):
        draws = _take(fit, name, per, k, prior_only=prior_only)
        eta = _paths(fit, design, draws, name, years, rng, prior_only=prior_only)
        # error shared by all cells of a wave and the collector's step
        past = (
            draws["wave_error"] + draws["collector_step"][:, None] * design["before_break"].values
        )
        later = rng.standard_normal((per, len(years) - past.shape[1]))
        shift = np.concatenate([past, fit.spec.priors["wave_error"]["sigma"] * later], axis=1)
        own = every[:, k * per : (k + 1) * per]
        _shares(fit, design, draws, eta, shift, years, n, rng, own, prior_only=prior_only)
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
    flat = (v.transpose("chain", "draw", ...).to_numpy() for v in draws.data_vars.values())
    taken = (v.reshape(size, *v.shape[2:])[at].astype(float) for v in flat)
    return dict(zip(map(str, draws.data_vars), taken, strict=True))


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
    if isinstance(moved, float):
        return eta
    # declared covariates move on from where they are known
    return eta + moved - moved[..., np.clip(np.arange(len(years)), first, last)]


def _shares(
    fit: Fitted,
    design: xr.Dataset,
    draws: Draws,
    eta: Floats,
    shift: Floats,
    years: Any,
    n: float | None,
    rng: np.random.Generator,
    into: Floats,
    *,
    prior_only: bool,
) -> None:
    """Lay true and published shares into an array of both."""
    width = draws["response_gap"][..., None]
    seen = eta + shift[:, None, None] + own_move(design, fit.spec, draws, years, "survey")
    inverse = _inverse_size(design, draws, years, n)
    figures = _figures(design, years, prior_only=prior_only)
    inside = [list(design["area"].to_numpy()).index(a) for a in design["latent"].to_numpy()]
    ends = {k: v[inside] for k, v in figures.items()}
    decimals, value = shown_decimals(design), figures["value"]
    weight = design["weight"].to_numpy() if design.attrs["weighted"] else None
    (true, published), noise = into, rng.standard_normal((2, *eta.shape))
    for at in in_blocks(len(eta)):
        own = shares_of_logit(eta[at], width[at])
        expected = shares_of_logit(seen[at], width[at])
        sampled = sample_shares(expected, inverse[at], ends, noise[:, at])
        for place, shares in ((true[at], own), (published[at], sampled)):
            place[:, -len(inside) :] = shares
            if weight is not None:
                np.einsum("a,na...->n...", weight, shares, out=place[:, 0])
        np.clip(published[at], 0, 1, out=published[at])
        if np.isfinite(decimals):
            published[at] = np.round(published[at] * 100, int(decimals)) / 100
        np.copyto(published[at], value, where=np.isfinite(value))


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
    expected: Floats, inverse: Floats, figures: Mapping[str, Floats], noise: Floats
) -> Floats:
    """Sample shares given what the cell published, (sample, latent, setting, answer, year).

    Parameters
    ----------
    expected : ndarray
        Shares the sample is drawn around.
    inverse : ndarray
        Design effect over respondents, (sample, latent, setting, year).
    figures : mapping of str to ndarray
        `value, low, high` of what was published, (latent, setting, answer, year), NaN where none.
    noise : ndarray
        Standard normal, (2, sample, latent, setting, year).
    """
    # a share of exactly 1 would leave nothing to condition on
    safe, unsafe = (np.clip(expected[:, :, :, k], 1e-9, 1 - 1e-9) for k in (0, 1))
    knows_safe, knows_unsafe = (np.isfinite(figures["value"][:, :, k]) for k in (0, 1))
    out = np.empty((*safe.shape[:3], 2, safe.shape[3]))
    of_safe, of_unsafe = out[:, :, :, 0], out[:, :, :, 1]
    sd = np.sqrt(inverse * safe * (1 - safe))
    of_safe[:] = _published(safe, sd, noise[0], figures, 0)
    neither = np.maximum(1 - safe - unsafe, 0)
    mean = unsafe - unsafe / (1 - safe) * (of_safe - safe)
    sd = np.sqrt(inverse * unsafe * neither / (1 - safe))
    of_unsafe[:] = _published(mean, sd, noise[1], figures, 1)
    # only the unsafe share published: the safe one is drawn given it
    alone = np.s_[:, knows_unsafe & ~knows_safe]
    p, q, inverse = safe[alone], unsafe[alone], np.broadcast_to(inverse, safe.shape)[alone]
    sd = np.sqrt(inverse * p * neither[alone] / (1 - q))
    of_safe[alone] = p - p / (1 - q) * (of_unsafe[alone] - q) + sd * noise[0][alone]
    return out


def _published(
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
