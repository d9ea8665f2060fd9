"""The point the figures are linear around: shares that fit them, found in a few rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import logit

from amager_eval.trends.safety.condition import bound_figures, cell_moments, centre_figures
from amager_eval.trends.safety.covariance import linearise
from amager_eval.trends.safety.draws import inverse_size
from amager_eval.trends.safety.model import variances

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.safety.covariance import Figures, Gaussian, Term

    type Floats = NDArray[np.float64]

__all__ = ["fitted_point"]

#: Rounds; more, each half as far as it wants, while a cell's logit still moves more than `_STILL`.
_ROUNDS: Final = 4
_MOST_ROUNDS: Final = 24
_STILL: Final = 0.1
#: No round moves a logit further: a linear reading is good near by only.
_FURTHEST: Final = 1.0
#: A share moved further would have been another share.
_OFF: Final = 0.5
#: At first within a share's reach of 0 and 1 and with such a variance of the logit.
_FAR: Final = 0.01
_NEAR: Final = 0.1


def fitted_point(
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    parts: tuple[Term, ...],
    scales: Mapping[str, Any] | None = None,
) -> Gaussian:
    """Write the figures as linear around the shares that fit them."""
    settings = design.sizes["setting"]
    usual = _usual_scales(spec, settings)

    def settle(scales: Mapping[str, Any], point: _Point | None) -> tuple[_Point, bool]:
        return _settle(design, spec, found, parts, scales, point)

    point, still = settle(scales or usual, None)
    if scales and not still:
        # scales that leave little room are met from where the usual ones, which leave much, lead
        near, _ = settle(usual, None)
        again, found_it = settle(scales, near)
        point = again if found_it else point
    return point.linear(design, spec, found, parts)


@dataclass(frozen=True, eq=False)
class _Point:
    """Where the figures are linear: what :func:`linearise` is told."""

    mean: Floats
    variance: Floats
    width: Floats
    bounds: tuple[Floats, Floats]
    shift: Floats

    def linear(
        self, design: xr.Dataset, spec: ModelSpec, found: Figures, parts: tuple[Term, ...]
    ) -> Gaussian:
        return linearise(
            design, spec, found, parts,
            mean=self.mean, variance=self.variance, width=self.width,
            bounds=self.bounds, shift=self.shift,
        )  # fmt: skip


def _settle(
    design: xr.Dataset,
    spec: ModelSpec,
    found: Figures,
    parts: tuple[Term, ...],
    scales: Mapping[str, Any],
    point: _Point | None,
) -> tuple[_Point, bool]:
    """Look for the point in rounds; also whether it stood still."""
    settings = design.sizes["setting"]
    variance = variances(scales, spec, settings)
    width = np.asarray(scales["response_gap"], dtype=float) * np.ones(settings)
    centre = spec.priors["level"]["mu"]
    edges = found.low[found.known :], found.high[found.known :]
    if point is None:
        shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
        # a bound begins as a figure that says nothing
        bounds = (edges[0] + edges[1]) / 2, np.ones(len(edges[0]))
        mean, spread = _first_look(found, shape, width, centre), np.full(shape, _NEAR)
        shift = np.zeros(len(found.value))
    else:
        mean, spread, bounds, shift = point.mean, point.variance, point.bounds, point.shift
    logs = (np.atleast_1d(np.log(scales.get(k, 1.0))) for k in ("design_effect", "unknown_size"))
    inverse = inverse_size(design, *logs)[0]
    still = False
    for done in range(_MOST_ROUNDS):
        at = _Point(mean, spread, width, bounds, shift)
        gaussian = at.linear(design, spec, found, parts)
        expected = gaussian.base + gaussian.link.sum(axis=1) * width[found.setting]
        residual = gaussian.value - expected
        moved, spread = cell_moments(gaussian, variance, residual)
        wants = centre + moved - mean
        still = done >= _ROUNDS and bool(np.abs(wants).max() < _STILL)
        if still:
            break
        part = 1.0 if done < _ROUNDS else 0.5
        mean = mean + part * np.clip(wants, -_FURTHEST, _FURTHEST)
        bounds = bound_figures(gaussian, variance, residual, edges, bounds)
        if point is not None and np.abs(wants).max() > _STILL:
            continue  # far from the figures their exact likelihood has no digits
        moved = centre_figures(design, spec, gaussian, variance, width, inverse, (mean, spread))
        shift = np.clip(shift + part * moved, -_OFF, _OFF)
    return _Point(mean, spread, width, bounds, shift), still


def _first_look(found: Figures, shape: tuple[int, ...], width: Floats, centre: float) -> Floats:
    """Logit of the safe share by setting, as the figures say it on average, laid over the cells.

    Linear readings are good near by only: from the prior's centre a city far from it is not found.
    """
    mean = np.full(shape, centre)
    share = logit(np.clip(found.value[: found.known], _FAR, 1 - _FAR))
    setting, response = found.setting[: found.known], found.response[: found.known]
    seen = np.where(response == 0, share, -share - width[setting])
    for s in range(shape[1]):
        of = (setting == s) & (response != 1)
        if of.any():
            mean[:, s] = seen[of].mean()
    return mean


def _usual_scales(spec: ModelSpec, settings: int) -> dict[str, Any]:
    """Scales to begin with: where the priors are centred."""
    found: dict[str, Any] = {"setting_correlation": 0.0}
    for name in ("path_sd", "gap_sd", "area_sd", "design_effect", "unknown_size", "response_gap"):
        prior = spec.priors[name]
        numbers = prior.parameters
        if prior.distribution == "LogNormal":
            found[name] = float(np.exp(numbers["mu"]))
        elif prior.distribution == "Gamma" and "beta" in numbers:
            found[name] = numbers["alpha"] / numbers["beta"]
        else:
            found[name] = float(numbers.get("mu", 0.0) + numbers.get("sigma", 0.1))
    found["response_gap"] = np.full(settings, found["response_gap"])
    return found
