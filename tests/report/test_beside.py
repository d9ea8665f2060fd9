"""What stands beside an answer: from which share a change is significant, what more answers do."""

from dataclasses import replace

import pytest

import amager_eval as ae
from amager_eval import significance as sg
from amager_eval.report.beside import what_more_answers_do, what_stated_changes_take
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording


def said(say, statement):
    return list(say(statement, bound_to(statement.agreement, load_wording("en"))))


@pytest.fixture(scope="module")
def elsewhere():
    """Goals on the unsafe share, no estates of a survey of their own."""
    return ae.evaluate(ae.published(), agreement="tingbjerg_husum", forecasts=False)


def test_a_goal_on_the_unsafe_share_asks_about_rises(elsewhere):
    lines = said(what_stated_changes_take, elsewhere)
    share = elsewhere.facts.shares("Brønshøj-Husum", "night", "unsafe")
    after = share[elsewhere.agreement.safety.baseline_wave].percent
    needed = sg.earlier_percent_needed(after, 300, 300, direction="rise")
    assert lines[-1] == (
        f"Brønshøj-Husum in the evening and at night: with 300 answers each year a rise to "
        f"{after:.0f}% is certainly significant from {needed.certain:.0f}% and certainly not from "
        f"above {needed.possible:.0f}%"
    )


def test_estates_are_compared_where_the_agreement_compares_them(elsewhere, make_statement):
    compared = said(what_stated_changes_take, make_statement())[-1]
    assert compared.startswith("Remisevænget og Hørgården (74%) and Holmbladsgade og Støberigården")
    nearest = sg.respondents_needed(0.735, 0.585, deff=1.6)
    assert f"at least {nearest:.0f} answers" in compared
    assert not any("answers in each" in line for line in said(what_stated_changes_take, elsewhere))


def test_estates_whose_answers_are_known_need_no_guess(make_statement):
    statement = make_statement()
    known = tuple(replace(f, n=200.0) if f.survey else f for f in statement.facts.figures)
    told = replace(statement, facts=replace(statement.facts, figures=known))
    assert len(said(what_stated_changes_take, told)) == (
        len(said(what_stated_changes_take, statement)) - 1
    )


def test_no_sample_is_weighed_once_the_target_is_here(make_statement):
    statement = make_statement()
    districts, settings = statement.agreement.areas.indicators, statement.agreement.safety.settings
    assert len(said(what_more_answers_do, statement)) == 1 + len(districts) * len(settings)
    due = replace(statement, year=statement.agreement.safety.target_wave)
    assert said(what_more_answers_do, due) == []
    assert said(what_more_answers_do, replace(statement, safety=None)) == []
