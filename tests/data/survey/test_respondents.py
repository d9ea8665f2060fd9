from pathlib import Path

import pandas as pd
import pytest

from amager_eval.data.check import check_input
from amager_eval.data.read import read_input
from amager_eval.data.tables.frames import check_safety
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"


def respondents(**changes):
    rows = {
        "area": ["Nord"] * 4 + ["Syd"] * 4,
        "wave": [2026] * 8,
        "stratum": ["a"] * 4 + ["b"] * 4,
        "weight": [1.0, 2, 1, 2, 1, 1, 1, 1],
        "neighbourhood": ["safe", "unsafe", "safe", None, "safe", "safe", "neither", "unsafe"],
        "night": ["tryg", "utryg", "hverken", "tryg", "safe", "unsafe", "unsafe", "unsafe"],
    }
    return pd.DataFrame(rows | changes)


def test_respondents_become_weighted_shares():
    shares = check_safety(respondents()).set_index(["area", "setting", "response"])
    assert shares["percent"][("Nord", "neighbourhood", "safe")] == pytest.approx(50)
    assert shares["percent"][("Nord", "night", "safe")] == pytest.approx(50)
    assert shares["percent"][("Syd", "night", "unsafe")] == pytest.approx(75)
    # who did not answer is no respondent of that question
    assert shares["n"][("Nord", "neighbourhood", "safe")] == 3
    assert shares["n"][("Nord", "night", "safe")] == 4
    assert (shares["deff"] > 0).all()
    sums = shares.groupby(["area", "setting"])["percent"].sum()
    assert sums.to_numpy() == pytest.approx(100)


def test_a_fault_tells_the_row_and_never_the_answer():
    secret = "hemmelig-besvarelse"
    for column, value in (("night", secret), ("weight", -73.25), ("weight", secret)):
        rows = respondents().astype(object)
        rows.loc[2, column] = value
        with pytest.raises(InputError) as caught:
            check_safety(rows)
        (fault,) = caught.value.faults
        assert (fault.row, fault.column) == (3, column)
        assert secret not in str(caught.value)
        assert "73" not in str(caught.value)


def test_rows_with_the_same_fault_are_told_together():
    rows = respondents().astype(object)
    rows.loc[[1, 3, 4], "night"] = "hemmelig-besvarelse"
    with pytest.raises(InputError) as caught:
        check_safety(rows)
    (fault,) = caught.value.faults
    assert (fault.row, fault.column) == (2, "night")
    assert "(3 rows: 2, 4, 5)" in str(caught.value)
    assert "hemmelig" not in str(caught.value)
    many = pd.concat([rows] * 10, ignore_index=True).assign(weight=-1.0)
    with pytest.raises(InputError, match=r"80 rows: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more"):
        check_safety(many)


def test_a_lonely_stratum_is_refused():
    with pytest.raises(InputError, match="one respondent"):
        check_safety(respondents(stratum=["a", "a", "a", "z", "b", "b", "b", "b"]))


def test_rows_in_a_file(tmp_path):
    sample = pd.read_csv(REFERENCE / "03_survey_microdata.csv")
    rows = pd.DataFrame(
        {
            "Bydel": "D" + sample["district"].astype(str),
            "Bølge": 2026,
            "Stratum": sample["district"],
            "Vægt": sample["w"].map(lambda w: f"{w:.4f}".replace(".", ",")),
            "Aften- og nattetimer": sample["safe_night"].map({1: "tryg", 0: "utryg"}),
        }
    )
    rows.to_csv(tmp_path / "tryghed.csv", sep=";", index=False, encoding="cp1252")
    safety = read_input(tmp_path).safety
    cell = safety.query("area == 'D1' and response == 'safe'").iloc[0]
    assert cell["percent"] == pytest.approx(73.6634428592707, abs=1e-6)
    assert cell["deff"] == pytest.approx(
        0.0267107102517854**2 * 310 / (0.7366344 * 0.2633656), 1e-6
    )
    assert len(safety) == 13 * 3
    assert "D1" not in str(check_input(tmp_path))

    rows.loc[4, "Aften- og nattetimer"] = "meget utryg"
    rows.to_csv(tmp_path / "tryghed.csv", sep=";", index=False, encoding="cp1252")
    (fault,) = check_input(tmp_path)
    assert (fault.row, fault.column, fault.found) == (6, "Aften- og nattetimer", "")


def test_all_thirteen_parts_also_give_the_city(tmp_path):
    from amager_eval.spec.agreement import load_agreement

    parts = load_agreement().areas.parts
    rows = pd.DataFrame(
        {
            "area": list(parts) * 4,
            "wave": 2026,
            "night": (["safe", "unsafe"] * 26)[: 4 * len(parts)],
        }
    )
    rows.to_csv(tmp_path / "safety.csv", index=False)
    safety = read_input(tmp_path).safety
    city = safety.query("area == 'København' and response == 'safe'")
    assert city["percent"].item() == pytest.approx(50)
    assert city["n"].item() == 52
