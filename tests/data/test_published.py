import pytest

from amager_eval.data.published import bundled_frame, published
from amager_eval.data.tables.frames import check_crime, check_safety
from amager_eval.errors import InputError
from amager_eval.spec.agreement import load_agreement


@pytest.fixture(scope="module")
def data():
    return published()


def test_safety_holds_the_municipalitys_survey_alone(data):
    assert len(data.safety) == 142
    assert len(data.other_frames["other_surveys"]) == 14
    assert "survey" not in data.safety.columns
    assert set(data.other_frames["other_surveys"]["survey"]) == {
        "justitsministeriet",
        "rigspolitiet",
    }
    assert data.safety["wave"].nunique() == 16
    oest = data.safety.query("area == 'Amager Øst' and wave == 2024 and response == 'safe'")
    assert dict(zip(oest["setting"], oest["percent"], strict=True)) == {
        "neighbourhood": 84,
        "night": 70,
    }


def test_bounds_stay_bounds(data):
    bounds = data.safety.query("comparator != '='")
    assert sorted(bounds["comparator"]) == ["<", "<", "<", "<", ">"]


def test_n_is_the_citys_where_published(data):
    city = data.safety.query("area == 'København'")
    assert city.query("wave == 2023")["n"].unique().tolist() == [4037]
    assert city.query("wave >= 2024")["n"].isna().all()
    assert data.safety.query("area != 'København'")["n"].isna().all()


def test_crime_by_definition_is_kept_apart(data):
    counts = data.crime.query("definition == 'STRAF11'")
    assert set(counts["area"]) == {"København"}
    total = counts.query("crime_type == 'total' and period == '2025K4'")["count"]
    assert total.tolist() == [18690]
    assert counts.groupby("crime_type")["period"].nunique().unique().tolist() == [40]
    raw = bundled_frame("straf11_quarterly_2016K1_2025K4.csv").query(
        "area == '101' and quarter == '2020K2' and offence in ['1316', '1320']"
    )
    burglary = counts.query("crime_type == 'indbrud' and period == '2020K2'")["count"].item()
    assert burglary == raw["count"].sum()
    with pytest.raises(InputError, match="several definitions"):
        check_crime(data.crime, data.population)
    assert len(check_crime(counts, data.population)) == 200


def test_population_has_no_date_twice_and_thirteen_districts(data):
    city = data.population.query("area == 'København'")
    assert city["period"].is_unique
    assert city["period"].tolist()[:7] == [
        "2016",
        "2017",
        "2018",
        "2019",
        "2020",
        "2021",
        "2021M10",
    ]
    derived = data.population.query("area != 'København'")
    assert set(derived["area"]) == set(data.parts)
    assert derived["source"].str.contains("afledt").all()
    # the districts' sum is within the rounding of the rates of the city's own figure
    ratio = derived["population"].sum() / city.query("period == '2025M01'")["population"].item()
    assert ratio == pytest.approx(1, abs=0.02)


def test_it_says_what_it_was_read_from(data):
    assert len(data.files) == 6
    assert all(len(f.sha256) == 64 for f in data.files)
    assert data.missing == ("activities",)
    assert len(check_safety(data.safety)) == len(data.safety)


def test_a_type_with_a_code_that_is_not_bundled_is_left_out_whole():
    agreement = load_agreement()
    types = {"indbrud": ("1316", "1320"), "vold/våben": ("12", "9999")}
    statbank = agreement.crime.statbank.model_copy(update={"types": types})
    crime = agreement.crime.model_copy(update={"statbank": statbank})
    data = published(agreement.model_copy(update={"crime": crime}))
    counted = data.crime[data.crime["definition"] == "STRAF11"]
    assert set(counted["crime_type"]) == {"indbrud"}
