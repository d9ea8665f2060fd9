"""The safety model in PyMC: one vectorised graph, data in `pm.Data` so that refits only sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.gradient
import pytensor.tensor

from amager_eval.trends.safety_cells import Cells, list_cells, observe
from amager_eval.trends.safety_geometry import (
    centring,
    setting_contrasts,
    slope_coefficients,
    step_coefficients,
    walk_basis,
)

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec, Prior

# PyTensor is only partly typed
pt: Any = pytensor.tensor
disconnected: Any = pytensor.gradient.disconnected_grad

__all__ = ["build_model", "log_normal_interval", "quadrature_nodes"]


def build_model(design: xr.Dataset, spec: ModelSpec) -> pm.Model:
    """Write down the model for a design.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety_design.build_design`.
    spec : ModelSpec
        Priors; none is held here.

    Returns
    -------
    pymc.Model
        Free variables and the deterministic `eta` (latent, setting, year), which is the logit of
        the true safe share. `pm.Data`: `drift_on` and everything of
        :func:`~amager_eval.trends.safety_cells.observe`.
    """
    cells = list_cells(design)
    everything = np.isfinite(design["low"].to_numpy())
    data = observe(design, cells, keep=everything, nodes=quadrature_nodes(design))
    data |= centring(design, spec, everything)
    with pm.Model() as model:
        shared: dict[str, Any] = {k: pm.Data(k, v) for k, v in data.items() if v.size}
        shared["drift_on"] = pm.Data("drift_on", np.float64(1.0))
        eta = _latent(design, spec.priors, shared)
        sampled = _sampled(design, spec.priors, eta)
        mean, cov = _of_cells(design, spec, cells, shared, sampled)
        pm.Potential("figures", _log_likelihood(cells, shared, mean, cov))
    return model


def quadrature_nodes(design: xr.Dataset) -> int:
    """Nodes needed over the widest rounding interval, for cells with two figures: 5 to 40."""
    low, high = design["low"].to_numpy(), design["high"].to_numpy()
    width = np.nanmax(np.where((low > 0) & (high < 1), high - low, np.nan), initial=0.0)
    largest = float(np.nanmax(design["n_base"].to_numpy(), initial=1.0))
    if design.attrs["weighted"]:
        largest = float(design["n_base"].sum("latent").max())
    narrowest = np.sqrt(0.5 * 0.05 * 0.95 / max(largest, 1.0))
    return int(np.clip(np.ceil(2.0 * width / narrowest) + 3, 5, 40))


def log_normal_interval(low: Any, high: Any) -> Any:
    """Log probability that a standard Normal lies between two tensors, safe in both tails."""
    # mirrored so that both edges lie in the lower tail, where log Phi keeps its precision
    upper = pt.gt(low + high, 0.0)
    a = pt.switch(upper, -high, low)
    b = pt.switch(upper, -low, high)
    log_a, log_b = _log_phi(a), _log_phi(b)
    return log_b + pt.log1mexp(log_a - log_b)


def _log_phi(z: Any) -> Any:
    """Log of the standard Normal distribution function; each branch only sees its own side."""
    tail = pt.minimum(z, -1.0)
    body = pt.maximum(z, -1.0)
    return pt.switch(
        pt.lt(z, -1.0),
        pt.log(pt.erfcx(-tail / np.sqrt(2.0)) / 2.0) - tail**2 / 2.0,
        pt.log1p(-pt.erfc(body / np.sqrt(2.0)) / 2.0),
    )


def _latent(design: xr.Dataset, priors: dict[str, Prior], shared: dict[str, Any]) -> Any:
    """Logit of the true safe share, shape (latent, setting, year)."""
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    areas, settings = design.sizes["latent"], design.sizes["setting"]
    basis = walk_basis(years, anchor)
    level = pm.Normal("level", priors["level"]["mu"], priors["level"]["sigma"], shape=settings)
    line = slope_coefficients(years, anchor)
    relative = _contrast_sds(priors, settings)
    drift_on = shared["drift_on"]
    coefficients = _path(
        priors, relative, line, shared["centre_path"], drift_on, step_coefficients(design)
    )
    levels = level[None]
    if areas > 1:
        # HalfNormal as |Normal|: near 0 the sampler passes through instead of sinking into log 0
        signed = pm.Normal("gap_scale", 0.0, priors["gap_sd"]["sigma"])
        spread = priors["gap_sd_spread"]["sigma"] * pm.Normal("gap_sd_spread", shape=areas)
        sd = (signed * pt.exp(spread))[:, None, None] * relative[:, None]
        slope = priors["gap_drift"]["sigma"] * pm.Normal("gap_drift", shape=(areas, settings))
        innovations = pm.Normal("gap", shape=(areas, settings, len(basis)))
        coefficients = coefficients + sd * innovations + drift_on * slope[:, :, None] * line
        levels = levels + _area_levels(design, priors, shared["centre_level"])
    walks = pt.dot(coefficients, basis)
    if settings > 1:
        walks = pt.tensordot(walks, setting_contrasts(settings), axes=(1, 0)).transpose(0, 2, 1)
    return levels[:, :, None] + walks


def _path(
    priors: dict[str, Prior], relative: Any, line: Any, centre: Any, drift_on: Any, jump: Any
) -> Any:
    """Coefficients (1, contrast, coefficient) of the common path.

    Each is Normal around the drift's straight line with standard deviation sd = `path_sd` times
    the contrast's. What is sampled is `(coefficient - (1 - centre) * straight) / (scale^centre *
    sd^(1 - centre))`: the coefficient itself where `centre` is 1, its innovation where it is 0;
    the coefficient of the path as the survey shows it, with the collector's step in it.
    """
    scale, settings = priors["path_sd"]["sigma"], relative.type.shape[0]
    ratio = (pm.HalfNormal("path_sd", scale) / scale * relative)[:, None]
    slope = drift_on * priors["path_drift"]["sigma"] * pm.Normal("path_drift", shape=settings)
    straight = slope[:, None] * line
    step: Any = 0.0
    if jump.any():
        step = priors["collector_step"]["sigma"] * pm.Normal("collector_step") * jump
        straight = straight + step
    unit = scale * ratio ** (1.0 - centre)
    sampled = pm.Normal(
        "path", centre * straight / unit, ratio**centre, shape=(settings, len(line))
    )
    return ((1.0 - centre) * straight + unit * sampled - step)[None]


def _contrast_sds(priors: dict[str, Prior], settings: int) -> Any:
    """Relative innovation sd of each contrast between settings, from their one correlation."""
    if settings == 1:
        return pt.ones(1)
    # LKJ's marginal for one correlation, stretched to where the common matrix is positive definite
    eta = priors["setting_correlation"]["eta"]
    lowest = -1.0 / (settings - 1)
    unit = pm.Beta("setting_correlation_unit", eta, eta)
    correlation = lowest + (1.0 - lowest) * unit
    mean = pt.sqrt(1.0 + (settings - 1) * correlation)
    return pt.concatenate([mean[None], pt.repeat(pt.sqrt(1.0 - correlation), settings - 1)])


def _area_levels(design: xr.Dataset, priors: dict[str, Prior], centre: Any) -> Any:
    """Levels at the anchor, (latent, setting): the parts' sum to zero, other areas' are free."""
    settings = design.sizes["setting"]
    inside = int((design["weight"] > 0).sum())
    free = design.sizes["latent"] - inside
    scale = priors["area_sd"]["sigma"]
    sd = pm.HalfNormal("area_sd", scale)
    sigma = pt.exp(centre * pt.log(sd / scale))
    pieces = []
    if inside:
        pieces.append(pm.ZeroSumNormal("part_level", sigma, shape=(settings, inside)))
    if free and inside:
        pieces.append(pm.Normal("area_level", 0.0, sigma, shape=(settings, free)))
    elif free:
        pieces.append(pm.ZeroSumNormal("area_level", sigma, shape=(settings, free)))
    return pt.concatenate(pieces, axis=1).T * (sd / sigma)


def _sampled(design: xr.Dataset, priors: dict[str, Prior], eta: Any) -> tuple[Any, Any, Any]:
    """Safe and unsafe shares a wave estimates, and deff / n; each (latent, setting, year)."""
    years = design.sizes["year"]
    settings = design.sizes["setting"]
    gap = pm.Gamma(
        "response_gap",
        alpha=priors["response_gap"]["alpha"],
        beta=priors["response_gap"]["beta"],
        shape=settings,
    )[None]
    if "response_gap_spread" in priors:  # the sensitivity: areas differ in their third answer
        spread = pm.Normal("response_gap_spread", shape=(design.sizes["latent"], settings))
        gap = gap * pt.exp(priors["response_gap_spread"]["sigma"] * spread)
    wave = pm.Normal("wave_error", shape=years)
    shift = priors["wave_error"]["sigma"] * wave
    before = design["before_break"].to_numpy()
    if before.any():
        step = pm.modelcontext(None)["collector_step"]
        shift = shift + priors["collector_step"]["sigma"] * step * before
    seen = eta + shift
    safe = pt.sigmoid(seen)
    unsafe = pt.sigmoid(-(seen + gap[:, :, None]))
    return safe, unsafe, _inverse_size(design, priors)


def _inverse_size(design: xr.Dataset, priors: dict[str, Prior]) -> Any:
    """Design effect over respondents, shape (latent, setting, year)."""
    effect = priors["design_effect"]
    log_deff = effect["mu"] + effect["sigma"] * pm.Normal("log_deff")
    given = design["deff"].to_numpy()
    unknown = np.isnan(given)
    log_inverse = np.where(unknown, 0.0, np.log(np.where(unknown, 1.0, given))) - np.log(
        design["n_base"].to_numpy()
    )
    log_inverse = log_inverse + unknown * log_deff
    from_wave, from_area, from_nothing = (
        design[k].to_numpy() for k in ("from_wave", "from_area", "from_nothing")
    )
    if from_wave.any():
        size = priors["wave_size"]["sigma"] * pm.Normal("wave_size", shape=design.sizes["year"])
        log_inverse = log_inverse - from_wave * size
    if from_area.any():
        size = priors["area_size"]["sigma"] * pm.Normal("area_size", shape=design.sizes["latent"])
        # the parts' sizes add up to the whole's
        size = size - pt.log(pt.mean(pt.exp(size))) * float(design.attrs["weighted"])
        log_inverse = log_inverse - from_area * size[:, None, None]
    if from_nothing.any():
        prior = priors["unknown_size"]
        log_inverse = log_inverse - from_nothing * (
            prior["mu"] + prior["sigma"] * pm.Normal("unknown_size")
        )
    return pt.exp(log_inverse)


def _of_cells(
    design: xr.Dataset,
    spec: ModelSpec,
    cells: Cells,
    shared: dict[str, Any],
    sampled: tuple[Any, Any, Any],
) -> tuple[Any, Any]:
    """Mean (cell, 2) and covariance terms (cell, 3: safe, unsafe, both) of the sample shares."""
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    flat = np.ravel_multi_index((cells.area, cells.setting, cells.year), shape)
    safe, unsafe, inverse = (v.flatten()[flat] for v in sampled)
    mean = [pt.stack([safe, unsafe], axis=1)]
    cov = [_multinomial(safe, unsafe, inverse)]
    if len(cells.whole_year):
        grid = np.ravel_multi_index(
            (
                np.arange(shape[0])[None, :],
                cells.whole_setting[:, None],
                cells.whole_year[:, None],
            ),
            shape,
        )
        parts = tuple(v.flatten()[grid] for v in sampled)
        whole_mean, whole_cov = _whole(design, spec, shared, parts)
        mean.append(whole_mean)
        cov.append(whole_cov)
    return pt.concatenate(mean, axis=0), pt.concatenate(cov, axis=0)


def _multinomial(safe: Any, unsafe: Any, inverse: Any) -> Any:
    """Give sampling variances of both shares and their covariance, shape (cell, 3)."""
    return pt.stack(
        [
            inverse * safe * (1.0 - safe),
            inverse * unsafe * (1.0 - unsafe),
            -inverse * safe * unsafe,
        ],
        axis=1,
    )


def _whole(
    design: xr.Dataset, spec: ModelSpec, shared: dict[str, Any], parts: tuple[Any, Any, Any]
) -> tuple[Any, Any]:
    """Whole's sample share given the parts published in the same cell, whose errors it shares.

    A published part contributes its figure and the rounding of it; one published in the other
    response contributes its conditional mean and variance given that figure; the rest contribute
    their true share and full sampling variance.
    """
    safe, unsafe, inverse = parts
    weight = design["weight"].to_numpy()
    knows_safe, knows_unsafe = shared["known_safe"], shared["known_unsafe"]
    seen_safe, seen_unsafe = shared["seen_safe"], shared["seen_unsafe"]
    neither = 1.0 - safe - unsafe
    safe_given = safe - safe / (1.0 - unsafe) * (seen_unsafe - unsafe) * knows_unsafe
    unsafe_given = unsafe - unsafe / (1.0 - safe) * (seen_safe - safe) * knows_safe
    mean_safe = pt.switch(pt.gt(knows_safe, 0), seen_safe, safe_given)
    mean_unsafe = pt.switch(pt.gt(knows_unsafe, 0), seen_unsafe, unsafe_given)

    rounding = _rounding_variance(design)
    var_safe = (
        inverse * safe * pt.switch(pt.gt(knows_unsafe, 0), neither / (1.0 - unsafe), 1.0 - safe)
    )
    var_unsafe = (
        inverse * unsafe * pt.switch(pt.gt(knows_safe, 0), neither / (1.0 - safe), 1.0 - unsafe)
    )
    var_safe = pt.switch(pt.gt(knows_safe, 0), rounding, var_safe)
    var_unsafe = pt.switch(pt.gt(knows_unsafe, 0), rounding, var_unsafe)
    both = -inverse * safe * unsafe * (1.0 - knows_safe) * (1.0 - knows_unsafe)

    mean = pt.stack([pt.dot(mean_safe, weight), pt.dot(mean_unsafe, weight)], axis=1)
    # weights are known to some per cent only: their errors move the whole where parts differ
    loose = (spec.options["weight_sd"] * weight) ** 2
    off_safe = safe - pt.dot(safe, weight)[:, None]
    off_unsafe = unsafe - pt.dot(unsafe, weight)[:, None]
    cov = pt.stack(
        [
            pt.dot(var_safe, weight**2) + pt.dot(off_safe**2, loose),
            pt.dot(var_unsafe, weight**2) + pt.dot(off_unsafe**2, loose),
            pt.dot(both, weight**2) + pt.dot(off_safe * off_unsafe, loose),
        ],
        axis=1,
    )
    return mean, cov


def _rounding_variance(design: xr.Dataset) -> float:
    """Variance of a uniform error over the widest rounding interval of a part's figure."""
    decimals = design["decimals"].to_numpy()
    if np.isnan(decimals).all():
        return 0.0
    return float((10.0 ** -np.nanmin(decimals) / 100) ** 2 / 12)


def _log_likelihood(cells: Cells, shared: dict[str, Any], mean: Any, cov: Any) -> Any:
    """Sum over cells: one figure by its interval, two by quadrature over the first."""
    total = 0.0
    if len(cells.single):
        m, v = _combine(cells.linear(cells.first[cells.single]), mean, cov, cells.single)
        sd = pt.sqrt(v)
        total = total + pt.sum(
            log_normal_interval((shared["low"] - m) / sd, (shared["high"] - m) / sd)
        )
    if len(cells.double):
        total = total + pt.sum(_log_double(cells, shared, mean, cov))
    return total


def _combine(linear: Any, mean: Any, cov: Any, at: Any) -> tuple[Any, Any]:
    """Mean and variance of constant + a safe + b unsafe."""
    c, a, b = linear.T
    m = c + a * mean[at, 0] + b * mean[at, 1]
    v = a**2 * cov[at, 0] + b**2 * cov[at, 1] + 2.0 * a * b * cov[at, 2]
    return m, v


def _log_double(cells: Cells, shared: dict[str, Any], mean: Any, cov: Any) -> Any:
    """Bivariate Normal over the rounding region of two figures, shape (double,)."""
    at = cells.double
    one, two = cells.linear(cells.first[at]), cells.linear(cells.second[at])
    m1, v1 = _combine(one, mean, cov, at)
    m2, v2 = _combine(two, mean, cov, at)
    both = (
        one[:, 1] * two[:, 1] * cov[at, 0]
        + one[:, 2] * two[:, 2] * cov[at, 1]
        + (one[:, 1] * two[:, 2] + one[:, 2] * two[:, 1]) * cov[at, 2]
    )
    x = shared["node"]
    slope = both / v1
    given = (m2)[:, None] + slope[:, None] * (x - m1[:, None])
    sd = pt.sqrt(v2 - both * slope)[:, None]
    density = -0.5 * ((x - m1[:, None]) ** 2 / v1[:, None] + pt.log(2.0 * np.pi * v1)[:, None])
    inside = log_normal_interval(
        (shared["node_low"] - given) / sd, (shared["node_high"] - given) / sd
    )
    terms = shared["log_weight"] + density + inside
    largest = disconnected(pt.max(terms, axis=1, keepdims=True))
    return shared["counts"] * (largest[:, 0] + pt.log(pt.sum(pt.exp(terms - largest), axis=1)))
