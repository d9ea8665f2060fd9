"""Crime in tables: level and forecast per type, and the published district totals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from amager_eval.conventions import LEVELS
from amager_eval.goals.crime.bands import level_bands, observed_years
from amager_eval.goals.crime.quantities import QUANTITY_COLUMNS, annual_levels
from amager_eval.goals.facts import published_areas
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.tables.table import Column, Kind, Table, build_table, records
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from amager_eval.goals.facts import ReportedYear
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "JUMP",
    "crime_quantities_table",
    "crime_table",
    "crime_years_table",
    "district_totals_table",
]

type _Series = tuple[str, str, str]  # area, definition, crime type

#: Years of each series in print; the page and the open data hold all.
_YEARS_IN_PRINT: Final = 4
#: Relative change of a rate from one year to the next that gets a remark.
JUMP: Final = load_assumptions().remarks.rate_jump
#: From here up a rate is told apart from another without decimals.
_WHOLE_RATE: Final = 10.0

#: Columns of the printed table: name, kind, form and quantity they show.
_PRINTED: Final[tuple[tuple[str, Kind, str, str], ...]] = (
    ("observed_baseline", "rate", "rate", "observed_baseline"),
    ("true_baseline", "rate", "rate", "true_baseline"),
    ("true_target", "rate", "rate", "true_target"),
    ("low", "rate", "rate", "true_low_95"),
    ("high", "rate", "rate", "true_high_95"),
    ("hold_rate", "probability", "rate", "probability_true_at_or_below"),
    ("hold_rate_prior", "probability", "rate", "prior_probability_true_at_or_below"),
    ("hold_count", "probability", "count", "probability_true_at_or_below"),
    ("hold_reports", "probability", "count", "probability_observed_at_or_below"),
)


def crime_table(statement: Statement, words: Wording, *, area: str | None = None) -> Table:
    """One row a type: the baseline level, the forecast and the probability of holding it.

    `area, crime_type`, levels per 1,000 a year and probabilities 0 to 1 at the target year; of
    every area, as the open data list them, unless one is named.
    """
    say, crime = words.say, statement.agreement.crime
    years = {"baseline": crime.baseline_year, "target": crime.target_year}
    shown_alone = {"low", "high"}
    columns = [
        Column("area", say("column.area"), "text", 1.2, shown=area is None),
        Column("crime_type", say("column.crime_type"), "text", 1.7),
        *(
            Column(name, say(f"column.crime_{name}", **years), kind, shown=name not in shown_alone)
            for name, kind, _, _ in _PRINTED
        ),
    ]
    columns.insert(
        7, Column("interval", say("column.crime_interval", **years), width=1.2, data=False)
    )
    rows: list[list[Any]] = []
    frame = statement.crime_quantities
    if len(frame):
        at_target = frame[frame["year"] == crime.target_year]
        if area is not None:
            at_target = at_target[at_target["area"] == area]
        for (name, crime_type), group in at_target.groupby(["area", "crime_type"], sort=False):
            values = {(r["form"], r["quantity"]): r["value"] for r in records(group)}
            label = type_label(crime, str(crime_type), group["definition"].iloc[0], words)
            cells = [values.get((form, quantity)) for _, _, form, quantity in _PRINTED]
            count = values.get(("count", "observed_baseline"))
            people = statement.facts.inhabitants(str(name), crime.baseline_year)
            if count is not None and people:  # the rate a reader gets from the printed count
                cells[0] = 1000 * count / people
            low, high = (number(v, 1, words.lang) for v in cells[3:5])
            cells.insert(5, words.say("table.range", low=low, high=high))
            rows.append([name, label, *cells])
    return build_table(
        "crime_forecast",
        say("table.crime.title", **years),
        columns,
        rows,
        say("table.crime.note", **years),
    )


def crime_quantities_table(statement: Statement, words: Wording) -> Table:
    """Every quantity of the crime model, for open data."""
    kinds: dict[str, Kind] = {"value": "decimal", "year": "year"}
    columns = [Column(k, words.name("column", k), kinds.get(k, "text")) for k in QUANTITY_COLUMNS]
    rows = records(statement.crime_quantities)
    return build_table("crime_quantities", words.say("table.crime_quantities.title"), columns, rows)


def crime_years_table(statement: Statement, words: Wording, *, area: str) -> Table:
    """One row a type and year of an area: what was reported, and the level with its bands.

    `area, crime_type, year, reported, median`, and `low` and `high` of each band; reports per 1,000
    inhabitants a year. `reported` is empty for a year that is not whole, not published or hidden.
    """
    say = words.say
    columns = [
        Column("area", say("column.area"), shown=False),
        Column("crime_type", say("column.crime_type")),
        Column("year", say("column.year"), "year"),
        Column("reported", say("column.crime_reported"), "decimal"),
        Column("median", say("column.median"), "decimal"),
    ]
    for level in LEVELS:
        name, shown = f"{100 * level:g}", percent(level, 0, words.lang)
        columns += [
            Column(f"low_{name}", say("column.ledger_low", level=shown), "decimal"),
            Column(f"high_{name}", say("column.ledger_high", level=shown), "decimal"),
        ]
    rows: list[list[Any]] = []
    if statement.crime is not None:
        levels = annual_levels(statement.crime)
        definition = str(levels.attrs.get("definition", ""))
        for kind in (str(k) for k in levels["crime_type"].values):
            label = type_label(statement.agreement.crime, kind, definition, words)
            seen = (
                observed_years(levels, statement.facts, area, kind)
                .set_index("year")["rate"]
                .to_dict()
            )
            for row in records(level_bands(levels, area, kind)):
                year = int(row.pop("year"))
                rows.append([area, label, year, seen.get(year), *row.values()])
    return build_table(
        "crime_years", say("table.crime_years.title", area=area), columns, rows,
        say("table.crime_years.note"),
    )  # fmt: skip


def district_totals_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """List the yearly reports of the agreement's areas, each with its definition and a remark.

    `short` leaves out the whole, every type but the total and all but the latest years, as page
    space asks.
    """
    say, agreement = words.say, statement.agreement
    columns = [
        Column("area", say("column.area"), "text", 1.4),
        Column("period", say("column.year"), "year", 0.6),
        Column("definition", say("column.definition"), "text", 1.2),
        Column("crime_type", say("column.crime_type"), "text", 1.0),
        Column("count", say("column.count"), "count", 0.9),
        Column("per_1000", say("column.per_1000"), "rate", 1.0),
        Column("masked", say("column.masked"), "flag", shown=False),
        Column("source_grade", say("column.source_grade"), "text", 0.8),
        Column("remark", say("column.remark"), "text", 2.6),
        Column("source", say("column.source"), "text", shown=False),
    ]
    shown = {*agreement.areas.indicators, *agreement.areas.evaluated.names}
    rows = []
    for (area, definition, kind), years in _published(statement).items():
        if short and (area not in shown or kind != "total"):
            continue
        label = say("table.total") if kind == "total" else agreement.crime.label(kind, words.lang)
        chosen = sorted(years)[-_YEARS_IN_PRINT:] if short else sorted(years)
        for year in chosen:
            figure = years[year]
            remark = say("crime.masked") if figure.hidden else _jump(years, year, words)
            rows.append(
                [
                    area_label(agreement, area, words) if short else area,
                    year,
                    definition,
                    label,
                    None if figure.hidden else figure.count,
                    None if figure.hidden else figure.rate,
                    figure.hidden,
                    figure.grade,
                    remark,
                    figure.source,
                ]
            )
    return build_table(
        "crime_published", say("table.district_totals.title"), columns, rows,
        say("table.district_totals.note"),
    )  # fmt: skip


def _published(statement: Statement) -> dict[_Series, dict[int, ReportedYear]]:
    """Collect the yearly reports of the agreement's areas, series by series."""
    agreement = statement.agreement
    order = {a: i for i, a in enumerate(published_areas(agreement))}
    statbank = agreement.crime.statbank.table if agreement.crime.statbank else None
    series = {
        (area, definition, kind): {
            year: f
            for year, f in years.items()
            if f.hidden or f.count is not None or f.rate is not None
        }
        for (area, kind, definition), years in statement.facts.series.items()
        if definition != statbank
    }
    ordered = sorted(series.items(), key=lambda s: (order[s[0][0]], *s[0][1:]))
    return {key: years for key, years in ordered if years}


def _decimals_that_tell(*rates: float) -> int:
    """Decimals with which the smallest rate above 0 still shows a digit; none from 10 up."""
    smallest = min((rate for rate in rates if rate > 0), default=1.0)
    return 0 if smallest >= _WHOLE_RATE else max(1, -math.floor(math.log10(smallest)))


def _jump(years: dict[int, ReportedYear], year: int, words: Wording) -> str:
    """Remark on a rate that changes by more than a quarter from one year to the next."""
    now, before = (years.get(y) for y in (year, year - 1))
    if now is None or before is None or now.rate is None or before.rate is None or before.hidden:
        return ""
    if abs(now.rate - before.rate) <= JUMP * before.rate:
        return ""
    decimals = _decimals_that_tell(before.rate, now.rate)
    return words.say(
        "crime.jump",
        before=number(before.rate, decimals, words.lang),
        after=number(now.rate, decimals, words.lang),
        year=year - 1,
    )
