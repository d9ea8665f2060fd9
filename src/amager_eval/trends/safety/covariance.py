"""The safety model's covariance: every figure as a linear reading of a few Gaussian terms.

What lies behind the figures is, on the logit, a sum of terms: a level, a common path, each area's
own level and walk, drifts, errors of the survey. Each is Normal given a scale, so the figures are
one multivariate Normal whose covariance is a sum of fixed matrices times variances. A term is
changed here, in :func:`terms`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array, hstack, kron, vstack
from scipy.special import expit

from amager_eval.conventions import RESPONSES
from amager_eval.trends.blocks import Part, lay_in_blocks
from amager_eval.trends.linear_normal import Covariance
from amager_eval.trends.safety.own_effects import own_effects

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.blocks import BlockFactor
    from amager_eval.trends.linear_normal import Factor

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["ANSWERS", "Figures", "Gaussian", "Point", "Term", "figures", "linearise", "terms"]

#: Share of each answer as constant + a * safe + b * unsafe
ANSWERS = {"safe": (0.0, 1.0, 0.0), "neither": (1.0, -1.0, -1.0), "unsafe": (0.0, 0.0, 1.0)}
#: Figures from which their covariance is factored in blocks.
_MANY: Final = 400
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)


@dataclass(frozen=True, eq=False)
class Term:
    """A Gaussian term: independent standard Normals, laid out over areas, settings and years.

    The term of a cell is the sum over k, l, m of `areas` (latent, k), `settings` (setting, l) and
    `years` (year, m) times a Normal, and `profile` (latent, year) where there is one.
    """

    name: str
    areas: Floats
    settings: Floats
    years: Floats
    #: Standard deviation of the Normals: the name of a sampled scale, or a declared number.
    scale: str | float
    #: What multiplies their variance, given the scales.
    times: Callable[[Mapping[str, Any]], Any] = lambda _: 1.0
    #: What it is part of: the true share, what the survey sees beyond it, or the third answer's
    #: width.
    moves: Literal["truth", "survey", "link"] = "truth"
    profile: Floats | None = None

    def variance(self, scales: Mapping[str, Any]) -> Any:
        """Variance of the Normals, given the scales as numbers, draws or graph variables."""
        sd = scales[self.scale] if isinstance(self.scale, str) else self.scale
        return sd**2 * self.times(scales)

    @cached_property
    def state(self) -> csr_array:
        """Sparse matrix from the term's Normals to all they may move, (2 x cell, Normal).

        First the logit of every cell, an area, setting and year; then the log ratio of the width of
        its third answer to the common one.
        """
        areas, settings, years = map(csr_array, (self.areas, self.settings, self.years))
        made = kron(kron(areas, settings), years)
        if self.profile is not None:
            shape = len(self.areas), len(self.settings), len(self.years)
            made = diags_array(np.broadcast_to(self.profile[:, None], shape).ravel()) @ made
        none = csr_array(made.shape)
        return csr_array(vstack([none, made] if self.moves == "link" else [made, none]))


@dataclass(frozen=True, eq=False)
class Figures:
    """The figures that count, known ones first, then bounds; every array begins with (figure,)."""

    #: Indices in the design.
    setting: Integers
    year: Integers
    area: Integers
    response: Integers
    #: How it weighs the latent areas: 1 for an area's own, weights for the weighted whole's.
    share: Floats
    #: Constant and coefficients of the safe and unsafe share.
    answer: Floats
    #: Published share, 0 to 1; NaN for a bound.
    value: Floats
    #: Interval a bound leaves, within 0 and 1.
    low: Floats
    high: Floats
    #: Variance of the rounding; 0 for counts.
    rounding: Floats

    @cached_property
    def cells(self) -> list[Integers]:
        """Figures of each cell: an area, setting and wave."""
        keys = pd.DataFrame({"area": self.area, "setting": self.setting, "year": self.year})
        return [np.asarray(rows) for rows in keys.groupby(list(keys)).indices.values()]

    def names(self, design: xr.Dataset) -> pd.DataFrame:
        """Area, setting, response and year of each figure."""
        at = {k: getattr(self, k) for k in ("area", "setting", "response", "year")}
        return pd.DataFrame({k: design[k].to_numpy()[v] for k, v in at.items()})

    @cached_property
    def of_parts(self) -> NDArray[np.bool_]:
        """Which are the weighted whole's, read off its parts."""
        found: NDArray[np.bool_] = (self.share > 0).sum(axis=1) > 1
        return found

    @property
    def known(self) -> int:
        """How many are figures; the rest are bounds."""
        return int(np.isfinite(self.value).sum())


