import sys
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from amager_eval.data.survey.microdata import microdata_shares, read_mapping
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
MAPPING = """
file = "svar.csv"
wave = 2026
whole = "København"
[columns]
area = "district"
weight = "w"
stratum = "district"
[areas]
{areas}
[answers.neighbourhood]
column = "safe_day"
safe = [1]
unsafe = [0]
missing = [9]
[extra_area]
name = "Partnerskabet"
column = "age"
codes = [1]
""".format(areas="\n".join(f'"{i}" = "Bydel {i}"' for i in range(1, 14)))


def shares_of(mapping):
    return microdata_shares(mapping, "en")[0]


def write(tmp_path, mapping=MAPPING, rows=None):
    rows = pd.read_csv(REFERENCE / "03_survey_microdata.csv") if rows is None else rows
    rows.to_csv(tmp_path / "svar.csv", index=False)
    (tmp_path / "svar.toml").write_text(mapping, encoding="utf-8")
    return tmp_path / "svar.toml"


def test_a_mapping_turns_a_firms_file_into_shares(tmp_path):
    shares = shares_of(write(tmp_path)).query("response == 'safe'").set_index("area")
    assert shares["percent"]["Bydel 1"] == pytest.approx(83.5793352278234, abs=1e-6)
    assert shares["standard_error"]["Bydel 1"] == pytest.approx(2.32184150438142, abs=1e-6)
    assert shares["percent"]["København"] == pytest.approx(87.6216813685687, abs=1e-6)
    assert shares["standard_error"]["København"] == pytest.approx(0.603003944295133, abs=1e-6)
    assert shares["n"]["Partnerskabet"] == 924
    assert len(shares) == 15


def test_empty_lines_at_the_end_are_no_respondents(tmp_path):
    mapping = write(tmp_path)
    expected = shares_of(mapping)
    with (tmp_path / "svar.csv").open("a") as file:
        file.write("\n,,,,,,\n\n")
    pd.testing.assert_frame_equal(shares_of(mapping), expected)


def test_an_unmapped_code_is_told_without_the_value(tmp_path):
    rows = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    rows.loc[7, "safe_day"] = 314159
    with pytest.raises(InputError) as caught:
        shares_of(write(tmp_path, rows=rows))
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.column) == ("svar.csv", 9, "safe_day")
    assert "314159" not in str(caught.value)


def test_a_file_of_the_wrong_shape(tmp_path):
    mapping = write(tmp_path)
    for content, message in (
        ("district,w,safe_day,age\n1,1,1,1\n1,1,1,1,1\n", "row 3: the row has more cells"),
        ("district,w,w,safe_day,age\n1,1,1,1,1\n", "two columns mean the same"),
        ("", "no rows"),
    ):
        (tmp_path / "svar.csv").write_text(content)
        with pytest.raises(InputError, match=message):
            shares_of(mapping)


def test_mapping_faults(tmp_path):
    for change, message in (
        (("wave = 2026", "wave = 2026\nwav = 1"), "wav"),
        (("safe = [1]", "safe = [0]"), "means two answers"),
        (("wave = 2026", ""), "either wave"),
        (("[answers.neighbourhood]", "[answers.afternoon]"), "afternoon"),
        (('file = "svar.csv"', "file = "), "not valid TOML"),
    ):
        with pytest.raises(InputError, match=message):
            read_mapping(write(tmp_path, MAPPING.replace(*change)))
    with pytest.raises(InputError, match="beside the mapping"):
        shares_of(write(tmp_path, MAPPING.replace("svar.csv", "../svar.csv")))
    with pytest.raises(InputError, match="column is missing"):
        shares_of(write(tmp_path, MAPPING.replace('weight = "w"', 'weight = "vaegt"')))
    with pytest.raises(InputError, match="SPSS"):
        shares_of(write(tmp_path, MAPPING.replace("svar.csv", "svar.toml")))


def test_without_pyreadstat_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyreadstat", None)  # importing it fails
    path = write(tmp_path, MAPPING.replace("svar.csv", "svar.sav"))
    (tmp_path / "svar.sav").write_bytes(b"$FL2")
    with pytest.raises(InputError, match="pyreadstat"):
        shares_of(path)


def test_only_the_columns_named_are_read_and_bounded(tmp_path, monkeypatch):
    rows = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    mapping = write(tmp_path, MAPPING.replace("svar.csv", "svar.zsav"))
    pyreadstat.write_sav(rows.assign(navn="x" * 200), str(tmp_path / "svar.zsav"), compress=True)
    assert len(shares_of(mapping)) == 3 * 15
    monkeypatch.setattr("amager_eval.data.survey.microdata.MOST_CELLS", 4 * 3000)
    with pytest.raises(InputError, match=r"svar\.zsav.*too large"):
        shares_of(mapping)


def test_a_stata_file_gives_the_same_shares(tmp_path):
    expected = shares_of(write(tmp_path))
    rows = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    rows.to_stata(tmp_path / "svar.dta", write_index=False)
    mapping = write(tmp_path, MAPPING.replace("svar.csv", "svar.dta"))
    pd.testing.assert_frame_equal(shares_of(mapping), expected)
    whole = (tmp_path / "svar.dta").read_bytes()
    for broken in (b"", b"x" * 200, whole[:300], whole[: len(whole) // 2]):
        (tmp_path / "svar.dta").write_bytes(broken)
        with pytest.raises(InputError, match=r"svar\.dta"):
            shares_of(mapping)


def test_an_spss_file_gives_the_same_shares(tmp_path):
    expected = shares_of(write(tmp_path))
    rows = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    pyreadstat.write_sav(rows, str(tmp_path / "svar.sav"))
    mapping = write(tmp_path, MAPPING.replace("svar.csv", "svar.sav"))
    pd.testing.assert_frame_equal(shares_of(mapping), expected)
