"""The model's unknowns, each with its prior, written once for PyMC and for NumPy.

Given the standard deviations, coefficients of a walk and drifts have a nearly Gaussian posterior
whose mean and variance are known in closed form once log counts stand in for counts. The sampler
moves in the distance from that mean in units of that standard deviation, so that its step need not
follow the standard deviations. A `..._told` variable is that coordinate: `x = mean + sd * told`,
and the prior of x is declared as the normal that `told` then has. No density is added by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from amager_eval.trends.crime.geometry import CENTRE_SCALE, LEAST_DISPERSION

if TYPE_CHECKING:
    from amager_eval.spec.prior import Prior

__all__ = ["CrimeWalk", "Unknowns", "Variables", "by_area", "crime_unknowns"]

#: Keeps the derivative of a square root finite; far below any variance that matters.
NO_KINK: Final = 1e-20


class Variables(Protocol):
    """Where unknowns come from: PyMC declares them, NumPy looks up their draws."""

    @property
    def functions(self) -> Any:
        """Module with `exp` and `sign`."""

    def normal(self, name: str, mu: Any, sigma: Any, dims: tuple[str, ...]) -> Any:
        """Give a normal variable."""

    def half_normal(self, name: str, sigma: float, dims: tuple[str, ...]) -> Any:
        """Give a half-normal variable."""

    def positive(self, name: str, prior: Prior, dims: tuple[str, ...]) -> Any:
        """Give a variable above zero with a prior of a family of its own."""

    def named(self, name: str, value: Any, dims: tuple[str, ...]) -> Any:
        """Give a quantity that follows from variables its name."""


class CrimeWalk(NamedTuple):
    """Paths of areas and types; arrays or tensors, leading dims as the variables'.

    Parameters
    ----------
    coefficient : array
        Walk coefficients of each area's path, drift included; dims `area, crime_type, component`.
    centre : array
        Mean log rate over the observed periods; dims `area, crime_type`.
    drift : array
        Per year; of the gap for an area inside a whole; dims `area, crime_type`.
    path_baseline : array
        Baseline log rate, what passes included; dims `area, crime_type`.
    shock : array
        What of the coefficient neither drift, nor what moves every type, nor the path it stands
        on explains; dims as `coefficient`.
    shared : array or None
        What moves the paths of all types, standard normal, dims `area, component`; None for areas
        inside a whole, and where types move each on its own.
    variance : array
        Prior variance of the shock given the standard deviations; broadcasts against it.
    passing_variance : array or None
        The part of it that passes; None where nothing does.
    season_gap : array or None
        An area's own season beside its type's, log rate, dims `area, crime_type, contrast`.
    """

    coefficient: Any
    centre: Any
    drift: Any
    path_baseline: Any
    shock: Any
    shared: Any | None
    variance: Any
    passing_variance: Any | None
    season_gap: Any | None


class Unknowns(NamedTuple):
    """Everything that is not known.

    Parameters
    ----------
    dispersion : array
        1/sqrt(alpha) per period, dims `path_class, crime_type`.
    effect : array
        Season, pandemic, steps: log rate, dims `crime_type, effect`.
    own_effect : array or None
        Steps and covariates of some areas: log rate, dims `crime_type, own_effect`; None where
        there is none.
    walks : tuple of CrimeWalk
        Of the areas with a path of their own (where areas lie inside a whole: its rest), then of
        those inside a whole.
    """

    dispersion: Any
    effect: Any
    own_effect: Any | None
    walks: tuple[CrimeWalk, ...]


def crime_unknowns(
    variables: Variables,
    data: Mapping[str, Any],
    product: Callable[[Any, Any], Any],
) -> Unknowns:
    """Give every unknown of the model.

    Parameters
    ----------
    variables : Variables
        Declares or looks up.
    data : mapping of str to array
        As :func:`amager_eval.trends.crime.arrays.unpack` names it.
    product : callable
        Matrix product over the last and first axis.

    Returns
    -------
    Unknowns

    Notes
    -----
    Innovation, spread of drifts and what passes are absolute values of normal variables, the
    `..._signed` ones: half-normal, but zero, which the data often allow, is no boundary and has no
    long tail as on the log scale. One with a prior of another family is that family's variable
    itself. The dispersion stays on the log scale: large counts rule out
    zero, and a wall there stops the sampler.
    """
    scale, exp = data["dispersion_scale"], variables.functions.exp
    common = variables.half_normal("dispersion_common", 1.0, ("path_class",))[..., None]
    own = variables.normal(
        "dispersion_type", 0.0, data["dispersion_spread"], ("path_class", "crime_type")
    )
    dispersion = variables.named(
        "dispersion",
        ((scale * common * exp(own)) ** 2 + LEAST_DISPERSION**2) ** 0.5,
        ("path_class", "crime_type"),
    )
    prior = data["drift_prior"]
    mean = variables.normal("drift_mean", prior[0], prior[1], ())
    spread, _ = _spread(variables, data, "drift_spread", prior[2], ())
    standard = variables.normal("effect_standard", 0.0, 1.0, ("crime_type", "effect"))
    effect = variables.named(
        "effect_size", standard * data["effect_scale"], ("crime_type", "effect")
    )
    own_effect = None
    if "own_effect_scale" in data:
        dims = ("crime_type", "own_effect")
        standard = variables.normal("own_effect_standard", 0.0, 1.0, dims)
        own_effect = variables.named("own_effect_size", standard * data["own_effect_scale"], dims)
    groups = data["groups"]
    own_paths = _walk(
        variables,
        data,
        groups[0],
        product,
        squared_dispersion=dispersion[..., 0, :] ** 2,
        drift=(mean[..., None, None], spread[..., None, None]),
        effect=effect,
        base=None,
    )
    if len(groups) == 1:
        return Unknowns(dispersion, effect, own_effect, (own_paths,))
    inside = _walk(
        variables,
        data,
        groups[1],
        product,
        squared_dispersion=dispersion[..., 1, :] ** 2,
        drift=(0.0, prior[3]),
        effect=effect,
        base=own_paths,
    )
    return Unknowns(dispersion, effect, own_effect, (own_paths, inside))


def _spread(
    variables: Variables,
    data: Mapping[str, Any],
    prior: str,
    scale: Any,
    dims: tuple[str, ...],
    name: str = "",
) -> tuple[Any, Any | None]:
    """Give a standard deviation, and the normal it is the absolute value of where it is one."""
    name = name or prior
    if prior in data["free_priors"]:
        return variables.positive(name, data["free_priors"][prior], dims), None
    signed = variables.normal(f"{name.removesuffix('_sd')}_signed", 0.0, scale, dims)
    return variables.named(name, abs(signed), dims), signed


def _walk(
    variables: Variables,
    data: Mapping[str, Any],
    group: Mapping[str, Any],
    product: Callable[[Any, Any], Any],
    *,
    squared_dispersion: Any,
    drift: tuple[Any, Any],
    effect: Any,
    base: CrimeWalk | None,
) -> CrimeWalk:
    """Give the paths of one group of areas; with a base they are gaps that stand on its path."""
    of, area = ("", data["own_dim"]) if base is None else ("_gap", "inside")
    cells = (area, "crime_type")
    innovation, signed = _spread(
        variables, data, f"innovation{of}", group["innovation_scale"], ("crime_type",)
    )
    # signed where nothing passes, so that a walk's zero is no kink to the sampler
    sign = 1.0 if signed is None else variables.functions.sign(signed)
    deviation = (innovation * sign)[..., None, :, None]
    variance, passing = innovation[..., None, :, None] ** 2, None
    if base is not None and data["passes"]:
        sd, _ = _spread(
            variables, data, "passing", data["passing_scale"], ("crime_type",), "passing_sd"
        )
        passing = sd[..., None, :, None] ** 2 * data["passing_in_walk"]
        variance = variance + passing
        deviation = (variance + NO_KINK) ** 0.5

    shared, together = None, 0.0
    if base is None and "shared_innovation" in data:
        share = data["shared_innovation"]
        shared = variables.normal("shared_walk", 0.0, 1.0, (area, "component"))
        together = (innovation * share**0.5)[..., None, :, None] * shared[..., None, :]
        variance = variance * (1.0 - share)
        deviation = deviation * (1.0 - share) ** 0.5

    guess = group["guess"] - product(effect, data["effect_in_walk"])[..., None, :, :]
    told_centre = (
        group["guess_centre"] - (effect * data["effect_in_centre"]).sum(axis=-1)[..., None, :]
    )
    season = None
    if base is not None and data["contrasts"]:
        sd, signed = _spread(
            variables, data, "season_gap", data["season_gap_scale"], ("crime_type",),
            "season_gap_sd",
        )  # fmt: skip
        signed = sd if signed is None else signed
        contrasts = (*cells, "season_contrast")
        standard = variables.normal("season_gap_standard", 0.0, 1.0, contrasts)
        season = variables.named("season_gap", signed[..., None, :, None] * standard, contrasts)
        guess = guess - product(season, data["season_in_walk"])
        told_centre = told_centre - (season * data["season_in_centre"]).sum(axis=-1)

    uncertain = 1.0 / group["typical_count"] + squared_dispersion[..., None, :]
    information = group["shared_information"] + group["coverage"] / uncertain[..., None]
    told = variance * information
    time = data["time_in_walk"]
    known = information / (1.0 + told)  # of a coefficient about its drift, walk integrated out
    mean, spread = drift
    told_drift = (known * time**2).sum(axis=-1)
    stands_on = together if base is None else _over_areas(base.coefficient)
    away = guess - stands_on
    ahead = (known * time * away).sum(axis=-1) - told_drift * mean
    root = (1.0 + spread**2 * told_drift) ** 0.5
    pull = spread * ahead / root
    standard = variables.normal(f"drift{of}_told", -pull, root, cells)
    drifts = variables.named(f"drift{of}", mean + spread * (pull + standard) / root, cells)

    expected = drifts[..., None] * time + stands_on
    pull = deviation * known * (guess - expected)
    root = (1.0 + told) ** 0.5
    standard = variables.normal(f"walk{of}_told", -pull * root, root, (*cells, "component"))
    shock = deviation * (pull + standard / root)
    coefficient = expected + shock

    # the prior of the level stands on the baseline, not on the centre
    told_level = told_centre + (coefficient * data["baseline_walk"]).sum(axis=-1)
    level_mean = group["level_mean"]
    if base is not None:
        level_mean = level_mean + base.path_baseline.sum(axis=-2)[..., None, :]
    standard = variables.normal(
        f"centre{of}_told",
        (level_mean - told_level) / CENTRE_SCALE,
        group["level_sd"] / CENTRE_SCALE,
        cells,
    )
    return CrimeWalk(
        coefficient,
        told_centre + CENTRE_SCALE * standard,
        drifts,
        variables.named(f"path_baseline{of}", told_level + CENTRE_SCALE * standard, cells),
        shock,
        shared,
        variance,
        passing,
        season,
    )


def _over_areas(of_rest: Any) -> Any:
    """Take the one area of the rest out, so that it broadcasts over those inside."""
    return of_rest.sum(axis=-3)[..., None, :, :]


def by_area(of_class: Any, is_gap: Any) -> Any:
    """Give each area its class's value; dims `path_class, crime_type` to `area, crime_type`."""
    gap = is_gap[:, None]
    return (1.0 - gap) * of_class[..., 0, :][..., None, :] + gap * (
        of_class[..., -1, :][..., None, :]
    )
