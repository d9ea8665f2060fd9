"""Count how often the bands of the area's estimate hold a known truth, in made-up cities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from amager_eval.data.published import published
from amager_eval.evidence.examinations.job import Found, Job, beside_districts
from amager_eval.spec.agreement import load_agreement
from amager_eval.trends.area.condition import Around, shares_of
from amager_eval.trends.area.design import AreaFigures, unmeasured_blocks
from amager_eval.trends.area.estimate import (
    Study,
    around_of,
    lay_out_study,
    propose_under,
    weigh_proposals,
)
from amager_eval.trends.area.hyper import draw_prior

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.area_estimate import Step
    from amager_eval.trends.area.condition import Weights
    from amager_eval.trends.fit import Fit
    from amager_eval.trends.safety.forecast import Piece

    type Floats = NDArray[np.float64]

__all__ = ["FEW", "SHIFTS", "area_coverage", "examine_coverage"]

#: How much safer (logit) than drawn the part is that no figure was ever published of. In the
#: Ministry of Justice's survey its estates lie some 0.7 below those of the old part.
SHIFTS: Final[Mapping[str, float]] = {
    "as_assumed": 0.0,
    "added_much_safer": 1.0,
    "added_much_less_safe": -1.0,
}
#: Draws of the districts that a city's answer rests on, all alternatives of the drift together.
_DRAWS: Final = 1500
#: Cities whose answer rests on fewer effective draws of an alternative are counted apart.
FEW: Final = 200.0
_LEVELS: Final = (50, 80, 95)


@dataclass(frozen=True, eq=False)
class Truth:
    """A made-up truth of the area."""

    #: Its true safe share, (setting, year).
    share: Floats
    #: Whether the agreement's sentence would have been written of it.
    stated: bool


def examine_coverage(job: Job, fit: Fit) -> dict[str, Found]:
    """Count how often the bands of the area hold the truth of made-up cities."""
    table = area_coverage(fit, published(), load_agreement(), cities=job.fits, seed=1,
                          progress=job.told("coverage"))  # fmt: skip
    beside = {"figures": "SYNTHETIC", "enough_effective_draws": FEW}
    return {"coverage": Found(table, beside_districts(job, fit) | beside)}


def area_coverage(
    fit: Fit,
    data: Input,
    agreement: Agreement,
    *,
    cities: int = 200,
    draws: int = _DRAWS,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Make up cities, print the figures that were printed of them, and estimate the area.

    One of the fit's draws is each city's truth of the districts. `cities` counts those of which the
    agreement's sentence would have been written, as assumed; those drawn on the way of which it
    would not are held too, under the steps that do not rest on it.

    Columns: `step` of evidence, `truth` (:data:`SHIFTS`, and the shown alternatives of the
    document, under which the area is put together otherwise than assumed), `setting, year, cities,
    inside_50, inside_80, inside_95` (shares), `inside_95_enough` (of cities with :data:`FEW`
    effective draws or more), `enough`, `width_95, bias` (points, means; bias is the middle of the
    band less the truth), `reaches_said, reaches_true` (shares).

    The estimate is of the districts' draws other than the truth and of all alternatives of the
    drift, an equal share each, as a report has it. No figure was ever published of the part that
    was added last, or of how many live inside the estates: cities that differ in those alone print
    the same figures and get the same answer of steps 0 and 1. The agreement's sentence would not
    have been written of every city: where it is evidence, the cities are those of which a sample
    of the declared size would have shown it. The other survey's estates are left out.
    """
    fit = replace(fit, spec=fit.spec.with_options(forecast_draws=draws))
    first, target = agreement.safety.baseline_wave, agreement.safety.target_wave
    study, design, pieces = lay_out_study(fit, data, agreement, until=target)
    enough = study.spec.model_copy(update={"effective_min": FEW})
    study = replace(study, spec=enough, delivered={})
    arounds = [around_of(study, piece, design) for piece in pieces]
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    made = wanted = 0
    while wanted < cities:
        home = made % len(pieces)
        truth = int(rng.integers(len(arounds[home].deff)))
        told, truths = _make_city(study, arounds[home], pieces[home], truth, rng)
        asked = replace(study, figures=told, estates=None)
        found = [
            _Answer(asked, around, piece, truth if k == home else None, rng)
            for k, (around, piece) in enumerate(zip(arounds, pieces, strict=True))
        ]
        city_share = expit(arounds[home].whole[truth])
        for name, true in truths.items():
            for step in found[0].steps:
                if "stated" in step.rests_on and not true.stated:
                    continue
                answers = [f.under(step) for f in found]
                area, whole, weight = (np.concatenate([a[i] for a in answers]) for i in range(3))
                least = min(1 / (a[2] ** 2).sum() for a in answers)
                for s, setting in enumerate(study.settings):
                    for year in (first, target):
                        t = year - int(study.years[0])
                        held = _hold(area[:, s, t], whole[:, s, t], weight, true.share[s, t])
                        reaches = bool(true.share[s, t] >= city_share[s, t])
                        rows.append(
                            {"step": step.id, "truth": name, "setting": setting, "year": year,
                             "least": least} | held | {"reaches_true": reaches}
                        )  # fmt: skip
        made += 1
        wanted += truths["as_assumed"].stated or not study.stated
        if progress is not None:
            progress(wanted, cities)
    return _summarise(pd.DataFrame(rows))


