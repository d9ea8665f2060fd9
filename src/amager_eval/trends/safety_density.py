"""Log-density of the safety model and its gradient, written out: what the sampler runs.

The model is declared in `safety_model.py`; this is the same density on the same unconstrained
coordinates, without a graph to build and compile. Tests hold value and gradient against the
declared model's at random points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from amager_eval.trends.machine_code import njit
from amager_eval.trends.safety_cells import list_cells, observe, quadrature_nodes, structure
from amager_eval.trends.safety_geometry import (
    centring,
    level_basis,
    setting_contrasts,
    slope_coefficients,
    step_coefficients,
    walk_basis,
)
from amager_eval.trends.safety_likelihood import INPUTS, log_likelihood

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec, Prior

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["Block", "Density", "write_density"]

_GEOMETRY: Final = (
    "levels_of",
    "line",
    "jump",
    "walk",
    "is_mean",
    "by_setting",
    "by_year",
    "before",
)
_SIZES: Final = ("base", "free_deff", "from_wave", "from_area", "from_nothing")
#: Numbers of the priors, in the order of `scale`: prior, parameter.
_SCALE: Final = (
    ("path_sd", "sigma"),
    ("setting_correlation", "eta"),
    ("area_sd", "sigma"),
    ("response_gap", "alpha"),
    ("response_gap", "beta"),
    ("level", "mu"),
    ("level", "sigma"),
    ("path_drift", "sigma"),
    ("collector_step", "sigma"),
    ("gap_sd", "sigma"),
    ("gap_sd_spread", "sigma"),
    ("gap_drift", "sigma"),
    ("response_gap_spread", "sigma"),
    ("wave_error", "sigma"),
    ("design_effect", "mu"),
    ("design_effect", "sigma"),
    ("wave_size", "sigma"),
    ("area_size", "sigma"),
    ("unknown_size", "mu"),
    ("unknown_size", "sigma"),
)


@dataclass(frozen=True)
class Block:
    """One variable of the model.

    Parameters
    ----------
    name : str
        Its name in the model.
    shape : tuple of int
        Its shape there.
    transform : {"", "log", "logit"}
        How the sampler's numbers become the variable.
    present : bool
        Whether this design needs it; if not, it is held at 0 and not sampled.
    """

    name: str
    shape: tuple[int, ...]
    transform: str = ""
    present: bool = True


@dataclass(frozen=True, eq=False)
class Density:
    """A log-density with its gradient, ready for the sampler.

    Parameters
    ----------
    blocks : tuple of Block
        The sampled variables, in the vector's order.
    data : dict of str to ndarray
        Everything the density reads; refits replace `drift_on`, the figures and the centring.
    start : ndarray
        A point in the middle of the priors.
    """

    blocks: tuple[Block, ...]
    data: dict[str, Any]
    start: Floats

    @property
    def evaluate(self) -> Callable[..., tuple[float, Floats]]:
        """Function of a point, and of `data` by name, that gives value and gradient."""
        return _evaluate

    def variables(self, x: Floats) -> dict[str, Floats]:
        """Turn a point into the model's variables."""
        found = {}
        at = 0
        for block in self.blocks:
            size = math.prod(block.shape)
            piece = x[at : at + size].reshape(block.shape)
            if block.transform == "log":
                piece = np.exp(piece)
            elif block.transform == "logit":
                piece = 1 / (1 + np.exp(-piece))
            found[block.name] = np.asarray(piece)  # the sampler takes no scalar
            at += size
        return found


def write_density(design: xr.Dataset, spec: ModelSpec) -> Density:
    """Lay out the density of a design.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety_design.build_design`.
    spec : ModelSpec
        Priors.

    Returns
    -------
    Density
    """
    blocks = _blocks(design, spec.priors)
    sizes = [math.prod(block.shape) for block in blocks]
    at = np.concatenate([[0], np.cumsum(sizes)])
    present = np.repeat([block.present for block in blocks], sizes)
    everything = np.isfinite(design["low"].to_numpy())
    cells = list_cells(design)
    data = structure(design, spec, cells) | centring(design, spec, everything)
    data |= observe(design, cells, keep=everything, nodes=quadrature_nodes(design))
    data |= _geometry(design) | _sizes(design)
    scale = [spec.priors[k][v] if k in spec.priors else 0.0 for k, v in _SCALE]
    data |= {"place": np.flatnonzero(present), "at": at, "drift_on": 1.0}
    data = {k: _settled(v) for k, v in data.items()}
    data["scale"] = (*scale, float(design.attrs["weighted"]))
    start = np.zeros(at[-1])
    for k, name in enumerate(("path_sd", "area_sd")):
        start[at[k]] = math.log(spec.priors[name]["sigma"])
    gap = spec.priors["response_gap"]
    start[at[2] : at[3]] = math.log(gap["alpha"] / gap["beta"])
    return Density(tuple(b for b in blocks if b.present), data, start[present])


