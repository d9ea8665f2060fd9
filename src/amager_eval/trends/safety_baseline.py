"""The wave a safety model is anchored at: an agreement's own, not the document's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec

__all__ = ["with_baseline_wave"]


def with_baseline_wave(spec: ModelSpec, wave: int) -> ModelSpec:
    """Anchor a safety spec at the wave an agreement is measured from.

    Parameters
    ----------
    spec : ModelSpec
        The document.
    wave : int
        The agreement's baseline wave, from which alone prior-only answers come.

    Returns
    -------
    ModelSpec
        The spec itself where it has that wave. The digest stays that of the document: what
        differs from it is said by the agreement.

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> spec = load_model_spec("safety_trend")
    >>> with_baseline_wave(spec, 2024) is spec
    True
    >>> with_baseline_wave(spec, 2020).options["baseline"]
    2020
    """
    if spec.options.get("baseline") == wave:
        return spec
    return spec.model_copy(update={"options": spec.options | {"baseline": wave}})