@dataclass(frozen=True, eq=False)
class Point:
    """What the figures are written as linear around."""

    #: Of the logit of the safe share as the survey sees it, (latent, setting, year): slopes are
    #: means over this spread, not slopes at a point.
    mean: Floats
    variance: Floats
    #: Width of the third answer, (setting,).
    width: Floats
    #: Value and variance of the normal figures that stand for the bounds, (bound,) each.
    bounds: tuple[Floats, Floats]
    #: By so much a figure's likelihood is centred elsewhere than the normal one's, (figure,).
    shift: Floats
    #: Times a cell's figures are more precise than the normal ones, (latent, setting, year).
    precision: Floats


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The figures as a multivariate Normal: means and named covariance matrices."""

    design: xr.Dataset
    spec: ModelSpec
    figures: Figures
    terms: tuple[Term, ...]
    #: Slope of each figure by eta of each area and by the third answer's common width there,
    #: (figure, latent).
    load: Floats
    link: Floats
    #: Mean of each figure at a width of 0, (figure,); `link` times the width is added, and the
    #: point's shift is in it.
    base: Floats
    #: What they are linear around.
    point: Point
    #: What was observed, (figure,); of a bound, the normal figure that says as much.
    value: Floats
    #: Slope of each figure by the state: eta and the log ratio of the width, of every cell.
    reading: csr_array
    #: Covariance of the figures by term and by source of error, (figure, figure).
    matrices: dict[str, Floats]

    @property
    def centre(self) -> float:
        """Prior mean of the level."""
        return float(self.spec.priors["level"]["mu"])

    def expected(self, width: Floats) -> Floats:
        """Prior means of the figures, (..., figure), at a width of the third answer by setting."""
        found: Floats = self.base + self.link.sum(axis=1) * width[..., self.figures.setting]
        return found

    def factor(self, variances: Mapping[str, Any]) -> Factor | BlockFactor:
        """Factor the figures' covariance at numbers."""
        names = list(self.matrices)
        row = np.array([[float(variances[k]) for k in names]])
        held = next(self.covariance({}, names).factors(row))
        assert held is not None  # errors have variances
        return held

    def variances(self, scales: Mapping[str, Any]) -> dict[str, Any]:
        """Variance of each matrix, given the scales as numbers, draws or graph variables."""
        deff, size = (scales.get(k, 1.0) for k in ("design_effect", "unknown_size"))
        of_errors = {
            "sampling": deff, "sampling_given": 1.0, "rounding": 1.0,
            "unsized": deff / size, "unsized_given": 1.0 / size,
        }  # fmt: skip
        return {t.name: t.variance(scales) for t in self.terms} | {
            k: v for k, v in of_errors.items() if k in self.matrices
        }

    def scales(self) -> set[str]:
        """Name the scales that have to be sampled."""
        unsized = {"unsized", "unsized_given"} & set(self.matrices)
        unknown = {"sampling", "unsized"} & set(self.matrices)
        return (
            {t.scale for t in self.terms if isinstance(t.scale, str)}
            | ({"unknown_size"} if unsized else set())
            | ({"design_effect"} if unknown else set())
        )

    def errors(self) -> dict[str, Floats]:
        """Covariances of what is no term: sampling and rounding, by source."""
        of_terms = {t.name for t in self.terms}
        return {k: m for k, m in self.matrices.items() if k not in of_terms}

    def covariance(self, fixed: Mapping[str, Any], free: Sequence[str]) -> Covariance:
        """Covariance as a function of the variances named in `free`; the others are numbers."""
        size = len(self.base)
        always = sum((v * self.matrices[k] for k, v in fixed.items()), np.zeros((size, size)))
        stack = [self.matrices[k] for k in free]
        if size < _MANY:
            return Covariance(always, np.reshape(stack, (len(free), size, size)))
        of = {term.name: term for term in self.terms}
        parts = [
            self._part(of[k]) if k in of else Part(self.matrices[k], np.empty((size, 0)), 0.0)
            for k in (*fixed, *free)
        ]
        inside = np.where(self.figures.of_parts, -1, self.figures.share.argmax(axis=1))
        _, group = np.unique(inside, return_inverse=True)
        group = group - (inside.min() < 0)  # the wholes are no group
        return Covariance(always, stack, lay_in_blocks(parts, group), np.array([*fixed.values()]))

    def _part(self, term: Term) -> Part:
        """Part of a term: what areas have in common of it, beyond what each has alone."""
        among = term.areas @ term.areas.T
        apart = among - np.diag(np.diag(among))
        common = np.any(apart != 0, axis=1)
        sign = float(apart[common][:, common].min(initial=0)) or float(apart.max(initial=0))
        once = replace(term, areas=common[:, None].astype(float))
        return Part(self.matrices[term.name], (self.reading @ once.state).toarray(), sign)

    def means(self, eta: Floats, width: Floats) -> Floats:
        """Compute the figures' true means, (draw, figure).

        They are given the logit of the safe share as the survey sees it, (draw, latent, setting,
        year), and the width of the third answer, (draw, latent, setting).
        """
        f = self.figures
        weights = f.share[:, :, None] * f.answer[:, None, 1:]
        i, area, unsafe = np.nonzero(weights)
        at = eta[..., area, f.setting[i], f.year[i]]
        at = np.where(unsafe, -(at + width[..., area, f.setting[i]]), at)
        first = np.searchsorted(i, np.arange(len(weights)))
        parts = weights[i, area, unsafe] * expit(at)
        return np.asarray(f.answer[:, 0] + np.add.reduceat(parts, first, axis=-1))


