import json

import pytest

from amager_eval.data.statbank.formats import (
    parse_csv,
    parse_json_stat,
    parse_px,
    read_statbank_file,
)
from amager_eval.data.tables.fault_texts import format_fault
from amager_eval.errors import InputError

BULK = (
    "\ufeffOMRÅDE;OVERTRÆD;TID;INDHOLD\r\n"
    "Hele landet;Straffelov i alt;2025K1;75797\r\n"
    "Hele landet;Voldsforbrydelser i alt;2025K1;6739\r\n"
)
# the form of a reply of the service: version 1 with the extra dimension ContentsCode
JSON_STAT = {
    "dataset": {
        "dimension": {
            "OMRÅDE": {
                "label": "region",
                "category": {"index": {"101": 0}, "label": {"101": "Copenhagen"}},
            },
            "ContentsCode": {
                "label": "Indhold",
                "category": {"index": {"FOLK1A": 0}, "label": {"FOLK1A": "Population"}},
            },
            "Tid": {
                "label": "time",
                "category": {"index": {"2026K2": 1, "2026K3": 0}, "label": {}},
            },
            "id": ["OMRÅDE", "ContentsCode", "Tid"],
            "size": [1, 1, 2],
        },
        "value": [670389, None],
    }
}
PX = """CHARSET="ANSI";
AXIS-VERSION="2000";
LANGUAGE="da";
TITLE="Anmeldte forbrydelser efter område; tid";
STUB="område";
HEADING="tid";
VALUES("område")="København","Tårnby";
VALUES("tid")="2024K1","2024K2","2024K3";
CODES("område")="101","185";
DATA=
1 2 "..."
4 - 6;
"""


def test_csv_with_missing_figures_and_english_quarters():
    frame = parse_csv(BULK.replace("2025K1;6739", "2025Q1;..").encode())
    assert frame.columns.tolist() == ["OMRÅDE", "OVERTRÆD", "TID", "INDHOLD"]
    assert frame["TID"].tolist() == ["2025K1", "2025K1"]
    assert frame["INDHOLD"].tolist()[0] == 75797
    assert frame["INDHOLD"].isna().tolist() == [False, True]


@pytest.mark.parametrize("above", ["sep=;\r\n", '"sep=;"\n', "Anmeldte forbrydelser\n\n", "\n\n"])
def test_what_a_spreadsheet_puts_above_a_csv_is_passed_over(above):
    plain = "OMRÅDE;TID;INDHOLD\n101;2024K1;7\n"
    assert parse_csv((above + plain).encode()).equals(parse_csv(plain.encode()))


def test_json_stat_one_and_two():
    frame = parse_json_stat(json.dumps(JSON_STAT).encode())
    assert frame.columns.tolist() == ["OMRÅDE", "Tid", "INDHOLD"]
    assert frame["Tid"].tolist() == ["2026K3", "2026K2"]
    assert frame["INDHOLD"].tolist()[0] == 670389
    dataset = JSON_STAT["dataset"]
    dimension = {k: v for k, v in dataset["dimension"].items() if k not in {"id", "size"}}
    two = {
        "version": "2.0",
        "id": dataset["dimension"]["id"],
        "size": dataset["dimension"]["size"],
        "dimension": dimension,
        "value": {"0": 670389},
    }
    assert parse_json_stat(json.dumps(two).encode()).equals(frame)


def test_px_by_code_in_danish():
    frame = parse_px(PX.encode("cp1252"))
    assert frame["område"].tolist() == ["101"] * 3 + ["185"] * 3
    assert frame["tid"].tolist() == ["2024K1", "2024K2", "2024K3"] * 2
    assert frame["INDHOLD"].fillna(-1).tolist() == [1, 2, -1, 4, 0, 6]


@pytest.mark.parametrize(
    ("parse", "content", "message"),
    [
        (parse_csv, b"\xff\xfe\x00", "no CSV reply"),
        (parse_csv, b"", "no CSV reply"),
        (parse_csv, b"A;B\n1;2\n", "column INDHOLD"),
        (parse_csv, b"TID;INDHOLD\n2024K1;mange\n", "no number"),
        (parse_csv, b"TID;INDHOLD\n101;2024K1;7\n", "too many or too few"),
        (parse_csv, b"TID;INDHOLD\n2024K1;7\n2024K2\n", "too many or too few"),
        (parse_json_stat, b"{", "no JSON-stat"),
        (parse_json_stat, b"[]", "no JSON-stat"),
        (parse_json_stat, json.dumps(JSON_STAT).replace("[1, 1, 2]", "[1, 1, 3]").encode(), "size"),
        (parse_json_stat, json.dumps(JSON_STAT).replace(", null]", "]").encode(), "2 values"),
        (parse_px, b"hello", "no DATA"),
        (parse_px, b"DATA=1;", "neither STUB"),
        (parse_px, PX.replace("4 - 6", "4 6").encode(), "6 figures"),
        (parse_px, PX.replace('VALUES("tid")', 'X("tid")').encode(), "no values"),
        (parse_px, b'CODEPAGE="klingon";\n', "code page"),
    ],
)
def test_broken_replies_are_refused(parse, content, message):
    with pytest.raises(InputError, match=message):
        parse(content)


def test_files_saved_by_hand(tmp_path):
    for name, content in (
        ("a.csv", BULK.encode()),
        ("a.json", json.dumps(JSON_STAT).encode()),
        ("a.px", PX.encode("cp1252")),
    ):
        (tmp_path / name).write_bytes(content)
        assert read_statbank_file(tmp_path / name)["INDHOLD"].notna().any()
    with pytest.raises(InputError, match=r"\.csv, \.json or \.px"):
        read_statbank_file(tmp_path / "a.xls")
    (tmp_path / "b.csv").write_text("x")
    with pytest.raises(InputError, match=r"b\.csv"):
        read_statbank_file(tmp_path / "b.csv")


@pytest.mark.parametrize("figure", ["1_000", "nan", "inf", "5 001", "0x1", "true", "5.001,5"])
def test_what_is_no_figure_is_refused(figure):
    with pytest.raises(InputError, match=r"no number|whole numbers"):
        parse_csv(f"TID;INDHOLD\n2024K1;{figure}\n".encode())


def test_faults_are_told_in_danish_too():
    with pytest.raises(InputError) as caught:
        parse_px(b"x", "a.px")
    (fault,) = caught.value.faults
    assert format_fault(fault, "da").startswith("a.px: dette er ikke en PX-fil")
    assert "Fetch" not in format_fault(fault, "da")
