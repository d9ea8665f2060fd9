"""Estimate the share of an area nobody measured, under each step of evidence."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from scipy.special import logit

from amager_eval.errors import InputError, SpecError
from amager_eval.spec.area_estimate import AreaSpec, Step, load_area_spec
from amager_eval.trends.area.blocks import BlockTerms, block_terms
from amager_eval.trends.area.condition import Around, Estates, Proposed, propose, shares_of
from amager_eval.trends.area.design import (
    AreaFigures,
    area_figures,
    delivered_shares,
    nested_of,
)
from amager_eval.trends.area.hyper import SHARE, SIZE, Hyper, draw_prior, log_proposed, proposal_to
from amager_eval.trends.forecast import Forecast
from amager_eval.trends.independence import Proposal, effective_draws, resample
from amager_eval.trends.safety.forecast import Piece, joint_draws, sample_shares, shown_decimals
from amager_eval.trends.safety.own_effects import own_effects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement
    from amager_eval.spec.nested import Nested, Share, Stated
    from amager_eval.trends.drawn import Fitted

    type Floats = NDArray[np.float64]
    type JointDraws = Callable[..., tuple[NDArray[np.int64], list[Piece]]]

__all__ = [
    "SPARE",
    "AreaEstimate",
    "Study",
    "Weighed",
    "around_of",
    "estimate_area",
    "hyper_of",
    "lay_out_study",
    "propose_under",
    "terms_of",
    "weigh_proposals",
]

#: Proposals weighed at a time: memory, not answers, depends on it.
_AT_ONCE: Final = 4000
#: Effective draws aimed at, times the gate's, where nothing else is asked for.
SPARE: Final = 1.5
#: Alternatives in which a block has a direction of its own.
_DRIFTING: Final = ("drift", "damped")


@dataclass(frozen=True, eq=False, repr=False)
class AreaEstimate:
    """An estimate, never a measurement, of an area's share under each step of evidence.

    Parameters
    ----------
    area : str
        Whose share.
    steps : dict of str to Forecast
        Joint draws of the whole, the districts and the area, by step; the coordinate `basis` of
        `area` says `estimate` of an area no figure was published of, else `measured`.
        `prior_only` rests on the baseline wave of the districts alone.
    primary : str
        The step that is shown.
    effective : dict of str to float
        Effective draws of each step, under the alternative of the drift that has fewest.
    wanted : float
        Fewer than so many, and nothing is shown.
    figures : AreaFigures
        What it rests on beside the districts.
    delivered : dict of str to float
        Shares of the residents that were delivered, by mixture.
    spec : AreaSpec
        The document.

    Examples
    --------
    >>> import amager_eval as ae
    >>> data = ae.published()
    >>> estimate = ae.estimate_area(ae.fit_safety(data), data)  # doctest: +SKIP
    >>> estimate.forecast.to_frame()  # doctest: +SKIP
    """

    area: str
    steps: Mapping[str, Forecast]
    primary: str
    effective: Mapping[str, float]
    wanted: float
    figures: AreaFigures
    delivered: Mapping[str, float]
    spec: AreaSpec

    @property
    def forecast(self) -> Forecast:
        """Joint draws under the evidence that is shown."""
        return self.steps[self.primary]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the shown answer is withheld; empty where it is not."""
        found = self.effective[self.primary]
        if found >= self.wanted:
            return ()
        return (
            f"area_estimate: effective sample size {found:.0f} under step {self.primary} is below "
            f"{self.wanted:.0f}",
        )

    def __repr__(self) -> str:
        found = self.effective[self.primary]
        return (
            f"Estimate, no measurement, of {self.area} under step {self.primary} of "
            f"{', '.join(self.steps)}: {found:.0f} effective draws"
            f"{'; ' + '; '.join(self.problems) if self.problems else ''}"
        )

    def _repr_html_(self) -> str:
        head = f"<p>{html.escape(repr(self))}.</p>"
        if self.problems:  # nothing is shown
            return head
        table = self.forecast.summary()
        own = table[table["area"] == self.area]
        return head + str(own.to_html(index=False, border=0, float_format="{:.3g}".format))


