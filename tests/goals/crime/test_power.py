"""A hold goal fails by chance: against the simulation in R, and against brute force."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from amager_eval.data.input import Input
from amager_eval.goals.crime.power import (
    chance_of_holding,
    chance_of_holding_with_total,
    crime_power_rows,
)
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.power import POWER_COLUMNS, what_goals_can_show
from amager_eval.spec.agreement import load_agreement

ORACLE = json.loads(
    (Path(__file__).parents[2] / "reference" / "09_goal_simulation.json").read_text("utf-8")
)["cases"]["hold_goal_false_alarm"]
AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]


def facts_of(data):
    return gather_facts(data, AGREEMENT)


@pytest.mark.parametrize("case", ORACLE)
def test_agrees_with_the_simulation_in_r(case):
    """200,000 simulated partnerships: three standard errors are .0023."""
    size = case["phi"] or np.inf
    one = 1 - chance_of_holding(case["mu"], size=size)
    assert one == pytest.approx(case["P_some_series_above_2024_in_a_given_year"], abs=0.0025)
    four = chance_of_holding(case["mu"], size=size, years=4)
    assert four == pytest.approx(case["P_holds_every_year"], abs=0.0008)


def test_the_total_is_joint_with_its_types():
    """Every outcome of two small types and a remainder, added up."""
    means, total = (1.0, 2.0), 4.5
    rates = (*means, total - sum(means))
    pmf = [stats.poisson.pmf(np.arange(9), m) for m in rates]
    change = {}
    for k, f in enumerate(pmf):
        change[k] = {}
        for x, y in product(range(9), range(9)):
            change[k][y - x] = change[k].get(y - x, 0) + f[x] * f[y]
    brute = sum(
        change[0][a] * change[1][b] * change[2][c]
        for a, b, c in product(change[0], change[1], change[2])
        if a <= 0 and b <= 0 and a + b + c <= 0
    )
    exact = chance_of_holding_with_total(means, total, size=np.inf)
    assert exact == pytest.approx(brute, abs=2e-4)  # the brute sum ends at 8 reports
    assert exact < chance_of_holding(means, size=np.inf)


def test_types_that_are_the_whole_total_decide_it():
    assert chance_of_holding_with_total([20, 30], 50, size=100) == pytest.approx(
        chance_of_holding([20, 30], size=100), abs=1e-9
    )


def crime(**counts: float) -> pd.DataFrame:
    names = {"theft": "tyveri/røveri", "violence": "vold/våben"}
    return pd.DataFrame(
        [(AREA, "2024", names.get(k, k), c, AGREEMENT.crime.definition) for k, c in counts.items()],
        columns=["area", "period", "crime_type", "count", "definition"],
    )


def test_without_a_baseline_it_is_shown_for_the_declared_counts():
    rows = pd.DataFrame(crime_power_rows(facts_of(Input()), AGREEMENT), columns=list(POWER_COLUMNS))
    in_a_year = rows[rows["question"] == "type_rises_in_a_year"]
    assert list(in_a_year["n"]) == [3 * m for m in AGREEMENT.crime.power.reports]
    assert in_a_year["n_assumed"].all()
    assert in_a_year["value"].between(0.8, 0.875).all()
    assert not (rows["question"] == "series_rises_in_a_year").any()


def test_with_a_baseline_it_is_computed_for_its_reports():
    data = Input(crime=crime(total=900, indbrud=40, theft=200, violence=60))
    power = what_goals_can_show(facts_of(data), AGREEMENT, 2026, [AREA])
    values = power.set_index("question")["value"]
    assert set(power["n"]) == {300}
    assert not power["n_assumed"].any()
    assert set(power["goal"]) == {"2b"}
    assert values["type_rises_in_a_year"] < values["series_rises_in_a_year"] < 1
    assert values["type_rises_in_some_year"] > 0.98


def test_no_crime_goal_no_rows():
    assert crime_power_rows(facts_of(Input()), load_agreement("folehaven")) == []
    quiet = AGREEMENT.model_copy(
        update={"crime": AGREEMENT.crime.model_copy(update={"power": None})}
    )
    assert crime_power_rows(gather_facts(Input(crime=crime(total=9)), quiet), quiet) == []
