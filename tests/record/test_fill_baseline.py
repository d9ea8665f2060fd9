"""The frozen baseline stands in for a year no longer delivered, and says where it is from."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from amager_eval.conventions import BASELINE_FILE
from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.input import Input
from amager_eval.errors import InputError
from amager_eval.evaluation.prepare import as_agreed
from amager_eval.goals.caveats import caveats
from amager_eval.goals.facts import gather_facts
from amager_eval.record.baseline import freeze_baseline, hold_against_baseline
from amager_eval.record.fill_baseline import fill_baseline
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = "Amager Partnerskab (2025)"
DEFINITION = "borgervendt"


def facts_of(data):
    return gather_facts(data, AGREEMENT)


def delivery(periods, *, area=AREA, people=("2024", "2025"), kinds=("total", "indbrud")) -> Input:
    counts = {"total": 500.0, "indbrud": 40.0}
    crime = pd.DataFrame(
        [(area, p, k, counts[k] + i, DEFINITION) for k in kinds for i, p in enumerate(periods)],
        columns=["area", "period", "crime_type", "count", "definition"],
    ).assign(per_1000=float("nan"), source="register")
    population = pd.DataFrame({"area": area, "period": list(people), "population": 20_000.0})
    return Input(crime=crime, population=population)


@pytest.fixture
def record(tmp_path):
    """Freeze 500 and 40 reports of 2024, 20,000 inhabitants."""
    freeze_baseline(delivery(["2024"]), AGREEMENT, tmp_path, on=date(2026, 3, 1))
    return tmp_path


def test_the_frozen_year_is_put_in_with_its_source(record):
    later = delivery(["2025", "2026"], people=("2025", "2026"))
    filled = fill_baseline(later, AGREEMENT, record)
    found = annual_figures(as_agreed(filled, AGREEMENT), AREA, "total", DEFINITION)
    assert (found[2024].count, found[2024].rate) == (500.0, 25.0)
    assert (found[2025].count, found[2026].count) == (500.0, 501.0)
    added = filled.crime[filled.crime["period"] == "2024"]
    assert set(added["source"]) == {f"{BASELINE_FILE} (2026-03-01)"}
    assert [f.name for f in filled.files] == [BASELINE_FILE]
    people = filled.population.set_index("period")["population"]
    assert people["2024"] == 20_000.0
    (said,) = [
        c for c in caveats(filled, facts_of(filled), AGREEMENT, 2027) if c.kind == "frozen_baseline"
    ]
    assert said.parts == ("total", "indbrud")
    assert said.goals == ("2a", "2b")
    assert (
        str(said.remark()) == f"frozen baseline: baseline 2024, source {BASELINE_FILE} (2026-03-01)"
    )


def test_later_inhabitants_never_move_the_frozen_rate(record):
    revised = delivery(["2024", "2025"], people=("2024", "2025", "2026"))
    moved = revised.population.assign(population=[20_400.0, 20_800.0, 21_000.0])
    later = as_agreed(replace(revised, population=moved), AGREEMENT)
    (told,) = hold_against_baseline(later, AGREEMENT, record)
    assert told.severity == "warning"
    assert told.found == "20400 in the input, 20000 frozen"
    found = annual_figures(fill_baseline(later, AGREEMENT, record), AREA, "total", DEFINITION)
    assert (found[2024].count, found[2024].rate) == (500.0, 25.0)
    assert found[2025].rate == 1000 * 501 / 20_800


def test_quarters_become_years_for_what_is_frozen_is_a_year(record):
    quarters = [f"2025K{q}" for q in (1, 2, 3, 4)] + ["2026K1"]
    filled = fill_baseline(delivery(quarters), AGREEMENT, record)
    found = annual_figures(filled, AREA, "indbrud", DEFINITION)
    assert {y: f.count for y, f in found.items()} == {2024: 40.0, 2025: 40.0 + 41 + 42 + 43}


def test_what_is_delivered_stays_and_an_untold_type_is_not_made_up(record):
    whole = delivery(["2024", "2025"])
    assert fill_baseline(whole, AGREEMENT, record) is whole
    filled = fill_baseline(delivery(["2025"], kinds=("total",)), AGREEMENT, record)
    assert set(filled.crime["crime_type"]) == {"total"}
    assert not any(
        c.kind == "frozen_baseline" for c in caveats(whole, facts_of(whole), AGREEMENT, 2026)
    )


def test_nothing_is_put_in_without_a_record_or_without_reports_of_the_area(record, tmp_path):
    later = delivery(["2025"])
    assert fill_baseline(later, AGREEMENT, tmp_path / "none") is later
    elsewhere = delivery(["2025"], area="København")
    assert fill_baseline(elsewhere, AGREEMENT, record) is elsewhere


def test_another_area_is_an_error_that_shows_both(record):
    other = AGREEMENT.areas.evaluated.names[1]
    with pytest.raises(InputError, match=r"column area: .*" + other) as caught:
        fill_baseline(delivery(["2025"], area=other), AGREEMENT, record)
    assert f"{AREA} frozen" in str(caught.value)
