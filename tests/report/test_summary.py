from dataclasses import replace

import pytest

from amager_eval.report.document import Bullets, Paragraph
from amager_eval.report.summary import summary
from amager_eval.tables.goals import goals_table
from amager_eval.wording.sentences import load_wording


def said(statement, lang="da"):
    """Return the lead and the goals' sentences of page one."""
    blocks = summary(statement, load_wording(lang))
    lead = next(b for b in blocks if isinstance(b, Paragraph))
    bullets = next(b for b in blocks if isinstance(b, Bullets))
    return lead.text, bullets.items


def test_goals_that_lack_figures_are_told_from_goals_not_yet_due(make_statement):
    lead, _ = said(make_statement(own_area=True))
    assert lead.startswith("4 af 5 mål gælder frem til 2028")
    assert "mangler" not in lead  # the area's own figures are there
    lead, _ = said(make_statement(own_area=True, activities=False))
    assert lead.startswith("Ét af 5 mål kan endnu ikke opgøres")
    assert "4 af 5 mål gælder frem til 2028" in lead
    assert "bygger på de bydele" not in lead
    lead, _ = said(make_statement(activities=False))
    assert lead.startswith("Ingen af de 5 mål kan endnu opgøres")
    lead, items = said(make_statement(activities=False), "en")
    assert lead.startswith("None of the 5 goals can yet be measured")
    assert [i.split(" cannot")[0] for i in items] == [
        "Goals 1a and 1b",
        "Goals 2a and 2b",
        "Goal 3",
    ]
    lead, _ = said(make_statement())
    assert lead.startswith("4 af 5 mål kan endnu ikke opgøres")
    assert "bygger på de bydele" in lead
    assert "2028" not in lead


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("da", "Efter ordlyden kan målet ikke længere nås fuldt ud: nabolag."),
        ("en", "By the letter the goal can no longer be reached in full: neighbourhood."),
    ],
)
def test_a_part_that_has_failed_for_good_is_named(make_statement, lang, sentence):
    statement = make_statement(own_area=True)
    results = statement.results.copy()
    part = (results["goal"] == "1a") & (results["year"] == 2028)
    part &= (results["setting"] == "neighbourhood") & (results["response"] == "safe")
    results.loc[part, "literal_verdict"] = "ikke nået"
    results.loc[(results["setting"] == "night") & (results["goal"] == "1a"), "literal_verdict"] = (
        "ikke opgjort"
    )
    _, items = said(replace(statement, results=results), lang)
    assert items[0].endswith(sentence)


def test_a_rate_carries_its_unit(make_statement):
    statement = make_statement(own_area=True)
    _, goals = said(statement)
    (rate,) = [g for g in goals if g.startswith("Mål 2a")]
    assert "42,4 per 1.000 indbyggere mod 42,6 i 2024" in rate
    table = goals_table(statement, load_wording("da")).frame.set_index("goal")
    assert table.loc["2a", "part"] == "per 1.000"


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        ("da", "Mål 3 er nået efter ordlyden. Ud fra data er målet nået. Seneste tal: "),
        (
            "en",
            "Goal 3 is reached by the letter. By the data the goal is reached. Latest figures: ",
        ),
    ],
)
def test_a_verdict_is_said_in_whole_sentences(make_statement, lang, sentences):
    statement = make_statement(own_area=True)
    results = statement.results.copy()
    results.loc[results["goal"] == "3", ["literal_verdict", "evidence_verdict"]] = "nået"
    _, items = said(replace(statement, results=results), lang)
    assert items[-1].startswith(sentences)
