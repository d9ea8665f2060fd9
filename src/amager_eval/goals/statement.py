"""The statement of a year: every verdict with what it rests on, machine-readable and frozen."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.judged import Judged
from amager_eval.goals.ledger import QUANTILE_LEVELS
from amager_eval.goals.remarks import Remark
from amager_eval.goals.result import results_frame
from amager_eval.goals.standing import Standing, goal_standings, indicator_standings
from amager_eval.goals.verdict import Verdict

if TYPE_CHECKING:
    from amager_eval.goals.safety.area_answer import AreaAnswer

__all__ = ["SCHEMA_VERSION", "Statement"]

SCHEMA_VERSION: Final = 1
#: Columns of the results that a notebook shows; probabilities are printed by the report alone.
_SHOWN: Final = (
    "goal", "reading", "area", "setting", "response", "crime_type", "year", "observed",
    "baseline", "comparison", "literal_verdict", "evidence_verdict",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Statement(Judged):
    """One year's status, computed once; tables, figures and pages are views of it.

    Parameters
    ----------
    year : int
        Survey wave; the crime year is the year before.
    agreement : Agreement
        What was promised.
    data : Input
        What it was judged from, for whoever fits it again; no view reads it.
    facts : Facts
        What is known of the areas, gathered from `data` once.
    seed : int
        Seed of every fit and simulation.
    versions : mapping of str to str
        Package versions, and digests of the agreement and the model specs.
    draft : bool
        Whether failed gates and unregistered documents were let through; then every page says
        UDKAST.
    judged : tuple of Result
        One per goal, reading, area and part, each goal's own in all before its parts.
    changes : DataFrame
        Change tests on published figures, see :mod:`amager_eval.goals.safety.changes`.
    comparisons : DataFrame
        Part against whole, see :mod:`amager_eval.goals.safety.comparisons`.
    probabilities : DataFrame
        Safety quantities: `area, setting, response, quantity, probability_true,
        probability_published, prior_probability_true, prior_probability_published`.
    crime_quantities : DataFrame
        `area, crime_type, definition, period_unit, quantity, value`; probabilities 0 to 1,
        levels per 1,000.
    power : DataFrame
        What each goal can show, see :mod:`amager_eval.goals.power`.
    activities : DataFrame
        `focus_area, activities, with_two_or_more, share`; focus_area `i alt` last. Empty when no
        list was supplied.
    diagnostics : DataFrame
        Per fit: `model, version, digest, draws, divergences, max_rhat, min_ess, passed,
        problems`.
    safety, crime : Forecast or None
        Joint draws; None where nothing could be fitted.
    missing : tuple of Missing
        What was not supplied, never filled in.
    issued : Issued
        This year's forecasts, for later years to score.
    ledger : Ledger
        Earlier statements' forecasts, scored.
    changed : tuple of ChangedDocument
        Models and agreement of another version than in the statement before.
    since_last : DataFrame
        Last year's status beside this one's, see :mod:`amager_eval.record.since_last`.
    guard : DataFrame
        The hold-2024 goals against a baseline less noisy, see
        :mod:`amager_eval.record.baseline_guard`.
    partners : DataFrame
        The partner goal per focus area, see :mod:`amager_eval.goals.partners.split`.
    plan : PlanChain or None
        The theory of change, see :mod:`amager_eval.goals.partners.plan`; None without focus areas.
    caveats : tuple of Caveat
        Reservations that apply, see :mod:`amager_eval.goals.caveats`.
    sensitivity : DataFrame
        The goals' probabilities under other assumptions, see
        :mod:`amager_eval.goals.sensitivity`.
    stated : DataFrame
        Worsenings the agreement claims, and taken as evidence, see
        :mod:`amager_eval.goals.safety.stated_claims`.
    crime_views : CrimeViews
        Reported crime beside the goals: yearly changes, contributions, control chart of monitored
        types, displacement.
    area : AreaAnswer or None
        The estimate of the agreement's own area where no survey of it is published, see
        :mod:`amager_eval.goals.safety.area_answer`; no verdict rests on it.
    unregistered : tuple of str
        Documents of `models/`, by their path there, that a draft rests on though they are not
        registered as they stand.

    Examples
    --------
    >>> import amager_eval as ae
    >>> statement = ae.evaluate(ae.published())  # doctest: +SKIP
    >>> statement.results["literal_verdict"].value_counts()  # doctest: +SKIP
    """

    @cached_property
    def results(self) -> pd.DataFrame:
        """Everything judged as a frame, one row each; columns :data:`RESULT_COLUMNS`.

        `interval` is a dict `{level, low, high}` or None; `notes` a list of
        :class:`~amager_eval.goals.remarks.Remark`. `comparison` is the figure `observed` is held
        against (the city's share, the threshold); units as the goal's.
        """
        return results_frame(self.judged)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """How every goal part stands, in the agreement's order."""
        return goal_standings(self)

    @cached_property
    def districts(self) -> tuple[Standing, ...]:
        """How the indicator districts stand; no goal is about them."""
        return indicator_standings(self)

    @property
    def synthetic(self) -> bool:
        """Whether it was made from made-up figures."""
        return self.facts.synthetic

    def _repr_html_(self) -> str:
        said = {"SYNTHETIC": self.synthetic, "DRAFT": self.draft}
        marks = [mark for mark, holds in said.items() if holds]
        judged = self.results[self.results["literal_verdict"] != Verdict.NOT_MEASURED]
        columns = [c for c in _SHOWN if c in judged]
        specs = ", ".join(
            f"{name.removeprefix('spec ')} {digest[:12]}"
            for name, digest in self.versions.items()
            if name.startswith("spec ")
        )
        return (
            f"<p><b>Statement of {self.year}</b>, {html.escape(self.agreement.id)}"
            f"{''.join(f' <b>{mark}</b>' for mark in marks)}. {len(judged)} of {len(self.results)} "
            f"readings have a figure to be judged by{'; ' + specs if specs else ''}.</p>"
            f"{judged[columns].to_html(index=False, border=0)}"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the record as plain Python values; what does not apply is None."""
        return {
            "schema_version": SCHEMA_VERSION,
            "year": self.year,
            "agreement": self.agreement.id,
            "inputs": [{"name": f.name, "sha256": f.sha256} for f in self.facts.files],
            "versions": dict(self.versions),
            "seed": self.seed,
            "synthetic": self.synthetic,
            "draft": self.draft,
            "unregistered_documents": list(self.unregistered),
            "masked": [asdict(m) for m in self.facts.masked],
            "replaced": [asdict(r) for r in self.facts.replaced],
            "results": [_plain(r.row()) for r in self.judged],
            "standings": [_plain(s.to_dict()) for s in self.standings],
            "districts": [_plain(s.to_dict()) for s in self.districts],
            "crime_context": [
                _plain(asdict(r)) | {"change": _plain(r.change)} for r in crime_context(self)
            ],
            "partners": _rows(self.partners),
            "plan": None if self.plan is None else self.plan.to_dict(),
            "caveats": [asdict(c) for c in self.caveats],
            "baseline_guard": _rows(self.guard),
            "sensitivity": _rows(self.sensitivity),
            "reports": _rows(self.crime_views.reports),
            "claims": _rows(self.stated),
            "area_estimate": None if self.area is None else _estimate(self.area),
            "changed_documents": [asdict(c) for c in self.changed],
            "since_last_status": _rows(self.since_last),
            "forecasts": {
                "quantile_levels": list(QUANTILE_LEVELS),
                "quantities": _rows(self.issued.quantities),
                "events": _rows(self.issued.events),
                "figures": _rows(self.issued.figures),
            },
            "ledger": {
                "years": list(self.ledger.years),
                "scores": _rows(self.ledger.scores()),
                "quantities": _rows(self.ledger.quantities),
                "events": _rows(self.ledger.events),
            },
        }

    def to_json(self) -> str:
        """Return the record as JSON text (UTF-8, two-space indent, no NaN)."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _estimate(area: AreaAnswer) -> dict[str, object]:
    """Say what is estimated, and in every row that it is."""
    return {
        "basis": "estimate",
        "area": area.area,
        "document": {"version": area.spec.version, "sha256": area.spec.digest},
        "step": area.step,
        "rests_on": dict(area.evidence) | ({"stated": 1} if area.stated else {}),
        "delivered_shares": dict(area.delivered),
        "effective_draws": round(area.effective_draws),
        "withheld": list(area.problems),
        "bands": _rows(area.bands),
        "probabilities": _rows(area.probabilities),
        "samples": _rows(area.samples),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of a frame as plain values."""
    return [{str(k): _plain(v) for k, v in r.items()} for r in frame.to_dict(orient="records")]


def _plain(value: Any) -> Any:
    """Turn a cell into what JSON knows; NaN and NA become None."""
    if isinstance(value, Remark):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if (
        value is None
        or value is pd.NA
        or (isinstance(value, (float, np.floating)) and value != value)
    ):
        return None
    return value.item() if isinstance(value, np.generic) else value
