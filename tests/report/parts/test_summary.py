import re
from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.data.input import Masked
from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.verdict import Verdict
from amager_eval.report.document import Bullets, Figure, Paragraph, TableBlock
from amager_eval.report.parts.summary import goal_sentences, reservations, summary
from amager_eval.wording.about import bound_to
from amager_eval.wording.numbers import number
from amager_eval.wording.sentences import load_wording


def words_of(statement, lang="da"):
    return bound_to(statement.agreement, load_wording(lang))


def test_the_answer_comes_first_then_table_picture_and_what_is_missing(make_statement):
    blocks = summary(make_statement(activities=False), load_wording("da"))
    assert blocks[1].kind == "lead"
    assert [b.table.id for b in blocks if isinstance(b, TableBlock)] == [
        "goals", "crime_context", "missing", "indicators"
    ]  # fmt: skip
    (figure,) = [b for b in blocks if isinstance(b, Figure)]
    assert figure.picture.id == "standings"
    missing = next(b.table for b in blocks if isinstance(b, TableBlock) and b.table.id == "missing")
    assert (
        "særmåling for Partnerskabet i hver undersøgelse 2024–2028"
        in (missing.frame["delivery"].iloc[0])
    )


def test_a_full_input_has_no_districts_on_page_one(make_statement):
    statement = make_statement(own_area=True)
    blocks = summary(statement, load_wording("da"))
    assert "indicators" not in {b.table.id for b in blocks if isinstance(b, TableBlock)}
    assert "crime_context" not in {b.table.id for b in blocks if isinstance(b, TableBlock)}
    said = goal_sentences(statement, words_of(statement))
    assert said[0] == (
        "Mål 3 er nået: 17 af 22 aktiviteter (77\u00a0%) har mindst to partnere; "
        "kravet er 75\u00a0%."
    )
    assert said[-1].startswith("Sandsynligheden for, at området i 2028 er mindst lige så trygt som")


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_lead_holds_the_citys_counts_and_the_table_the_districts_rates(make_statement, lang):
    statement = make_statement(activities=False)
    blocks = summary(statement, load_wording(lang))
    lead = next(b.text for b in blocks if isinstance(b, Paragraph) and b.kind == "lead")
    found = crime_context(statement)
    counted = [r for r in found if r.count is not None and r.count_baseline is not None]
    assert len(counted) == 3
    for r in counted:
        for figure in (r.count, r.count_baseline):
            assert number(figure.value, 0, lang) in lead
    (table,) = [b.table for b in blocks if isinstance(b, TableBlock)
                and b.table.id == "crime_context"]  # fmt: skip
    rated = {r.area for r in found if r.rate is not None and r not in counted}
    agreement = statement.agreement
    assert rated == {*agreement.areas.indicators, agreement.areas.whole}
    assert rated <= set(table.frame["area"])
    assert table.frame["rates_text"].ne("").all()


def test_a_part_that_has_failed_for_good_is_named(make_statement):
    statement = make_statement(own_area=True)
    at = ("1a", 2028, "neighbourhood", "safe")
    judged = [
        replace(r, literal=Verdict.NOT_REACHED)
        if (r.goal, r.year, r.setting, r.response) == at
        else r
        for r in statement.judged
    ]
    statement = replace(statement, judged=tuple(judged))
    (failed,) = [s for s in statement.standings if s.settled]
    assert failed.part == "neighbourhood"
    for lang, end in (("da", "kan dermed ikke længere opfyldes der."), ("en", "be met there.")):
        assert goal_sentences(statement, words_of(statement, lang))[0].endswith(end)


def test_hidden_figures_are_named_and_not_counted_alone(make_statement):
    statement = make_statement()
    masked = (
        Masked("safety", "Amager Øst", 2024, "neighbourhood, neither"),
        Masked("safety", "Amager Øst", 2024, "night, neither"),
    )
    statement = replace(statement, facts=replace(statement.facts, masked=masked))
    said = reservations(statement, words_of(statement))[-1]
    assert said.startswith("To tal er udeladt af hensyn til anonymitet: Amager Øst 2024, »hverken")
    assert "i nabolaget" in said
    assert "aften og nat" in said
    assert said.endswith("De indgår ikke i beregningerne.")


def test_an_estimate_is_never_worded_as_a_measurement(make_statement):
    """Where the model has the area and nothing of it was published, its figure is an estimate."""
    statement = make_statement(own_area=True)
    area = statement.agreement.areas.evaluated.names[0]
    safety = statement.data.safety
    unmeasured = {"observed": None, "baseline": None, "comparison": None}
    judged = tuple(
        replace(r, **unmeasured, literal=Verdict.NOT_MEASURED)
        if r.area == area and r.setting is not None
        else r
        for r in statement.judged
    )
    data = replace(statement.data, safety=safety[safety["area"] != area])
    facts = gather_facts(data, statement.agreement)
    statement = replace(statement, judged=judged, facts=facts, changes=pd.DataFrame())
    words = words_of(statement)
    standings = [s for s in statement.standings if s.kind == "safety"]
    assert all(s.estimate and not s.known and s.verdict == "ikke opgjort" for s in standings)
    assert all(s.estimate.basis == "estimate" for s in standings)
    blocks = summary(statement, load_wording("da"))
    lead = next(b.text for b in blocks if isinstance(b, Paragraph))
    assert "I de bydele, området ligger i, er andelen af trygge" in lead
    table = next(b.table for b in blocks if isinstance(b, TableBlock))
    first = dict(zip([c.key for c in table.shown], table.rows(words)[0], strict=True))
    assert re.fullmatch(r"Skøn: \d+–\d+\s% \(2026\)", first["latest_text"])
    assert "Skøn, ikke måling" in table.note
    assert not any(isinstance(b, Bullets) and "er nået i" in " ".join(b.items) for b in blocks)
