"""A model as a document: likelihood, priors each with its reason, gates, sampling."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document
from amager_eval.spec.register import hold_against_register

__all__ = ["Gates", "ModelSpec", "Prior", "Sampling", "load_model_spec"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prior(_Frozen):
    """A prior: a distribution's name as PyMC calls it, its parameters, and why.

    Parameters
    ----------
    distribution : str
        `Normal`, `HalfNormal`, `Gamma`, `Beta`, `LogNormal`, `LKJ`.
    parameters : dict of str to float
        Parameters by PyMC's names.
    unit : str
        Scale the quantity lives on (`logit`, `logit per year`, `log rate`).
    reason : str
        Why this prior; a prior without a reason is not accepted.
    """

    distribution: Literal["Normal", "HalfNormal", "Gamma", "Beta", "LogNormal", "LKJ"]
    parameters: dict[str, float]
    unit: str = ""
    reason: Annotated[str, Field(min_length=10)]

    def __getitem__(self, parameter: str) -> float:
        """Value of one parameter."""
        return self.parameters[parameter]


class Gates(_Frozen):
    """What a fit must pass before a number of it is reported."""

    divergences_max: Annotated[int, Field(ge=0)] = 0
    rhat_max: Annotated[float, Field(gt=1)] = 1.01
    ess_min: Annotated[float, Field(gt=0)] = 400
    #: Of a model whose figures are made Normal: least share of draws that the exact likelihood of
    #: any one cell leaves; 0 where no likelihood is approximated.
    cell_share_min: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Sampling(_Frozen):
    """How the posterior is sampled.

    Parameters
    ----------
    draws, tune, chains : int
        Kept and warm-up draws per chain; chains.
    target_accept : float
        Target acceptance probability.
    stricter : tuple of float
        Targets to go on with, in order, while a run has a divergent transition: smaller steps
        follow the posterior where it is narrow. A run that diverges at the last fails its gate.
    """

    draws: Annotated[int, Field(gt=0)]
    tune: Annotated[int, Field(gt=0)]
    chains: Annotated[int, Field(gt=0)] = 4
    target_accept: Annotated[float, Field(gt=0, lt=1)] = 0.9
    stricter: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()


class ModelSpec(_Frozen):
    """One model document of `models/`, validated and frozen.

    Parameters
    ----------
    name, version, date : str
        Identity; `date` is ISO.
    question, likelihood : str
        What it answers and what it assumes, in words.
    priors : dict of str to Prior
        Every prior; code holds none.
    options : dict
        Declared choices of the model that are not priors (drift alternatives, weights,
        per-type overrides); each model checks its own keys.
    gates, sampling : Gates, Sampling
        Workflow.
    """

    name: str
    version: str
    date: str
    question: str
    likelihood: str
    priors: dict[str, Prior]
    options: dict[str, Any] = Field(default_factory=dict)
    gates: Gates = Gates()
    sampling: Sampling
    _digest: str = PrivateAttr(default="")

    @property
    def digest(self) -> str:
        """SHA-256 of the document this spec was read from; empty if made in code."""
        return self._digest

    def with_options(self, **options: Any) -> ModelSpec:
        """Return the spec with other options; itself where it has them already.

        The digest stays that of the document: what differs from it, an agreement's baseline or a
        declared alternative, is said by whoever asks.

        Examples
        --------
        >>> spec = load_model_spec("safety_trend")
        >>> spec.with_options(baseline=2020).options["baseline"]
        2020
        >>> spec.with_options(baseline=2024) is spec
        True
        """
        changed = self.options | options
        return self if changed == self.options else self.model_copy(update={"options": changed})


def load_model_spec(name: str | Path, *, draft: bool = False) -> ModelSpec:
    """Load a model's spec; one of `models/` only as it was registered.

    Parameters
    ----------
    name : str or Path
        A folder of `models/` (`safety_trend`, `crime_trend`) or a TOML file. A file outside
        `models/` is the user's own and is held against no register.
    draft : bool
        Load what the register does not know: nothing that rests on it may be published.

    Returns
    -------
    ModelSpec
        The document, validated and frozen, with its digest.

    Raises
    ------
    SpecError
        A wrong key or value, with file, line and key; or a document that differs from its
        registered version and `draft` is False.

    Examples
    --------
    >>> load_model_spec("safety_trend").gates.rhat_max
    1.01
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = models_folder() / str(name) / "spec.toml"
        if not path.is_file():
            raise SpecError(f"no model '{name}': {path} does not exist.")
    spec = parse_document(ModelSpec, path)
    if not draft:
        hold_against_register(path)
    spec._digest = sha256_of_file(path)
    return spec
