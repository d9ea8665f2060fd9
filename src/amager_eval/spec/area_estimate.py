"""The document of the estimate of an area that was not measured: priors, steps of evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document
from amager_eval.spec.prior import LEAST_REASON, Prior
from amager_eval.spec.register import hold_against_register
from amager_eval.spec.values import AtKey, Frozen, Labelled

__all__ = ["Alternative", "AreaSpec", "Evidence", "Samples", "Step", "load_area_spec"]

#: What an estimate may rest on beside the districts.
type Evidence = Literal["figures", "stated", "estates"]

_DRAWN = ("Normal", "HalfNormal", "LogNormal", "Beta", "Gamma")
#: Priors the model is written for, and their family; None where any will do.
_FAMILIES = {
    "follows_district": "Beta", "centre": "Normal", "setting_centre": "Normal",
    "block_sd": None, "block_correlation": "Beta", "walk_sd": None, "drift": "Normal",
    "damping": "Beta", "sample_size": "LogNormal", "survey_offset": "Normal",
    "survey_tie": "Normal", "estate_error": "Normal", "estate_size": "LogNormal",
}  # fmt: skip


class Step(Labelled):
    """A set of evidence: its number and what it rests on beside the districts."""

    id: str
    rests_on: tuple[Evidence, ...] = ()


class Alternative(Labelled):
    """Other priors under which the answer is computed once more."""

    id: str  #: Short name
    priors: dict[str, Prior] = Field(default_factory=dict)  #: Those that differ
    #: `own`: without the figures of the area itself and of what it is made of.
    without: Literal["", "own"] = ""
    shown: bool = False  #: Whether every report shows it; the others stand in the card alone


class Samples(Frozen):
    """Samples whose worth is shown."""

    n: tuple[Annotated[int, Field(gt=0)], ...]  #: Respondents in the area
    price_dkk: Annotated[float, Field(gt=0)]  #: Price of one respondent's interview, DKK
    price_reason: Annotated[str, Field(min_length=10)]  #: Where the price is from


class AreaSpec(Frozen):
    """`models/area_estimate/spec.toml`, validated."""

    #: As every model's.
    name: str
    version: str
    date: str
    question: str
    likelihood: str
    priors: dict[str, Prior]  #: Every prior; a mixture's share is drawn from the one it names
    primary: str  #: The step that is shown
    #: Hyperparameter sets for each draw of the districts, at first and at most.
    sets: Annotated[int, Field(gt=0)]
    sets_max: Annotated[int, Field(gt=0)]
    #: Effective draws of each alternative of the drift below which nothing is shown.
    effective_min: Annotated[float, Field(gt=0)]
    step: tuple[Step, ...]
    alternative: tuple[Alternative, ...] = ()
    samples: Samples
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """SHA-256 of the document it was read from; empty if made in code."""
        return self._digest

    @model_validator(mode="after")
    def _complete(self) -> AreaSpec:
        for name, family in _FAMILIES.items():
            if name not in self.priors:
                raise AtKey(("priors",), "prior_missing", name=name)
            found = self.priors[name].distribution
            if family is not None and found != family:
                at = ("priors", name, "distribution")
                raise AtKey(at, "prior_family", family=family)
        others = [p for a in self.alternative for p in a.priors.values()]
        for prior in (*self.priors.values(), *others):
            if prior.distribution not in _DRAWN:
                raise AtKey(("priors",), "prior_family", family=_DRAWN)
            if len(prior.reason.strip()) < LEAST_REASON:
                raise AtKey(("priors",), "reason_needed", least=LEAST_REASON)
        for name in ("centre", "setting_centre", "drift", "survey_tie"):
            if self.priors[name]["mu"]:
                raise AtKey(("priors", name, "parameters"), "prior_centred")
        for i, step in enumerate(self.step):
            if step.rests_on and "figures" not in step.rests_on:
                raise AtKey(("step", i, "rests_on"), "rests_on_figures")
        steps = [s.id for s in self.step]
        if self.primary not in steps:
            raise AtKey(("primary",), "unknown", names=self.primary, known=steps)
        for i, other in enumerate(self.alternative):
            unknown = sorted(set(other.priors) - set(self.priors))
            if unknown:
                raise AtKey(
                    ("alternative", i, "priors"),
                    "unknown",
                    names=unknown,
                    known=sorted(self.priors),
                )
        return self

    def under(self, alternative: Alternative) -> AreaSpec:
        """Return the document with an alternative's priors; its digest stays the document's."""
        return self.model_copy(update={"priors": self.priors | alternative.priors})


def load_area_spec(path: str | Path | None = None, *, draft: bool = False) -> AreaSpec:
    """Load `models/area_estimate/spec.toml`, as it was registered, or another file.

    A `SpecError` for a wrong key or value, with file, line and key; or for a changed
    document, unless it is a draft.

    Examples
    --------
    >>> load_area_spec().primary
    '2'
    """
    chosen = models_folder() / "area_estimate" / "spec.toml" if path is None else Path(path)
    spec = parse_document(AreaSpec, chosen)
    if not draft:
        hold_against_register(chosen)
    spec._digest = sha256_of_file(chosen)
    return spec
