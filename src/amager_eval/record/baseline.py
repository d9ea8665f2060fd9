"""The 2024 baseline of the crime goals: filled once, frozen, and held against every new input."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

from amager_eval.conventions import BASELINE_FILE
from amager_eval.data.annual_figures import annual_figures, inhabitants_of_year
from amager_eval.data.period import parse_period
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.errors import Fault, InputError
from amager_eval.goals.facts import evaluated_area
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.record.record import KeptRow, keep_file, verify_record
from amager_eval.spec.register import hold_agreement_against_register
from amager_eval.wording.faults import fault_of

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


#: Frozen inhabitants have one decimal.
_SAME_INHABITANTS: Final = 0.1


@dataclass(frozen=True)
class BaselineEntry:
    """One line of the agreement's table.

    Reports, reports per 1,000 and the inhabitants they are divided by are None where unknown,
    or hidden because a count is small. `area` is as the input names it; `population_on` is the
    period that begins on the day of the inhabitants, `2024` or `2024K3`.
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
    population_on: str = ""

    @property
    def day(self) -> str:
        """The period that begins on the day of the inhabitants; before it was kept, mid-year."""
        return self.population_on or f"{self.year}K3"


def baseline_entries(data: Input, agreement: Agreement) -> tuple[BaselineEntry, ...]:
    """Fill the agreement's table from an input: the total and the selected types.

    A type without a delivery in the goal's own definition has no entry; nothing is substituted.
    """
    crime, area = agreement.crime, evaluated_area(data, agreement)
    data = replace(data, inhabitants_on=crime.inhabitants_on)
    year = crime.baseline_year
    population = inhabitants_of_year(data, area, year)
    day = str(year) if crime.inhabitants_on == "year_start" else f"{year}K3"
    entries = []
    for crime_type in (t.id for t in crime.type if t.role in {"total", "selected"}):
        figures = annual_figures(data, area, crime_type, crime.definition)
        figure = figures.get(year)
        if figure is None:
            continue
        entries.append(
            BaselineEntry(
                crime_type,
                year,
                figure.count,
                None if figure.rate is None else round(figure.rate, 6),
                None if population is None else round(population, 1),
                area,
                agreement.areas.evaluated.id,
                crime.definition,
                crime.source,
                "" if population is None else day,
            )
        )
    return tuple(entries)


class _Frozen(TypedDict):
    """The file of a frozen baseline, as far as it is read again."""

    agreement: str
    frozen_on: str
    reason: str
    entries: list[KeptRow]
    masked: list[dict[str, object]]
    revisions: list[dict[str, object]]


def load_baseline(folder: Path, agreement: Agreement) -> tuple[BaselineEntry, ...] | None:
    """Read the frozen baseline of a record folder; None where none is frozen yet.

    Raises
    ------
    InputError
        It cannot be read, is another agreement's, or the record was changed or is no longer whole.
    """
    kept = _kept_baseline(folder, agreement)
    return None if kept is None else _entries(kept)


def _kept_baseline(folder: Path, agreement: Agreement) -> _Frozen | None:
    path = folder / BASELINE_FILE
    if folder.is_dir():
        verify_record(folder)  # first: a baseline that was taken out is not one that never was
    if not path.exists():
        return None
    kept: _Frozen = json.loads(path.read_text("utf-8"))
    if kept["agreement"] != agreement.id:
        raise InputError(
            fault_of(
                "baseline_other_agreement",
                file=BASELINE_FILE,
                kept=kept["agreement"],
                asked=agreement.id,
            )
        )
    return kept


def _entries(kept: _Frozen) -> tuple[BaselineEntry, ...]:
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

    The folder is made if absent. `on` is the date written into the record. Where a frozen
    baseline differs it takes a reason to `revise` it, and blanks are none; the old one is kept
    in the file.

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
    data = replace(data, inhabitants_on=agreement.crime.inhabitants_on)
    # the record is published
    data = mask_small_counts(data, agreement, earlier_publications(folder))
    entries = baseline_entries(data, agreement)
    if not entries:
        raise InputError(
            fault_of(
                "baseline_nothing",
                file="crime",
                definition=agreement.crime.definition,
                year=agreement.crime.baseline_year,
                area=evaluated_area(data, agreement),
                source=agreement.crime.source,
            )
        )
    reason = (revise or "").strip()
    revisions: list[dict[str, object]] = []
    if old is not None:
        if not reason and _follow_from(_entries(old), entries):
            hold_against_baseline(data, agreement, folder)
            return _entries(old)
        if not reason:
            hold_against_baseline(data, agreement, folder)
            added = ", ".join(e.crime_type for e in entries)
            raise InputError(fault_of("baseline_adds", file=BASELINE_FILE, types=added))
        if _entries(old) == entries:
            return entries
        kept = ("frozen_on", "reason", "entries", "masked")
        revisions = [*old["revisions"], {k: v for k, v in old.items() if k in kept}]
    record = {
        "schema_version": 2,
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


def _follow_from(old: tuple[BaselineEntry, ...], new: tuple[BaselineEntry, ...]) -> bool:
    """Whether an input holds nothing that is not frozen already; inhabitants do not matter."""
    frozen = {(e.crime_type, e.year, e.count is None) for e in old}
    return {(e.crime_type, e.year, e.count is None) for e in new} <= frozen


def hold_against_baseline(data: Input, agreement: Agreement, folder: Path) -> tuple[Fault, ...]:
    """Refuse an input whose baseline year has other reports than the frozen baseline.

    Inhabitants are frozen with the reports, and later ones never move the rate: where the input
    has others of that day this is told and does not stop.

    Returns
    -------
    tuple of Fault
        Warnings: inhabitants that differ from the frozen ones.

    Raises
    ------
    InputError
        With both values of every count that differs, and of a rate where no count is known; or the
        record cannot be trusted, see :func:`load_baseline`.
    """
    frozen = load_baseline(folder, agreement)
    if frozen is None:
        return ()
    new = {e.crime_type: e for e in baseline_entries(data, agreement)}
    faults = []
    for old in frozen:
        entry = new.get(old.crime_type)
        if entry is None:
            continue
        fields = ["count", "area", "area_version", "definition"]
        fields += ["rate"] if old.count is None else []
        for field in fields:
            was, now = getattr(old, field), getattr(entry, field)
            if was is not None and now is not None and was != now:
                faults.append(
                    fault_of(
                        "baseline_differs",
                        file=BASELINE_FILE,
                        column="per_1000" if field == "rate" else field,
                        now=now,
                        was=was,
                        type=agreement.crime.label(old.crime_type),
                        year=old.year,
                    )
                )
    if faults:
        raise InputError(faults)
    return _other_inhabitants(data, frozen)


def _other_inhabitants(data: Input, frozen: tuple[BaselineEntry, ...]) -> tuple[Fault, ...]:
    """Tell where the input has other inhabitants of the frozen day than the frozen ones."""
    entry = next((e for e in frozen if e.population is not None), None)
    if entry is None or data.population is None:
        return ()
    day = parse_period(entry.day).start
    own = data.population[data.population["area"] == entry.area]
    given = [
        float(row["population"])
        for row in own.to_dict("records")
        if parse_period(row["period"]).start == day
    ]
    if not given or abs(given[0] - float(entry.population or 0)) < _SAME_INHABITANTS:
        return ()
    told = fault_of(
        "baseline_inhabitants",
        file=BASELINE_FILE,
        area=entry.area,
        day=entry.day,
        now=f"{given[0]:.0f}",
        was=f"{entry.population:.0f}",
    )
    return (replace(told, severity="warning"),)
