"""The crime model's declared choices that are not priors, read from its spec and checked."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amager_eval.errors import SpecError
from amager_eval.spec.model import ModelSpec
from amager_eval.spec.prior import LEAST_REASON, Prior
from amager_eval.trends.prior_families import problem_of_prior

__all__ = [
    "FREE_FAMILIES",
    "PRIOR_FAMILIES",
    "Covariate",
    "CrimeOptions",
    "Step",
    "TypeScales",
    "crime_options",
    "free_priors",
    "with_baseline_year",
]

#: Distribution of each prior of the crime model: its geometry is built on them.
PRIOR_FAMILIES: Final = {
    "level": "Normal",
    "level_gap": "Normal",
    "innovation": "HalfNormal",
    "innovation_gap": "HalfNormal",
    "drift_mean": "Normal",
    "drift_spread": "HalfNormal",
    "drift_gap": "Normal",
    "dispersion": "HalfNormal",
    "dispersion_gap": "HalfNormal",
    "dispersion_spread": "Normal",
    "season": "Normal",
    "season_gap": "HalfNormal",
    "passing": "HalfNormal",
    "covid": "Normal",
    "population_growth": "Normal",
}
#: Priors of standard deviations that may have any family of positive numbers instead: they enter
#: the geometry only as a guess of their size.
FREE_FAMILIES: Final = ("innovation", "innovation_gap", "drift_spread", "season_gap", "passing")
#: Normal priors whose mean does not enter the model.
_CENTRED: Final = ("drift_gap", "dispersion_spread", "season", "covid", "population_growth")


type Positive = Annotated[float, Field(gt=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Window(_Frozen):
    """Days, first and last included.

    Parameters
    ----------
    start, end : datetime.date
        The window.
    least_years_after : float
        Years of counts that must follow the window before it has an effect of its own: until the
        reports have been seen to come back, what happened in the window belongs to the path.
    reason : str
        What happened.
    """

    start: date
    end: date
    least_years_after: Annotated[float, Field(ge=0)]
    reason: str


class Step(_Frozen):
    """A change of recording at a date, for some types; the level after it is the reference.

    A type without counts both before and after the date has no step: nobody has seen its effect,
    and level and forecasts are of the one recording that was seen.

    Parameters
    ----------
    name : str
        Name in results.
    date : datetime.date
        First day of the new practice.
    types : tuple of str
        Types it touches; empty means all.
    definitions : tuple of str
        Definitions it touches; empty means all.
    areas : tuple of str
        Areas it touches; empty means all.
    sigma : float
        Prior standard deviation of the step, log rate.
    reason : str
        What happened.
    """

    name: str
    date: date
    types: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    sigma: Annotated[float, Field(gt=0)]
    reason: str


class Covariate(_Frozen):
    """Something known of areas that moves reports, per unit of it; zero is the reference.

    Parameters
    ----------
    name : str
        Name in results.
    values : dict of str to dict of str to float
        Area to period to value; a value holds until the next one, forecasts included.
    types : tuple of str
        Types it moves; empty means all.
    sigma : float
        Prior standard deviation of its effect, log rate per unit.
    reason : str
        Why it should.
    """

    name: str
    values: dict[str, dict[str, float]]
    types: tuple[str, ...] = ()
    sigma: Annotated[float, Field(gt=0)]
    reason: Annotated[str, Field(min_length=LEAST_REASON)]


class Total(_Frozen):
    """Which type is the total, and per definition the types declared disjoint and nested in it."""

    type: str
    nested: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    reason: str


class FuturePopulation(_Frozen):
    """How inhabitants are carried forward where no projection was supplied."""

    growth_years: Annotated[float, Field(gt=0)]
    reason: str


class SharedInnovation(_Frozen):
    """How much of what moves a type's path moves every type's: a share of its variance."""

    share: Annotated[float, Field(ge=0, lt=1)]
    reason: Annotated[str, Field(min_length=LEAST_REASON)]


class Passing(_Frozen):
    """How fast an area's deviations from its path die away."""

    half_life_years: Annotated[float, Field(gt=0)]
    reason: str


class Backtesting(_Frozen):
    """How the back-test samples: blocks of areas, fewer draws than a published fit."""

    block_size: Annotated[int, Field(ge=1)]
    draws: Annotated[int, Field(ge=10)]
    tune: Annotated[int, Field(ge=10)]
    chains: Annotated[int, Field(ge=1)]
    target_accept: Annotated[float, Field(gt=0, lt=1)]
    reason: str


