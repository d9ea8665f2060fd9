"""Declared effects of some areas and settings: dated steps and covariates, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from amager_eval.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from amager_eval.spec.model import ModelSpec

    type Floats = NDArray[np.float64]

__all__ = [
    "OwnEffect",
    "add_own_effects",
    "own_effects",
    "own_move",
]

_STEP_KEYS = {"name", "date", "sigma", "reason", "types", "settings", "areas"}
_COVARIATE_KEYS = {"name", "values", "sigma", "reason", "types", "settings"}


@dataclass(frozen=True)
class OwnEffect:
    """A declared step or covariate.

    Parameters
    ----------
    name : str
        `step_` or `covariate_` and the declared name.
    sigma : float
        Prior standard deviation of its size in each setting, logit (of a covariate per unit).
    settings : tuple of str
        Those it is of; empty is all.
    moves : {"survey", "truth"}
        A step is part of what the survey sees, as the collector's: the state after its date is
        the reference. A covariate moves the true share.
    areas : tuple of str
        Of a step, those it is of; empty is all.
    date : date or None
        Of a step, the first day of the new state.
    values : mapping of str to mapping of int to float
        Of a covariate, area to wave to value.
    """

    name: str
    sigma: float
    settings: tuple[str, ...]
    moves: Literal["survey", "truth"]
    areas: tuple[str, ...] = ()
    date: date | None = None
    values: Mapping[str, Mapping[int, float]] | None = None

    def among(self, settings: Any) -> NDArray[np.bool_]:
        """Tell which settings it is of."""
        return np.array([not self.settings or s in self.settings for s in settings])

    def over(self, areas: Sequence[str], years: Any) -> Floats:
        """Give what multiplies the effect's size, (area, year).

        A step: 1 in waves of years that begin before its date, so that the present is the
        reference. A covariate: its value, held until the next declared one; 0 before the first.
        """
        table = np.zeros((len(areas), len(years)))
        for row, area in zip(table, areas, strict=True):
            if self.date is not None:
                if not self.areas or area in self.areas:
                    row[:] = [date(int(y), 1, 1) < self.date for y in years]
            elif self.values is not None and area in self.values:
                given = sorted(self.values[area].items(), reverse=True)
                row[:] = [next((v for w, v in given if w <= y), 0.0) for y in years]
        return table


def own_effects(spec: ModelSpec) -> tuple[OwnEffect, ...]:
    """Read a spec's steps and covariates.

    Parameters
    ----------
    spec : ModelSpec
        Whose options `steps` and `covariates` are read.

    Returns
    -------
    tuple of OwnEffect

    Raises
    ------
    SpecError
        A key or a value that means nothing here.
    """
    found = []
    for kind, keys in (("step", _STEP_KEYS), ("covariate", _COVARIATE_KEYS)):
        for entry in spec.options.get(f"{kind}s", []):
            name = f"{kind}_{entry.get('name', '')}"
            if unknown := sorted({k for k, v in entry.items() if v or k in keys} - keys):
                raise SpecError(f"safety model, {name}: it has no {', '.join(unknown)}")
            if entry.get("types"):
                raise SpecError(
                    f"safety model, {name}: `types` are of crime; name `settings`, or leave it out"
                )
            if not float(entry["sigma"]) > 0:
                raise SpecError(f"safety model, {name}: sigma must be above 0")
            try:
                when = date.fromisoformat(str(entry["date"])) if kind == "step" else None
                values = {
                    str(a): {int(w): float(v) for w, v in of.items()}
                    for a, of in entry.get("values", {}).items()
                }
            except ValueError as error:
                raise SpecError(
                    f"safety model, {name}: a date is written 2024-07-01, a wave 2024; found: "
                    f"{error}"
                ) from error
            found.append(
                OwnEffect(
                    name,
                    float(entry["sigma"]),
                    tuple(entry.get("settings", ())),
                    "survey" if kind == "step" else "truth",
                    tuple(entry.get("areas", ())),
                    when,
                    values or None,
                )
            )
    return tuple(found)


def add_own_effects(design: xr.Dataset, spec: ModelSpec) -> xr.Dataset:
    """Note the declared effects in a design; one without any stays as it is.

    Parameters
    ----------
    design : Dataset
        From :func:`~amager_eval.trends.safety.design.build_design`.
    spec : ModelSpec
        The document.

    Returns
    -------
    Dataset
        With coordinate `own_effect` (their names).

    Raises
    ------
    SpecError
        An effect names an area or a setting that is not modelled, or is 0 in every year seen.
    """
    effects = own_effects(spec)
    if not effects:
        return design
    latent, settings = (list(map(str, design[k].to_numpy())) for k in ("latent", "setting"))
    for effect in effects:
        named = effect.areas or tuple(effect.values or ())
        for what, asked, known in (
            ("area", named, latent), ("setting", effect.settings, settings),
        ):  # fmt: skip
            if missing := [v for v in asked if v not in known]:
                raise SpecError(
                    f"safety model, {effect.name}: there is no {what} {', '.join(missing)} with a "
                    f"path of its own; there are {', '.join(known)}. Correct the name, or take it "
                    "out."
                )
        if not effect.over(latent, design["year"].to_numpy()).any():
            raise SpecError(
                f"safety model, {effect.name}: it is 0 in every year from "
                f"{int(design['year'][0])} to {int(design['year'][-1])}, so no figure says "
                "anything of it. Correct its date or values, or take it out."
            )
    return design.assign_coords(own_effect=[e.name for e in effects])


def own_move(
    design: xr.Dataset, spec: ModelSpec, draws: Mapping[str, Any], years: Any, moves: str
) -> Floats | float:
    """Give what the effects of a kind add to the logit, (sample, latent, setting, year).

    Parameters
    ----------
    design, spec : Dataset, ModelSpec
        From :func:`add_own_effects`, and the document.
    draws : mapping of str to ndarray
        `own_effect_size` (sample, own_effect, setting).
    years : sequence of int
        In order; past the last declared value of a covariate that value is held.
    moves : {"truth", "survey"}
        Covariates, or steps.

    Returns
    -------
    ndarray or float
        0 where there is no such effect.
    """
    latent = list(map(str, design["latent"].to_numpy()))
    moved: Floats | float = 0.0
    for i, effect in enumerate(own_effects(spec)):
        if effect.moves == moves:
            size = np.asarray(draws["own_effect_size"])[:, i]
            moved = moved + size[:, None, :, None] * effect.over(latent, years)[:, None]
    return moved