def estimate_area(
    fit: Fitted,
    data: Input,
    agreement: Agreement | None = None,
    *,
    until: int | None = None,
    spec: AreaSpec | None = None,
    seed: int | None = None,
    steps: Collection[str] | None = None,
    leave_out: Collection[Any] = (),
    without_own: bool = False,
    prior: bool = True,
    everywhere: bool = False,
    joint: JointDraws = joint_draws,
    spare: float = SPARE,
) -> AreaEstimate:
    """Estimate the true and the published share of an agreement's area in every wave.

    Parameters
    ----------
    fit : Fitted
        Safety, of the districts and the whole; without figures of the area itself, for they are
        read here.
    data : Input
        Where the figures of earlier versions, of similar partnerships and of other surveys stand,
        and the delivery of residents.
    agreement : Agreement or None
        What the area is made of; default the Amager agreement.
    until : int or None
        Last wave; default the last one the goals are read for.
    spec : AreaSpec or None
        Another document than the registered one.
    seed : int or None
        Default the fit's.
    steps : collection of str or None
        Steps of evidence; default all there is evidence for.
    leave_out : collection
        Index labels of the safety frame's rows that do not count.
    without_own : bool
        Without the figures of the area and of what it is made of.
    prior : bool
        Whether `prior_only` is drawn.
    everywhere : bool
        Lay out every area of the fit, not the area's districts and the whole alone.
    joint : callable
        Gives the fit's draws; one that remembers them where a fit is asked several times.
    spare : float
        Effective draws aimed at, times the fewest that are shown.

    Returns
    -------
    AreaEstimate
        It never raises for its gate: see :attr:`AreaEstimate.problems`.

    Raises
    ------
    InputError
        The fit has no whole to hold the area against, or rests on the area's own figures already.
    SpecError
        The fit declares steps, which the area's own figures would be read with.

    Notes
    -----
    Everything is drawn given the draws of the districts, and weighted with them: districts,
    city and area come from their joint posterior, so the districts here differ a little from
    those of ``fit.forecast``.

    Examples
    --------
    >>> import amager_eval as ae
    >>> data = ae.published()
    >>> estimate = ae.estimate_area(ae.fit_safety(data), data)  # doctest: +SKIP
    """
    if agreement is None:
        from amager_eval.spec.agreement import load_agreement

        agreement = load_agreement()
    safety = agreement.safety
    until = max(safety.target_wave, safety.alternative_target_wave) if until is None else until
    study, design, pieces = lay_out_study(
        fit, data, agreement, until=until, spec=spec, leave_out=leave_out, without_own=without_own,
        everywhere=everywhere, joint=joint,
    )  # fmt: skip
    spec = study.spec
    chosen = _steps(spec, study, steps)
    seeds = np.random.SeedSequence([fit.seed if seed is None else seed, 7]).spawn(2)
    rng = np.random.default_rng(seeds[0])
    drawn = [_weigh(study, piece, design, chosen, rng, spare) for piece in pieces]
    before = None
    if prior and "baseline_only" in fit.data.children:
        rng = np.random.default_rng(seeds[1])
        alone = [
            _alone(study, piece, design, rng) for piece in joint(fit, until, prior_only=True)[1]
        ]
        before = _dataset(study, design, alone, until, observed=False)
    digest = spec.digest
    made = {
        s.id: Forecast(
            "safety", _dataset(study, design, [d[s.id][0] for d in drawn], until), before, digest
        )
        for s in chosen
    }
    known = [s.id for s in chosen]
    until_primary = [s.id for s in spec.step][: [s.id for s in spec.step].index(spec.primary) + 1]
    return AreaEstimate(
        study.area,
        made,
        next((i for i in reversed(until_primary) if i in known), known[-1]),
        {s.id: min(d[s.id][1] for d in drawn) for s in chosen},
        spec.effective_min,
        study.figures,
        study.delivered,
        spec,
    )