def _blocks(design: xr.Dataset, priors: dict[str, Prior]) -> list[Block]:
    """List every variable a design may need, those first that are not standard Normal."""
    areas, settings, years = (design.sizes[k] for k in ("latent", "setting", "year"))
    steps, several = years - 1, areas > 1
    needs = {k: bool((design[k] > 0).any()) for k in ("from_wave", "from_area", "from_nothing")}
    return [
        Block("path_sd", (), "log"),
        Block("area_sd", (), "log", several),
        Block("response_gap", (settings,), "log"),
        Block("setting_correlation_unit", (), "logit", settings > 1),
        Block("path", (settings, steps)),
        Block("area_level", (level_basis(design).shape[1], settings), "", several),
        # standard Normal from here on
        Block("level", (settings,)),  # around the third answer's width, where that is tied to it
        Block("path_drift", (settings,)),
        Block("collector_step", (), "", bool(design["before_break"].any())),
        Block("gap_scale", (), "", several),
        Block("gap_sd_spread", (areas,), "", several),
        Block("gap_drift", (areas, settings), "", several),
        Block("gap", (areas, settings, steps), "", several),
        Block("response_gap_spread", (areas, settings), "", "response_gap_spread" in priors),
        Block("wave_error", (years,)),
        Block("log_deff", ()),
        Block("wave_size", (years,), "", needs["from_wave"]),
        Block("area_size", (areas,), "", needs["from_area"]),
        Block("unknown_size", (), "", needs["from_nothing"]),
    ]


def _geometry(design: xr.Dataset) -> dict[str, Any]:
    """Matrices of the latent paths; (setting, year) and (contrast, coefficient) are one axis."""
    years, anchor = design["year"].to_numpy(), design.attrs["anchor"]
    settings = design.sizes["setting"]
    basis, contrasts = walk_basis(years, anchor), setting_contrasts(settings)
    by_setting = np.kron(np.eye(settings), np.ones(len(years)))
    return {
        "levels_of": level_basis(design),
        "line": np.kron(np.eye(settings), slope_coefficients(years, anchor)),
        "jump": step_coefficients(design).ravel(),
        "walk": np.kron(contrasts, basis),
        "is_mean": np.repeat(np.arange(settings) == 0, len(basis)),
        "by_setting": by_setting,
        "by_year": np.kron(np.ones(settings), np.eye(len(years))),
        "before": np.tile(design["before_break"].to_numpy(), settings),
    }


def _sizes(design: xr.Dataset) -> dict[str, Any]:
    """Known part of deff / n, and which unknowns enter it, (latent, setting and year)."""
    given = design["deff"].to_numpy()
    unknown = np.isnan(given)
    table = {"base": np.where(unknown, 1.0, given) / design["n_base"].to_numpy()}
    table["free_deff"] = unknown
    table |= {k: design[k].to_numpy() for k in ("from_wave", "from_area", "from_nothing")}
    return {k: v.reshape(len(v), -1) for k, v in table.items()}


def _settled(value: Any) -> Any:
    """Contiguous array of the types the compiled function was made for."""
    array = np.asarray(value)
    dtype = np.int64 if array.dtype.kind in "iu" else np.float64
    return np.ascontiguousarray(array, dtype=dtype).reshape(array.shape)


