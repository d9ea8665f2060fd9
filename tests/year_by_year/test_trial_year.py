"""The documented path with workbooks filled in by hand: freeze, check, appendix, five years."""

import json
from pathlib import Path

import pandas as pd
import pytest

from amager_eval.data.files.template import write_workbook
from amager_eval.data.read import read_input

TRIAL = Path(__file__).parent / "trial_year"
AREA = "Amager Partnerskab (2025)"
YEARS = (2025, 2026, 2027, 2028, 2029)


def workbook_of(year, folder):
    """The year's workbook; from 2027 on that of 2026 with a further year and a census revised."""
    if year <= 2026:
        return TRIAL / f"indberetning_{year}.xlsx"
    data = read_input(TRIAL / "indberetning_2026.xlsx")
    frames = {"activities": data.activities}
    for name, column in (("safety", "wave"), ("survey_rounds", "wave")):
        frame = getattr(data, name)
        last = frame[frame[column] == 2026]
        more = [last.assign(**{column: y}) for y in range(2027, year + 1)]
        frames[name] = pd.concat([frame, *more])
    for name in ("crime", "population"):
        frame = getattr(data, name)
        last = frame[frame["period"] == "2025"]
        more = [last.assign(period=str(y)) for y in range(2026, year)]
        frames[name] = pd.concat([frame, *more])
    people = frames["population"]
    # Statistics are revised: the inhabitants of 2024 come out as others than were frozen
    frames["population"] = people.assign(
        population=people["population"].where(people["period"] != "2024", 20_700.0)
    )
    path = folder / f"indberetning_{year}.xlsx"
    write_workbook(path, frames)
    return path


@pytest.mark.usefixtures("quick_fits")
def test_five_years_of_the_documented_path(call, tmp_path):
    record, table = tmp_path / "arkiv", tmp_path / "udgangspunkt"
    first = TRIAL / "indberetning_2024.xlsx"
    code, out, err = call("baseline", "--input", first, "--record", record, "--out", table)
    assert code == 0, err
    assert "605 (29,4 pr. 1.000 indbyggere; 20.600 indbyggere 1. januar 2024)" in out
    assert {p.name for p in table.iterdir()} == {"udgangspunkt.docx", "udgangspunkt.xlsx"}
    for year in YEARS:
        given = workbook_of(year, tmp_path)
        code, out, err = call("check", given, "--record", record)
        assert code == 0, out
        assert f"Kan gøres op i {year}" in out
        warned = f"indbyggertallet for {AREA} på udgangspunktets dag (2024) er et andet" in out
        assert warned == (year >= 2027)
        target = tmp_path / f"bilag-{year}"
        code, _, err = call("appendix", "--input", given, "--record", record, "--out", target)
        assert code == 0, err
        statement = json.loads((target / "statement.json").read_text(encoding="utf-8"))
        assert statement["year"] == year
        held = rows_of(statement, "2a", year - 1)
        assert held is None or held["baseline"] == 1000 * 605 / 20_600
        if year == 2026:
            assert held["observed"] == 1000 * 614 / 20_760
            assert held["literal_verdict"] == "ikke nået"
            nearby = rows_of(statement, "1a", 2026, setting="neighbourhood")
            assert (nearby["observed"], nearby["literal_verdict"]) == (83.0, "ikke nået")
            assert statement["ledger"]["scores"]  # last year's forecasts met this year's figures
    code, out, _ = call("record", "verify", record)
    assert code == 0
    assert out.splitlines() == [f"{y}.json: uændret" for y in YEARS] + ["baseline.json: uændret"]


def rows_of(statement, goal, year, setting=None):
    """Find the first row of a goal about the area itself in a year; None where there is none."""
    return next(
        (r for r in statement["results"]
         if r["goal"] == goal and r["area"] == AREA and r["year"] == year
         and r["setting"] == setting and r["observed"] is not None),
        None,
    )  # fmt: skip


def test_a_changed_count_is_an_error_that_shows_both_and_writes_nothing(call, tmp_path):
    record = tmp_path / "arkiv"
    first = TRIAL / "indberetning_2024.xlsx"
    assert call("baseline", "--input", first, "--record", record, "--out", tmp_path / "t")[0] == 0
    data = read_input(TRIAL / "indberetning_2025.xlsx")
    crime = data.crime
    at = (crime["period"] == "2024") & (crime["crime_type"] == "total")
    frames = {"safety": data.safety, "population": data.population}
    frames["crime"] = crime.assign(count=crime["count"].where(~at, 611.0))
    write_workbook(tmp_path / "ny.xlsx", frames)
    for args in (("check", tmp_path / "ny.xlsx", "--record", record),
                 ("appendix", "--input", tmp_path / "ny.xlsx", "--record", record,
                  "--out", tmp_path / "ud")):  # fmt: skip
        code, out, err = call(*args)
        assert code == 2
        assert "fundet '611 i indberetningen, 605 frosset'" in out + err
    assert not (tmp_path / "ud").exists()


@pytest.mark.usefixtures("quick_fits")
def test_the_area_alone_makes_an_appendix_with_the_published_city(call, tmp_path):
    given = TRIAL / "kun_omraadet.xlsx"
    code, _, err = call("appendix", "--input", given, "--out", tmp_path / "ud")
    assert code == 0, err
    statement = json.loads((tmp_path / "ud" / "statement.json").read_text(encoding="utf-8"))
    areas = {row["area"] for row in statement["results"]}
    assert areas >= {AREA, "Amager Øst", "Amager Vest"}
    assert rows_of(statement, "1b", 2028, setting="neighbourhood")["comparison"] is not None


def test_slips_are_refused_in_danish_before_anything_is_computed(call, tmp_path):
    given = TRIAL / "stille_fejl.xlsx"
    code, _, err = call("appendix", "--input", given, "--out", tmp_path / "ud")
    assert code == 2
    assert "ark Anmeldelser, række 4, kolonne Gerningstype" in err
    assert "mente du 'Indbrud'?" in err
    assert "intet er skrevet" in err
    assert not (tmp_path / "ud").exists()