@dataclass(frozen=True, eq=False)
class Study:
    """What every alternative of the drift is asked with.

    Parameters
    ----------
    spec : AreaSpec
        The document.
    nested : Nested
        What the area is made of.
    figures : AreaFigures
        What was published of the blocks and mixtures.
    whole, area : str
        Names of the city and of the area.
    settings : list of str
        Questions, in the order of the draws.
    years : ndarray of int
        Years of the draws.
    anchor, last : int
        Baseline wave and last observed wave.
    delivered : mapping of str to float
        Shares of the residents that are known, by mixture.
    stated : list of tuple
        A sentence, the index of its wave and those of its settings.
    estates : Estates or None
        Another survey's figures.
    own : set of str
        Published areas that are the area itself.
    shown : tuple of str
        Areas of the fit whose draws are laid out beside the area's.
    """

    spec: AreaSpec
    nested: Nested
    figures: AreaFigures
    whole: str
    area: str
    settings: list[str]
    years: NDArray[np.int64]
    anchor: int
    last: int
    delivered: Mapping[str, float]
    stated: list[tuple[Stated, int, list[int]]]
    estates: Estates | None
    own: set[str]
    shown: tuple[str, ...]

    @property
    def districts(self) -> list[str]:
        """Districts that blocks follow or mixtures hold."""
        blocks = {b.id for b in self.nested.block}
        found = dict.fromkeys(b.district for b in self.nested.block if b.district)
        made = {m.id for m in self.nested.mixture}
        for mixture in self.nested.mixture:
            found |= dict.fromkeys(
                n for n in (mixture.first, mixture.second) if n not in blocks | made
            )
        return list(found)

    @property
    def basis(self) -> str:
        """`measured` where the area has a figure of the last wave, or one since the baseline."""
        own = _own_waves(self.figures, self.nested, self.years)
        return "measured" if any(w > self.anchor or w >= self.last for w in own) else "estimate"


def lay_out_study(
    fit: Fitted,
    data: Input,
    agreement: Agreement,
    *,
    until: int,
    spec: AreaSpec | None = None,
    leave_out: Collection[Any] = (),
    without_own: bool = False,
    everywhere: bool = False,
    joint: JointDraws = joint_draws,
) -> tuple[Study, xr.Dataset, list[Piece]]:
    """Put together what an estimate is asked with: all else as of :func:`estimate_area`.

    Returns
    -------
    tuple of Study, Dataset and list of Piece
        The study, the design of the fit, and the districts' draws of each alternative of the drift.
    """
    spec = load_area_spec() if spec is None else spec
    whole = agreement.areas.whole
    names = agreement.areas.evaluated.names
    present = set() if data.safety is None else set(data.safety["area"])
    area = next((n for n in names if n in present), names[0])
    design = fit.data["design"].to_dataset()
    nested = nested_of(agreement).among([str(a) for a in design["latent"].to_numpy()])
    _hold_fit(fit, design, whole, nested)
    settings = [str(s) for s in design["setting"].to_numpy()]
    years, pieces = joint(fit, until, prior_only=False)
    left = list(leave_out)
    if without_own and data.safety is not None:
        own = nested.pieces()
        gone = {n for p in nested.published if p.of in own for n in p.area}
        left += list(data.safety.index[data.safety["area"].isin(gone)])
    figures = area_figures(data.safety, nested, settings=settings, years=years, leave_out=left)
    study = Study(
        spec, nested, figures, whole, area, settings, years, agreement.safety.baseline_wave,
        int(design["year"][-1]), delivered_shares(data.residents, nested),
        _stated(nested, settings, years, _own_waves(figures, nested, years)),
        _estates(nested, data, settings, years),
        {n for p in nested.published if p.of == nested.area for n in p.area},
        tuple(str(a) for a in design["area"].to_numpy()) if everywhere
        else tuple(dict.fromkeys((whole, *nested.districts()))),
    )  # fmt: skip
    return study, design, pieces