def terms(design: xr.Dataset, spec: ModelSpec, *, drift: bool) -> tuple[Term, ...]:
    """List what the logit of a seen safe share is the sum of, with lasting directions or without.

    Areas differ in the third answer where the spec has a prior `response_gap_spread`.
    """
    areas, settings = design.sizes["latent"], design.sizes["setting"]
    years, anchor = design["year"].to_numpy(), int(design.attrs["anchor"])
    every, own = np.ones((areas, 1)), np.diag(design["wander"].to_numpy())
    apart = own_levels(design)
    walk, line = walk_basis(years, anchor), (years - anchor)[:, None].astype(float)
    each, contrasts = np.eye(settings), setting_contrasts(settings)
    shared, between = contrasts[:, :1], contrasts[:, 1:]
    always, alike = np.ones((len(years), 1)), np.ones((settings, 1))
    before = design["before_break"].to_numpy()[:, None]
    sd = {name: prior.parameters.get("sigma", 0.0) for name, prior in spec.priors.items()}

    def common(scales: Mapping[str, Any]) -> Any:
        return 1 + (settings - 1) * scales.get("setting_correlation", 0.0)

    def between_them(scales: Mapping[str, Any]) -> Any:
        return 1 - scales.get("setting_correlation", 0.0)

    found = [
        Term("level", every, each, always, sd["level"]),
        Term("path_common", every, shared, walk, "path_sd", common),
        Term("path_apart", every, between, walk, "path_sd", between_them),
        Term("area", apart, each, always, "area_sd"),
        Term("gap_common", own, shared, walk, "gap_sd", common),
        Term("gap_apart", own, between, walk, "gap_sd", between_them),
        Term("wave", every, alike, np.eye(len(years)), sd["wave_error"], moves="survey"),
        Term("step", every, alike, before, sd["collector_step"], moves="survey"),
    ]
    if drift:
        found += [
            Term("path_drift", every, each, line, sd["path_drift"]),
            Term("gap_drift", own, each, line, sd["gap_drift"]),
        ]
    if "response_gap_spread" in sd:
        spread = sd["response_gap_spread"]
        found.append(Term("link", np.eye(areas), each, always, spread, moves="link"))
    # declared effects: one size a setting, laid over areas and years by its profile
    latent, named = (list(map(str, design[k].to_numpy())) for k in ("latent", "setting"))
    found += [
        Term(e.name, every, each[:, e.among(named)], always, e.sigma,
             moves=e.moves, profile=e.over(latent, years))
        for e in own_effects(spec)
    ]  # fmt: skip
    alone = {"area", "gap_common", "gap_apart", "gap_drift"} if areas == 1 else set()
    return tuple(t for t in found if t.name not in alone and t.settings.size and np.any(t.years))


