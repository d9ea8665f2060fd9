"""The chain on the page: activities, money, expectations, signals, and no word of cause."""

from dataclasses import replace

import pytest

from amager_eval.data.input import Input
from amager_eval.goals.partners.count import count_partners
from amager_eval.goals.partners.plan import plan_chain
from amager_eval.goals.partners.split import partner_split
from amager_eval.report.document import Bullets, Figure, Paragraph, TableBlock
from amager_eval.report.parts.plan import activity_blocks, plan_blocks
from amager_eval.tables.plan import plan_signals_table
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording


@pytest.fixture
def statement(make_statement):
    """A statement whose list says who is from outside, what it costs and when it was made."""
    made = make_statement(own_area=True)
    rows = made.data.activities.assign(
        budget_dkk=100_000.0, outside_partners=None, list_version="2", list_date="2024-11-01"
    )
    rows.loc[0, "outside_partners"] = "Museet"
    goal = next(g for g in made.agreement.goal if g.kind == "partners")
    return replace(
        made,
        facts=replace(made.facts, partners=count_partners(rows, goal)),
        partners=partner_split(rows, goal),
        plan=plan_chain(rows, made.facts, made.agreement, made.year),
    )


def blocks(of, statement, lang):
    return of(statement, bound_to(statement.agreement, load_wording(lang)))


@pytest.mark.parametrize(
    ("lang", "money", "outdated", "cause"),
    [
        ("da", "2.200.000 kr. mod de 1.900.000 kr. om året", "ældre end 12 måneder",
         "ikke, at det"),
        ("en", "DKK 2,200,000 in all, against the DKK 1,900,000", "older than 12 months",
         "does not show that one thing caused another"),
    ],
)  # fmt: skip
def test_the_chain_says_what_the_list_and_the_agreement_say(
    statement, lang, money, outdated, cause
):
    found = blocks(plan_blocks, statement, lang)
    text = " ".join(b.text for b in found if isinstance(b, Paragraph))
    assert money in text
    assert outdated in text
    assert cause in text
    tables = [b for b in found if isinstance(b, TableBlock)]
    split, table, indicators = (b.table for b in tables if b.where != "print")
    total = split.frame.iloc[-1]
    assert total["both"] + total["inside"] + total["outside"] == 18
    (printed,) = (b.table for b in tables if b.where == "print")
    assert list(printed.frame["activities"]) == ["4", "5", "6", "7"]  # counted, not named
    assert len(table.frame) == 4
    assert table.frame["expects"].str.contains({"da": "Lang sigt", "en": "Long term"}[lang]).all()
    assert len(indicators.frame) == 6
    assert set(table.frame["budget_dkk"]) == {400_000.0, 500_000.0, 600_000.0, 700_000.0}


def test_the_share_of_activities_is_said_once_and_one_activity_stands_in_the_table(statement):
    found = blocks(activity_blocks, statement, "da")
    assert not any(isinstance(b, (Bullets, TableBlock)) for b in found)
    (figure,) = [b for b in found if isinstance(b, Figure)]
    assert "af 22 aktiviteter" in figure.picture.title
    tables = [b.table for b in blocks(plan_blocks, statement, "da") if isinstance(b, TableBlock)]
    partners = next(t for t in tables if t.id == "partners")
    words = bound_to(statement.agreement, load_wording("da"))
    assert "78\u00a0%" in partners.rows(words)[-1]  # 18 of 23


def test_open_data_hold_every_link(statement):
    words = bound_to(statement.agreement, load_wording("en"))
    table = plan_signals_table(statement, words)
    assert len(table.frame) == 4 * 6
    assert set(table.frame["signal"]) == {"no change that can be shown"}
    assert table.frame["before"].notna().all()


def test_the_statement_carries_the_chain_and_the_split(statement):
    kept = statement.to_dict()
    assert [f["focus_area"] for f in kept["plan"]["focus"]] == list(statement.agreement.focus_areas)
    assert kept["partners"][-1]["met"] == 18


def test_an_agreement_without_focus_areas_has_no_chain(make_statement):
    bare = replace(make_statement(), plan=None, data=Input())
    assert blocks(plan_blocks, bare, "da") == []


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_list_that_was_not_delivered_is_not_said_to_lack_amounts(make_statement, lang):
    bare = make_statement(activities=False)
    text = " ".join(b.text for b in blocks(plan_blocks, bare, lang) if isinstance(b, Paragraph))
    assert {"da": "Aftalen afsætter 1.900.000 kr.", "en": "sets aside DKK 1,900,000"}[lang] in text
    assert {"da": "Listen angiver", "en": "The list states"}[lang] not in text