def _hold_fit(fit: Fitted, design: xr.Dataset, whole: str, nested: Nested) -> None:
    """Refuse a fit without the whole, with steps, or that rests on the area's figures already."""
    if any(effect.moves == "survey" for effect in own_effects(fit.spec)):
        raise SpecError(
            "an area is not estimated from a fit with declared steps: which of them its own "
            "figures were taken under is not known. Fit without steps."
        )
    areas = [str(a) for a in design["area"].to_numpy()]
    if whole not in areas:
        raise InputError(f"the fit has no area '{whole}' to hold the area against; fit with it")
    read = {n for p in nested.published for n in p.area} & set(areas)
    kept = design["kept"].to_numpy().any(axis=(1, 2, 3))
    twice = sorted(n for n in read if kept[areas.index(n)])
    if twice:
        raise InputError(
            f"the fit rests on the figures of {', '.join(twice)} already, which would count twice "
            "in the estimate; fit the districts without them"
        )


def _own_waves(figures: AreaFigures, nested: Nested, years: Any) -> set[int]:
    """Waves with a figure of the area itself."""
    return {
        int(years[t]) for t, of in zip(figures.year, figures.of, strict=True) if of == nested.area
    }


def _stated(
    nested: Nested, settings: list[str], years: Any, measured: set[int]
) -> list[tuple[Stated, int, list[int]]]:
    """Sentences about waves and settings the draws have, and nobody has measured."""
    return [
        (s, s.wave - int(years[0]), [settings.index(x) for x in s.settings if x in settings])
        for s in nested.stated
        if s.wave in years and s.wave not in measured and set(s.settings) & set(settings)
    ]


def _estates(nested: Nested, data: Input, settings: list[str], years: Any) -> Estates | None:
    """Another survey's figures, where the input has them all."""
    told, frame = nested.estate, data.other_frames.get("other_surveys")
    if told is None or frame is None or told.setting not in settings or told.wave not in years:
        return None
    rows = frame[
        (frame["survey"] == told.survey)
        & (frame["wave"] == told.wave)
        & (frame["setting"] == told.setting)
        & (frame["response"] == "safe")
        & frame["percent"].notna()
    ].set_index("area")["percent"]
    if not {*told.area, told.tie} <= set(rows.index):
        return None
    return Estates(
        settings.index(told.setting), told.wave - int(years[0]), tuple(told.area.values()),
        tuple(float(rows[a]) / 100 for a in told.area),
        float(rows[told.tie]) / 100,
    )  # fmt: skip


def _steps(spec: AreaSpec, study: Study, wanted: Collection[str] | None) -> list[Step]:
    """Pick the steps all of whose evidence there is."""
    there = {"figures": len(study.figures) > 0, "stated": bool(study.stated),
             "estates": study.estates is not None}  # fmt: skip
    found = [s for s in spec.step if all(there[e] for e in s.rests_on)]
    chosen = [s for s in found if wanted is None or s.id in wanted]
    return chosen or found[:1]


def around_of(study: Study, piece: Piece, design: xr.Dataset) -> Around:
    """Take from the districts' draws under one alternative of the drift what the blocks need."""
    latent = [str(a) for a in design["latent"].to_numpy()]
    areas = [str(a) for a in design["area"].to_numpy()]
    width = piece.draws["response_gap"]
    whole = piece.true[:, areas.index(study.whole), :, 0]
    return Around(
        logit(whole),
        {d: piece.eta[:, latent.index(d)] for d in study.districts},
        {d: width[:, latent.index(d)] for d in study.districts} | {"": width.mean(axis=1)},
        piece.shift,
        np.exp(piece.draws["log_deff"]),
    )


