"""The made-up city's safety survey: true shares, and the figures a survey would publish."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from amager_eval.conventions import RESPONSES
from amager_eval.evidence.city.process import (
    BASELINE,
    HORIZON,
    Array,
    Places,
    Truth,
    logistic,
    random_walks,
)

__all__ = ["draw_safety"]

_FIRST_WAVE: Final = 2013
_CITY_RESPONDENTS: Final = 4000
#: The partnership area has a sample of its own.
_AREA_RESPONDENTS: Final = 420
_RESPONSE_RATE: Final = 0.3


def draw_safety(
    rng: np.random.Generator, truth: Truth, places: Places, last_wave: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Draw the survey.

    Gives published figures in whole percentages, one row per wave, and true shares,
    `area, setting, response, wave, share` (0 to 1) to wave 2029.
    """
    waves = np.arange(_FIRST_WAVE, HORIZON + 1, dtype=np.int64)
    parts = len(places.parts)
    # in a scenario the districts are alike, so that one compiled model serves every seed
    spread = np.exp(rng.normal(0, 0.2, parts) * (truth.scenario is None))
    sizes = np.round(_CITY_RESPONDENTS * spread / spread.sum()).astype(int)
    weights = sizes / sizes.sum()
    levels = rng.normal(0, truth.level_sd, parts + 1)
    levels[:parts] -= weights @ levels[:parts]  # the city's level is the districts' mean
    if truth.area_gap is not None:
        levels[parts] = truth.area_gap
    moved, luck = np.zeros((2, parts + 1, len(waves)))
    if truth.scenario is not None:  # the last row is the partnership area
        moved[-1] = truth.scenario.safety_step * np.maximum(0, waves - BASELINE)
        luck[-1] = np.where(waves == BASELINE, truth.scenario.safety_once, 0.0)
    wave_error = rng.normal(0, truth.wave_sd, len(waves))
    names = (*places.parts, places.area, places.whole)
    respondents = np.array([*sizes, _AREA_RESPONDENTS, sizes.sum()])
    published, true = [], []
    for setting in truth.level:
        still, times = truth.still_from, waves.astype(float)
        city = truth.level[setting] + random_walks(rng, times, truth.city_sd, 1, still_from=still)
        gaps = random_walks(rng, times, truth.gap_sd, parts + 1, still_from=still)
        eta = city + levels[:, None] + gaps + moved
        shares = _with_whole(_shares(eta, truth.gap_response[setting]), weights)
        fielded = _shares(eta + wave_error + luck, truth.gap_response[setting])
        drawn = _with_whole(_draw(rng, fielded, respondents[:-1], truth.deff), weights)
        true.append(_long(shares, names, waves, setting))
        published.append(_long(drawn, names, waves, setting))
    figures = pd.concat(published, ignore_index=True)
    figures = figures[(figures["wave"] <= last_wave) & (figures["response"] != "neither")]
    kinds = {name: places.kind(name) for name in names}
    safety = pd.DataFrame(
        {
            "area": figures["area"],
            "wave": figures["wave"],
            "setting": figures["setting"],
            "response": figures["response"],
            "percent": np.round(100 * figures["share"]),
            "n": figures["area"].map(dict(zip(names, respondents, strict=True))),
            "decimals": 0,
            "comparator": "=",
            "area_kind": figures["area"].map(kinds),
        }
    ).reset_index(drop=True)
    rounds = _rounds(waves[waves <= last_wave], int(sizes.sum()))
    return safety, rounds, pd.concat(true, ignore_index=True)


def _shares(eta: Array, gap: float) -> Array:
    """Shares of safe, neither and unsafe, dims `area, wave, response`."""
    safe, unsafe = logistic(eta), logistic(-(eta + gap))
    return np.stack([safe, 1 - safe - unsafe, unsafe], axis=-1)


def _draw(rng: np.random.Generator, shares: Array, respondents: Array, deff: float) -> Array:
    """Draw shares whose variance is `deff` times the multinomial's, dims as `shares`."""
    drawn = np.empty_like(shares)
    for area, n in enumerate(respondents.astype(int)):
        correlation = (deff - 1) / (n - 1)
        concentration = (1 - correlation) / correlation
        for wave in range(shares.shape[1]):
            p = rng.dirichlet(concentration * shares[area, wave])
            drawn[area, wave] = rng.multinomial(n, p) / n
    return drawn


def _with_whole(shares: Array, weights: Array) -> Array:
    """Append the districts' weighted mean as the last area."""
    whole = np.einsum("a,awr->wr", weights, shares[: len(weights)])
    return np.concatenate([shares, whole[None]])


def _long(
    shares: Array, names: tuple[str, ...], waves: NDArray[np.int64], setting: str
) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [names, waves.tolist(), RESPONSES], names=["area", "wave", "response"]
    )
    frame = pd.DataFrame({"share": shares.ravel()}, index=index).reset_index()
    return frame.assign(setting=setting)[["area", "setting", "response", "wave", "share"]]


def _rounds(waves: NDArray[np.int64], respondents: int) -> pd.DataFrame:
    invited = round(respondents / _RESPONSE_RATE)
    return pd.DataFrame(
        {
            "wave": waves,
            "invited": invited,
            "respondents": respondents,
            "response_rate_percent": round(100 * respondents / invited),
            "fieldwork_start": [f"{wave - 1}-12-01" for wave in waves],
            "fieldwork_end": [f"{wave}-02-01" for wave in waves],
            "collector": "Opdigtet institut",
        }
    )
