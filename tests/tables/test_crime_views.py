"""The crime tables that decide no goal: every column has its words, every code is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import Input
from amager_eval.goals.crime.view import view_crime
from amager_eval.goals.facts import gather_facts
from amager_eval.tables.crime_views import (
    crime_changes_table,
    crime_chart_table,
    crime_contributions_table,
    crime_displacement_table,
)
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

CITY, AREA, DISTRICTS = "København", "Amager Partnerskab (2025)", ("Amager Øst", "Amager Vest")
PEOPLE = {CITY: 100_000, AREA: 5_000, **dict.fromkeys(DISTRICTS, 9_000)}


def made_up_city():
    """Yearly reports of two types, nested in the total as STRAF11's are; one type jumps."""
    rows = []
    for area, people in PEOPLE.items():
        for year in range(2015, 2026):
            jump = 3 if (area, year) == (AREA, 2025) else 1
            drugs, burglary = round(people * 0.004 * jump), round(people * 0.006)
            counts = {"narkotika": drugs, "indbrud": burglary, "total": 3 * burglary + drugs}
            rows += [(area, str(year), k, float(n), "STRAF11") for k, n in counts.items()]
    crime = pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "definition"])
    people = pd.DataFrame(
        [(a, str(y), float(n)) for a, n in PEOPLE.items() for y in (2015, 2027)],
        columns=["area", "period", "population"],
    )
    return Input(crime=crime, population=people, whole=CITY, parts=DISTRICTS)


@pytest.fixture
def statement(make_statement, random_draws):
    data = made_up_city()
    made = make_statement()
    forecast = fit_crime(data, draws=20, chains=2).forecast(2028)
    facts = gather_facts(data, made.agreement)
    return replace(made, crime_views=view_crime(data, facts, made.agreement, forecast))


@pytest.mark.parametrize("lang", ["da", "en"])
def test_every_table_in_both_languages(statement, lang):
    words = bound_to(statement.agreement, load_wording(lang))
    views = statement.crime_views
    made = {
        crime_changes_table: views.changes,
        crime_contributions_table: views.contributions,
        crime_chart_table: views.chart,
        crime_displacement_table: views.displacement,
    }
    for build, frame in made.items():
        table = build(statement, words)
        assert len(table.frame) == len(frame) > 0, table.id
        assert {"crime_type", "definition"} <= set(table.frame)
        labels = [c.label for c in table.columns]
        assert len(set(labels)) == len(labels), table.id
        assert table.note
        text = " ".join(map(str, [table.title, table.note, *labels]))
        assert "{" not in text
        assert "rest of" not in set(table.frame.get("area", pd.Series(dtype=str)))


def test_codes_are_said_and_figures_kept(statement):
    words = bound_to(statement.agreement, load_wording("en"))
    chart = crime_chart_table(statement, words).frame
    signals = chart[chart["signal"] != ""]
    assert signals[["area", "period", "signal"]].values.tolist() == [
        [AREA, "2025", "Above the limit"]
    ]
    assert signals["crime_type"].tolist() == ["Drugs"]
    moved = crime_displacement_table(statement, words).frame
    assert list(dict.fromkeys(moved["part"])) == ["In the area", "Next door", "In all"]
    own = moved[(moved["crime_type"] == "Drugs") & (moved["part"] == "In the area")]
    assert own["reports_before"].item() == 20
    assert own["reports_after"].item() == 60
    assert own["estimate"].item() == pytest.approx(40 / 5)
    changes = crime_changes_table(statement, words).frame
    assert "The rest of København" in set(changes["area"])
    assert set(changes["form"]) == {"number", "per 1,000"}
    parts = crime_contributions_table(statement, words).frame
    assert "All other reports" in set(parts["crime_type"])
    assert np.isfinite(parts["median"].astype(float)).all()