def propose_under(
    study: Study,
    around: Around,
    piece: Piece,
    rows: Any,
    rng: np.random.Generator,
    *,
    figures: bool = True,
    drawn: Mapping[str, Floats] | None = None,
) -> Proposed:
    """Draw blocks given some of the districts' draws and hyperparameters.

    Parameters
    ----------
    study, around, piece : Study, Around, Piece
        What is asked; the districts' draws under one alternative of the drift.
    rows : ndarray of int
        Which of the districts' draws, one proposal each; a draw may be taken several times.
    rng : Generator
        Source of randomness.
    figures : bool
        Whether the blocks are given any evidence; without it they are drawn from their prior.
    drawn : mapping of str to ndarray or None
        Hyperparameters, as :func:`hyper_of` names them, (draw,); None draws them from their priors.

    Returns
    -------
    Proposed
    """
    draws = len(rows)
    drawn = hyper_of(study, piece.alternative).draw(rng, draws) if drawn is None else drawn
    terms = terms_of(study, piece, rows, drawn)
    kept = study.figures if figures else study.figures.none()
    size = np.empty((draws, len(kept.n)))
    for i, n in enumerate(kept.n):
        size[:, i] = drawn[f"{SIZE} {i}"] if np.isnan(n) else n
    shares = {
        m.id: study.delivered[m.id] if m.id in study.delivered else drawn[f"{SHARE} {m.id}"]
        for m in study.nested.mixture
    }
    return propose(
        around.take(rows), terms, study.nested, kept, study.spec, rng, shares=shares,
        follows=drawn["follows_district"], size=size,
        stated=study.stated if figures else (), estates=study.estates if figures else None,
    )  # fmt: skip


def terms_of(study: Study, piece: Piece, rows: Any, drawn: Mapping[str, Floats]) -> BlockTerms:
    """Put together the blocks' terms at drawn hyperparameters."""
    return block_terms(
        study.spec, drawn, years=study.years, anchor=study.anchor, last=study.last,
        drift=piece.alternative in _DRIFTING, fade=drawn.get("damping", np.ones(len(rows))),
        correlation=piece.draws["setting_correlation"][rows],
        still=piece.alternative == "gap_stays",
    )  # fmt: skip


