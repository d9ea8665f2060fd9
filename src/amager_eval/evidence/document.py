"""A piece of evidence as a document of `models/`: a table that belongs to one version of a spec."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from amager_eval.errors import SpecError
from amager_eval.provenance import versions
from amager_eval.spec.area_estimate import AreaSpec
from amager_eval.spec.documents import models_folder
from amager_eval.spec.model import ModelSpec
from amager_eval.whole_file import whole_file

__all__ = ["Evidence", "OtherVersionError", "evidence_path", "read_evidence", "write_evidence"]

SCHEMA_VERSION: Final = 1
#: Significant digits of a stored number; the tables are read by people.
DIGITS: Final = 5


class OtherVersionError(SpecError):
    """What is kept was computed under another version of the model's document."""


@dataclass(frozen=True)
class Evidence:
    """A table and what it belongs to."""

    #: What was examined: `calibration`, `recovery`, `prior_sensitivity` and so on; the file's
    #: name.
    name: str
    #: Folder of `models/`.
    model: str
    #: The document the table was computed under.
    spec_version: str
    spec_digest: str
    #: The command that made it.
    command: str
    #: ISO date.
    date: str
    #: Wall-clock time of the computation, that of fits kept from an earlier run included; None
    #: where that was not recorded.
    seconds: float | None
    #: Numbers the reader needs: fits, draws, seed.
    settings: Mapping[str, Any]
    #: The table, raw values; missing is None.
    rows: Sequence[Mapping[str, object]]
    #: Versions; filled in when not given.
    packages: Mapping[str, str] = field(default_factory=versions)

    def to_frame(self) -> pd.DataFrame:
        """Table as a frame, one row per entry of `rows`."""
        return pd.DataFrame(list(self.rows))


def evidence_path(model: str, name: str, *, folder: Path | None = None) -> Path:
    """Return where a piece of evidence is kept; `folder` stands for `models/`."""
    return (folder or models_folder()) / model / "evidence" / f"{name}.json"


def write_evidence(evidence: Evidence, *, folder: Path | None = None) -> Path:
    """Write a piece of evidence over what was there."""
    path = evidence_path(evidence.model, evidence.name, folder=folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"schema_version": SCHEMA_VERSION, **asdict(evidence)}
    document["seconds"] = None if evidence.seconds is None else round(evidence.seconds, 1)
    text = json.dumps(_plain(document), ensure_ascii=False, indent=1, allow_nan=False)
    with whole_file(path) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8")
    return path


def read_evidence(spec: ModelSpec | AreaSpec, name: str, *, folder: Path | None = None) -> Evidence:
    """Read a piece of evidence, which must belong to the spec as it is.

    `folder` stands for `models/`.

    Examples
    --------
    >>> from amager_eval.spec.model import load_model_spec
    >>> read_evidence(load_model_spec("safety_trend"), "horoscope")
    Traceback (most recent call last):
    amager_eval.errors.SpecError: ...
    """
    path = evidence_path(spec.name, name, folder=folder)
    remedy = f"Run: amager-eval validate {spec.name.partition('_')[0]}"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document.pop("schema_version", None)
        evidence = Evidence(**document)
    except FileNotFoundError as error:
        raise SpecError(f"{path.name}: {spec.name} has no evidence '{name}'. {remedy}") from error
    except (json.JSONDecodeError, AttributeError, TypeError) as error:
        raise SpecError(f"{path} is no piece of evidence: {error}. {remedy}") from error
    if found != SCHEMA_VERSION:
        raise SpecError(f"{path} has schema {found}, this version reads {SCHEMA_VERSION}. {remedy}")
    if evidence.spec_digest != spec.digest:
        raise OtherVersionError(
            f"{path.name} belongs to version {evidence.spec_version} of {spec.name} "
            f"(digest {evidence.spec_digest[:12]}); found version {spec.version} "
            f"(digest {spec.digest[:12]}). {remedy}"
        )
    return evidence


def _plain(value: Any) -> Any:
    """Round numbers, and turn what JSON cannot say into None."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value
