"""Read the names in a table's cells as the agreement's; what was read as another word is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from amager_eval.data.names.agreed import Kind, Names
from amager_eval.data.names.partners import split_partners
from amager_eval.data.period import parse_period
from amager_eval.data.tables.findings import Findings
from amager_eval.data.tables.frames import RawTable
from amager_eval.data.tables.number_text import is_error_text
from amager_eval.errors import InputError
from amager_eval.spec.agreement import Agreement

__all__ = ["Renamed", "name_cells"]

#: Columns that hold names, in reading order: a type is one of the agreement's by its definition.
_KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "safety": ("area", "setting", "response"),
    "crime": ("area", "definition", "crime_type"),
    "population": ("area",),
    "activities": ("focus_area",),
}
_PARTNERS: Final = ("partners", "outside_partners")
#: Where a near miss stops: what it belongs to would be lacking. Settings and answers are told
#: as they are read.
_STOPS: Final = frozenset({"area", "crime_type", "definition"})


@dataclass(frozen=True)
class Renamed:
    """A word of the input that was read as a name of the agreement."""

    #: Where it stands.
    table: str
    column: str
    #: As it is written, and as it was read.
    found: str
    name: str
    rows: tuple[int, ...]  #: Rows as a spreadsheet shows them; empty where they have none


def name_cells(
    table: RawTable, findings: Findings, names: Names, agreement: Agreement
) -> tuple[RawTable, tuple[Renamed, ...]]:
    """Replace what a table writes for a name by the name.

    `findings` receives near misses, splits and what the agreement does not know. Returned with
    every word that was read as another.
    """
    title = table.columns.name
    cells = [dict(row) for row in table.cells]
    named = _Naming(table, cells, findings, names, agreement)
    for kind in _KINDS.get(title, ()):
        for word, places in named.words(kind).items():
            named.read(kind, word, places)
    for column in _PARTNERS if title == "activities" else ():
        named.read_partners(column)
    renamed = tuple(
        Renamed(title, column, found, name, tuple(r for p in at if (r := table.rows[p])))
        for (column, found, name), at in named.renamed.items()
    )
    return RawTable(table.columns, cells, table.rows), renamed


class _Naming:
    """One table while its names are read."""

    def __init__(
        self,
        table: RawTable,
        cells: list[dict[str, object]],
        findings: Findings,
        names: Names,
        agreement: Agreement,
    ) -> None:
        self.title, self.cells = table.columns.name, cells
        self.findings, self.names, self.agreement = findings, names, agreement
        self.renamed: dict[tuple[str, str, str], list[int]] = defaultdict(list)

    def words(self, kind: Kind) -> dict[str, list[int]]:
        """Where every different word of a column stands."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, row in enumerate(self.cells):
            if not isinstance(word := row.get(kind), str) or not word.strip():
                continue
            if is_error_text(word):
                continue  # told as the cell is read
            if kind != "crime_type" or self._of_goal(row):
                found[word].append(at)
        return found

    def _of_goal(self, row: Mapping[str, object]) -> bool:
        """Whether a row of reports is of the goal's series; others have types of their own."""
        area = row.get("area")
        known = isinstance(area, str) and self.names.find("area", area) is not None
        return known and row.get("definition") == self.agreement.crime.definition

    def read(self, kind: Kind, word: str, places: list[int]) -> None:
        """Read one word of a column in all its places."""
        name = self.names.find(kind, word)
        if kind == "area" and name is not None:
            name = self._version(word, name, places)
            if name is None:
                return
        if name is not None:
            self._replace(kind, places, word, name)
            return
        if kind in {"setting", "response"}:
            return  # told as they are read
        near = self.names.near(kind, word)
        tell = partial(self.findings.add, at=places, column=kind, found=word.strip())
        if near is not None and kind == "crime_type":
            near = self.agreement.crime.label(near, self.findings.lang)
        if near is not None and kind in _STOPS:
            tell("name_near", known=near)
        elif near is not None:
            tell("name_near_kept", known=near)
        elif kind == "focus_area" and self.agreement.focus_areas:
            known = "; ".join(self.agreement.focus_areas)
            tell("focus_area_unknown", known=known)
        elif kind == "crime_type":
            types = self.agreement.crime.type
            known = ", ".join(t.label(self.findings.lang) for t in types)
            tell("crime_type_unknown", known=known)

    def _version(self, word: str, name: str, places: list[int]) -> str | None:
        """Which version of the area a name means that an earlier one has too; None: it was told.

        Counts of reports and inhabitants are drawn for one boundary, all years at once, so one
        name is one area there; a survey's figure was published for the boundary of its wave.
        """
        evaluated = self.names.ambiguous.get(self.names.spelling(word))
        if evaluated is None:
            return name
        last = self.names.own_waves.get(name)
        years = [y for p in places if (y := _year(self.cells[p])) is not None]
        if not years or last is None or max(years) <= last:
            return name
        tell = partial(
            self.findings.add, at=places, column="area", found=word.strip(), known=evaluated
        )
        if self.title == "safety" and min(years) <= last:
            tell("area_of_two_versions", last=last)
            return None
        tell("area_means_evaluated")
        return evaluated

    def _replace(self, column: str, places: list[int], word: str, name: str) -> None:
        for at in places:
            self.cells[at][column] = name
        if word.strip() != name:
            self.renamed[column, word.strip(), name] += places

    def read_partners(self, column: str) -> None:
        """Tell the partners of every cell apart and name those the agreement knows."""
        known: Callable[[str], str | None] = lambda text: self.names.find("partner", text)  # noqa: E731
        near: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at, row in enumerate(self.cells):
            cell = row.get(column)
            if isinstance(cell, int | float):
                self.findings.add("partners_number", at=at, column=column, found=cell)
            if not isinstance(cell, str) or is_error_text(cell):
                continue
            partners = split_partners(cell, known)
            if partners.guessed:
                split = "; ".join(partners.names)
                self.findings.add(
                    "partners_split", at=at, column=column, found=cell.strip(), split=split
                )
            if any(name.isdigit() for name in partners.names):
                self.findings.add("partners_number", at=at, column=column, found=cell.strip())
            for name in partners.names:
                if known(name) is None and (nearly := self.names.near("partner", name)):
                    near[name, nearly].append(at)
            row[column] = "; ".join(partners.names) or None
        for (name, nearly), places in near.items():
            self.findings.add("name_near_kept", at=places, column=column, found=name, known=nearly)


def _year(row: Mapping[str, object]) -> int | None:
    """Year or wave of a row; None where it cannot be read, which is told elsewhere."""
    value = row.get("wave", row.get("period"))
    try:
        return None if value is None else parse_period(value).year
    except (InputError, OverflowError, TypeError, ValueError):
        return None