def hyper_of(study: Study, alternative: str) -> Hyper:
    """Name the hyperparameters of an alternative of the drift, each with its prior.

    Examples
    --------
    >>> list(hyper_of(study, "damped").priors)[:4]  # doctest: +SKIP
    ['follows_district', 'block_sd', 'block_correlation', 'walk_sd']
    """
    priors = study.spec.priors
    names = ["follows_district", "block_sd", "block_correlation", "walk_sd"]
    names += ["damping"] if alternative == "damped" else []
    found = {name: priors[name] for name in names}
    for mixture in study.nested.mixture:
        if mixture.id not in study.delivered:
            found[f"{SHARE} {mixture.id}"] = priors[mixture.share]
    for i in np.flatnonzero(np.isnan(study.figures.n)):
        found[f"{SIZE} {i}"] = priors["sample_size"]
    return Hyper(found)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Proposals under one alternative of the drift, the proposal first, and their weights.

    Parameters
    ----------
    rows : ndarray of int
        Each proposal's draw of the districts.
    eta : dict of str to ndarray
        Blocks `before` and `after` the figures, as :func:`propose_under` gives them.
    weights : dict of str to ndarray
        Weights of the pieces of the area.
    log_weight : dict of str to ndarray
        By step.
    """

    rows: NDArray[np.int64]
    eta: Mapping[str, NDArray[np.float32]]
    weights: Mapping[str, Floats]
    log_weight: Mapping[str, Floats]


def weigh_proposals(
    study: Study,
    around: Around,
    piece: Piece,
    steps: list[Step],
    rng: np.random.Generator,
    *,
    districts: Any = None,
    spare: float = SPARE,
) -> Weighed:
    """Propose blocks and weigh them until every step has the effective draws the document wants.

    Parameters
    ----------
    study, around, piece : Study, Around, Piece
        What is asked; the districts' draws under one alternative of the drift.
    steps : list of Step
        Which evidence is weighed.
    rng : Generator
        Source of randomness.
    districts : ndarray of int or None
        Which of the districts' draws; default all.
    spare : float
        Effective draws aimed at, times those the document wants.

    Returns
    -------
    Weighed
    """
    hyper = hyper_of(study, piece.alternative)
    districts = np.arange(len(around.deff)) if districts is None else districts
    eta: dict[str, list[Any]] = {
        kind: [] for kind in dict.fromkeys("after" if s.rests_on else "before" for s in steps)
    }
    evidence: dict[str, list[Floats]] = {}
    weights: dict[str, list[Floats]] = {}
    rows: list[Any] = []
    points: list[Floats] = []
    near: list[tuple[Proposal | None, int]] = []
    logs: dict[str, Floats] = {}
    richest = max(steps, key=lambda s: len(s.rests_on)).id
    sets, wanted, most = 0, spare * study.spec.effective_min, study.spec.sets_max
    least = 0.0
    while sets < most and least < wanted:
        # twice as many, or what the effective draws so far say is enough
        lacking = int(np.ceil(sets * (wanted / least - 1))) if sets else study.spec.sets
        more = min(lacking, max(sets, study.spec.sets), most - sets)
        # the priors first; then where the figures put the hyperparameters
        proposal = proposal_to(np.concatenate(points), logs[richest]) if points else None
        near.append((proposal, more))
        proposed_rows = np.tile(districts, more)
        for some in np.array_split(proposed_rows, -(-len(proposed_rows) // _AT_ONCE)):
            at = (
                hyper.free(hyper.draw(rng, len(some))) if proposal is None
                else hyper.draw_near(proposal, rng, len(some))
            )  # fmt: skip
            proposed = propose_under(study, around, piece, some, rng, drawn=hyper.bound(at))
            for kind, kept in eta.items():
                kept.append(getattr(proposed, kind).astype(np.float32))
            for name, share in proposed.weights[study.nested.area].items():
                weights.setdefault(name, []).append(np.broadcast_to(share, len(some)))
            for name, log in proposed.log_weight.items():
                evidence.setdefault(name, []).append(log)
            points.append(at)
            rows.append(some)
        sets += more
        logs = _log_weights(hyper, np.concatenate(points), near, evidence, steps)
        least = min(effective_draws(log) for log in logs.values())
    return Weighed(
        np.concatenate(rows),
        {k: np.concatenate(v) for k, v in eta.items()},
        {k: np.concatenate(v) for k, v in weights.items()},
        logs,
    )


def _weigh(
    study: Study,
    piece: Piece,
    design: xr.Dataset,
    steps: list[Step],
    rng: np.random.Generator,
    spare: float,
) -> dict[str, tuple[tuple[str, dict[str, Floats]], float]]:
    """Joint draws of each step under one alternative of the drift, and how many they are worth."""
    around = around_of(study, piece, design)
    found = weigh_proposals(study, around, piece, steps, rng, spare=spare)
    out = {}
    for s in steps:
        log = found.log_weight[s.id]
        taken = resample(log[None], int(rng.integers(2**31)))[0][: len(around.deff)]
        rows = found.rows[taken]
        drawn = _shares(
            study, around.take(rows),
            found.eta["after" if s.rests_on else "before"][taken].astype(float),
            {k: v[taken] for k, v in found.weights.items()},
        )  # fmt: skip
        joint = _joint(study, piece, design, rows, *drawn, rng)
        out[s.id] = ((piece.alternative, joint), effective_draws(log))
    return out


def _log_weights(
    hyper: Hyper,
    points: Floats,
    near: list[tuple[Proposal | None, int]],
    evidence: Mapping[str, list[Floats]],
    steps: list[Step],
) -> dict[str, Floats]:
    """Weigh all that was proposed, under each step."""
    base = hyper.log_density(points) - log_proposed(hyper, points, near)
    of = {name: np.concatenate(logs) for name, logs in evidence.items()}
    return {s.id: base + sum(of[e] for e in s.rests_on) for s in steps}


def _shares(
    study: Study, around: Around, eta: Floats, weights: Mapping[str, Share]
) -> tuple[Floats, Floats]:
    """Give the area's shares, true and as the survey sees them, (draw, setting, 2, year)."""
    made = {study.nested.area: weights}
    true, seen = (
        shares_of(study.nested.area, eta, around, study.nested, made, seen=seen)
        for seen in (False, True)
    )
    return true, seen


def _alone(
    study: Study, piece: Piece, design: xr.Dataset, rng: np.random.Generator
) -> tuple[str, dict[str, Floats]]:
    """Joint draws without any figure of the area, of draws that rest on the baseline alone."""
    around = around_of(study, piece, design)
    rows = np.arange(len(around.deff))
    proposed = propose_under(study, around, piece, rows, rng, figures=False)
    drawn = _shares(study, around, proposed.before, proposed.weights[study.nested.area])
    return piece.alternative, _joint(study, piece, design, rows, *drawn, rng, own=False)


