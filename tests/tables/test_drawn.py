"""The tables behind the fan and the crime panels hold every point and band edge that is drawn."""

from dataclasses import replace

import pytest

from amager_eval.conventions import LEVELS
from amager_eval.figures.crime_types import crime_view
from amager_eval.figures.drawing.labels import YEARS_BEFORE
from amager_eval.figures.safety_fan import fan_view
from amager_eval.goals.crime.bands import observed_years
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.tables.crime import crime_years_table
from amager_eval.tables.safety import forecast_table
from amager_eval.wording.sentences import load_wording

DA = load_wording("da")
EDGES = [f"{side}_{100 * level:g}" for level in LEVELS for side in ("low", "high")]


@pytest.fixture(scope="module")
def statement(make_statement):
    return make_statement()


def test_every_point_and_edge_of_the_fan(statement):
    view = fan_view(
        statement.safety.to_frame(LEVELS), statement.facts, area="Amager Øst",
        whole="København", setting="night", baseline=2024, target=2028, words=DA,
    )  # fmt: skip
    waves = range(2028 - YEARS_BEFORE, 2030)
    frame = forecast_table(statement, ["Amager Øst", "København"], DA, periods=waves).frame
    frame = frame[frame["setting"] == "aften og nat"].set_index(["area", "period"])
    assert len(view.bands) >= 2 * 10
    for band in view.bands.to_dict(orient="records"):
        row = frame.loc[(band["area"], band["period"])]
        assert [row[c] for c in ("median", *EDGES)] == [band[c] for c in ("median", *EDGES)]
    assert len(view.points) == frame["percent"].notna().sum() > 0
    for point in view.points.itertuples():
        row = frame.loc[(point.area, point.wave)]
        assert (row["percent"] / 100, row["source_grade"]) == (point.share, point.grade)


def test_every_square_and_edge_of_the_crime_panels(statement):
    levels = annual_levels(statement.crime)
    table = crime_years_table(statement, DA, area="København").frame
    indbrud = table[table["crime_type"] == "Indbrud"].set_index("year")
    seen = observed_years(levels, statement.facts, "København", "indbrud")
    view = crime_view(
        levels, seen, area="København", crime_type="indbrud", title="", baseline=2024,
        target=2028, words=DA,
    )  # fmt: skip
    for band in view.bands.to_dict(orient="records"):
        row = indbrud.loc[band["year"]]
        assert [row[c] for c in ("median", *EDGES)] == [band[c] for c in ("median", *EDGES)]
    assert dict(indbrud["reported"].dropna()) == dict(zip(seen["year"], seen["rate"], strict=True))
    assert len(seen) == 10


def test_a_year_that_is_not_published_has_no_reported_figure(statement):
    draws = statement.crime.draws
    hidden = draws["observed"].copy()
    hidden.loc[{"crime_type": "indbrud", "period": "2020K1"}] = False
    crime = replace(statement.crime, draws=draws.assign_coords(observed=hidden))
    table = crime_years_table(replace(statement, crime=crime), DA, area="København").frame
    own = table[table["crime_type"] == "Indbrud"].set_index("year")["reported"]
    assert own.isna()[2020]
    assert own.notna()[[2019, 2021]].all()
