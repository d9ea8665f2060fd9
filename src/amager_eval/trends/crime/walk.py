"""From the sampler's standard variables to walks and drifts: one formula for PyTensor and NumPy.

Given the standard deviations, coefficients of the walk and drifts are nearly Gaussian with mean
and variance known in closed form. The sampler moves in the distance from that mean in units of
that standard deviation, so that its step need not follow the standard deviations; `correction`
holds what turns the density of the standard variables into the declared prior.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from amager_eval.trends.crime.geometry import CENTRE_SCALE

__all__ = ["CrimeWalk", "by_area", "crime_walk"]

#: Keeps the derivative of a square root finite; far below any variance that matters.
NO_KINK: Final = 1e-20


class CrimeWalk(NamedTuple):
    """Paths of every area and type; arrays or tensors, leading dims as the variables'.

    Parameters
    ----------
    coefficient : array
        Walk coefficients of each area's path, drift included; dims `area, crime_type, component`.
    centre : array
        Mean log rate over the observed periods; dims `area, crime_type`.
    drift : array
        Per year; of the gap for an area inside a whole; dims `area, crime_type`.
    level : array
        Baseline log rate, dims `area, crime_type`.
    shock : array
        What of the coefficient neither drift nor the path it stands on explains; dims as
        `coefficient`.
    variance : array
        Prior variance of the shock given the standard deviations; broadcasts against it.
    passing_variance : array or None
        The part of it that passes; None where nothing does.
    season_gap : array or None
        An area's own season beside its type's, log rate, dims `area, crime_type, contrast`.
    squares : tuple of arrays
        Squares of the declared standard normals less those of the sampler's, to be summed, and
        the arguments of `log1p` of the change of variables; see :func:`crime_walk`.
    """

    coefficient: Any
    centre: Any
    drift: Any
    level: Any
    shock: Any
    variance: Any
    passing_variance: Any | None
    season_gap: Any | None
    squares: tuple[Any, ...]


def by_area(of_class: Any, is_gap: Any) -> Any:
    """Give each area its class's value; dims `path_class, crime_type` to `area, crime_type`."""
    gap = is_gap[:, None]
    return (1.0 - gap) * of_class[..., 0, :][..., None, :] + gap * (
        of_class[..., -1, :][..., None, :]
    )


def crime_walk(
    raw: Mapping[str, Any],
    squared_dispersion: Any,
    design: Mapping[str, Any],
    product: Callable[[Any, Any], Any],
    *,
    nested: bool,
) -> CrimeWalk:
    """Turn standard variables into paths.

    Parameters
    ----------
    raw : mapping of str to array
        `innovation_raw` (dims `path_class, crime_type`), `drift_mean`, `drift_spread` (last dim
        of length 1 each), `drift_raw`, `centre_raw` (dims `area, crime_type`), `effect_raw` (dims
        `crime_type, effect`), `walk_raw` (dims `area, crime_type, component`); where areas lie
        inside a whole, in quarters and months, `passing_raw`, `season_gap_spread` (dims
        `crime_type`) and `season_gap_raw` (dims `area, crime_type, contrast`).
    squared_dispersion : array
        1/alpha, dims `area, crime_type`.
    design : mapping of str to array
        As :func:`amager_eval.trends.crime.arrays.unpack` names it.
    product : callable
        Matrix product over the last and first axis.
    nested : bool
        Whether areas lie inside a whole.

    Returns
    -------
    CrimeWalk
        The log density to add to that of the standard variables is half the sum of
        `squares[0]`, less half the sum of `log1p` of each further element.
    """
    gap = design["is_gap"][:, None]
    deviation = by_area(raw["innovation_raw"] * design["innovation_scale"], design["is_gap"])
    deviation, passing = deviation[..., None], None
    variance = deviation**2
    if "passing_raw" in raw:
        sd = (raw["passing_raw"] * design["passing_scale"])[..., None, :, None]
        passing = gap[:, :, None] * sd**2 * design["passing_in_walk"]
        variance = variance + passing
        # signed where nothing passes, so that a walk's zero is no kink to the sampler
        inside = gap[:, :, None]
        deviation = (1.0 - inside) * deviation + inside * (variance + NO_KINK) ** 0.5
    prior = design["drift_prior"]
    mean = (1.0 - gap) * (prior[0] + prior[1] * raw["drift_mean"][..., None])
    spread = (1.0 - gap) * prior[2] * raw["drift_spread"][..., None] + gap * prior[3]

    effect = raw["effect_raw"] * design["effect_scale"]
    guess = design["guess"] - product(effect, design["effect_in_walk"])[..., None, :, :]
    in_centre = (effect * design["effect_in_centre"]).sum(axis=-1)
    centre = design["guess_centre"] - in_centre[..., None, :] + CENTRE_SCALE * raw["centre_raw"]
    season = None
    if "season_gap_raw" in raw:
        size = (raw["season_gap_spread"] * design["season_gap_scale"])[..., None, :, None]
        season = gap[:, :, None] * size * raw["season_gap_raw"]
        guess = guess - product(season, design["season_in_walk"])
        centre = centre - (season * design["season_in_centre"]).sum(axis=-1)

    uncertain = 1.0 / design["typical_count"] + squared_dispersion
    information = design["shared_information"] + design["coverage"] / uncertain[..., None]
    told = variance * information
    time = design["time_in_walk"]
    known = information / (1.0 + told)  # of a coefficient about its drift, walk integrated out
    told_drift = (known * time**2).sum(axis=-1)
    told_spread = spread**2 * told_drift

    def paths(base: Any) -> tuple[Any, Any, Any, Any, Any]:
        ahead = (known * time * (guess - base)).sum(axis=-1) - told_drift * mean
        standard_drift = (
            spread * ahead / (1.0 + told_spread) + raw["drift_raw"] * (1.0 + told_spread) ** -0.5
        )
        drift = mean + spread * standard_drift
        expected = base + drift[..., None] * time
        standard = deviation * known * (guess - expected) + raw["walk_raw"] * (1.0 + told) ** -0.5
        shock = deviation * standard
        return drift, standard_drift, standard, shock, expected + shock

    drift, standard_drift, standard, shock, coefficient = paths(0.0)
    if nested:  # a gap stands on the path of the rest, which is drawn first
        outside = (1.0 - gap)[:, :, None]
        rest = (outside * coefficient).sum(axis=-3)[..., None, :, :]
        drift, standard_drift, standard, shock, coefficient = paths(gap[:, :, None] * rest)

    level = centre + (coefficient * design["baseline_walk"]).sum(axis=-1)
    level_mean = design["level_mean"]
    if nested:
        level_mean = level_mean + gap * ((1.0 - gap) * level).sum(axis=-2)[..., None, :]
    squares = (
        (raw["walk_raw"] ** 2 - standard**2).sum(axis=-1)
        + raw["drift_raw"] ** 2
        - standard_drift**2
        + raw["centre_raw"] ** 2
        - ((level - level_mean) / design["level_sd"]) ** 2
    )
    return CrimeWalk(
        coefficient,
        centre,
        drift,
        level,
        shock,
        variance,
        passing,
        season,
        (squares, told, told_spread),
    )
