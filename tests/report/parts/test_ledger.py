"""What a status says of the years before it."""

import pandas as pd
import pytest

from amager_eval.figures.ledger import picture_ledger
from amager_eval.goals.ledger import LEDGER_EVENT_COLUMNS, LEDGER_QUANTITY_COLUMNS, Ledger
from amager_eval.goals.records import ChangedDocument
from amager_eval.report.document import Figure, Paragraph, TableBlock
from amager_eval.report.parts.ledger import changed_documents, guard, ledger, ledger_numbers
from amager_eval.wording.sentences import load_wording

OWN = "Amager Partnerskab (2025)"
WORDS = {lang: load_wording(lang) for lang in ("da", "en")}


def quantity(**about):
    row = dict.fromkeys(LEDGER_QUANTITY_COLUMNS) | {
        "issued": 2026, "kind": "safety", "area": OWN, "area_version": "2025",
        "setting": "night", "response": "safe", "form": "percent", "year": 2027, "last": 72.0,
        "median": 73.0, "low_80": 71.0, "high_80": 75.0, "low_95": 69.0, "high_95": 77.0,
        "status": "pending",
    }  # fmt: skip
    return row | about


def came(observed, **about):
    return quantity(
        observed=observed, inside_80=71 <= observed <= 75, inside_95=69 <= observed <= 77,
        crps=1.0, error_of_last=2.0, status="scored",
    ) | about  # fmt: skip


def event(**about):
    row = dict.fromkeys(LEDGER_EVENT_COLUMNS) | {
        "issued": 2026, "goal": "1a", "reading": "above_baseline", "area": OWN,
        "area_version": "2025", "setting": "night", "response": "safe", "form": "percent",
        "year": 2027, "probability": 0.8, "status": "pending",
    }  # fmt: skip
    return row | about


def kept(quantities, events=()):
    return Ledger(
        True,
        (2026,),
        pd.DataFrame(quantities, columns=list(LEDGER_QUANTITY_COLUMNS)),
        pd.DataFrame(list(events), columns=list(LEDGER_EVENT_COLUMNS)),
    )


def said(blocks):
    return " ".join(b.text for b in blocks if isinstance(b, Paragraph))


def table(blocks, identity):
    (found,) = [
        t
        for b in blocks
        for t in ([b.table] if isinstance(b, TableBlock) else [b.numbers] if isinstance(b, Figure)
                  else [])
        if t is not None and t.id == identity
    ]  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("recorded", "da", "en"),
    [
        (True, "den første status", "the first status"),
        (False, "ikke sammenlignet med tidligere", "There is no comparison with earlier year"),
    ],
)
def test_an_empty_ledger_says_that_it_is(make_statement, recorded, da, en):
    statement = make_statement(crime=False, ledger=Ledger(recorded))
    assert da in said(ledger(statement, WORDS["da"]))
    assert en in said(ledger(statement, WORDS["en"]))
    assert changed_documents(statement, WORDS["en"]) == []


def test_what_came_stands_beside_what_was_announced(make_statement):
    rows = [came(78.0), came(73.0, setting="neighbourhood"), quantity(year=2028)]
    events = [event(outcome=True, revised=False, brier=0.04, status="scored")]
    statement = make_statement(crime=False, ledger=kept(rows, events))
    blocks = ledger_numbers(statement, WORDS["en"])
    scores = table(blocks, "forecast_scores").frame.set_index("of")
    assert scores.loc["Shares, percentage points", "inside_95"] == 0.5
    assert scores.loc["Shares, percentage points", "error_of_last"] == 2.0
    assert scores.loc["Readings of goal 1a", "brier"] == pytest.approx(0.04)
    assert len(table(blocks, "forecast_ledger_safety").frame) == 3
    (row,) = table(blocks, "forecast_ledger_readings").rows(WORDS["en"])
    assert "yes" in row
    (picture,) = [b.picture for b in blocks if isinstance(b, Figure)]
    assert picture.title.startswith("1 of 2")
    assert "78" in picture.alt


def test_unscored_and_revised_forecasts_are_named(make_statement):
    rows = [
        came(73.0, first_published=74.0),
        quantity(setting="neighbourhood", status="area_changed"),
        quantity(response="unsafe", status="no_figure"),
    ]
    statement = make_statement(crime=False, ledger=kept(rows))
    text = said(ledger(statement, WORDS["en"]))
    assert "another area cannot show whether they held: 1." in text
    assert "because the figure was not published: 1." in text
    assert "night 2027: 74% became 73%" in text.replace("\u00a0", "")


def test_forecasts_still_to_come_are_no_picture(make_statement):
    statement = make_statement(crime=False, ledger=kept([quantity()]))
    assert picture_ledger(statement, WORDS["da"]) is None
    assert "endnu ingen tal" in said(ledger(statement, WORDS["da"]))


def test_a_changed_model_is_named_with_its_reason(make_statement):
    change = ChangedDocument("safety_trend/spec.toml", 2026, "1.0", "1.1", "A wider prior.")
    unregistered = ChangedDocument("agreements/own.toml", 2026, "a" * 12, "b" * 12, "")
    statement = make_statement(
        crime=False, ledger=kept([quantity()]), changed=(change, unregistered)
    )
    blocks = changed_documents(statement, WORDS["en"])
    assert "have changed since the status of 2026" in said(blocks)
    rows = table(blocks, "changed_documents").rows(WORDS["en"])
    assert rows[0][-1] == "A wider prior."
    assert "Not in the register" in rows[1][-1]
    same = make_statement(crime=False, ledger=kept([quantity()]))
    assert "same versions" in said(changed_documents(same, WORDS["en"]))


def test_the_guard_stands_where_there_is_a_baseline(make_statement):
    statement = make_statement(own_area=True)
    short, full = guard(statement, WORDS["da"])
    assert (short.where, full.where) == ("print", "page")
    assert full.table.frame["goal"].tolist() == ["2a"] * 2 + ["2b"] * 6
    assert short.table.frame["form"].tolist() == ["pr. 1.000", *["antal"] * 3]
    assert guard(make_statement(), WORDS["da"]) == []
