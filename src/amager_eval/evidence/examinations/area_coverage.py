"""Count how often the bands of the area's estimate hold a known truth, in made-up cities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from amager_eval.trends.area.condition import Around, shares_of
from amager_eval.trends.area.design import AreaFigures, unmeasured_blocks
from amager_eval.trends.area.estimate import Study, around_of, lay_out_study, propose_under
from amager_eval.trends.area.hyper import draw_prior
from amager_eval.trends.independence import effective_draws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Fit
    from amager_eval.trends.safety.forecast import Piece

    type Floats = NDArray[np.float64]

__all__ = ["FEW", "SHIFTS", "area_coverage"]

#: How much safer (logit) than drawn the part is that no figure was ever published of. In the
#: Ministry of Justice's survey its estates lie some 0.7 below those of the old part.
SHIFTS: Final[Mapping[str, float]] = {
    "as_assumed": 0.0,
    "added_much_safer": 1.0,
    "added_much_less_safe": -1.0,
}
#: Draws of the districts that a city's answer rests on, all alternatives of the drift together.
_DRAWS: Final = 3000
#: Cities whose answer rests on fewer effective draws of an alternative are counted apart.
FEW: Final = 200.0
#: Draws of the districts are proposed so many times at a time, and at most.
_SETS, _SETS_MAX = 2, 24
_LEVELS: Final = (50, 80, 95)


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

    Parameters
    ----------
    fit : Fit
        Safety: one of its draws is each city's truth of the districts.
    data, agreement : Input, Agreement
        Which figures there are, and of what; their values are made up.
    cities : int
        Made-up cities.
    draws : int
        Draws of the districts that are weighed.
    seed : int
        Seed.
    progress : callable or None
        Called with cities done and cities in all.

    Returns
    -------
    DataFrame
        `truth` (:data:`SHIFTS`, and the shown alternatives of the document, under which the area
        is put together otherwise than assumed), `setting, year, cities, inside_50, inside_80,
        inside_95` (shares), `inside_95_enough` (of cities with :data:`FEW` effective draws or
        more), `enough`, `width_95, bias` (points, means; bias is the middle of the band less the
        truth), `reaches_said, reaches_true` (shares).

    Notes
    -----
    The estimate is step 1's, of the districts' draws other than the truth and of all alternatives
    of the drift, an equal share each, as a report has it. No figure was ever published of the part
    that was added last, or of how many live inside the estates: cities that differ in those alone
    print the same figures, get the same answer, and are held against different truths.
    """
    fit = replace(fit, spec=fit.spec.with_options(forecast_draws=draws))
    first, target = agreement.safety.baseline_wave, agreement.safety.target_wave
    study, design, pieces = lay_out_study(fit, data, agreement, until=target)
    study = replace(study, stated=[], estates=None, delivered={})
    arounds = [around_of(study, piece, design) for piece in pieces]
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for city in range(cities):
        home = city % len(pieces)
        truth = int(rng.integers(len(arounds[home].deff)))
        told, truths = _make_city(study, arounds[home], pieces[home], truth, rng)
        asked = replace(study, figures=told)
        found = [
            _answer(asked, around, piece, truth if k == home else None, rng)
            for k, (around, piece) in enumerate(zip(arounds, pieces, strict=True))
        ]
        area, whole, weight = (np.concatenate([f[i] for f in found]) for i in range(3))
        least = min(1 / (f[2] ** 2).sum() for f in found)
        city_share = expit(arounds[home].whole[truth])
        for name, true in truths.items():
            for s, setting in enumerate(study.settings):
                for year in (first, target):
                    t = year - int(study.years[0])
                    held = _hold(area[:, s, t], whole[:, s, t], weight, true[s, t])
                    reaches = bool(true[s, t] >= city_share[s, t])
                    rows.append({"truth": name, "setting": setting, "year": year, "least": least}
                                | held | {"reaches_true": reaches})  # fmt: skip
        if progress is not None:
            progress(city + 1, cities)
    return _summarise(pd.DataFrame(rows))


def _make_city(
    study: Study,
    around: Around,
    piece: Piece,
    truth: int,
    rng: np.random.Generator,
) -> tuple[AreaFigures, dict[str, Floats]]:
    """Draw a city's blocks and make-up, its printed figures, and its area's share in each truth."""
    nested, spec = study.nested, study.spec
    there, at = around.take([truth]), np.array([truth])
    shares = {m.id: float(draw_prior(spec.priors[m.share], rng, 1)[0]) for m in nested.mixture}
    known = replace(study, delivered=shares)
    drawn = propose_under(known, around, piece, at, rng, figures=False)
    told = _print_figures(study, drawn.before, there, drawn.weights, rng)

    def area(eta: Floats, made: Mapping[str, Any]) -> Floats:
        found = shares_of(nested.area, eta, there, nested, nested.weights(made))
        return np.asarray(found[0, :, 0])

    missing = unmeasured_blocks(nested, study.figures.of)
    unmeasured = [k for k, block in enumerate(nested.block) if block.id in missing]
    truths = {}
    for name, shift in SHIFTS.items():
        eta = drawn.before.copy()
        eta[:, unmeasured] += shift
        truths[name] = area(eta, shares)
    for other in (a for a in spec.alternative if a.shown):
        changed = {m.id: float(draw_prior(other.priors[m.share], rng, 1)[0])
                   for m in nested.mixture if m.share in other.priors}  # fmt: skip
        truths[other.id] = area(drawn.before, shares | changed)
    return told, truths


def _print_figures(
    study: Study,
    eta: Floats,
    there: Around,
    weights: Mapping[str, Mapping[str, Any]],
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


def _answer(
    study: Study, around: Around, piece: Piece, truth: int | None, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Area's and city's shares, (draw, setting, year), and weights that sum to 1."""
    others = np.arange(len(around.deff))
    others = others if truth is None else np.delete(others, truth)
    rows, logs, shares = [], [], []
    for _ in range(_SETS_MAX // _SETS):
        some = np.tile(others, _SETS)
        proposed = propose_under(study, around, piece, some, rng)
        here, area = around.take(some), study.nested.area
        found = shares_of(area, proposed.after, here, study.nested, proposed.weights)[:, :, 0]
        rows.append(some)
        shares.append(found)
        logs.append(proposed.log_weight["figures"])
        if effective_draws(np.concatenate(logs)) >= FEW:
            break
    log = np.concatenate(logs)
    weight = np.exp(log - log.max())
    whole = expit(around.whole[np.concatenate(rows)])
    return np.concatenate(shares), whole, weight / weight.sum()


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
    for (truth, setting, year), of in frame.groupby(["truth", "setting", "year"], sort=False):
        enough = of["least"] >= FEW
        made.append(
            {"truth": truth, "setting": setting, "year": year, "cities": len(of)}
            | {c: float(of[c].mean()) for c in (f"inside_{v}" for v in _LEVELS)}
            | {"enough": int(enough.sum()),
               "inside_95_enough": float(of["inside_95"][enough].mean())}
            | {c: float(of[c].mean()) for c in ("width_95", "bias", "reaches_said", "reaches_true")}
        )  # fmt: skip
    return pd.DataFrame(made)
