"""A delivery lies on top of what is published; its own cells replace and are listed."""

import pandas as pd
import pytest

from amager_eval.data.delivery import lay_on_published, published_to_confirm, read_delivery
from amager_eval.data.files.template import write_template
from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.data.tables.frames import check_crime, check_population, check_safety
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = "Amager Partnerskab (2025)"
BUNDLED = published(AGREEMENT)


def share(area=AREA, wave=2026, setting="night", response="safe", percent=74, **more):
    row = {"area": area, "wave": wave, "setting": setting, "response": response}
    return row | {"percent": percent} | more


def laid(*rows):
    return lay_on_published(Input(safety=check_safety(pd.DataFrame(list(rows)))), AGREEMENT)


def grade_c(frame):
    return frame[frame["source_grade"] == "C"]


def test_the_area_alone_keeps_the_published_city_and_statistics_denmark():
    data = laid(share())
    assert len(data.safety) == len(BUNDLED.safety) + 1
    assert set(data.crime["definition"]) >= {"STRAF11", "borgervendt"}
    assert data.whole == "København"
    assert data.replaced == ()
    assert data.latest == 2026


def test_a_delivered_cell_replaces_the_published_one_and_is_listed():
    data = laid(share("København", 2024, "neighbourhood", percent=89, source="Rapporten s. 9"))
    (cell,) = data.replaced
    old = BUNDLED.safety.query("area == 'København' and wave == 2024 and setting == 'neighbourhood'"
                               " and response == 'safe'").iloc[0]  # fmt: skip
    assert (cell.old, cell.new) == (old["percent"], 89)
    assert (cell.old_source, cell.new_source) == (old["source"], "Rapporten s. 9")
    assert len(data.safety) == len(BUNDLED.safety)


@pytest.mark.parametrize(
    ("source", "grade"),
    [("Tryghedsundersøgelsen 2026, s. 14", "A"), ("Rapporten side 7", "A"), ("Rapporten", "C")],
)
def test_an_unchecked_figure_is_confirmed_by_source_and_page(source, grade):
    row = grade_c(BUNDLED.safety).iloc[0]
    data = laid(share(*row[["area", "wave", "setting", "response", "percent"]], source=source))
    (cell,) = data.replaced
    assert (cell.old_grade, cell.new_grade) == ("C", grade)
    assert len(grade_c(data.safety)) == len(grade_c(BUNDLED.safety)) - (grade == "A")


def test_a_year_in_another_unit_replaces_the_published_year():
    quarters = [
        {"area": "København", "period": f"2023K{q}", "crime_type": "total", "count": 6000,
         "definition": "borgervendt", "population": 1.0} for q in (1, 2, 3, 4)
    ]  # fmt: skip
    delivered = Input(crime=check_crime(pd.DataFrame(quarters)).drop(columns="population"))
    data = lay_on_published(delivered, AGREEMENT)
    own = data.crime.query("area == 'København' and definition == 'borgervendt'")
    assert sorted(p for p in own["period"] if p.startswith("2023")) == [
        f"2023K{q}" for q in (1, 2, 3, 4)
    ]
    assert [cell.what[1] for cell in data.replaced] == ["2023"]


def test_inhabitants_of_one_day_are_one_cell():
    people = check_population(
        pd.DataFrame({"area": ["København"], "period": [2024], "population": [660_000]})
    )
    data = lay_on_published(Input(population=people), AGREEMENT)
    assert [cell.what for cell in data.replaced] == [("København", "2024M01")]


@pytest.mark.parametrize(("page", "grade"), [(", s. 14", "A"), ("", "C")])
def test_a_figure_corrected_by_source_and_page_loses_the_mark_it_came_with(page, grade):
    row = grade_c(BUNDLED.safety).iloc[[0]]
    source = f"Tryghedsundersøgelsen 2026{page}"
    given = row.assign(percent=row["percent"] - 1, source=source)
    data = lay_on_published(Input(safety=given), AGREEMENT)
    (cell,) = data.replaced
    assert (cell.old - cell.new, cell.old_grade, cell.new_grade) == (1, "C", grade)


@pytest.mark.parametrize("alone", ["another city", "made up"])
def test_what_is_never_laid_on_copenhagens_figures(alone):
    area = "Nord" if alone == "another city" else AREA
    safety = check_safety(pd.DataFrame([share(area)]))
    given = Input(safety=safety, synthetic=alone == "made up")
    assert lay_on_published(given, AGREEMENT) is given


def test_only_takes_the_delivery_alone(tmp_path):
    pd.DataFrame([share()]).to_csv(tmp_path / "safety.csv", index=False)
    assert len(read_delivery(tmp_path, only=True).safety) == 1
    assert len(read_delivery(tmp_path).safety) == len(BUNDLED.safety) + 1


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_prefilled_workbook_changes_nothing_until_it_is_confirmed(tmp_path, lang):
    path = write_template(tmp_path / "a.xlsx", lang=lang, filled=published_to_confirm(AGREEMENT))
    data = read_delivery(path, agreement=AGREEMENT)
    assert all(cell.old == cell.new for cell in data.replaced)
    assert len(data.replaced) > len(BUNDLED.safety)
    keys = ["area", "wave", "setting", "response"]
    columns = ["percent", "n", "source_grade", "comparator"]
    one, other = (f.set_index(keys).sort_index()[columns] for f in (data.safety, BUNDLED.safety))
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
