import json

import pytest

from amager_eval.data.published import bundled_frame
from amager_eval.data.read import read_input
from amager_eval.data.statbank.saved import input_of_saved
from amager_eval.errors import InputError

QUARTERS = ["2024K1", "2024K2"]


def quoted(values):
    return ",".join(f'"{v}"' for v in values)


def offences(codes=None, areas=("101", "147"), sexes=("I alt",)):
    """A PX file of real figures, as the service's own page saves it: names in words, with codes."""
    frame = bundled_frame("straf11_quarterly_2016K1_2025K4.csv")
    cells = frame.set_index(["area", "offence", "quarter"])["count"].to_dict()
    codes = sorted(frame["offence"].unique()) if codes is None else codes
    data = [
        " ".join(str(cells[a, c, q]) for q in QUARTERS) for a in areas for c in codes for _ in sexes
    ]
    return (
        'CHARSET="ANSI";\nTITLE="Anmeldte forbrydelser";\n'
        'STUB="område","overtrædelsens art","køn";\nHEADING="tid";\n'
        f'VALUES("område")={quoted(areas)};\nVALUES("overtrædelsens art")={quoted(codes)};\n'
        f'VALUES("køn")={quoted(sexes)};\nVALUES("tid")={quoted(QUARTERS)};\n'
        f"DATA=\n{chr(10).join(data)};\n"
    ).encode("cp1252")


PEOPLE = {
    "dataset": {
        "dimension": {
            "OMRÅDE": {"category": {"index": {"101": 0}, "label": {"101": "København"}}},
            "ContentsCode": {"category": {"index": {"FOLK1A": 0}, "label": {}}},
            "Tid": {"category": {"index": {"2024K1": 0, "2024K2": 1}, "label": {}}},
            "id": ["OMRÅDE", "ContentsCode", "Tid"],
            "size": [1, 1, 2],
        },
        "value": [659350, 660842],
    }
}


def test_saved_tables_become_an_input(tmp_path):
    (tmp_path / "straf11.px").write_bytes(offences())
    (tmp_path / "folk1a.json").write_text(json.dumps(PEOPLE), encoding="utf-8")
    files = [tmp_path / "straf11.px", tmp_path / "folk1a.json"]
    out = input_of_saved(tmp_path / "in", files)
    data = read_input(out)
    raw = bundled_frame("straf11_quarterly_2016K1_2025K4.csv").query(
        "area == '101' and quarter == '2024K2' and offence in ['1316', '1320']"
    )
    found = data.crime.query("crime_type == 'indbrud' and period == '2024K2'")["count"]
    assert found.item() == raw["count"].sum()
    assert data.population["population"].tolist() == [659350, 660842]
    assert set(data.crime["source"]) == {
        "Danmarks Statistik, statistikbanken.dk, gemt fil straf11.px"
    }
    assert len(json.loads((out / "PROVENANCE.json").read_text(encoding="utf-8"))) == 2
    with pytest.raises(InputError, match="left alone"):
        input_of_saved(out, files)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (offences(areas=("147",)), "no row of København"),
        (offences(codes=["1316"]), "lacks the offence codes 12, 1320"),
        (offences(sexes=("Mænd", "Kvinder")), "split by køn"),
        (offences().replace(b'"tid"', b'"x"'), "one variable Tid"),
        (b"hello", "no PX file"),
    ],
)
def test_a_saved_table_that_does_not_do(tmp_path, content, message):
    (tmp_path / "a.px").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.px.*{message}"):
        input_of_saved(tmp_path / "in", [tmp_path / "a.px"])
    assert not (tmp_path / "in").exists()