def walk_basis(years: Any, anchor: int) -> Floats:
    """Matrix from yearly innovations to a random walk that is 0 at `anchor`, (year, innovation).

    Examples
    --------
    >>> walk_basis(np.array([2022, 2023, 2024]), 2023)
    array([[-1.,  0.],
           [ 0.,  0.],
           [ 0.,  1.]])
    """
    at = int(np.flatnonzero(np.asarray(years) == anchor)[0])
    steps = np.arange(len(years) - 1)
    rows = np.arange(len(years))[:, None]
    ahead = ((steps >= at) & (rows > steps)).astype(float)
    behind = ((steps < at) & (rows <= steps)).astype(float)
    basis: Floats = ahead - behind
    return basis


def setting_contrasts(settings: int) -> Floats:
    """Orthonormal contrasts (Helmert), the mean first; (setting, contrast).

    Settings with one common correlation r have independent contrasts, the first with variance
    1 + (settings - 1) r, the others with 1 - r.

    Examples
    --------
    >>> setting_contrasts(2).round(4)
    array([[ 0.7071,  0.7071],
           [ 0.7071, -0.7071]])
    """
    columns = [np.full(settings, 1 / np.sqrt(settings))]
    for k in range(1, settings):
        column = np.r_[np.ones(k), -k, np.zeros(settings - k - 1)]
        columns.append(column / np.sqrt(k * (k + 1)))
    return np.array(columns).T


def own_levels(design: xr.Dataset) -> Floats:
    """Matrix to the areas' levels, (latent, free number): the parts' sum to zero, others' are free.

    Where nothing is part of a whole, all areas' levels sum to zero.
    """
    areas = design.sizes["latent"]
    inside = int((design["weight"] > 0).sum()) or areas
    basis = np.zeros((areas, areas - 1))
    basis[:inside, : inside - 1] = setting_contrasts(inside)[:, 1:]
    basis[inside:, inside - 1 :] = np.eye(areas - inside)
    return basis


def figures(design: xr.Dataset, keep: NDArray[np.bool_]) -> Figures:
    """List the figures that count: of each cell at most two answers, the third being what is left.

    `keep` says which count, shape (area, setting, response, year).
    """
    last = [RESPONSES.index(r) for r in ("safe", "unsafe", "neither")]  # neither is what is left
    given = (np.isfinite(design["low"].to_numpy()) & keep)[:, :, last].swapaxes(2, 3)
    area, setting, year, rank = np.argwhere(given).T
    at = pd.DataFrame({"a": area, "s": setting, "r": np.array(last)[rank], "t": year})
    bound = np.isnan(design["value"].to_numpy()[*at.to_numpy().T])
    at = at.iloc[np.argsort(bound, kind="stable")].groupby(["a", "s", "t"]).head(2)
    area, setting, response, year = at.to_numpy().T
    low, high, value, decimals = (
        design[k].to_numpy()[area, setting, response, year]
        for k in ("low", "high", "value", "decimals")
    )
    own = design["area"].to_numpy()[:, None] == design["latent"].to_numpy()
    share = np.where(own.any(axis=1, keepdims=True), own, design["weight"].to_numpy())
    known = np.isfinite(value) & np.isfinite(decimals)
    return Figures(
        setting=setting,
        year=year,
        area=area,
        response=response,
        share=share[area],
        answer=np.array([ANSWERS[r] for r in RESPONSES])[response],
        value=value,
        low=np.clip(low, 0, 1),
        high=np.clip(high, 0, 1),
        rounding=np.where(known, 10.0 ** -(2 * np.where(known, decimals, 0)) / 1e4 / 12, 0.0),
    )


