"""Hide small counts in an input before anything is computed: what is published cannot show them.

Everything published is computed from the masked input alone, forecasts and figures included, so
nothing else has to be masked. Reports are published by calendar year: a hidden year hides every
period of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.data.input import Input, Masked, SourceFile
from amager_eval.data.period import parse_period
from amager_eval.data.population import population_at
from amager_eval.goals.crime_results import AnnualFigure, annual_figures
from amager_eval.goals.earlier_publications import earlier_publications
from amager_eval.goals.suppression import Relation, suppress
from amager_eval.provenance import sha256_of_bytes
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime_options import Total

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement

__all__ = ["mask_small_counts", "short_periods_may_be_shown"]

type Cell = tuple[str, str]  # area, crime type
type Scheme = tuple[tuple[str, ...], tuple[str, ...]]

_PER_1000: Final = 1000.0

#: So far from a whole number of reports a rate of four decimals may be, in a city of a million.
_ROUNDING: Final = 0.051


def mask_small_counts(data: Input, agreement: Agreement, record: Path | None = None) -> Input:
    """Hide the counts below the agreement's threshold, and those that would give them away.

    Parameters
    ----------
    data : Input
    agreement : Agreement
        Its `disclosure.threshold`; which areas and types contain which.
    record : Path or None
        Folder of the yearly record: what was published in earlier years is known, what was hidden
        stays hidden. A folder that is not there holds nothing.

    Returns
    -------
    Input
        With what is hidden listed in `masked`: reports without `count` and `per_1000`, survey
        figures left out. Where anything is hidden the digests of the files are replaced by
        digests of the masked figures, because a small count could be tried out on a file's own.
    """
    crime, hidden_reports = _mask_reports(data, agreement, record)
    safety, hidden_answers = _mask_answers(data, agreement)
    masked = (*hidden_reports, *hidden_answers)
    if not masked:
        return data
    frames = [f for f in (safety, data.survey_rounds, crime, data.population) if f is not None]
    text = "".join(frame.to_csv(index=False) for frame in frames)
    files = tuple(
        SourceFile(f.name, sha256_of_bytes(f"{f.name}\n{text}".encode())) for f in data.files
    )
    return replace(data, crime=crime, safety=safety, masked=masked, files=files)


def short_periods_may_be_shown(
    data: Input, agreement: Agreement, areas: Sequence[str], crime_type: str, definition: str
) -> bool:
    """Whether a type's quarters or months show no small count and give none away.

    Hiding goes by calendar year, so quarters of a year that is shown may be small. They may be
    shown for all the areas or for none: none where anything of the type is hidden, or where in
    any period a count of an area, or what is left between areas that contain each other, is
    below the threshold. How types add up is not looked at, so a total is not shown.

    Parameters
    ----------
    data : Input
        With small counts hidden.
    agreement : Agreement
        Its `disclosure.threshold`; which areas contain which.
    areas : sequence of str
        The areas that are shown.
    crime_type, definition : str
        The series.

    Returns
    -------
    bool
        True for a series of years: those are hidden already.
    """
    assert data.crime is not None
    own = data.crime[
        (data.crime["crime_type"] == crime_type)
        & (data.crime["definition"] == definition)
        & data.crime["area"].isin(areas)
    ]
    if all(parse_period(p).per_year == 1 for p in own["period"].unique()):
        return True
    if any((m.what, m.definition) == (crime_type, definition) for m in data.masked):
        return False
    if crime_type == _total().type:
        return False  # the types of a period, shown and not, would follow from it
    known = own[own["count"].notna()]
    periods: dict[str, dict[Cell, float]] = {}
    for area, period, count in zip(known["area"], known["period"], known["count"], strict=True):
        periods.setdefault(str(period), {})[str(area), crime_type] = float(count)
    smallest = [min(counts.values()) for counts in periods.values()]
    for scheme in _area_schemes(data, agreement):
        rests = [r for c in periods.values() for _, _, r in _instances(c, "area", scheme)]
        if any(abs(rest) >= 1e-6 for rest in rests):  # else the parts are the whole: no rest
            smallest += rests
    return min(smallest, default=0.0) >= agreement.disclosure.threshold


def _mask_reports(
    data: Input, agreement: Agreement, record: Path | None
) -> tuple[pd.DataFrame | None, list[Masked]]:
    """Hide years of reports; every period of a hidden year loses its count and its rate."""
    if data.crime is None:
        return None, []
    masked: list[Masked] = []
    before = earlier_publications(record)
    types = _total()
    for definition in _unique(data, "definition"):
        figures = _yearly_figures(data, definition)
        years = {
            year: {cell: f.count for cell, f in found.items() if f.count is not None}
            for year, found in figures.items()
        }
        schemes = [
            *(("area", s) for s in _area_schemes(data, agreement)),
            *(("type", s) for s in _type_schemes(data, types.type, types.nested.get(definition))),
        ]
        # no rest in any type or year: taken for the same area under two names, or for all there is
        exact = {
            (axis, scheme): all(
                abs(rest) < 1e-6
                for counts in years.values()
                for _, _, rest in _instances(counts, axis, scheme)
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
                for whole, parts, _ in _instances(counts, axis, scheme)
            ]
            hidden, known = set[int](), set[int]()
            for i, cell in enumerate(cells):
                earlier = before.get((definition, *cell, year))
                if earlier is None:
                    continue
                hidden |= {i} if earlier.hidden else set()
                known |= {i} if earlier.knows(values[i], figures[year][cell].rate) else set()
                part = earlier.part_known(_period_counts(data, cell, definition, year))
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


def _yearly_figures(data: Input, definition: str) -> dict[int, dict[Cell, AnnualFigure]]:
    """Collect what there is of every calendar year; a published rate stands for its count.

    A count that is still None is that of a rate whose inhabitants were not delivered.
    """
    years: dict[int, dict[Cell, AnnualFigure]] = {}
    people = set() if data.population is None else set(data.population["area"])
    for area in _unique(data, "area"):
        for kind in _unique(data, "crime_type"):
            for year, figure in annual_figures(data, area, kind, definition).items():
                count = figure.count
                if count is None and figure.rate is not None and area in people:
                    assert data.population is not None
                    at = population_at(data.population, area, [str(year)]).population[0]
                    count = _whole_reports(figure.rate * float(at) / _PER_1000)
                if count is not None or figure.rate is not None:
                    years.setdefault(year, {})[area, kind] = AnnualFigure(count, figure.rate)
    return years


def _whole_reports(count: float) -> float:
    """Undo the rounding of a rate, so that counts that add up still do."""
    nearest = float(round(count))
    return nearest if abs(count - nearest) < _ROUNDING else count


def _period_counts(data: Input, cell: Cell, definition: str, year: int) -> dict[str, float]:
    assert data.crime is not None
    own = data.crime[
        (data.crime["area"] == cell[0])
        & (data.crime["crime_type"] == cell[1])
        & (data.crime["definition"] == definition)
        & data.crime["period"].astype(str).str.startswith(str(year))
    ]
    return dict(zip(own["period"].astype(str), own["count"].astype(float), strict=True))


def _total() -> Total:
    return Total.model_validate(load_model_spec("crime_trend").options["total"])


def _area_schemes(data: Input, agreement: Agreement) -> list[Scheme]:
    """Which areas contain which: the whole its parts, districts a version, a version the older."""
    schemes: list[Scheme] = []
    if data.whole is not None and data.parts:
        schemes.append(((data.whole,), tuple(data.parts)))
    versions = sorted(agreement.areas.version, key=lambda v: v.from_wave or 0)
    for i, version in enumerate(versions):
        for name in version.names:
            schemes += [((agreement.areas.whole,), (name,)), (version.districts, (name,))]
            schemes.append(((name,), version.estates))
            schemes += [((name,), (old,)) for older in versions[:i] for old in older.names]
    return [s for s in schemes if s[0] and s[1]]


def _type_schemes(data: Input, total: str, nested: tuple[str, ...] | None) -> list[Scheme]:
    """Which types add up to the total: the declared ones, and all there are."""
    kinds = tuple(k for k in _unique(data, "crime_type") if k != total)
    return [((total,), parts) for parts in dict.fromkeys([kinds, tuple(nested or ())]) if parts]


def _instances(
    counts: Mapping[Cell, float], axis: str, scheme: Scheme
) -> Iterator[tuple[list[Cell], list[Cell], float]]:
    """Yield a scheme's cells for every type (area) that has its whole and a part; and the rest."""
    other = list(dict.fromkeys(kind if axis == "area" else area for area, kind in counts))
    for fixed in other:
        whole, parts = (
            [(name, fixed) if axis == "area" else (fixed, name) for name in side] for side in scheme
        )
        parts = [c for c in parts if c in counts]
        if parts and all(c in counts for c in whole):
            rest = sum(counts[c] for c in whole) - sum(counts[c] for c in parts)
            if rest >= 0:  # otherwise they do not add up to it and say nothing of each other
                yield whole, parts, rest


