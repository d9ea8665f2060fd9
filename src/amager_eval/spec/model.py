"""A model as a document: likelihood, priors each with its reason, gates, sampling."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from amager_eval.errors import SpecError
from amager_eval.provenance import sha256_of_bytes, sha256_of_file
from amager_eval.spec.documents import models_folder, parse_document
from amager_eval.spec.prior import LEAST_REASON, Prior, as_prior
from amager_eval.spec.register import hold_against_register
from amager_eval.spec.values import AtKey, Frozen

__all__ = ["Gates", "ModelSpec", "Prior", "Sampling", "load_model_spec", "spec_of_record"]


class Gates(Frozen):
    """What a fit must pass before a number of it is reported."""

    divergences_max: Annotated[int, Field(ge=0)] = 0
    rhat_max: Annotated[float, Field(gt=1)] = 1.01
    ess_min: Annotated[float, Field(gt=0)] = 400
    #: Of a Hamiltonian sampler: least estimated fraction of missing information of a chain's
    #: energy; below it the chain may not have reached the tails (Betancourt, arXiv:1604.00695).
    ebfmi_min: Annotated[float, Field(ge=0, lt=1)] = 0.3
    #: Of a model whose figures are made Normal: least share of draws that the exact likelihood of
    #: any one cell leaves; 0 where no likelihood is approximated.
    cell_share_min: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Sampling(Frozen):
    """How the posterior is sampled."""

    #: Kept and warm-up draws per chain; chains.
    draws: Annotated[int, Field(gt=0)]
    tune: Annotated[int, Field(gt=0)]
    chains: Annotated[int, Field(gt=0)] = 4
    target_accept: Annotated[float, Field(gt=0, lt=1)] = 0.9  #: Target acceptance probability


class ModelSpec(Frozen):
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
    _origin: str = PrivateAttr(default="")
    #: Digest of the content that was read, and what it goes by: a document of then may be another
    #: file by now.
    _named: tuple[str, str] = PrivateAttr(default=("", ""))

    @model_validator(mode="after")
    def _reasons(self) -> Self:
        for name, prior in self.priors.items():
            if len(prior.reason.strip()) < LEAST_REASON:
                raise AtKey(("priors", name, "reason"), "reason_needed", least=LEAST_REASON)
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the content, whatever way the spec was made.

        What a document of `models/` says goes by that file's own SHA-256, the one in its
        register; any other content by the SHA-256 of its values as JSON with sorted keys.
        """
        own = _digest_of_content(self)
        if self._named[0] == own:
            return self._named[1]
        if Path(self.name).name != self.name:
            return own
        document = models_folder() / self.name / "spec.toml"
        if not document.is_file():
            return own
        told, content = _digests_of_document(document, document.stat().st_mtime_ns)
        return told if content == own else own

    @property
    def changed_from(self) -> str:
        """Digest of the spec this one is a changed copy of; empty where it is none."""
        return "" if self._origin == self.digest else self._origin

    def record(self) -> dict[str, object]:
        """Give the spec as plain values with its digests; see :func:`spec_of_record`."""
        return {
            "spec": self.model_dump(mode="json", fallback=_plain),
            "spec_digest": self.digest,
            "spec_changed_from": self.changed_from,
        }

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the spec; a changed copy says in :attr:`changed_from` what it was.

        Values of `update` are not validated.
        """
        copy = super().model_copy(update=update, deep=deep)
        copy._origin = self._origin or self.digest
        return copy

    def with_options(self, **options: Any) -> ModelSpec:
        """Return the spec with other options; itself where it has them already.

        Parameters
        ----------
        **options
            Options by name, each in place of the whole of the old one.

        Returns
        -------
        ModelSpec
            With a digest of its own; :attr:`changed_from` has that of this one.

        Examples
        --------
        >>> spec = load_model_spec("safety_trend")
        >>> other = spec.with_options(baseline=2020)
        >>> other.options["baseline"], other.changed_from == spec.digest
        (2020, True)
        >>> spec.with_options(baseline=2024) is spec
        True
        """
        changed = self.options | options
        return self if changed == self.options else self.model_copy(update={"options": changed})

    def with_prior(self, name: str, prior: Any, *, reason: str) -> ModelSpec:
        """Return the spec with another prior of one quantity.

        Parameters
        ----------
        name : str
            One of :attr:`priors`.
        prior : Prior or pymc_extras.prior.Prior
            Any family PyMC has where the model needs no certain one; a model refuses the others
            when it is fitted, and says which it takes.
        reason : str
            Why; it travels with the spec into saved files.

        Returns
        -------
        ModelSpec
            With a digest of its own; :attr:`changed_from` has that of this one.

        Raises
        ------
        SpecError
            There is no such prior, it is no prior, or the reason is missing.

        Examples
        --------
        >>> spec = load_model_spec("crime_trend")
        >>> wide = spec.with_prior(
        ...     "innovation", Prior("HalfNormal", sigma=0.3), reason="A city that changes fast."
        ... )
        >>> wide.priors["innovation"]["sigma"], wide.digest == spec.digest
        (0.3, False)
        """
        if name not in self.priors:
            raise SpecError(f"{self.name} has no prior '{name}'; it has {', '.join(self.priors)}.")
        new = as_prior(prior, unit=self.priors[name].unit, reason=reason)
        return self.model_copy(update={"priors": self.priors | {name: new}})

    def to_markdown(self) -> str:
        """Say every prior, step and covariate with its reason, as a model's card does.

        Returns
        -------
        str
            Markdown: a line of what the spec is, a table of priors, a list of what is declared of
            dates and areas.

        Examples
        --------
        >>> print(load_model_spec("crime_trend").to_markdown()[:23])
        **crime_trend 0.3.0** (
        """
        came = f", changed from {self.changed_from[:12]}" if self.changed_from else ""
        lines = [
            f"**{self.name} {self.version}** ({self.digest[:12]}{came})", "",
            "| prior | distribution | unit | why |", "|---|---|---|---|",
        ]  # fmt: skip
        for name, prior in self.priors.items():
            numbers = ", ".join(f"{k} = {v:g}" for k, v in prior.parameters.items())
            row = (name, f"{prior.distribution}({numbers})", prior.unit, prior.reason)
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |")
        scale = self.priors["level"].unit.split(",")[0]
        said = [
            f"- Step {s['name']} on {s['date']}{_of(s)}: {scale}, sd {s['sigma']:g}. {s['reason']}"
            for s in self.options.get("steps", [])
        ]
        said += [
            f"- Covariate {c['name']} of {', '.join(c['values'])}{_of(c)}: {scale} per unit, sd "
            f"{c['sigma']:g}. {c['reason']}"
            for c in self.options.get("covariates", [])
        ]
        return "\n".join([*lines, *([""] if said else []), *said])

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def with_step(
        self,
        name: str,
        *,
        date: str,
        sigma: float,
        reason: str,
        types: Sequence[str] = (),
        settings: Sequence[str] = (),
        areas: Sequence[str] = (),
    ) -> ModelSpec:
        """Return the spec with a dated step of how things are seen; the state after is reference.

        Parameters
        ----------
        name : str
            Name in results.
        date : str
            First day of the new state, `2024-07-01`. A survey wave is before it where the date
            lies after 1 January of the wave's year.
        sigma : float
            Prior standard deviation, log rate (crime) or logit (safety).
        reason : str
            What happened.
        types : sequence of str
            Crime types it touches; empty means all.
        settings : sequence of str
            Settings of the safety survey it touches, each with a size of its own; empty means all.
        areas : sequence of str
            Which it touches; empty means all.

        Returns
        -------
        ModelSpec
            With a digest of its own; :attr:`changed_from` has that of this one.

        Raises
        ------
        SpecError
            The reason is missing, or there is one of that name. A model refuses what it cannot
            have when it is fitted: an area, type or setting it does not know; of safety a date no
            figure lies before. A crime type without counts on both sides of the date has no step.

        Notes
        -----
        A step is part of the observation, not of the level or the true share: what changed is how
        reports are made, recorded or asked for. What changes the truth is a covariate.

        Examples
        --------
        >>> spec = load_model_spec("crime_trend").with_step(
        ...     "station", date="2023-01-01", sigma=0.1, areas=["Harbour"],
        ...     reason="The harbour's police station closed.",
        ... )
        >>> spec.options["steps"][-1]["areas"]
        ['Harbour']
        """
        entry = {
            "name": name, "date": str(date), "sigma": sigma, "reason": reason,
            **_touched(types, settings), "areas": list(areas),
        }  # fmt: skip
        return _declared(self, "steps", "step", entry)

    def with_covariate(
        self,
        name: str,
        values: Mapping[str, Mapping[str, float]],
        *,
        sigma: float,
        reason: str,
        types: Sequence[str] = (),
        settings: Sequence[str] = (),
    ) -> ModelSpec:
        """Return the spec with a covariate of some areas; zero is the reference.

        Parameters
        ----------
        name : str
            Name in results.
        values : mapping of str to mapping of str to float
            Area to period to value; a value holds until the next one, forecasts included.
        sigma : float
            Prior standard deviation of its effect per unit, log rate (crime) or logit (safety).
        reason : str
            Why it should matter.
        types : sequence of str
            Which crime types it moves; empty means all.
        settings : sequence of str
            Which settings of the safety survey it moves; empty means all.

        Returns
        -------
        ModelSpec
            With a digest of its own; :attr:`changed_from` has that of this one.

        Raises
        ------
        SpecError
            The reason is missing, or there is one of that name. A model refuses what it cannot
            have when it is fitted.

        Notes
        -----
        Of safety a covariate moves the true share, in the forecast too. Of crime it moves the rate
        and the reports and leaves the level.

        Examples
        --------
        >>> spec = load_model_spec("crime_trend").with_covariate(
        ...     "lamps", {"Harbour": {"2023K1": 1.0}}, sigma=0.1, reason="New street lamps of 2023."
        ... )
        >>> spec.options["covariates"][0]["values"]
        {'Harbour': {'2023K1': 1.0}}
        """
        plain = {str(a): {str(p): float(v) for p, v in of.items()} for a, of in values.items()}
        entry = {
            "name": name, "sigma": sigma, "reason": reason, **_touched(types, settings),
            "values": plain,
        }  # fmt: skip
        return _declared(self, "covariates", "covariate", entry)


def _of(effect: Mapping[str, Sequence[str]]) -> str:
    """Say which types and areas an effect is of; nothing where it is of all."""
    named = [", ".join(effect.get(key, ())) for key in ("types", "settings", "areas")]
    return "".join(f" of {n}" for n in named if n)


def _touched(types: Sequence[str], settings: Sequence[str]) -> dict[str, list[str]]:
    """Say what an effect is of, by the word of its model: crime's types unless settings are."""
    of = {"types": list(types)} if types or not settings else {}
    return of | ({"settings": list(settings)} if settings else {})


def _declared(spec: ModelSpec, option: str, what: str, entry: dict[str, object]) -> ModelSpec:
    """Return the spec with one more entry of a list of its options."""
    if len(str(entry["reason"]).strip()) < LEAST_REASON:
        raise SpecError(
            f"a {what} needs a reason of at least {LEAST_REASON} characters; found "
            f"{entry['reason']!r}. Say what it rests on."
        )
    there = spec.options.get(option, [])
    if any(entry["name"] == other["name"] for other in there):
        raise SpecError(
            f"{spec.name} has a {what} '{entry['name']}' already; results are told apart by name."
        )
    return spec.with_options(**{option: [*there, entry]})


def spec_of_record(record: Mapping[str, Any]) -> ModelSpec:
    """Read a spec back from what :meth:`ModelSpec.record` gave.

    A registered document goes by the digest it was registered under then, though `models/` may hold
    another version by now.
    """
    kept = dict(record["spec"])
    # an option without effect that fits stored before 30 November 2026 name
    kept["sampling"] = {k: v for k, v in kept["sampling"].items() if k != "stricter"}
    spec = ModelSpec.model_validate(kept)
    told = str(record["spec_digest"])
    came_from = str(record.get("spec_changed_from", ""))
    spec._origin = came_from or told
    spec._named = (_digest_of_content(spec), told)
    return spec


def _digest_of_content(spec: ModelSpec) -> str:
    """SHA-256 of every value, however a document lays them out."""
    content = spec.model_dump(mode="json", fallback=_plain)
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256_of_bytes(text.encode())


def _plain(value: Any) -> Any:
    """Give a value of another library's as one that JSON knows."""
    return value.item() if hasattr(value, "item") else str(value)


@lru_cache(maxsize=16)
def _digests_of_document(path: Path, _changed: int) -> tuple[str, str]:
    """Digest of a document's bytes and of its content."""
    return sha256_of_file(path), _digest_of_content(parse_document(ModelSpec, path))


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
    spec._origin = spec.digest
    spec._named = (_digest_of_content(spec), spec.digest)
    return spec