def linearise(
    design: xr.Dataset, spec: ModelSpec, found: Figures, parts: tuple[Term, ...], point: Point
) -> Gaussian:
    """Write the figures as linear in eta and in the third answer's width, around a point."""
    spread = point.mean[..., None] + np.sqrt(point.variance)[..., None] * _NODES
    weights = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()
    s, t, width = found.setting, found.year, point.width[found.setting]
    constant, a, b = found.answer.T
    p_safe, p_unsafe = expit(spread), expit(-(spread + point.width[:, None, None]))
    mean, safe, unsafe, by_safe, by_unsafe = (
        cells[:, s, t].T  # (figure, latent)
        for cells in (point.mean, p_safe @ weights, p_unsafe @ weights,
                      (p_safe * (1 - p_safe)) @ weights, (p_unsafe * (1 - p_unsafe)) @ weights)
    )  # fmt: skip
    expected = constant + (found.share * (a[:, None] * safe + b[:, None] * unsafe)).sum(axis=1)
    link = -found.share * b[:, None] * by_unsafe
    load = found.share * a[:, None] * by_safe + link
    centre = spec.priors["level"]["mu"]
    base = expected + (load * (centre - mean)).sum(axis=1) - link.sum(axis=1) * width
    value = np.concatenate([found.value[: found.known], point.bounds[0]])
    cells = point.mean.shape
    reading = hstack([_reading(found, k, cells) for k in (load, link * width[:, None])])
    matrices = {term.name: _outer(csr_array(reading @ term.state)) for term in parts}
    matrices |= _errors(design, spec, found, safe, unsafe, point.precision)
    loose = np.concatenate([np.zeros(found.known), point.bounds[1]])
    matrices["rounding"] = matrices["rounding"] + np.diag(loose)
    return Gaussian(
        design, spec, found, parts, load, link, base + point.shift, point, value,
        csr_array(reading), matrices,
    )  # fmt: skip


def _reading(found: Figures, slope: Floats, cells: tuple[int, ...]) -> csr_array:
    """Slope of each figure by each cell, (figure, cell), from that by each area."""
    rows, areas = np.nonzero(slope)
    columns = np.ravel_multi_index((areas, found.setting[rows], found.year[rows]), cells)
    shape = len(slope), int(np.prod(cells))
    return csr_array((slope[rows, areas], (rows, columns)), shape=shape)


def _outer(slopes: csr_array) -> Floats:
    """Covariance of figures by their slopes."""
    few = slopes.shape[1] < _MANY  # many Normals are an area's own each, and most slopes are 0
    dense: Floats = slopes.toarray() @ slopes.toarray().T if few else (slopes @ slopes.T).toarray()
    return dense


def _errors(
    design: xr.Dataset, spec: ModelSpec, found: Figures, safe: Floats, unsafe: Floats,
    precision: Floats,
) -> dict[str, Floats]:  # fmt: skip
    """Covariance of the figures' sampling errors, by what multiplies it, and of their rounding.

    Answers of one cell share their respondents, and the whole's respondents are its parts'.
    """
    s, t = found.setting, found.year
    a, b = found.answer[:, 1:].T
    n, deff, unsized, times = (
        cells[:, s, t].T
        for cells in (*(design[k].to_numpy() for k in ("n", "deff", "n_unknown")), precision)
    )
    given, unsized = np.isfinite(deff), unsized > 0
    kinds = {
        "sampling": ~given & ~unsized,
        "sampling_given": given & ~unsized,
        "unsized": ~given & unsized,
        "unsized_given": given & unsized,
    }
    root = np.sqrt(np.where(given, deff, 1.0) / n / times) * found.share
    mean = a[:, None] * safe + b[:, None] * unsafe
    out = {k: np.zeros((len(s), len(s))) for k, of in kinds.items() if (of & (root > 0)).any()}
    of_wave = pd.DataFrame({"s": s, "t": t}).groupby(["s", "t"]).indices
    waves = [np.asarray(at) for at in of_wave.values()]
    for at in waves:
        among = np.ix_(at, at)
        of_safe, of_unsafe = np.outer(a[at], a[at]), np.outer(b[at], b[at])
        for name in out:
            u = (root * kinds[name])[at]
            # a multinomial's covariance: diagonal in the answers, less the product of the means
            out[name][among] = (
                of_safe * ((u * safe[at]) @ u.T) + of_unsafe * ((u * unsafe[at]) @ u.T)
                - (u * mean[at]) @ (u * mean[at]).T
            )  # fmt: skip
    # how the parts make up the whole is known about as well as their inhabitants are
    off = mean - (found.share * mean).sum(axis=1, keepdims=True)
    loose = spec.options["weight_sd"] * found.share * off * found.of_parts[:, None]
    alone = np.where(found.of_parts, 1.0, (found.share * times).sum(axis=1))
    out["rounding"] = np.diag(found.rounding / alone)
    for at in waves:
        out["rounding"][np.ix_(at, at)] += loose[at] @ loose[at].T
    return out
