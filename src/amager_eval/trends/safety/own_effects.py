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

    A step is part of what the survey sees, as the collector's: the state after its date is the
    reference. A covariate moves the true share.
    """

    #: `step_` or `covariate_` and the declared name.
    name: str
    #: Prior standard deviation of its size in each setting, logit (of a covariate per unit).
    sigma: float
    #: Those it is of; empty is all.
    settings: tuple[str, ...]
    moves: Literal["survey", "truth"]
    #: Of a step, those it is of; empty is all.
    areas: tuple[str, ...] = ()
    #: Of a step, the first day of the new state.
    date: date | None = None
    #: Of a covariate, area to wave to value.
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
    """Read a spec's steps and covariates; refuse a key or a value that means nothing here."""
    found = []
    for kind, keys in (("step", _STEP_KEYS), ("covariate", _COVARIATE_KEYS)):
        for entry in spec.options.get(f"{kind}s", []):
            name = f"{kind}_{entry.get('name', '')}"
            model = f"safety model, {name}"
            if unknown := sorted({k for k, v in entry.items() if v or k in keys} - keys):
                raise SpecError(f"{model}: it has no {', '.join(unknown)}")
            if entry.get("types"):
                raise SpecError(f"{model}: `types` are of crime; name `settings`, or leave it out")
            if not float(entry["sigma"]) > 0:
                raise SpecError(f"{model}: sigma must be above 0")
            try:
                when = date.fromisoformat(str(entry["date"])) if kind == "step" else None
                values = {
                    str(a): {int(w): float(v) for w, v in of.items()}
                    for a, of in entry.get("values", {}).items()
                }
            except ValueError as error:
                raise SpecError(
                    f"{model}: a date is written 2024-07-01, a wave 2024; found: {error}"
                ) from error
            settings, areas = (tuple(entry.get(k, ())) for k in ("settings", "areas"))
            moves: Literal["survey", "truth"] = "survey" if kind == "step" else "truth"
            sigma = float(entry["sigma"])
            found.append(OwnEffect(name, sigma, settings, moves, areas, when, values or None))
    return tuple(found)


def add_own_effects(design: xr.Dataset, spec: ModelSpec) -> xr.Dataset:
    """Name the declared effects in a design, as `own_effect`; one without any stays as it is.

    Refused is an effect that names an area or a setting that is not modelled, or is 0 in every year
    seen.
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
) -> Floats:
    """Give what the effects of a kind add to the logit, (sample, latent, setting, year).

    `draws` holds `own_effect_size` (sample, own_effect, setting); `moves` is `truth` for covariates
    and `survey` for steps; where there is no such effect it is 0. Past the last declared value
    of a covariate that value is held.
    """
    latent = list(map(str, design["latent"].to_numpy()))
    moved: Floats = np.zeros((1, 1, 1, len(years)))
    for i, effect in enumerate(own_effects(spec)):
        if effect.moves == moves:
            size = np.asarray(draws["own_effect_size"])[:, i]
            moved = moved + size[:, None, :, None] * effect.over(latent, years)[:, None]
    return moved
