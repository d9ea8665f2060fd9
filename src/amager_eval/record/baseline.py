"""The 2024 baseline of the crime goals: filled once, frozen, and held against every new input."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amager_eval.data.population import population_at
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.errors import Fault, InputError
from amager_eval.goals.crime.results import annual_figures
from amager_eval.goals.results import evaluated_area
from amager_eval.record.record import BASELINE_FILE, keep_file, verify_record
from amager_eval.spec.register import hold_agreement_against_register

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = [
    "BaselineEntry",
    "baseline_entries",
    "freeze_baseline",
    "hold_against_baseline",
    "load_baseline",
]


@dataclass(frozen=True)
class BaselineEntry:
    """One line of the agreement's table.

    Parameters
    ----------
    crime_type : str
        Id of the type; `total` for the total.
    year : int
        Calendar year.
    count, rate, population : float or None
        Reports, reports per 1,000 inhabitants, inhabitants at mid-year; None where unknown, or
        hidden because a count is small.
    area, area_version : str
        The agreement's area as the input names it, and its version.
    definition, source : str
        Of the series.
    """

    crime_type: str
    year: int
    count: float | None
    rate: float | None
    population: float | None
    area: str
    area_version: str
    definition: str
    source: str


def baseline_entries(data: Input, agreement: Agreement) -> tuple[BaselineEntry, ...]:
    """Fill the agreement's table from an input: the total and the selected types.

    A type without a delivery in the goal's own definition has no entry; nothing is substituted.
    """
    crime, area = agreement.crime, evaluated_area(data, agreement)
    entries = []
    for crime_type in (t.id for t in crime.type if t.role in {"total", "selected"}):
        figures = annual_figures(data, area, crime_type, crime.definition)
        figure = figures.get(crime.baseline_year)
        if figure is None:
            continue
        population = None
        if data.population is not None and (data.population["area"] == area).any():
            at = population_at(data.population, area, [str(crime.baseline_year)])
            population = round(float(at.population[0]), 1)
        entries.append(
            BaselineEntry(
                crime_type,
                crime.baseline_year,
                figure.count,
                None if figure.rate is None else round(figure.rate, 6),
                population,
                area,
                agreement.areas.evaluated.id,
                crime.definition,
                crime.source,
            )
        )
    return tuple(entries)


def load_baseline(folder: Path, agreement: Agreement) -> tuple[BaselineEntry, ...] | None:
    """Read the frozen baseline of a record folder; None where none is frozen yet.

    Raises
    ------
    InputError
        It cannot be read, is another agreement's, or the record was changed or is no longer whole.
    """
    kept = _kept_baseline(folder, agreement)
    return None if kept is None else _entries(kept)


def _kept_baseline(folder: Path, agreement: Agreement) -> dict[str, Any] | None:
    path = folder / BASELINE_FILE
    if folder.is_dir():
        verify_record(folder)  # first: a baseline that was taken out is not one that never was
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if kept["agreement"] != agreement.id:
        raise InputError(
            Fault(
                "the frozen baseline is another agreement's",
                found=f"{kept['agreement']} frozen, {agreement.id} asked for",
                remedy="Give each agreement a record folder of its own.",
                file=BASELINE_FILE,
            )
        )
    return kept


def _entries(kept: dict[str, Any]) -> tuple[BaselineEntry, ...]:
    return tuple(BaselineEntry(**entry) for entry in kept["entries"])


def freeze_baseline(
    data: Input,
    agreement: Agreement,
    folder: Path,
    *,
    on: date,
    revise: str | None = None,
) -> tuple[BaselineEntry, ...]:
    """Freeze the baseline in a record folder, or revise it with a reason.

    Parameters
    ----------
    data : Input
        With the baseline year's reports for the agreement's area.
    agreement : Agreement
    folder : Path
        The evaluation's record folder; made if absent.
    on : date
        Date written into the record.
    revise : str or None
        Reason for replacing a frozen baseline that differs; the old one is kept in the file. Blanks
        are no reason.

    Returns
    -------
    tuple of BaselineEntry
        The entries now frozen.

    Raises
    ------
    InputError
        Nothing to freeze, it differs from the frozen one and no reason was given, or the record
        was changed or is another agreement's.
    SpecError
        The agreement goes by a registered name and is not the registered one.
    """
    hold_agreement_against_register(agreement.id, agreement.digest)
    old = _kept_baseline(folder, agreement)
    data = mask_small_counts(data, agreement, folder)  # the record is published
    entries = baseline_entries(data, agreement)
    if not entries:
        raise InputError(
            Fault(
                f"no {agreement.crime.definition} reports of {agreement.crime.baseline_year} for "
                f"{evaluated_area(data, agreement)}",
                remedy=f"Supply them from {agreement.crime.source}.",
                file="crime",
            )
        )
    reason = (revise or "").strip()
    revisions: list[dict[str, Any]] = []
    if old is not None:
        if _entries(old) == entries:
            return entries
        if not reason:
            hold_against_baseline(data, agreement, folder)
            raise InputError(
                Fault(
                    "the baseline is frozen and this input adds to it",
                    found=", ".join(e.crime_type for e in entries),
                    remedy="Revise it with a reason.",
                    file=BASELINE_FILE,
                )
            )
        kept = ("frozen_on", "reason", "entries", "masked")
        revisions = [*old["revisions"], {k: old[k] for k in kept if k in old}]
    record = {
        "schema_version": 1,
        "agreement": agreement.id,
        "agreement_sha256": agreement.digest,
        "frozen_on": on.isoformat(),
        "reason": reason,
        "inputs": [asdict(f) for f in data.files],
        "entries": [asdict(e) for e in entries],
        "masked": [
            asdict(m)
            for m in data.masked
            if any(
                (m.definition, m.area, m.period, m.what)
                == (e.definition, e.area, e.year, e.crime_type)
                for e in entries
            )
        ],
        "revisions": revisions,
    }
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    keep_file(folder, BASELINE_FILE, text.encode("utf-8"))
    return entries


def hold_against_baseline(data: Input, agreement: Agreement, folder: Path) -> None:
    """Refuse an input whose baseline year differs from the frozen baseline.

    Raises
    ------
    InputError
        With both values of every figure that differs; or the record cannot be trusted, see
        :func:`load_baseline`.
    """
    frozen = load_baseline(folder, agreement)
    if frozen is None:
        return
    new = {e.crime_type: e for e in baseline_entries(data, agreement)}
    faults = []
    for old in frozen:
        entry = new.get(old.crime_type)
        if entry is None:
            continue
        for field in ("count", "rate", "area", "area_version", "definition"):
            was, now = getattr(old, field), getattr(entry, field)
            if was is not None and now is not None and was != now:
                faults.append(
                    Fault(
                        f"{old.crime_type} {old.year}: {field} differs from the frozen baseline",
                        found=f"{now} in the input, {was} frozen",
                        remedy="Correct the input, or revise the baseline with a reason "
                        "(amager-eval baseline --revise REASON).",
                        file=BASELINE_FILE,
                        column=field,
                    )
                )
    if faults:
        raise InputError(faults)