def _log_density(
    x: Floats,
    place: Integers,
    at: Integers,
    scale: tuple[float, ...],
    geometry: tuple[Floats, ...],
    sizes: tuple[Floats, ...],
    refit: tuple[float, Floats, float, Floats],
    figures: tuple[Any, ...],
) -> tuple[float, Floats]:
    """Log-density and gradient: forward through the model, then backward.

    `g_` is the derivative of the log-density by what follows it. Absent variables are 0 in `full`,
    which leaves out what they do; two or more settings and areas are no special case.
    """
    s_path, eta, s_area, alpha, beta, mu_level, s_level, s_slope, s_step, s_gap = scale[:10]
    s_widen, s_gap_slope, s_wide, s_wave, mu_deff, s_deff = scale[10:16]
    s_wave_size, s_area_size, mu_unknown, s_unknown, weighted = scale[16:]
    levels_of, line, jump, walk, is_mean, by_setting, by_year, before = geometry
    base, free_deff, from_wave, from_area, from_nothing = sizes
    drift, centre, centre_level, centre_unsafe = refit
    settings, steps, areas = len(line), len(jump), len(base)
    full = np.zeros(at[-1])
    full[place] = x
    g = np.zeros(at[-1])

    # ---- forward: standard deviations, the correlation and what follows from it
    log_path_sd, log_area_sd, unit_correlation = full[at[0]], full[at[1]], full[at[3]]
    path_ratio, area_ratio = math.exp(log_path_sd) / s_path, math.exp(log_area_sd) / s_area
    u = 1.0 / (1.0 + math.exp(-unit_correlation))
    lowest = -1.0 / max(settings - 1, 1)
    correlation = lowest + (1.0 - lowest) * u
    of_mean = 1.0 + (settings - 1) * correlation
    relative = 0.5 * (is_mean * math.log(of_mean) + (1.0 - is_mean) * math.log1p(-correlation))
    logp = log_path_sd - 0.5 * path_ratio**2 + log_area_sd - 0.5 * area_ratio**2
    logp += eta * (math.log(u) + math.log1p(-u))

    # ---- forward: the common path, partly centred; a coefficient of every contrast on one axis
    path, path_drift = full[at[4] : at[5]], full[at[7] : at[8]]
    log_ratio = log_path_sd - math.log(s_path) + relative
    step = s_step * full[at[8]]
    straight = drift * s_slope * (path_drift @ line) + step * jump
    unit, tight = s_path * np.exp((1.0 - centre) * log_ratio), np.exp(centre * log_ratio)
    off = (path - centre * straight / unit) / tight
    common = (1.0 - centre) * straight + unit * path - step * jump
    logp -= 0.5 * (off @ off) + centre @ log_ratio

    # ---- forward: gaps and levels of areas
    gap_drift = full[at[11] : at[12]].reshape(areas, settings)
    gap_scale, gap = full[at[9]], full[at[12] : at[13]].reshape(areas, steps)
    widen = s_gap * np.exp(s_widen * full[at[10] : at[11]])
    coefficients = common + drift * s_gap_slope * (gap_drift @ line)
    relative_sd = np.exp(relative)
    for a in range(areas):
        for k in range(steps):
            coefficients[a, k] += gap_scale * widen[a] * relative_sd[k] * gap[a, k]
    free_levels = full[at[5] : at[6]].reshape(-1, settings)
    area_unit, area_tight = s_area * area_ratio ** (1.0 - centre_level), area_ratio**centre_level
    area_off = free_levels / area_tight
    off_levels = levels_of @ free_levels
    log_gap = full[at[2] : at[3]]
    tie = centre_unsafe / s_level
    own = full[at[6] : at[7]] - tie * (np.exp(log_gap) - alpha / beta)
    levels = mu_level + s_level * own + area_unit * off_levels
    logp -= 0.5 * (area_off**2).sum() + area_off.size * math.log(area_tight)

    # ---- forward: shares a wave estimates, and deff / n
    wide = np.exp(log_gap + s_wide * full[at[13] : at[14]].reshape(areas, settings))
    wave = s_wave * (full[at[14] : at[15]] @ by_year) + step * before
    wider = np.exp(wide) @ by_setting
    seen = levels @ by_setting + coefficients @ walk
    deff = math.exp(mu_deff + s_deff * full[at[15]])
    of_nothing = math.exp(-mu_unknown - s_unknown * full[at[18]])
    of_wave = np.exp(-s_wave_size * full[at[16] : at[17]]) @ by_year
    area_share = np.exp(s_area_size * full[at[17] : at[18]])
    of_area = area_share.mean() ** weighted / area_share
    area_share /= area_share.sum()
    shape = base.shape
    safe, unsafe, inverse = np.empty(shape), np.empty(shape), np.empty(shape)
    for a in range(areas):
        for j in range(shape[1]):
            odds = math.exp(-seen[a, j] - wave[j])
            safe[a, j] = 1.0 / (1.0 + odds)
            unsafe[a, j] = odds / (odds + wider[a, j])
            size = base[a, j]
            if free_deff[a, j] > 0:
                size *= deff
            if from_wave[a, j] > 0:
                size *= of_wave[j]
            if from_area[a, j] > 0:
                size *= of_area[a]
            if from_nothing[a, j] > 0:
                size *= of_nothing
            inverse[a, j] = size
    logp += alpha * log_gap.sum() - beta * np.exp(log_gap).sum()
    logp -= 0.5 * ((own @ own) + (full[at[7] :] ** 2).sum())
    value, g_safe, g_unsafe, g_inverse = log_likelihood(
        safe.reshape(-1), unsafe.reshape(-1), inverse.reshape(-1), *figures
    )
    logp += value.item()

    # ---- backward: shares and deff / n
    g[at[7] :] = -full[at[7] :]
    g_seen, g_wider = g_safe.reshape(shape), g_unsafe.reshape(shape)
    g_wave, g_of_wave = np.zeros(shape[1]), np.zeros(shape[1])
    g_of_area, g_deff, g_of_nothing = np.zeros(areas), 0.0, 0.0
    for a in range(areas):
        for j in range(shape[1]):
            of_unsafe = g_unsafe[a * shape[1] + j] * unsafe[a, j] * (1.0 - unsafe[a, j])
            g_wider[a, j] = -of_unsafe
            g_seen[a, j] = g_seen[a, j] * safe[a, j] * (1.0 - safe[a, j]) - of_unsafe
            g_wave[j] += g_seen[a, j]
            g_log = g_inverse[a * shape[1] + j] * inverse[a, j]
            g_deff += free_deff[a, j] * g_log
            g_of_wave[j] += from_wave[a, j] * g_log
            g_of_area[a] += from_area[a, j] * g_log
            g_of_nothing += from_nothing[a, j] * g_log
    g[at[14] : at[15]] += s_wave * (by_year @ g_wave)
    g_step = before @ g_wave
    g[at[15]] += s_deff * g_deff
    g[at[16] : at[17]] -= s_wave_size * (by_year @ g_of_wave)
    g[at[17] : at[18]] -= s_area_size * (g_of_area - weighted * g_of_area.sum() * area_share)
    g[at[18]] -= s_unknown * g_of_nothing
    g_wide = (g_wider @ by_setting.T) * wide
    g[at[2] : at[3]] = g_wide.sum(axis=0) + alpha - beta * np.exp(log_gap)
    g[at[13] : at[14]] += s_wide * g_wide.reshape(-1)

    # ---- backward: levels and gaps of areas
    g_levels = g_seen @ by_setting.T
    g_own = s_level * g_levels.sum(axis=0) - own
    g[at[6] : at[7]] = g_own
    g[at[2] : at[3]] -= g_own * tie * np.exp(log_gap)
    g_free = area_unit * (levels_of.T @ g_levels) - area_off / area_tight
    g[at[5] : at[6]] = g_free.reshape(-1)
    g_area = (1.0 - centre_level) * area_unit * (g_levels * off_levels).sum()
    g_area += centre_level * ((area_off**2).sum() - area_off.size)
    g[at[1]] = g_area + 1.0 - area_ratio**2
    g_coefficients = g_seen @ walk.T
    g_path, g_relative = np.zeros(steps), np.zeros(steps)
    g_gap = g[at[12] : at[13]].reshape(areas, steps)
    for a in range(areas):
        g_widen = 0.0
        for k in range(steps):
            by_gap = g_coefficients[a, k] * widen[a] * relative_sd[k]
            g_gap[a, k] += gap_scale * by_gap
            g_widen += by_gap * gap[a, k]
            g_relative[k] += gap_scale * by_gap * gap[a, k]
            g_path[k] += g_coefficients[a, k]
        g[at[9]] += g_widen
        g[at[10] + a] += s_widen * gap_scale * g_widen
    g[at[11] : at[12]] += drift * s_gap_slope * (g_coefficients @ line.T).reshape(-1)

    # ---- backward: the common path
    pull = off / tight
    g_straight = (1.0 - centre) * g_path + centre * pull / unit
    g[at[4] : at[5]] = unit * g_path - pull
    g[at[7] : at[8]] += drift * s_slope * (line @ g_straight)
    g[at[8]] += s_step * (g_step + jump @ (g_straight - g_path))
    g_ratio = (1.0 - centre) * (unit * path * g_path - centre * pull * straight / unit)
    g_ratio += centre * (off**2 - 1.0)
    g[at[0]] = g_ratio.sum() + 1.0 - path_ratio**2

    # ---- backward: the correlation
    g_relative += g_ratio
    by_correlation = is_mean * (settings - 1) / of_mean - (1.0 - is_mean) / (1.0 - correlation)
    g_correlation = 0.5 * (by_correlation @ g_relative)
    g[at[3]] = g_correlation * (1.0 - lowest) * u * (1.0 - u) + eta * (1.0 - 2.0 * u)
    return logp, g[place]


log_density: Any = njit(_log_density)


def _evaluate(x: Floats, **data: Any) -> tuple[float, Floats]:
    """Hand the data to the compiled function as the types it was made for."""
    centre = (
        data["centre_path"].reshape(-1),
        float(data["centre_level"]),
        data["centre_unsafe"],
    )
    refit = (float(data["drift_on"]), *centre)
    geometry = tuple(data[k] for k in _GEOMETRY)
    sizes = tuple(data[k] for k in _SIZES)
    figures = tuple(data[k] for k in INPUTS[3:])
    value, gradient = log_density(
        x, data["place"], data["at"], data["scale"], geometry, sizes, refit, figures
    )
    return value, gradient
