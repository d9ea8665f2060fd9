"""The estimate of an unmeasured area written once more, as one plain PyMC graph.

Nothing of the package's own blocks, mixtures or figures is used: what is asked stands here again,
from the model card. The districts' courses are given, not drawn, and no block has a direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

#: Block and its district, in the order of the graph.
BLOCKS = (
    ("first", "Amager Vest"), ("joined", "Amager Vest"), ("added", "Amager Øst"),
    ("folehaven", "Valby"), ("tingbjerg", "Brønshøj-Husum"),
)  # fmt: skip
#: Published unsafe shares: area, year, at night, percent.
FIGURES = (
    ("first", 2014, 0, 16), ("first", 2014, 1, 34), ("first", 2019, 0, 13), ("first", 2020, 0, 15),
    ("first", 2020, 1, 29), ("both", 2021, 0, 17), ("both", 2021, 1, 27),
    ("folehaven", 2019, 0, 19), ("folehaven", 2020, 0, 16),
    ("tingbjerg", 2014, 0, 22), ("tingbjerg", 2016, 0, 13),
)  # fmt: skip


@dataclass(frozen=True)
class Given:
    """What the districts' model is taken to have said.

    `city` and each of `districts` are logits (setting, year), `width` of the third answer
    (setting,) by district; `correlation` of day and night in a block's yearly steps; first year.
    """

    city: Any
    districts: dict[str, Any]
    width: dict[str, Any]
    correlation: float
    deff: float
    first: int
    anchor: int


def sample_area(
    given: Given, *, stated: bool, draws: int = 1500, seed: int = 1
) -> np.ndarray[Any, Any]:
    """Sample the enlarged area's safe share, (draw, setting, year)."""
    years = given.city.shape[1]
    at = given.anchor - given.first
    with pm.Model():
        follows = pm.Uniform("follows", 0, 1)
        centre = pm.Normal("centre", 0, 1)
        of_setting = pm.Normal("of_setting", 0, 0.15, shape=2)
        spread = pm.HalfNormal("spread", 0.4)
        alike = pm.Beta("alike", 2, 2)
        wander = pm.HalfNormal("wander", 0.08)
        joined, half = pm.Beta("joined", 6, 2), pm.Beta("half", 4, 4)
        old, new = pm.Beta("old", 4, 2), pm.Beta("new", 3, 2)
        level = pm.Normal("level", shape=(len(BLOCKS), 2))
        step = pm.Normal("step", shape=(len(BLOCKS), 2, years - 1))
        night = alike * level[:, 0] + pt.sqrt(1 - alike**2) * level[:, 1]
        own = spread * pt.stack([level[:, 0], night], axis=1)
        r = given.correlation
        steps = wander * pt.stack(
            [step[:, 0], r * step[:, 0] + np.sqrt(1 - r**2) * step[:, 1]], axis=1
        )
        sums = pt.concatenate([pt.zeros((len(BLOCKS), 2, 1)), pt.cumsum(steps, axis=2)], axis=2)
        walk = sums - sums[:, :, at : at + 1]
        eta = {}
        for k, (name, district) in enumerate(BLOCKS):
            mean = given.city + follows * (given.districts[district] - given.city)
            eta[name] = mean + centre + of_setting[:, None] + own[k][:, None] + walk[k]
        width = dict(BLOCKS)

        def unsafe(name: str, s: int, t: int) -> Any:
            wide = given.width[width[name]][s]
            return pm.math.sigmoid(-(eta[name][s, t] + wide))

        samples = list(dict.fromkeys((a, y) for a, y, _, _ in FIGURES))
        size = pm.LogNormal("size", np.log(250), 0.5, shape=len(samples))
        log = pt.zeros(())
        for name, year, s, percent in FIGURES:
            t = year - given.first
            p = (
                joined * unsafe("first", s, t) + (1 - joined) * unsafe("joined", s, t)
                if name == "both" else unsafe(name, s, t)
            )  # fmt: skip
            sd = pt.sqrt(given.deff * p * (1 - p) / size[samples.index((name, year))])
            low, high = (percent - 0.5) / 100, (percent + 0.5) / 100
            z = pm.Normal.dist(0, 1)
            inside = pt.exp(pm.logcdf(z, (high - p) / sd)) - pt.exp(pm.logcdf(z, (low - p) / sd))
            log = log + pt.log(pt.maximum(inside, 1e-300))
        safe = {name: pm.math.sigmoid(eta[name]) for name, _ in BLOCKS}
        west, east = (pm.math.sigmoid(given.districts[d]) for d in ("Amager Vest", "Amager Øst"))
        both = joined * safe["first"] + (1 - joined) * safe["joined"]
        area = half * (old * both + (1 - old) * west)
        area = pm.Deterministic(
            "area", area + (1 - half) * (new * safe["added"] + (1 - new) * east)
        )
        if stated:
            p = area[:, at]
            sd = pt.sqrt(given.deff * p * (1 - p) / 300)
            city = pm.math.sigmoid(given.city[:, at])
            log = log + pt.sum(pm.logcdf(pm.Normal.dist(0, 1), (city - p) / sd))
        pm.Potential("figures", log)
        trace = pm.sample(
            draws, tune=1000, chains=2, cores=1, random_seed=seed, progressbar=False,
            nuts_sampler="nutpie", target_accept=0.9,
        )  # fmt: skip
    found = trace["posterior"]["area"].stack(sample=("chain", "draw")).transpose("sample", ...)
    return np.asarray(found)
