"""Hide small counts in an input before anything is computed: what is published cannot show them.

Everything published is computed from the masked input alone, forecasts and figures included, so
nothing else has to be masked. Reports are published by calendar year: a hidden year hides every
period of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from amager_eval.data.annual_figures import (
    AnnualFigure,
    annual_of_rows,
    inhabitants_of_years,
)
from amager_eval.data.input import Input, Masked, Replaced, SourceFile
from amager_eval.data.period import parse_period
from amager_eval.disclosure.containment import (
    Cell,
    area_schemes,
    declared_total,
    instances,
    type_schemes,
)
from amager_eval.disclosure.earlier import EarlierFigures, Key
from amager_eval.disclosure.short_periods import short_periods_may_be_shown
from amager_eval.disclosure.small_answers import mask_answers
from amager_eval.disclosure.suppression import Relation, suppress
from amager_eval.provenance import sha256_of_bytes

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement

__all__ = ["mask_small_counts", "short_periods_may_be_shown"]

_PER_1000: Final = 1000.0

#: So far from a whole number of reports a rate of four decimals may be, in a city of a million.
_ROUNDING: Final = 0.051


def mask_small_counts(
    data: Input, agreement: Agreement, earlier: Mapping[Key, EarlierFigures] | None = None
) -> Input:
    """Hide the counts below the agreement's threshold, and those that would give them away.

    What was published in earlier years is known, what was hidden stays hidden. What is hidden is
    added to `masked`: reports without `count` and `per_1000`, survey figures left out. Where
    anything is hidden the digests of the files are replaced by digests of the masked figures,
    because a small count could be tried out on a file's own.
    """
    crime, hidden_reports = _mask_reports(data, agreement, earlier or {})
    safety, hidden_answers = mask_answers(data, agreement)
    found = (*hidden_reports, *hidden_answers)
    if not found:
        return data
    masked = tuple(dict.fromkeys((*data.masked, *found)))  # what was delivered hidden is kept
    frames = [f for f in (safety, data.survey_rounds, crime, data.population) if f is not None]
    text = "".join(frame.to_csv(index=False) for frame in frames)
    files = tuple(
        SourceFile(f.name, sha256_of_bytes(f"{f.name}\n{text}".encode())) for f in data.files
    )
    replaced = tuple(_without_hidden(cell, masked) for cell in data.replaced)
    return replace(data, crime=crime, safety=safety, masked=masked, files=files, replaced=replaced)


def _without_hidden(cell: Replaced, masked: tuple[Masked, ...]) -> Replaced:
    """Hide both figures of a cell that is hidden: where another stood before, too."""
    if cell.table == "safety":
        area, wave, *what = cell.what
        hidden = any(
            (m.table, m.area, str(m.period), m.what) == ("safety", area, wave, ", ".join(what))
            for m in masked
        )
    elif cell.table == "crime":
        area, period, crime_type, definition = cell.what
        year = parse_period(period).year
        hidden = any(
            (m.table, m.area, m.period, m.what, m.definition)
            == ("crime", area, year, crime_type, definition)
            for m in masked
        )
    else:
        hidden = False
    return replace(cell, old=None, new=None) if hidden else cell


def _mask_reports(
    data: Input, agreement: Agreement, before: Mapping[Key, EarlierFigures]
) -> tuple[pd.DataFrame | None, list[Masked]]:
    """Hide years of reports; every period of a hidden year loses its count and its rate."""
    if data.crime is None:
        return None, []
    masked: list[Masked] = []
    types = declared_total()
    for definition in _unique(data, "definition"):
        own = data.crime[data.crime["definition"] == definition]
        reported = dict(iter(own.groupby(["area", "crime_type"], sort=False)))
        figures = _yearly_figures(data, reported)
        years = {
            year: {cell: f.count for cell, f in found.items() if f.count is not None}
            for year, found in figures.items()
        }
        schemes = [
            *(("area", s) for s in area_schemes(data, agreement)),
            *(
                ("type", s)
                for s in type_schemes(
                    _unique(data, "crime_type"), types.type, types.nested.get(definition)
                )
            ),
        ]
        # no rest in any type or year: taken for the same area under two names, or for all there is
        exact = {
            (axis, scheme): all(
                abs(rest) < 1e-6
                for counts in years.values()
                for _, _, rest in instances(counts, axis, scheme)
            )
            for axis, scheme in schemes
        }
        for year, counts in sorted(years.items()):
            cells = list(counts)
            values = list(counts.values())
            index = {cell: i for i, cell in enumerate(cells)}
            relations = [
                Relation(
                    tuple(index[c] for c in whole),
                    tuple(index[c] for c in parts),
                    exact[axis, scheme],
                )
                for axis, scheme in schemes
                for whole, parts, _ in instances(counts, axis, scheme)
            ]
            hidden, known = set[int](), set[int]()
            for i, cell in enumerate(cells):
                known_of = before.get((definition, *cell, year))
                if known_of is None:
                    continue
                hidden |= {i} if known_of.hidden else set()
                known |= {i} if known_of.knows(values[i], figures[year][cell].rate) else set()
                part = known_of.part_known(_counts_of_year(reported[cell], year))
                if part is not None:
                    relations.append(Relation((i,), (len(values),)))
                    known.add(len(values))
                    values.append(part)
            chosen = suppress(
                values, relations, agreement.disclosure.threshold, hidden=hidden, known=known
            )
            masked += [Masked("crime", cells[i][0], year, cells[i][1], definition)
                       for i in sorted(chosen) if i < len(cells)]  # fmt: skip
            # without inhabitants nobody here can tell whether a rate is that of a small count
            masked += [Masked("crime", area, year, kind, definition)
                       for (area, kind), f in figures[year].items() if f.count is None]  # fmt: skip
    keys = {(m.definition, m.area, m.what, str(m.period)) for m in masked}
    rows = zip(
        data.crime["definition"], data.crime["area"], data.crime["crime_type"],
        data.crime["period"].astype(str).str[:4], strict=True,
    )  # fmt: skip
    hide = [row in keys for row in rows]
    columns = [c for c in ("count", "per_1000") if c in data.crime]
    crime = data.crime.copy()
    crime.loc[hide, columns] = float("nan")
    return crime, masked


def _yearly_figures(
    data: Input, reported: Mapping[Any, pd.DataFrame]
) -> dict[int, dict[Cell, AnnualFigure]]:
    """Collect what there is of every calendar year; a published rate stands for its count.

    A count that is still None is that of a rate whose inhabitants were not delivered.
    """
    years: dict[int, dict[Cell, AnnualFigure]] = {}
    every = sorted({int(str(p)[:4]) for rows in reported.values() for p in rows["period"].unique()})
    for area in _unique(data, "area"):
        inhabitants = inhabitants_of_years(data, area, every)
        for kind in _unique(data, "crime_type"):
            if (area, kind) not in reported:
                continue
            for year, figure in annual_of_rows(reported[area, kind], inhabitants).items():
                count = figure.count
                if count is None and figure.rate is not None and figure.inhabitants is not None:
                    count = _whole_reports(figure.rate * figure.inhabitants / _PER_1000)
                if count is not None or figure.rate is not None:
                    years.setdefault(year, {})[area, kind] = AnnualFigure(count, figure.rate)
    return years


def _whole_reports(count: float) -> float:
    """Undo the rounding of a rate, so that counts that add up still do."""
    nearest = float(round(count))
    return nearest if abs(count - nearest) < _ROUNDING else count


def _counts_of_year(rows: pd.DataFrame, year: int) -> dict[str, float]:
    periods = zip(rows["period"].astype(str), rows["count"].astype(float), strict=True)
    return {period: count for period, count in periods if period.startswith(str(year))}


def _unique(data: Input, column: str) -> list[str]:
    if data.crime is None:
        return []
    return [str(v) for v in dict.fromkeys(data.crime[column])]
