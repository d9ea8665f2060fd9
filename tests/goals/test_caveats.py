"""Each caveat attaches itself where it applies, and nowhere else."""

import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.goals.caveats import caveats, with_caveats
from amager_eval.goals.crime.results import crime_results
from amager_eval.goals.facts import gather_facts
from amager_eval.goals.results import safety_results
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]
BORGERVENDT = AGREEMENT.crime.definition


def safety(n: float = 600, waves=(2025, 2026), versions=None) -> pd.DataFrame:
    rows = [(AREA, w, "night", "safe", 80, n) for w in waves]
    frame = pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent", "n"])
    frame = frame.assign(decimals=0, comparator="=", source_grade="A")
    return frame if versions is None else frame.assign(area_version=versions)


def crime(count: float = 200, definition: str = BORGERVENDT, year: str = "2024") -> pd.DataFrame:
    return pd.DataFrame(
        [(AREA, year, "indbrud", count, definition)],
        columns=["area", "period", "crime_type", "count", "definition"],
    )


def of(kind: str, data: Input, agreement=AGREEMENT, year: int = 2026):
    return [
        c for c in caveats(data, gather_facts(data, agreement), agreement, year) if c.kind == kind
    ]


def test_a_baseline_before_the_boundary_is_told():
    """The area was enlarged in 2025; its 2024 figure may be of the old one."""
    (found,) = of("boundary", Input(safety=safety(waves=(2024, 2026))))
    assert found.area == AREA
    assert set(found.goals) == {"1a", "1b"}
    assert found.values == {"baseline": 2024, "version": "2025", "since": 2025}
    (crime_found,) = of("boundary", Input(crime=crime()))
    assert set(crime_found.goals) == {"2a", "2b"}


def test_figures_of_the_new_boundary_alone_need_no_boundary_caveat():
    assert of("boundary", Input(safety=safety())) == []
    assert of("boundary", Input(crime=crime(year="2025"))) == []


def test_figures_marked_with_two_versions_are_told():
    (found,) = of("boundary", Input(safety=safety(versions=["2021", "2025"])))
    assert found.values == {"versions": "2021, 2025"}
    assert of("boundary", Input(safety=safety(versions=["2025", "2025"]))) == []


def test_another_series_of_the_same_area_is_told():
    both = pd.concat([crime(), crime(definition="straffelov")])
    (found,) = of("definition", Input(crime=both))
    assert found.values == {"own": BORGERVENDT, "others": "straffelov"}
    assert of("definition", Input(crime=crime())) == []


def test_the_published_figures_mix_two_series_for_a_district():
    areas = {c.area for c in of("definition", published())}
    assert "Amager Vest" in areas


def test_the_target_year_may_be_two_waves():
    found = of("wave_year", Input(safety=safety()))
    assert {c.area for c in found} == {AREA, *AGREEMENT.areas.indicators}
    assert found[0].values == {"target": 2028, "other": 2029}
    one = AGREEMENT.safety.model_copy(update={"alternative_target_wave": 2028})
    plain = AGREEMENT.model_copy(update={"safety": one})
    assert of("wave_year", Input(safety=safety()), plain) == []


@pytest.mark.parametrize(("n", "told"), [(60, True), (100, False), (600, False)])
def test_few_answers(n, told):
    found = of("few_answers", Input(safety=safety(n)))
    assert bool(found) is told
    if told:
        assert (found[0].parts, found[0].values) == (("night",), {"n": 60, "limit": 100})


@pytest.mark.parametrize(("count", "told"), [(12, True), (20, False)])
def test_few_reports(count, told):
    found = of("few_reports", Input(crime=crime(count)))
    assert bool(found) is told
    if told:
        assert (found[0].goals, found[0].parts) == (("2b",), ("indbrud",))
        assert found[0].values == {"count": 12, "limit": 20}


def test_a_caveat_stands_in_the_notes_of_the_rows_it_touches_and_of_no_other():
    data = Input(safety=safety(n=60, waves=(2024, 2026)), crime=crime(12))
    rows = [
        *safety_results(gather_facts(data, AGREEMENT), AGREEMENT, 2026, None, {}),
        *crime_results(gather_facts(data, AGREEMENT), AGREEMENT, 2026, pd.DataFrame(), None),
    ]
    rows = [
        r.row()
        for r in with_caveats(rows, caveats(data, gather_facts(data, AGREEMENT), AGREEMENT, 2026))
    ]

    def has(row, kind):
        return any(str(n).startswith(f"{kind}:") for n in row["notes"])

    for row in rows:
        own, night = row["area"] == AREA, row["setting"] == "night"
        assert has(row, "boundary") is own
        assert has(row, "few answers") is (own and night)
        assert has(row, "few reports") is (own and row["crime_type"] == "indbrud")
        assert has(row, "wave year") is (row["goal"] in {"1a", "1b"})
        assert not has(row, "definition")


def test_an_agreement_without_crime_goals_has_no_crime_caveat():
    folehaven = load_agreement("folehaven")
    facts = gather_facts(published(), folehaven)
    kinds = {c.kind for c in caveats(published(), facts, folehaven, 2026)}
    assert kinds == {"wave_year"}