def _make_city(
    study: Study,
    around: Around,
    piece: Piece,
    truth: int,
    rng: np.random.Generator,
) -> tuple[AreaFigures, dict[str, Truth]]:
    """Draw a city's blocks and make-up, its printed figures, and its area in each truth."""
    nested, spec = study.nested, study.spec
    there, at = around.take([truth]), np.array([truth])
    shares = {m.id: float(draw_prior(spec.priors[m.share], rng, 1)[0]) for m in nested.mixture}
    known = replace(study, delivered=shares)
    drawn = propose_under(known, around, piece, at, rng, figures=False)
    told = _print_figures(study, drawn.before, there, drawn.weights, rng)
    chance = rng.standard_normal(len(study.settings))

    def make(eta: Floats, made: Mapping[str, float]) -> Truth:
        true, seen = (
            shares_of(nested.area, eta, there, nested, nested.weights(made), seen=seen)[0, :, 0]
            for seen in (False, True)
        )
        return Truth(true, _is_stated(study, seen, there, chance))

    missing = unmeasured_blocks(nested, study.figures.of)
    unmeasured = [k for k, block in enumerate(nested.block) if block.id in missing]
    truths = {}
    for name, shift in SHIFTS.items():
        eta = drawn.before.copy()
        eta[:, unmeasured] += shift
        truths[name] = make(eta, shares)
    for other in (a for a in spec.alternative if a.shown):
        changed = {m.id: float(draw_prior(other.priors[m.share], rng, 1)[0])
                   for m in nested.mixture if m.share in other.priors}  # fmt: skip
        truths[other.id] = make(drawn.before, shares | changed)
    return told, truths


def _is_stated(study: Study, seen: Floats, there: Around, chance: Floats) -> bool:
    """Whether samples of the declared size lie below the city in every wave and question told."""
    for stated, year, settings in study.stated:
        for s in settings:
            p = seen[s, year]
            whole = expit(there.whole[0, s, year] + there.shift[0, year])
            sd = np.sqrt(there.deff[0] * p * (1 - p) / stated.n)
            if p + sd * chance[s] >= whole:
                return False
    return bool(study.stated)


def _print_figures(
    study: Study,
    eta: Floats,
    there: Around,
    weights: Weights,
    rng: np.random.Generator,
) -> AreaFigures:
    """Print what samples of the made-up city would have shown, in whole percent."""
    figures = study.figures
    size = draw_prior(study.spec.priors["sample_size"], rng, len(figures.n))
    value = np.empty(len(figures))
    for f, of in enumerate(figures.of):
        seen = shares_of(of, eta, there, study.nested, weights, seen=True)
        safe, unsafe = seen[0, figures.setting[f], :, figures.year[f]]
        constant, a, b = figures.answer[f]
        p = constant + a * safe + b * unsafe
        sd = np.sqrt(there.deff[0] * p * (1 - p) / size[figures.sample[f]])
        value[f] = np.clip(np.round(p + sd * rng.standard_normal(), 2), 0.01, 0.99)
    return replace(figures, value=value, low=value - 0.005, high=value + 0.005)


class _Answer:
    """A city's estimate under one alternative of the drift, by all districts but the truth."""

    def __init__(
        self,
        study: Study,
        around: Around,
        piece: Piece,
        truth: int | None,
        rng: np.random.Generator,
    ) -> None:
        every = np.arange(len(around.deff))
        self.steps = [s for s in study.spec.step if "estates" not in s.rests_on]
        self.found = weigh_proposals(
            study, around, piece, self.steps, rng,
            districts=every if truth is None else np.delete(every, truth),
        )  # fmt: skip
        here = around.take(self.found.rows)
        self.whole = expit(here.whole)
        made = {study.nested.area: self.found.weights}
        self.area = {
            kind: shares_of(
                study.nested.area, eta.astype(float), here, study.nested, made
            )[:, :, 0]
            for kind, eta in self.found.eta.items()
        }  # fmt: skip

    def under(self, step: Step) -> tuple[Floats, Floats, Floats]:
        """Area's and city's shares, (draw, setting, year), and weights that sum to 1."""
        log = self.found.log_weight[step.id]
        weight = np.exp(log - log.max())
        area = self.area["after" if step.rests_on else "before"]
        return area, self.whole, weight / weight.sum()


def _hold(area: Floats, whole: Floats, weight: Floats, true: float) -> dict[str, object]:
    """Hold the weighted bands of one question and year against the truth."""
    order = np.argsort(area)
    below = np.cumsum(weight[order])
    below = (below - weight[order] / 2) / below[-1]

    def at(level: float) -> float:
        return float(np.interp(level, below, area[order]))

    found: dict[str, object] = {}
    for level in _LEVELS:
        ends = at(0.5 - level / 200), at(0.5 + level / 200)
        found[f"inside_{level}"] = ends[0] <= true <= ends[1]
    found["width_95"] = 100 * (ends[1] - ends[0])
    found["bias"] = 100 * (at(0.5) - true)
    found["reaches_said"] = float(weight @ (area >= whole) / weight.sum())
    return found


def _summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Take means over the cities."""
    made = []
    by = ["step", "truth", "setting", "year"]
    truths = list(dict.fromkeys(frame["truth"]))
    ordered = frame.assign(truth=pd.Categorical(frame["truth"], truths))
    for keys, of in ordered.groupby(by, observed=True):
        enough = of["least"] >= FEW
        made.append(
            dict(zip(by, keys, strict=True))
            | {"cities": len(of)}
            | {c: float(of[c].mean()) for c in (f"inside_{v}" for v in _LEVELS)}
            | {"enough": int(enough.sum()),
               "inside_95_enough": float(of["inside_95"][enough].mean())}
            | {c: float(of[c].mean()) for c in ("width_95", "bias", "reaches_said", "reaches_true")}
        )  # fmt: skip
    return pd.DataFrame(made)
