"""Fit again under another declared choice: without some sources, or with a looser link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from amager_eval.spec.model import ModelSpec, Prior
from amager_eval.trends.safety.fit import sample_safety

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.trends.fit import Fit
    from amager_eval.trends.sample import Progress

__all__ = ["with_area_varying_link", "without_grades"]


def without_grades(
    design: xr.Dataset,
    spec: ModelSpec,
    grades: Sequence[str] = ("C",),
    *,
    draws: int | None = None,
    chains: int = 4,
    seed: int = 1,
    progress: Progress | None = None,
) -> Fit:
    """Fit again without the figures of some source grades.

    Parameters
    ----------
    design, spec : Dataset, ModelSpec
        From :func:`~amager_eval.trends.safety.fit.design_safety`; the document.
    grades : sequence of str
        Source grades to leave out.
    draws : int or None
        Draws per chain; default the spec's.
    chains, seed : int
        As :func:`~amager_eval.trends.safety.fit.fit_safety`.
    progress : callable or None
        Called with draws done and draws in all.

    Returns
    -------
    Fit
        Its forecast repeats as published only the figures that were kept.
    """
    keep = ~np.isin(design["grade"].to_numpy(), list(grades))
    return sample_safety(
        design, spec, draws=draws, chains=chains, seed=seed, keep=keep, progress=progress
    )


def with_area_varying_link(spec: ModelSpec, *, sd: float, reason: str) -> ModelSpec:
    """Spec of the sensitivity in which areas differ in the width of the third answer.

    Parameters
    ----------
    spec : ModelSpec
        The document it departs from.
    sd : float
        Sd of the log ratio of an area's width to the common one.
    reason : str
        Why this sd.

    Returns
    -------
    ModelSpec
        For :func:`~amager_eval.trends.safety.fit.fit_safety`; no registered document, which its
        digest says.
    """
    prior = Prior(
        distribution="Normal", parameters={"mu": 0.0, "sigma": sd}, unit="log", reason=reason
    )
    return spec.model_copy(update={"priors": spec.priors | {"response_gap_spread": prior}})
