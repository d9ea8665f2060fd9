"""Safety in tables: published figures, change tests, part against whole, the forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amager_eval.conventions import LEVELS
from amager_eval.goals.power import ANSWERS_QUESTION
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.tables.table import Column, Kind, Row, Table, build_table, records
from amager_eval.wording.area import area_label
from amager_eval.wording.figure import marked, value_text
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "changes_table",
    "comparisons_table",
    "forecast_table",
    "power_table",
    "probabilities_table",
    "published_table",
]


def published_table(statement: Statement, areas: Sequence[str], words: Wording) -> Table:
    """Every published safety figure of the areas shown."""
    say = words.say
    columns = [
        Column("area", say("column.area"), "text", 1.5),
        Column("wave", say("column.wave"), "year"),
        Column("setting", say("column.setting")),
        Column("response", say("column.response")),
        Column("comparator", say("column.comparator"), "text", 0.6),
        Column("percent", say("column.percent"), "percent"),
        Column("n", say("column.n"), "count"),
        Column("source_grade", say("column.source_grade"), "text", 0.8),
        Column("source", say("column.source"), "text", 2.0, shown=False),
    ]
    chosen = [f for f in statement.facts.survey if f.area in areas]
    rows = [
        [
            f.area, f.wave, words.name("setting", f.setting), words.name("response", f.response),
            f.comparator, f.percent, f.n, f.grade, f.source,
        ]
        for f in sorted(chosen, key=lambda f: (f.area, f.setting, f.response, f.wave))
    ]  # fmt: skip
    return build_table("safety_published", say("table.published.title"), columns, rows)


def changes_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """Change tests on published figures, each with the municipality's own words.

    `short` leaves out other answers than the goals', changes since before the baseline, the whole,
    and where the agreement's own area has figures its districts' changes from year to year.
    """
    say = words.say
    columns = [
        Column("area", say("column.area"), "text", 1.2),
        Column("setting", say("column.setting"), "text", 1.35),
        Column("response", say("column.response"), "text", 0.7, shown=not short),
        Column("wave_before", say("column.wave_before"), "year", shown=False),
        Column("wave_after", say("column.wave_after"), "year", shown=False),
        Column("percent_before", say("column.percent_before"), "percent", shown=False),
        Column("percent_after", say("column.percent_after"), "percent", shown=False),
        Column("years", say("column.years"), "text", 1.4, data=False),
        Column("change", say("column.change"), "text", 1.75, data=False),
        Column("n_before", say("column.n_before"), "count", shown=False),
        Column("n_after", say("column.n_after"), "count", shown=False),
        Column("n_assumed", say("column.n_assumed"), "flag", shown=False),
        Column("sample", say("column.sample"), "text", 1.15, data=False),
        Column("source_grade", say("column.source_grade"), shown=False),
        Column("grade_before", say("column.grade_before"), shown=False),
        Column("grade_after", say("column.grade_after"), shown=False),
        Column("verdict", say("column.verdict"), "text", shown=False),
        Column("sentence", say("column.verdict"), "text", 3.4),
        Column("z_low", say("column.z_low"), "decimal", shown=False),
        Column("z_high", say("column.z_high"), "decimal", shown=False),
    ]
    frame = statement.changes
    if short and len(frame):
        since = statement.agreement.safety.baseline_wave
        response = statement.agreement.response
        frame = frame[
            (frame["response"] == response)
            & (frame["wave_before"] >= since)
            & (frame["area"] != statement.agreement.areas.whole)
        ]
        own = frame["area"].isin(statement.agreement.areas.evaluated.names)
        if own.any():
            frame = frame[own | (frame["wave_before"] == since)]
    rows = [_change_row(row, statement.agreement, words) for row in records(frame)]
    return build_table(
        "safety_changes", say("table.changes.title"), columns, rows, say("table.changes.note")
    )


def _change_row(row: Row, agreement: Agreement, words: Wording) -> Row:
    lang = words.lang
    after, before = row["percent_after"], row["percent_before"]
    change = words.say(
        "table.changes.change",
        after=_graded_share(after, row["grade_after"], words),
        before=_graded_share(before, row["grade_before"], words),
    )
    years = words.say(
        "table.changes.years", wave_after=row["wave_after"], wave_before=row["wave_before"]
    )
    key = "table.changes.sample_assumed" if row["n_assumed"] else "table.changes.sample"
    sample = words.say(
        key, before=number(row["n_before"], 0, lang), after=number(row["n_after"], 0, lang)
    )
    direction = "rise" if after > before else "fall" if after < before else "same"
    verdict = row["verdict"].replace(" ", "_")
    sentence = words.say(f"change.{verdict}_{direction}")
    return row | {
        "area": area_label(agreement, row["area"], words),
        "setting": words.name("setting", row["setting"]),
        "response": words.name("response", row["response"]),
        "years": years,
        "change": change,
        "sample": sample,
        "source_grade": max(row["grade_before"], row["grade_after"]),
        "sentence": sentence,
    }


def _graded_share(share: float, grade: str, words: Wording) -> str:
    return marked(value_text(share, "percent", words), grade, words)


def comparisons_table(statement: Statement, words: Wording) -> Table:
    """Part against whole, every wave and design effect."""
    say = words.say
    kinds: dict[str, Kind] = {
        "wave": "year",
        "percent_area": "percent",
        "percent_whole": "percent",
        "n_area": "count",
        "n_whole": "count",
        "weight": "decimal",
        "deff": "decimal",
        "z": "decimal",
        "p_value": "decimal",
    }
    keys = [
        "area", "setting", "response", "wave", "percent_area", "percent_whole", "n_area",
        "n_whole", "weight", "deff", "difference", "low", "high", "z", "p_value",
    ]  # fmt: skip
    hidden = {"n_area", "n_whole", "weight", "z"}
    columns = [
        Column(k, say(f"column.{k}"),
               "points" if k in {"difference", "low", "high"} else kinds.get(k, "text"),
               shown=k not in hidden)
        for k in keys
    ]  # fmt: skip
    rows = []
    for row in records(statement.comparisons):
        points = {"difference": "estimate", "low": "low", "high": "high"}
        flat = row | {new: round(100 * row[old], 1) for new, old in points.items()}
        flat["setting"] = words.name("setting", row["setting"])
        flat["response"] = words.name("response", row["response"])
        rows.append(flat)
    return build_table("safety_part_whole", say("table.part_whole.title"), columns, rows)


def forecast_table(
    statement: Statement, areas: Sequence[str], words: Wording, *, periods: Sequence[int]
) -> Table:
    """List published share, median and bands of the true share at given waves, area by area.

    Of one wave alone the published share is not printed.
    """
    say = words.say
    columns = [
        Column("area", say("column.area"), "text", 1.3),
        Column("setting", say("column.setting"), "text", 1.2),
        Column("period", say("column.wave"), "year", 0.7),
        Column("percent", say("column.percent"), "percent", shown=len(periods) > 1),
        Column("source_grade", say("column.source_grade"), shown=len(periods) > 1),
        Column("median", say("column.median"), "share", 0.9),
    ]
    for level in LEVELS:
        name, shown = f"{100 * level:g}", percent(level, 0, words.lang)
        columns += [
            Column(f"low_{name}", say("column.ledger_low", level=shown), "share", shown=False),
            Column(f"high_{name}", say("column.ledger_high", level=shown), "share", shown=False),
            Column(f"interval_{name}", say("column.interval", level=shown), data=False),
        ]
    rows: list[list[Any]] = []
    response = statement.agreement.response
    if statement.safety is not None and response in statement.safety.draws["response"].values:
        draws = statement.safety.draws
        known = [a for a in areas if a in draws["area"].values]
        waves = [p for p in periods if p in draws["period"].values]
        only = draws[["true"]].sel(area=known, response=[response], period=waves)
        frame = replace(statement.safety, draws=only).to_frame(LEVELS)
        order = {a: i for i, a in enumerate(areas)}
        chosen = frame.assign(rank=frame["area"].map(order)).sort_values(
            ["setting", "rank", "period"]
        )
        for row in records(chosen):
            shares = statement.facts.shares(row["area"], row["setting"], row["response"])
            figure = shares.get(row["period"])
            cells = [
                area_label(statement.agreement, row["area"], words),
                words.name("setting", row["setting"]),
                row["period"],
                None if figure is None else figure.percent,
                None if figure is None else figure.grade,
                row["median"],
            ]
            for level in LEVELS:
                low, high = row[f"low_{100 * level:g}"], row[f"high_{100 * level:g}"]
                cells += [low, high, share_range(low, high, words)]
            rows.append(cells)
    title = words.say_of(response, "table.forecast.title")
    return build_table("safety_forecast", title, columns, rows, say("table.forecast.note"))


def probabilities_table(
    statement: Statement,
    words: Wording,
    *,
    areas: Sequence[str] | None = None,
    year: int | None = None,
) -> Table:
    """Probabilities of the safety model, true and published, with their prior-only values.

    Every area and the joint rows, and every target wave, unless some are named.
    """
    say = words.say
    columns = [
        Column("area", say("column.area"), "text", 1.3),
        Column("setting", say("column.setting")),
        Column("response", say("column.response"), "text", 0.8),
        Column("year", say("column.year"), "year", 0.6),
        Column("quantity", say("column.reading"), "text", shown=False),
        Column("reading", say("column.reading"), "text", 2.4),
        Column("probability_true", say("column.true"), "probability"),
        Column("prior_probability_true", say("column.prior"), "probability"),
        Column("probability_published", say("column.published"), "probability"),
        Column("prior_probability_published", say("column.prior"), "probability"),
    ]
    rows = []
    frame = statement.probabilities
    if areas is not None and len(frame):
        frame = frame[frame["area"].isin(areas)]
    if year is not None and "year" in frame:
        frame = frame[frame["year"] == year]
    for row in records(frame):
        year = row.get("year", statement.agreement.safety.target_wave)
        key = f"quantity.{row['quantity']}"
        reading = row["quantity"]
        if words.has(key):
            reading = words.say_of(row["response"], key, year=year)
        flat = row | {
            "area": words.name("area", row["area"]),
            "setting": words.name("setting", row["setting"]),
            "response": words.name("response", row["response"]),
            "year": year,
            "reading": reading,
        }
        rows.append(flat)
    return build_table("safety_probabilities", say("table.probabilities.title"), columns, rows)


def power_table(statement: Statement, words: Wording, *, short: bool = False) -> Table:
    """Show what the goals can show: chance of four published rises, smallest visible rise.

    `short` leaves out the districts where the agreement's own area has figures.
    """
    say = words.say
    agreement = statement.agreement
    power = statement.power
    own = power[power["setting"].notna()] if len(power) else power
    if short and len(own) and own["area"].isin(agreement.areas.evaluated.names).any():
        own = own[~own["area"].isin(agreement.areas.indicators)]
    asked = dict.fromkeys(own["question"]) if len(own) else {}
    questions = [q for q in asked if q != ANSWERS_QUESTION]
    columns = [
        Column("area", say("column.area"), "text", 1.5),
        Column("setting", say("column.setting"), "text", 1.2),
        Column("n", say("column.n"), "count", 0.6),
        *(Column(q, words.name("power", q),
                 "chance" if "every_year" in q else "points")
          for q in questions),
    ]  # fmt: skip
    rows = []
    if questions:
        chosen = own[own["deff"] == agreement.verdicts.default_deff]
        for (area, setting), group in chosen.groupby(["area", "setting"], sort=False):
            values = dict(zip(group["question"], group["value"], strict=True))
            rows.append(
                [
                    area_label(agreement, str(area), words),
                    words.name("setting", str(setting)),
                    group["n"].iloc[0],
                    *(values.get(q) for q in questions),
                ]
            )
    return build_table(
        "power", say("table.power.title"), columns, rows,
        words.say_of(
            agreement.response, "table.power.note",
            rises=agreement.safety.target_wave - agreement.safety.baseline_wave,
            deff=number(agreement.verdicts.default_deff, 1, words.lang),
            power=percent(load_assumptions().power.power, 0, words.lang),
        ),
    )  # fmt: skip


def share_range(low: float, high: float, words: Wording) -> str:
    """Write an interval of shares: 78-86 %."""
    return words.say(
        "table.range", low=number(100 * low, 0, words.lang), high=percent(high, 0, words.lang)
    )