def _mask_answers(data: Input, agreement: Agreement) -> tuple[pd.DataFrame | None, list[Masked]]:
    """Leave out survey figures that fewer people than the threshold stand behind.

    The answers of an area, wave and setting add up to its respondents, so that an answer left
    out, or the one that was not supplied, could follow from the others. Figures so rounded that
    no count follows from them are left alone.
    """
    if data.safety is None or "n" not in data.safety:
        return data.safety, []
    threshold = agreement.disclosure.threshold
    frame = data.safety.reset_index(drop=True)
    shares = frame["percent"] / 100
    counts = shares * frame["n"]
    if "count" in frame:
        counts = frame["count"].where(frame["count"].notna(), counts)
    decimals = frame["decimals"].fillna(0) if "decimals" in frame else 0
    rounding = frame["n"] * 0.5 * 10.0 ** -(decimals + 2)
    if "count" in frame:
        rounding = rounding.where(frame["count"].isna(), 0.0)
    drop: set[int] = set()
    for _, group in frame[counts.notna()].groupby(["area", "wave", "setting"], sort=False):
        rows = list(group.index)
        values = [float(group["n"].iloc[0]), *(float(counts[i]) for i in rows)]
        parts = tuple(range(1, len(values)))
        blurred = float(sum(rounding[i] for i in rows)) >= threshold
        relations = [] if blurred else [Relation((0,), parts)]
        chosen = suppress(values, relations, threshold, known=[0])
        drop |= {rows[i - 1] for i in chosen if i > 0}
    masked = [
        Masked("safety", str(r["area"]), int(r["wave"]), f"{r['setting']}, {r['response']}")
        for r in frame.loc[sorted(drop)].to_dict(orient="records")
    ]
    if not masked:
        return data.safety, []
    return frame.drop(index=sorted(drop)), masked


def _unique(data: Input, column: str) -> list[str]:
    if data.crime is None:
        return []
    return [str(v) for v in dict.fromkeys(data.crime[column])]
