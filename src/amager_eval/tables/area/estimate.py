"""The estimate of an unmeasured area as tables: bands, steps of evidence, make-up, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amager_eval.tables.table import Column, Table, build_table, records
from amager_eval.trends.area.design import nested_of
from amager_eval.wording.figure import band_text
from amager_eval.wording.numbers import number, percent
from amager_eval.wording.probability import say_probability

if TYPE_CHECKING:
    from amager_eval.goals.safety.area_answer import AreaAnswer
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = [
    "area_bands_table",
    "area_samples_table",
    "area_steps_table",
]


def area_bands_table(statement: Statement, words: Wording) -> Table:
    """One row a question and wave from the baseline to the target.

    `setting, response, year, low_95 to high_95` (percent), `whole` (published), `basis`.
    """
    area, agreement, say = statement.area, statement.agreement, words.say
    ends = ("low_95", "low_80", "low_50", "high_50", "high_80", "high_95")
    columns = [
        Column("what", say("column.estimated"), "text", 2.6, data=False),
        Column("area", say("column.area"), "text", shown=False),
        Column("setting", say("column.setting"), "text", shown=False),
        Column("response", say("column.response"), "text", shown=False),
        Column("year", say("column.wave"), "year", 0.7),
        Column("band", say("column.band_95"), "text", 1.6, data=False),
        Column("whole_text", say("column.whole_published"), "text", 1.3, data=False),
        *(Column(e, say(f"column.{e}"), "figure", shown=False) for e in ends),
        Column("whole", say("column.whole_published"), "figure", shown=False),
        Column("basis_text", say("column.basis"), "text", 0.9, data=False),
        Column("basis", say("column.basis"), "text", shown=False),
    ]
    rows: list[list[Any]] = []
    if area is not None and area.shown:
        first, last = agreement.safety.baseline_wave, agreement.safety.target_wave
        city = (agreement.areas.whole, agreement.response)
        for row in records(area.bands):
            if (
                row["step"] != area.step
                or row["assumption"]
                or row["response"] != agreement.response
                or not first <= row["year"] <= last
            ):
                continue
            share = statement.facts.shares(city[0], row["setting"], city[1]).get(row["year"])
            cells = row | {
                "what": say("area_estimate.what", setting=words.name("setting", row["setting"])),
                "area": area.area,
                "band": band_text(row, words),
                "whole": None if share is None else share.percent,
                "whole_text": "" if share is None else percent(share.percent / 100, 0, words.lang),
                "basis_text": say("area_estimate.basis"),
            }
            rows.append([cells.get(c.key) for c in columns])
    title = words.say_of(agreement.response, "table.area_bands.title", area=_name(area))
    return build_table("area_estimate", title, columns, rows, say("table.area_bands.note"))


def area_steps_table(statement: Statement, words: Wording) -> Table:
    """One row a step of evidence, or another make-up of the area, and a question.

    `step, assumption, setting, baseline and target bands, probabilities` each beside the value it
    had without figures, `basis`.
    """
    area, agreement, say = statement.area, statement.agreement, words.say
    first, last = agreement.safety.baseline_wave, agreement.safety.target_wave
    asked = ("reaches_whole", "within_2_points", "shortfall_smaller_and_rose")
    columns = [
        Column("label", say("column.evidence"), "text", 3.0),
        Column("step", say("column.evidence"), "text", shown=False),
        Column("assumption", say("column.assumption"), "text", shown=False),
        Column("part", say("column.setting"), "text", 1.2),
        Column("setting", say("column.setting"), "text", shown=False),
        Column("band_first", say("column.estimate_of", year=first), "text", 1.1, data=False),
        Column("band_last", say("column.estimate_of", year=last), "text", 1.1, data=False),
        *(
            Column(f"{q}_text", say(f"column.area_{q}"), "text", 1.2, data=False)
            for q in asked
        ),
        *(Column(f"{e}_{y}", say(f"column.{e}_of", year=y), "figure", shown=False)
          for y in (first, last) for e in ("low_95", "high_95")),
        *(Column(q, say(f"column.area_{q}"), "probability", shown=False) for q in asked),
        *(Column(f"prior_{q}", say("column.area_prior", what=say(f"column.area_{q}")),
                 "probability", shown=False) for q in asked),
        Column("basis", say("column.basis"), "text", shown=False),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    if area is not None and area.shown:
        bands = {(r["step"], r["assumption"], r["setting"], r["year"]): r
                 for r in records(area.bands)
                 if r["response"] == agreement.response}  # fmt: skip
        asked_rows = [
            r for r in records(area.probabilities)
            if r["response"] == agreement.response and r["setting"] in agreement.safety.settings
        ]  # fmt: skip
        for step, assumption, setting in dict.fromkeys(
            (r["step"], r["assumption"], r["setting"]) for r in asked_rows
        ):
            key = (step, assumption, setting)
            found = {
                r["quantity"]: r
                for r in asked_rows
                if (r["step"], r["assumption"], r["setting"]) == key
            }
            own = {y: bands.get((*key[:2], setting, y)) for y in (first, last)}
            label = _label(area, step, assumption, words)
            if step == area.step and not assumption:
                label = say("area_estimate.shown_step", label=label)
            cells: dict[str, object] = {
                "label": label, "step": step, "assumption": assumption, "setting": setting,
                "part": words.name("setting_short", setting), "basis": "estimate",
            }  # fmt: skip
            for name, year in (("band_first", first), ("band_last", last)):
                band = own.get(year)
                if band is not None:
                    cells[name] = band_text(band, words)
                    cells |= {f"{e}_{year}": band[e] for e in ("low_95", "high_95")}
            for q in asked:
                row = found.get(q)
                if row is None or row["probability_true"] is None:
                    continue
                cells |= {q: row["probability_true"], f"prior_{q}": row["prior_probability_true"]}
                cells[f"{q}_text"] = say(
                    "area_estimate.beside_prior",
                    probability=say_probability(row["probability_true"], words),
                    prior=say_probability(row["prior_probability_true"], words),
                )
            rows.append([cells.get(c.key) for c in columns])
    note = say("table.area_steps.note", area=_name(area), target=last)
    if nested_of(agreement).own_shares:
        note = f"{note} {say('table.area_steps.note_makeup')}"
    shown = [
        r for r in (records(area.probabilities) if area is not None and area.shown else ())
        if area is not None
        and r["quantity"] == "shortfall_smaller_and_rose"
        and r["step"] == area.step and not r["assumption"] and r["response"] == agreement.response
    ]  # fmt: skip
    if shown and not any(r["informed"] for r in shown):
        note = f"{note} {say('area_estimate.uninformed')}"
    return build_table("area_estimate_steps", say("table.area_steps.title"), columns, rows, note)


def area_samples_table(statement: Statement, words: Wording) -> Table:
    """One row a question, wave and size of an imagined sample.

    `setting, wave, n, price_dkk, width_wave, width_target` (percentage points), `reaches_low,
    reaches_high`, `basis`.
    """
    area, say, target = statement.area, words.say, statement.agreement.safety.target_wave
    columns = [
        Column("part", say("column.setting"), "text", 1.2),
        Column("setting", say("column.setting"), "text", shown=False),
        Column("sample", say("column.own_sample"), "text", 2.2, data=False),
        Column("wave", say("column.wave"), "year", shown=False),
        Column("n", say("column.n"), "count", shown=False),
        Column("price", say("column.price"), "text", 1.2, data=False),
        Column("price_dkk", say("column.price"), "count", shown=False),
        Column("width_wave", say("column.width_wave"), "figure", 1.2),
        Column("width_target", say("column.width_target", year=target), "figure", 1.2),
        Column("reaches_text", say("column.reaches_after", year=target), "text", 1.7, data=False),
        *(
            Column(
                f"reaches_{k}",
                say(f"column.reaches_after_{k}", year=target),
                "probability",
                shown=False,
            )
            for k in ("low", "high")
        ),
        Column("basis", say("column.basis"), "text", shown=False),
    ]
    rows: list[list[Any]] = []
    price = 0.0 if area is None else area.spec.samples.price_dkk
    if area is not None and area.shown:
        for row in records(area.samples):
            low, high = (say_probability(row[f"reaches_{k}"], words) for k in ("low", "high"))
            none = row["n"] == 0
            # a wave that is over can be counted again for the area; nobody is asked anew
            again = row["wave"] <= statement.year
            kind = "no_sample" if none else "recut" if again else "sample"
            none = none or again
            cells = row | {
                "part": words.name("setting_short", row["setting"]),
                "sample": say(f"area_estimate.{kind}", n=number(row["n"], 0, words.lang),
                              wave=row["wave"]),
                "price": "" if none else number(row["price_dkk"], 0, words.lang),
                "price_dkk": None if none else row["price_dkk"],
                "reaches_text": low if low == high
                else say("area_estimate.from_to", low=low, high=high),
            }  # fmt: skip
            rows.append([cells.get(c.key) for c in columns])
    return build_table(
        "area_estimate_samples", say("table.area_samples.title"), columns, rows,
        say("table.area_samples.note", price=number(price, 0, words.lang)),
    )  # fmt: skip


def _name(area: AreaAnswer | None) -> str:
    return "" if area is None else area.area


def _label(area: AreaAnswer, step: str, assumption: str, words: Wording) -> str:
    if assumption == "assumed":
        return words.say("area_estimate.assumed_makeup")
    labels = {a.id: a.label(words.lang) for a in area.spec.alternative}
    labels |= {s.id: s.label(words.lang) for s in area.spec.step}
    if (assumption or step) in labels:
        return labels[assumption or step]
    return assumption or step
