"""What was drawn, as frozen values without questions: what fits and forecasts are made of.

What forecasts a fit, or answers a question of a forecast, takes these; :class:`Fit` and
:class:`Forecast` are them with every question there is, and stand above all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.diagnose import Diagnostics

__all__ = ["Drawn", "Fitted", "Kind", "came_from"]

Kind = Literal["safety", "crime"]


@dataclass(frozen=True, eq=False, repr=False)
class Drawn:
    """Joint draws of a forecast; the parameters are those of :class:`Forecast`."""

    kind: Kind
    draws: xr.Dataset
    prior_only: xr.Dataset | None
    spec_digest: str
    spec_changed_from: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Fitted:
    """Draws of a model's quantities; the parameters are those of :class:`Fit`."""

    kind: Kind
    data: xr.DataTree
    spec: ModelSpec
    diagnostics: Diagnostics
    seed: int


def came_from(digest: str) -> str:
    """Say which document a changed one comes from; nothing of one that is as it was declared."""
    return f", changed from {digest[:12]}" if digest else ""
