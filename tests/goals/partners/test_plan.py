"""The theory of change: what hangs on a focus area, and when a signal is one."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.partners.plan import plan_chain
from amager_eval.goals.partners.signals import signal_of
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]


def facts_of(data):
    return gather_facts(data, AGREEMENT)


NOTHING = facts_of(Input())


def listed(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "activity": ["Vandring", "Lektier", "Lys"],
            "focus_area": ["Aktive byrum", "Job og fritid", "Aktive byrum"],
            "partners": ["SSP; FSB", "SSP", "HAB; Museet"],
            "outside_partners": [None, None, "Museet"],
            "budget_dkk": [100_000, None, 50_000],
        }
    )
    return frame.assign(**columns)


def safety(*rows) -> pd.DataFrame:
    columns = ["area", "wave", "setting", "response", "percent", "n"]
    return pd.DataFrame(rows, columns=columns).assign(decimals=0, comparator="=", source_grade="A")


def test_the_chain_of_a_focus_area():
    chain = plan_chain(listed(), NOTHING, AGREEMENT, 2026)
    assert [f.focus_area for f in chain.focus] == list(AGREEMENT.focus_areas)
    space = next(f for f in chain.focus if f.focus_area == "Aktive byrum")
    assert space.activities == ("Vandring", "Lys")
    assert set(space.partners) == {"SSP", "FSB", "HAB"}
    assert space.outside_partners == ("Museet",)
    assert (space.budget_dkk, space.without_budget) == (150_000, 0)
    leisure = next(f for f in chain.focus if f.focus_area == "Job og fritid")
    assert (leisure.budget_dkk, leisure.without_budget) == (None, 1)
    assert chain.budget_dkk == 150_000
    assert chain.allocated_dkk_per_year == 1_900_000
    # the agreement's own area has no figures: nothing is measured, nothing is put in its place
    signals = {s.signal for f in chain.focus for e in f.expects for s in e.signals}
    assert signals == {"not_measured"}


def test_without_a_list_the_chain_still_stands():
    chain = plan_chain(None, NOTHING, AGREEMENT, 2026)
    assert chain.warnings == ("no_list",)
    assert all(f.activities == () and f.budget_dkk is None for f in chain.focus)
    assert all(f.expects for f in chain.focus)
    assert plan_chain(None, NOTHING, load_agreement("folehaven"), 2026) is None


@pytest.mark.parametrize(
    ("dated", "warning"),
    [
        ("2025-05-31", ()),  # held against 31 May 2026: twelve months to the day
        ("2025-05-30", ("outdated",)),
        ("2026-02", ()),
        ("2024", ("outdated",)),
        (None, ("no_date",)),
    ],
)
def test_a_list_older_than_a_year_is_warned_of(dated, warning):
    chain = plan_chain(listed(list_date=dated, list_version="3"), NOTHING, AGREEMENT, 2026)
    assert chain.warnings == warning
    assert chain.list_version == "3"
    assert chain.held_on == date(2026, 5, 31)


def test_mixed_versions_and_strange_focus_areas_are_warned_of():
    mixed = listed(list_date="2026-01-01", list_version=["1", "2", "2"])
    mixed.loc[1, "focus_area"] = "Musik"
    chain = plan_chain(mixed, NOTHING, AGREEMENT, 2026)
    assert chain.warnings == ("several_versions", "unknown_focus_area")
    assert chain.focus[-1].focus_area == "Musik"
    assert chain.focus[-1].activities == ("Lektier",)


@pytest.mark.parametrize(
    ("response", "before", "after", "signal", "better"),
    [
        ("safe", 70, 84, "moved", True),
        ("safe", 84, 70, "moved", False),
        ("unsafe", 30, 16, "moved", True),
        ("unsafe", 16, 30, "moved", False),
        ("safe", 80, 81, "not_shown", None),
    ],
)
def test_signal_of_a_share_and_its_judgement(response, before, after, signal, better):
    data = Input(
        safety=safety(
            (AREA, 2024, "night", response, before, 600),
            (AREA, 2026, "night", response, after, 600),
        )
    )
    found = signal_of(f"safety.night.{response}", facts_of(data), AGREEMENT, 2026)
    assert (found.signal, found.better) == (signal, better)
    assert (found.before, found.after, found.year_after) == (before, after, 2026)
    # another area is not the agreement's
    other = replace(data, safety=data.safety.replace({AREA: "Amager Vest"}))
    assert (
        signal_of(f"safety.night.{response}", facts_of(other), AGREEMENT, 2026).signal
        == "not_measured"
    )


@pytest.mark.parametrize(
    ("after", "signal", "better"),
    [
        (60, "moved", True),
        (180, "moved", False),
        (108, "not_shown", None),
        (125, "not_shown", None),
    ],
)
def test_signal_of_reports_allows_for_ordinary_variation(after, signal, better):
    """100 against 125 differs by 1.67 Poisson standard errors, less beyond Poisson."""
    crime = pd.DataFrame(
        [(AREA, "2024", "indbrud", 100), (AREA, "2025", "indbrud", after)],
        columns=["area", "period", "crime_type", "count"],
    ).assign(definition=AGREEMENT.crime.definition)
    found = signal_of("crime.indbrud", facts_of(Input(crime=crime)), AGREEMENT, 2026)
    assert (found.signal, found.better) == (signal, better)
    assert (found.year_before, found.year_after) == (2024, 2025)
    # 2025's reports are those of wave 2026: a year earlier nothing has come yet
    assert (
        signal_of("crime.indbrud", facts_of(Input(crime=crime)), AGREEMENT, 2025).signal
        == "not_measured"
    )


def test_words_that_nothing_measures_are_not_measured():
    assert (
        signal_of("unge i fritidsjob", facts_of(Input()), AGREEMENT, 2026).signal == "not_measured"
    )


def test_the_chain_is_plain_values():
    kept = plan_chain(listed(list_date="2026-01-01"), NOTHING, AGREEMENT, 2026).to_dict()
    assert kept["list_date"] == "2026-01-01"
    assert kept["focus"][0]["expects"][0]["signals"][0]["signal"] == "not_measured"