def _joint(
    study: Study,
    piece: Piece,
    design: xr.Dataset,
    rows: Any,
    true: Floats,
    seen: Floats,
    rng: np.random.Generator,
    *,
    own: bool = True,
) -> dict[str, Floats]:
    """Draw shares of the areas shown and of the area, (sample, area, setting, 2, year)."""
    areas = [str(a) for a in design["area"].to_numpy()]
    at = [areas.index(a) for a in study.shown]
    draws, settings, _, years = true.shape
    size = np.repeat(draw_prior(study.spec.priors["sample_size"], rng, draws)[:, None], years, 1)
    table = {k: np.full((1, settings, 2, years), np.nan) for k in ("value", "low", "high")}
    f = study.figures
    for i in range(len(f)) if own else ():
        if f.area[i] in study.own:
            if f.n[f.sample[i]] == f.n[f.sample[i]]:
                size[:, f.year[i] :] = f.n[f.sample[i]]
            answer = {(0.0, 1.0, 0.0): 0, (0.0, 0.0, 1.0): 1}.get(tuple(f.answer[i].tolist()))
            if answer is not None:
                for name in table:
                    table[name][0, f.setting[i], answer, f.year[i]] = getattr(f, name)[i]
    deff = np.exp(piece.draws["log_deff"][rows])
    inverse = np.broadcast_to((deff[:, None] / size)[:, None, None], (draws, 1, settings, years))
    noise = rng.standard_normal((2, *inverse.shape))
    sampled = np.clip(sample_shares(seen[:, None], inverse, noise, table), 0, 1)
    decimals = shown_decimals(design)
    if np.isfinite(decimals):
        sampled = np.round(sampled * 100, int(decimals)) / 100
    sampled = np.where(np.isfinite(table["value"]), table["value"], sampled)
    return {
        "true": np.concatenate([piece.true[rows[:, None], at], true[:, None]], axis=1),
        "published": np.concatenate([piece.published[rows[:, None], at], sampled], axis=1),
        "observed": np.isfinite(table["value"]),
    }


def _dataset(
    study: Study,
    design: xr.Dataset,
    pieces: list[tuple[str, dict[str, Floats]]],
    until: int,
    *,
    observed: bool = True,
) -> xr.Dataset:
    """Lay joint draws out as a forecast's."""
    first, start = int(design.attrs["first_wave"]), int(study.years[0])
    shown = slice(first - start, until - start + 1)
    dims = ("sample", "area", "setting", "response", "period")
    stacked = {
        k: np.concatenate([p[k] for _, p in pieces])[..., shown] for k in ("true", "published")
    }
    areas = [str(a) for a in design["area"].to_numpy()]
    rows = [areas.index(a) for a in study.shown]
    value = np.isfinite(design["value"].to_numpy()) & design["kept"].to_numpy()
    if not observed:
        value = value & (design["year"].to_numpy() == study.anchor)
    known = np.zeros((len(rows), *stacked["true"].shape[2:4], len(study.years)), dtype=bool)
    known[..., : value.shape[-1]] = value[rows][:, :, [0, 2]]
    both = np.concatenate([known, pieces[0][1]["observed"]])[..., shown]
    return xr.Dataset(
        {k: (dims, v) for k, v in stacked.items()},
        coords={
            "sample": np.arange(len(stacked["true"])),
            "alternative": ("sample", np.repeat([a for a, _ in pieces],
                                                [len(p["true"]) for _, p in pieces])),
            "area": [*study.shown, study.area],
            "basis": ("area", ["measured"] * len(rows) + [study.basis]),
            "setting": study.settings,
            "response": ["safe", "unsafe"],
            "period": study.years[shown],
            "observed": (dims[1:], both),
        },
        attrs={"whole": study.whole, "last_wave": study.last, "of_blocks": study.area},
    )  # fmt: skip