class Completeness(_Frozen):
    """Growing share of offences with no area: type to calendar year to share."""

    apply: bool
    share_without_area: dict[str, dict[int, Annotated[float, Field(ge=0, lt=1)]]]
    reason: str

    @property
    def first_year(self) -> int:
        """First year whose share is declared for every type that has any; 0 where none has."""
        return max(
            (min(shares) for shares in self.share_without_area.values() if shares), default=0
        )


class TypeScales(_Frozen):
    """Prior scales of one type that differ from the common ones."""

    innovation: Positive | None = None
    innovation_gap: Positive | None = None
    dispersion: Positive | None = None
    dispersion_gap: Positive | None = None
    season: Positive | None = None
    season_gap: Positive | None = None
    passing: Positive | None = None
    covid: Positive | None = None


class CrimeOptions(_Frozen):
    """Every declared choice of the crime model that is not a prior."""

    baseline_year: int
    covid: Window
    steps: tuple[Step, ...] = ()
    covariates: tuple[Covariate, ...] = ()
    total: Total
    population: FuturePopulation
    passing: Passing
    shared_innovation: SharedInnovation | None = None
    backtest: Backtesting
    completeness: Completeness
    types: dict[str, TypeScales] = Field(default_factory=dict)

    def nested(self, definition: str) -> tuple[str, ...]:
        """Types declared disjoint and nested in the total under a definition.

        Empty while completeness is adjusted: the offences without area are known for the total
        alone, so the total is then modelled itself.
        """
        return () if self.completeness.apply else self.total.nested.get(definition, ())


def crime_options(spec: ModelSpec) -> CrimeOptions:
    """Read and check the options and prior families of a crime spec.

    Parameters
    ----------
    spec : ModelSpec
        The document.

    Returns
    -------
    CrimeOptions

    Raises
    ------
    SpecError
        An option is missing, unknown or of the wrong kind; a prior is missing or of a family
        the model is not built for.

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> crime_options(load_model_spec("crime_trend")).baseline_year
    2024
    """
    problems = [
        f"{spec.name}: {says}"
        for name, family in PRIOR_FAMILIES.items()
        if (says := _problem(name, family, spec.priors.get(name)))
    ]
    if problems:
        raise SpecError("; ".join(problems) + ".")
    try:
        options = CrimeOptions.model_validate(spec.options)
    except ValidationError as error:
        lines = [
            f"{spec.name}, options.{'.'.join(str(k) for k in fault['loc'])}: {fault['msg']}."
            for fault in error.errors()
        ]
        raise SpecError("\n".join(lines)) from error
    own = {
        f"options.types.{kind}.{name}"
        for kind, scales in options.types.items()
        for name in free_priors(spec)
        if getattr(scales, name, None) is not None
    }
    if own:
        raise SpecError(
            f"{spec.name}: {', '.join(sorted(own))} is the scale of a HalfNormal, and that prior "
            "is of another family. Leave the type's scale out, or declare a HalfNormal."
        )
    return options


def _problem(name: str, family: str, prior: Prior | None) -> str:
    """Say why the model cannot take a prior; empty where it can."""
    if prior is not None and prior.distribution != family and name in FREE_FAMILIES:
        return problem_of_prior(name, prior, None)
    return problem_of_prior(name, prior, family, centred=name in _CENTRED)


def free_priors(spec: ModelSpec) -> dict[str, Prior]:
    """Priors of another family than the model's usual one, by name.

    Parameters
    ----------
    spec : ModelSpec
        The document, or a changed copy.

    Returns
    -------
    dict of str to Prior

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> free_priors(load_model_spec("crime_trend"))
    {}
    """
    return {
        name: spec.priors[name]
        for name in FREE_FAMILIES
        if spec.priors[name].distribution != PRIOR_FAMILIES[name]
    }


def with_baseline_year(spec: ModelSpec, year: int) -> ModelSpec:
    """Anchor a crime spec at the year an agreement is measured from.

    Parameters
    ----------
    spec : ModelSpec
        The document.
    year : int
        The agreement's baseline year.

    Returns
    -------
    ModelSpec
        The spec itself where it has that year, else a changed copy, which says from which
        document it came.

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> spec = load_model_spec("crime_trend")
    >>> with_baseline_year(spec, 2024) is spec
    True
    >>> crime_options(with_baseline_year(spec, 2022)).baseline_year
    2022
    """
    return spec.with_options(baseline_year=year)
