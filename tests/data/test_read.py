import os

import pandas as pd
import pytest

from amager_eval.data.check import check_input
from amager_eval.data.published import published
from amager_eval.data.read import read_input
from amager_eval.errors import InputError
from amager_eval.evidence.city.synthetic import synthetic_city, write_synthetic
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.fit import design_safety

SAFETY = """area,wave,setting,response,percent,n,decimals
Nord,2023,neighbourhood,safe,84,300,0
Nord,2024,neighbourhood,safe,85,310,0
Nord,2023,night,unsafe,15,300,0
Nord,2024,night,unsafe,14,310,0
"""


def folder_with(tmp_path, **files):
    for name, content in files.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path


def test_an_english_file(tmp_path):
    data = read_input(folder_with(tmp_path, safety=SAFETY))
    assert data.safety["percent"].tolist() == [84, 85, 15, 14]
    assert data.missing == ("survey_rounds", "crime", "population", "activities")
    assert (data.whole, data.parts, data.synthetic) == (None, (), False)
    assert [f.name for f in data.files] == ["safety.csv"]
    assert check_input(tmp_path) == []


DANISH = (
    "Område;Bølge;Tidspunkt;Svar;Procent;Adspurgte\r\n"
    "Amager Øst;2023;I dagtimerne;Trygge;84,5;1.313\r\n"
    "Amager Øst;2024;Aften- og nattetimer;Utrygge;22,2 %;1.290\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_danish_file_in_every_encoding(tmp_path, encoding):
    data = read_input(folder_with(tmp_path, tryghed=DANISH.encode(encoding)))
    assert data.safety["area"].tolist() == ["Amager Øst"] * 2
    assert data.safety["percent"].tolist() == [84.5, 22.2]
    assert data.safety["n"].tolist() == [1313, 1290]
    assert data.safety["setting"].tolist() == ["neighbourhood", "night"]
    assert data.safety["response"].tolist() == ["safe", "unsafe"]


def test_semicolons_with_decimal_points(tmp_path):
    text = SAFETY.replace(",", ";").replace(";84;", ";84.5;")
    assert read_input(folder_with(tmp_path, safety=text)).safety["percent"].tolist()[0] == 84.5


def test_commas_with_quoted_decimal_commas_and_a_title_line(tmp_path):
    text = "Tryghed i Nord\n\n" + SAFETY.replace(",84,", ',"84,5",')
    data = read_input(folder_with(tmp_path, safety=text))
    assert data.safety["percent"].tolist()[0] == 84.5


def test_words_of_the_rows_do_not_make_shares_respondents(tmp_path):
    """'bydel' and 'night' head columns of respondent rows, but stand in rows of shares too."""
    text = SAFETY.replace("decimals\n", "decimals,area_kind\n").replace(",0\n", ",0,bydel\n")
    data = read_input(folder_with(tmp_path, safety=text))
    assert data.safety["percent"].tolist() == [84, 85, 15, 14]
    published().safety.tail(12).to_csv(tmp_path / "safety.csv", index=False)
    assert len(read_input(tmp_path).safety) == 12


def test_an_ambiguous_number_is_not_guessed(tmp_path):
    text = SAFETY.replace(",", "\t").replace("\t300\t", "\t1.300\t")
    faults = check_input(folder_with(tmp_path, safety=text))
    assert [(f.row, f.column, f.found) for f in faults] == [(2, "n", "1.300"), (4, "n", "1.300")]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    lines = SAFETY.splitlines()
    lines.insert(2, "")
    lines[4] = lines[4].replace(",15,", ",150,")
    (fault,) = check_input(folder_with(tmp_path, safety="\n".join(lines)))
    assert (fault.file, fault.row, fault.column, fault.found) == ("safety.csv", 5, "percent", "150")


def test_column_is_named_as_in_the_file_and_in_danish(tmp_path):
    text = DANISH.replace("84,5", "845")
    (fault,) = [
        f
        for f in check_input(folder_with(tmp_path, tryghed=text), lang="da")
        if f.severity == "error"
    ]
    assert (fault.column, fault.row) == ("Procent", 2)
    assert "skal ligge i 0 til 100" in fault.message


def test_a_table_of_fractions_is_refused(tmp_path):
    """A cell in percent format shows 84 % and holds .84."""
    text = SAFETY
    for percent in (84, 85, 15, 14):
        text = text.replace(f",{percent},", f",0.{percent},")
    (fault,) = [f for f in check_input(folder_with(tmp_path, safety=text)) if f.row == 2]
    assert (fault.severity, fault.column, fault.found) == ("error", "percent", "0.84")


def test_two_bounds_without_a_figure_are_told(tmp_path):
    rows = "area,wave,setting,response,percent,n,comparator\nNord,2024,night,safe,90,300,<\n"
    rows += "Nord,2024,night,unsafe,5,300,>\n"
    (fault,) = check_input(folder_with(tmp_path, safety=rows))
    assert (fault.row, fault.column, fault.severity) == (3, "comparator", "warning")
    assert "two bounds and no figure for Nord, 2024, night" in fault.message


@pytest.mark.parametrize("setting", ["evening", "evenings", "in the park"])
def test_a_setting_of_the_agreement_keeps_its_name(tmp_path, setting):
    """Even where the word is one of those for the night, or nearly."""
    agreement = load_agreement()
    asked = agreement.safety.model_copy(update={"settings": (setting,)})
    text = SAFETY.replace(",neighbourhood,safe,", f",{setting},safe,").replace(
        ",night,", f",{setting},"
    )
    data = read_input(
        folder_with(tmp_path, safety=text),
        agreement=agreement.model_copy(update={"safety": asked}),
    )
    assert set(data.safety["setting"]) == {setting}
    spec = load_model_spec("safety_trend")
    design = design_safety(data, population=None, whole=None, spec=spec, parts=None)
    assert design["setting"].values.tolist() == [setting]


def test_words_in_danish_faults_are_danish(tmp_path):
    text = SAFETY + "Nord,2024,night,unsafe,14,310,0\nNord,2024,om tirsdagen,unsafe,14,310,0\n"
    told = [f.message for f in check_input(folder_with(tmp_path, safety=text), lang="da")]
    assert "det samme tal står i række 5: Nord, 2024, aften- og nattetimer, utryg" in told
    assert "tidspunktet er ikke et af dagtimer, aften- og nattetimer" in told


def test_header_faults(tmp_path):
    text = SAFETY.replace("area,", "place,").replace(",n,", ",percent,")
    faults = check_input(folder_with(tmp_path, safety=text))
    assert {(f.row, f.column, f.severity) for f in faults} >= {
        (1, "area", "error"),
        (1, "percent", "error"),
        (1, None, "warning"),
    }
    # the missing column is told once, not for each of the four rows
    assert sum(f.column == "area" for f in faults) == 1


def test_a_missing_column_does_not_hide_the_other_faults(tmp_path):
    text = SAFETY.replace("area,", "place,").replace(",15,", ",150,")
    faults = check_input(folder_with(tmp_path, safety=text))
    assert (4, "percent") in {(f.row, f.column) for f in faults}


def test_a_row_with_too_many_cells(tmp_path):
    text = SAFETY.replace("safe,84,300,0", "safe,84,5,300,0")
    (fault,) = [f for f in check_input(folder_with(tmp_path, safety=text)) if f.row == 2]
    assert "more cells" in fault.message


CRIME = """area,period,crime_type,count,definition
Nord,2023,total,100,borgervendt
Nord,2024,total,98,borgervendt
"""
POPULATION = "area,period,population\nNord,2023,4000\nNord,2024,4010\n"


def test_crime_with_its_population(tmp_path):
    data = read_input(folder_with(tmp_path, crime=CRIME, population=POPULATION))
    assert data.crime["period"].tolist() == ["2023", "2024"]
    assert check_input(tmp_path) == []


@pytest.mark.parametrize(
    ("crime", "population", "place"),
    [
        (CRIME.replace("98,b", "-98,b"), POPULATION, ("crime.csv", 3, "count")),
        (CRIME.replace("98,b", "98.5,b"), POPULATION, ("crime.csv", 3, "count")),
        (CRIME.replace("98,borgervendt", "98,"), POPULATION, ("crime.csv", 3, "definition")),
        (
            CRIME.replace("98,borgervendt", "98,straffelov"),
            POPULATION,
            ("crime.csv", 3, "definition"),
        ),
        (CRIME.replace("2024,", "2024K9,"), POPULATION, ("crime.csv", 3, "period")),
        (CRIME.replace("2024,", "2023,"), POPULATION, ("crime.csv", 3, "area")),
        (CRIME, POPULATION.replace("4010", "0"), ("population.csv", 3, "population")),
        (CRIME, POPULATION.replace("Nord", "Syd"), ("crime.csv", 2, "area")),
    ],
)
def test_crime_errors_are_located(tmp_path, crime, population, place):
    folder = folder_with(tmp_path, crime=crime, population=population)
    errors = [f for f in check_input(folder) if f.severity == "error"]
    assert [(f.file, f.row, f.column) for f in errors] == [place]
    with pytest.raises(InputError, match=place[0]):
        read_input(folder)


def warned(folder):
    faults = check_input(folder)
    assert {f.severity for f in faults} <= {"warning"}
    read_input(folder)
    return [(f.file, f.row, f.column) for f in faults]


def test_warnings_do_not_stop(tmp_path):
    def one(**files):
        for old in tmp_path.iterdir():
            old.unlink()
        return warned(folder_with(tmp_path, **files))

    assert one(safety=SAFETY.replace(",84,", ",0.84,")) == [("safety.csv", 2, "percent")]
    assert one(safety=SAFETY.replace(",310,", ",,")) == [("safety.csv", None, "n")]
    assert one(safety=SAFETY.replace(",2023,", ",2021,")) == [("safety.csv", None, "wave")]
    assert one(crime=CRIME) == [("crime.csv", 2, "area")]
    assert one(crime=CRIME.replace(",2023,", ",2021,"), population=POPULATION) == [
        ("crime.csv", None, "period"),
        ("population.csv", None, "period"),
    ]
    assert one(crime=CRIME, population=POPULATION.replace("4010", "6010")) == [
        ("population.csv", 3, "population")
    ]
    types = CRIME + "Nord,2024,vold,60,borgervendt\nNord,2024,tyveri,50,borgervendt\n"
    assert one(crime=types, population=POPULATION) == [("crime.csv", 3, "count")]
    versions = SAFETY.replace("Nord,2024", "Nord (2024),2024")
    assert one(safety=versions) == [("safety.csv", 3, "area")]
    assert one(safety=SAFETY, tryghd=SAFETY) == [("tryghd.csv", None, None)]


def test_inhabitants_far_from_the_reports_are_told(tmp_path):
    (tmp_path / "crime.csv").write_text(
        "area,period,crime_type,count,definition\n"
        + "".join(f"Byen,{year},total,{100 + year % 7},borgervendt\n" for year in range(2019, 2025))
    )
    (tmp_path / "population.csv").write_text("area,period,population\nByen,2021,9000\n")
    told = [f.message for f in check_input(tmp_path) if "population within a year" in f.message]
    assert told == ["Byen has reports but no population within a year of 2019, 2022, 2023, 2024"]
    both = "area,period,population\n" + "".join(f"Byen,{y},9000\n" for y in range(2019, 2025))
    (tmp_path / "population.csv").write_text(both)
    assert not [f for f in check_input(tmp_path) if "within a year" in f.message]


@pytest.mark.parametrize("area", ["0", "2024", "-1.5"])
def test_a_number_among_named_areas_is_told_once(tmp_path, area):
    (tmp_path / "safety.csv").write_text(
        "area,wave,setting,response,percent,n\n"
        f"{area},2023,night,safe,80,400\n{area},2024,night,safe,81,400\n"
        "By 9,2024,night,safe,80,400\n"
    )
    told = [f for f in check_input(tmp_path) if f.message == "the area is a number among names"]
    assert [(f.row, f.found, f.severity) for f in told] == [(2, area, "warning")]
    text = (tmp_path / "safety.csv").read_text()
    (tmp_path / "safety.csv").write_text(text.replace("By 9", "9"))
    assert not [f for f in check_input(tmp_path) if f.message == "the area is a number among names"]


def test_whole_smaller_than_its_parts(tmp_path):
    text = (
        "area,area_kind,period,crime_type,count,definition\n"
        "By,city,2024,total,100,a\nNord,district,2024,total,60,a\nSyd,district,2024,total,61,a\n"
    )
    people = "area,period,population\nBy,2024,900\nNord,2024,400\nSyd,2024,500\n"
    assert warned(folder_with(tmp_path, crime=text, population=people)) == [
        ("crime.csv", 2, "count")
    ]
    data = read_input(tmp_path)
    assert (data.whole, data.parts) == ("By", ("Nord", "Syd"))


def test_all_faults_of_all_files_at_once(tmp_path):
    folder = folder_with(
        tmp_path,
        safety=SAFETY.replace(",84,", ",840,").replace(",unsafe,14,", ",angst,14,"),
        crime=CRIME.replace(",98,", ",mange,"),
        population=POPULATION.replace("4000", "-1"),
    )
    errors = {(f.file, f.row, f.column) for f in check_input(folder) if f.severity == "error"}
    assert errors == {
        ("safety.csv", 2, "percent"),
        ("safety.csv", 5, "response"),
        ("crime.csv", 3, "count"),
        ("population.csv", 2, "population"),
    }


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_input(tmp_path / "none")
    with pytest.raises(InputError, match=r"safety\.csv"):
        read_input(tmp_path)
    other = tmp_path / "notes.txt"
    other.write_text("x")
    with pytest.raises(InputError, match="neither"):
        read_input(other)


def test_links_pipes_and_broken_bytes(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(SAFETY)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "safety.csv").symlink_to(secret)
    with pytest.raises(InputError, match="link"):
        read_input(folder)
    (folder / "safety.csv").unlink()
    os.mkfifo(folder / "safety.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_input(folder)
    (folder / "safety.csv").unlink()
    with pytest.raises(InputError, match="NUL"):
        read_input(folder_with(folder, safety=b"area,wave\x00\n1,2\n"))
    with pytest.raises(InputError, match="not a readable CSV"):
        read_input(folder_with(folder, safety='area,wave\n"Nord,2024\n'))
    with pytest.raises(InputError, match="no rows"):
        read_input(folder_with(folder, safety=b""))
    with pytest.raises(InputError, match="UTF-8 or Windows-1252"):
        read_input(folder_with(folder, safety=b"area\n\x81\x8d\n"))


def test_a_written_synthetic_city_reads_back(tmp_path):
    write_synthetic(tmp_path / "city", seed=3)
    data = read_input(tmp_path / "city")
    assert check_input(tmp_path / "city") == []
    assert data.synthetic
    drawn = synthetic_city(3).data
    assert (data.whole, data.parts) == (drawn.whole, drawn.parts)
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        pd.testing.assert_frame_equal(getattr(data, name), getattr(drawn, name))


def test_one_copied_file_still_says_that_it_is_synthetic(tmp_path):
    write_synthetic(tmp_path / "city", seed=3)
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        alone = tmp_path / name
        alone.mkdir()
        (alone / f"{name}.csv").write_bytes((tmp_path / "city" / f"{name}.csv").read_bytes())
        assert read_input(alone).synthetic


def test_the_published_safety_figures_survive_a_file(tmp_path):
    published().safety.to_csv(tmp_path / "safety.csv", index=False)
    pd.testing.assert_frame_equal(read_input(tmp_path).safety, published().safety)
