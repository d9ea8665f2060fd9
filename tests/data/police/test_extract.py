import time

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.police.extract import read_register
from amager_eval.errors import InputError

MAPPING = """
file = "udtraek.csv"
definition = "borgervendt"
period = "quarter"
from = 2024-01-01
until = 2024-12-31
ignore_offences = ["9999"]
keep_status = ["anmeldt"]
[columns]
date = "dato"
offence = "kode"
area = "bydel"
id = "journalnr"
status = "status"
[areas]
"1009" = ["Amager Øst", "Amager Partnerskab (2025)"]
"1010" = ["Amager Vest"]
[types]
"indbrud" = ["1316", "1320"]
"vold" = ["1252"]
"total" = ["*"]
"""
ROWS = """journalnr;dato;kode;bydel;status
A1;2024-01-05;1316;1009;anmeldt
A2;15-02-2024;1320;1009;anmeldt
A3;15.02.2024 23:10;1252;1010;anmeldt
A4;2024-12-31T23:59;1252;1010;anmeldt
A5;2024-05-01;9999;1009;anmeldt
A6;2024-05-01;4711;1009;anmeldt
A7;2024-05-01;1316;hemmelig adresse 7;anmeldt
A8;2025-01-01;1316;1009;anmeldt
A1;2024-01-05;1316;1009;anmeldt
A9;2024-05-01;1316;1009;henlagt
"""


def write(tmp_path, rows=ROWS, mapping=MAPPING, encoding="utf-8"):
    (tmp_path / "udtraek.csv").write_bytes(rows.encode(encoding))
    (tmp_path / "udtraek.toml").write_text(mapping, encoding="utf-8")
    return tmp_path / "udtraek.toml"


def counts_of(result):
    frame = result.crime[result.crime["count"] > 0]
    return {
        (r.area, r.period, r.crime_type): r.number
        for r in frame.rename(columns={"count": "number"}).itertuples()
    }


def test_reports_become_counts(tmp_path):
    result = read_register(write(tmp_path))
    assert counts_of(result) == {
        ("Amager Øst", "2024K1", "indbrud"): 2,
        ("Amager Øst", "2024K1", "total"): 2,
        ("Amager Øst", "2024K2", "total"): 1,
        ("Amager Partnerskab (2025)", "2024K1", "indbrud"): 2,
        ("Amager Partnerskab (2025)", "2024K1", "total"): 2,
        ("Amager Partnerskab (2025)", "2024K2", "total"): 1,
        ("Amager Vest", "2024K1", "vold"): 1,
        ("Amager Vest", "2024K1", "total"): 1,
        ("Amager Vest", "2024K4", "vold"): 1,
        ("Amager Vest", "2024K4", "total"): 1,
    }
    # every quarter of the extract is there, with zeros
    assert len(result.crime) == 3 * 3 * 4
    assert (result.rows, result.counted) == (10, 5)
    assert set(result.crime["definition"]) == {"borgervendt"}


def test_what_is_left_out_is_told_without_any_row(tmp_path):
    faults = read_register(write(tmp_path)).faults
    assert [(f.row, f.column, f.severity) for f in faults] == [
        (7, "kode", "warning"),
        (8, "bydel", "warning"),
        (11, None, "warning"),
        (10, None, "warning"),
        (9, None, "warning"),
    ]
    text = "\n".join(map(str, faults))
    assert "4711 (1)" in text
    assert "adresse" not in text
    assert "A1" not in text


def test_without_a_star_an_unknown_code_is_not_counted(tmp_path):
    mapping = MAPPING.replace('"total" = ["*"]', '"total" = ["1316", "1320", "1252"]')
    result = read_register(write(tmp_path, mapping=mapping))
    assert ("Amager Øst", "2024K2", "total") not in counts_of(result)
    assert "not counted" in str(result.faults[0])
    assert result.counted == 4


def test_an_unreadable_date_stops_by_row_and_without_value(tmp_path):
    rows = ROWS.replace("15-02-2024", "engang i februar")
    with pytest.raises(InputError) as caught:
        read_register(write(tmp_path, rows))
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.column) == ("udtraek.csv", 3, "dato")
    assert "februar" not in str(caught.value)


def test_months_years_and_one_area_without_a_column(tmp_path):
    mapping = MAPPING.replace('area = "bydel"\n', "").replace(
        'period = "quarter"', 'period = "month"'
    )
    head, _, tail = mapping.partition("[areas]")
    mapping = 'area_name = "Nord"\n' + head + tail[tail.index("[types]") :]
    months = counts_of(read_register(write(tmp_path, mapping=mapping)))
    assert months[("Nord", "2024M02", "total")] == 2
    yearly = mapping.replace('"month"', '"year"')
    assert counts_of(read_register(write(tmp_path, mapping=yearly)))[("Nord", "2024", "vold")] == 2


def test_windows_text_and_faulty_files(tmp_path):
    rows = ROWS.replace("kode", "gerningskode ø")
    mapping = MAPPING.replace('"kode"', '"gerningskode ø"')
    assert read_register(write(tmp_path, rows, mapping, "cp1252")).counted == 5
    for change, message in (
        (ROWS.replace("kode", "offence"), "column is missing"),
        (ROWS.replace("bydel", "dato"), "two columns mean the same"),
        (ROWS + "A10;2024-01-01;1316;1009;anmeldt;x;y\n", "row 12: the row has more cells"),
        (ROWS.replace("A1;", "A1;x;", 1), "more cells"),
        (ROWS.replace(";anmeldt", ";anmeldt;x"), "more cells"),
        ("journalnr;dato;kode;bydel;status\n", "no rows"),
        ("", "no rows"),
        ("a\x00b\n", "NUL"),
    ):
        with pytest.raises(InputError, match=message):
            read_register(write(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("until = 2024-12-31", "until = 2023-12-31"), "until lies before"),
        (('period = "quarter"', 'period = "week"'), "quarter"),
        (("[types]", "[typer]"), "typer"),
        (('area = "bydel"', ""), "area_name or columns.area"),
        (('status = "status"', ""), "keep_status needs"),
        (('file = "udtraek.csv"', 'file = "../udtraek.csv"'), "beside"),
        (('file = "udtraek.csv"', 'file = "none.csv"'), "no such file"),
    ],
)
def test_mapping_faults(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        read_register(write(tmp_path, mapping=MAPPING.replace(*change)))


@pytest.mark.slow
def test_a_million_rows_in_seconds(tmp_path):
    rng = np.random.default_rng(1)
    n = 1_000_000
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366, n), unit="D")
    rows = pd.DataFrame(
        {
            "journalnr": np.char.add("J", np.arange(n).astype(str)),
            "dato": days.strftime("%Y-%m-%d"),
            "kode": rng.choice(["1316", "1320", "1252"], n),
            "bydel": rng.choice(["1009", "1010"], n),
            "status": "anmeldt",
        }
    )
    path = write(tmp_path)
    rows.to_csv(tmp_path / "udtraek.csv", sep=";", index=False)
    started = time.perf_counter()
    result = read_register(path)
    assert time.perf_counter() - started < 20
    assert result.counted == n
    expected = ((rows["kode"] == "1252") & (rows["bydel"] == "1010")).sum()
    found = result.crime.query("area == 'Amager Vest' and crime_type == 'vold'")["count"].sum()
    assert found == expected
