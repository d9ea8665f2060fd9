"""A delivery that begins after the baseline year is judged against what was frozen, and says so."""

import json
import shutil
from functools import cache

import pandas as pd
import pytest

from amager_eval.evidence.city.synthetic import write_synthetic

AREA = "Amager Partnerskab (2025)"
SEED = 5


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    """Folders of the made-up city as `amager-eval synthetic` writes them, each written once."""

    @cache
    def written(last_wave):
        return write_synthetic(
            tmp_path_factory.mktemp("city") / str(last_wave), seed=SEED, last_wave=last_wave
        )

    return written


def deliver(cities, folder, last_wave, since=None, area=AREA):
    """Copy an input; with `since`, reports and inhabitants of that year on alone."""
    shutil.copytree(cities(last_wave), folder)
    if since is not None:
        for name in ("crime", "population"):
            frame = pd.read_csv(folder / f"{name}.csv", dtype={"period": str})
            frame = frame[frame["period"].str[:4].astype(int) >= since]
            frame["area"] = frame["area"].replace(AREA, area)
            frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def appendix(call, tmp_path, given):
    return call("appendix", "--input", given, "--record", tmp_path / "record",
                "--out", tmp_path / "out", "--draft")  # fmt: skip


@pytest.mark.usefixtures("quick_fits")
def test_the_frozen_year_stands_in_and_is_named(call, cities, tmp_path):
    full = deliver(cities, tmp_path / "2025", 2025)
    assert (
        call(
            "baseline",
            "--input",
            full,
            "--record",
            tmp_path / "record",
            "--out",
            tmp_path / "table",
        )[0]
        == 0
    )
    kept = json.loads((tmp_path / "record" / "baseline.json").read_text(encoding="utf-8"))
    frozen = {e["crime_type"]: e for e in kept["entries"]}

    later = deliver(cities, tmp_path / "2027", 2027, since=2025)
    code, _, err = appendix(call, tmp_path, later)
    assert code == 0, err
    statement = json.loads((tmp_path / "out" / "statement.json").read_text(encoding="utf-8"))
    rows = pd.DataFrame(statement["results"])
    rows = rows[rows["goal"].isin(["2a", "2b"]) & (rows["area"] == AREA) & (rows["year"] == 2026)]
    assert set(rows["crime_type"]) == {"total", "indbrud", "tyveri/røveri", "vold/våben"}
    for row in rows.to_dict("records"):
        entry = frozen[row["crime_type"]]
        form = "rate" if row["reading"] == "hold_rate" else "count"
        assert row["baseline"] == pytest.approx(entry[form], rel=1e-6)
        held = "nået" if row["observed"] <= row["baseline"] else "ikke nået"
        assert row["literal_verdict"] == held
        assert row["probability_true"] is not None  # the crime model was fitted with that year
        assert any(note.startswith("frozen baseline: baseline 2024") for note in row["notes"])
    assert "baseline.json" in {f["name"] for f in statement["inputs"]}

    # the year's own figures are those of a delivery that holds every year
    whole = deliver(cities, tmp_path / "whole", 2027)
    shutil.rmtree(tmp_path / "out")
    assert appendix(call, tmp_path, whole)[0] == 0
    again = json.loads((tmp_path / "out" / "statement.json").read_text(encoding="utf-8"))
    same = pd.DataFrame(again["results"]).loc[rows.index]
    for column in ("crime_type", "reading", "literal_verdict"):
        assert same[column].tolist() == rows[column].tolist()
    assert same["observed"].tolist() == pytest.approx(rows["observed"].tolist(), rel=1e-3)
    assert "baseline.json" not in {f["name"] for f in again["inputs"]}


def test_another_area_is_never_held_against_what_was_frozen(call, cities, random_draws, tmp_path):
    full = deliver(cities, tmp_path / "2025", 2025)
    assert (
        call(
            "baseline",
            "--input",
            full,
            "--record",
            tmp_path / "record",
            "--out",
            tmp_path / "table",
        )[0]
        == 0
    )
    renamed = deliver(
        cities, tmp_path / "2027", 2027, since=2025, area="Amager Partnerskab 2025-2028"
    )
    safety = pd.read_csv(renamed / "safety.csv")
    safety.assign(area=safety["area"].replace(AREA, "Amager Partnerskab 2025-2028")).to_csv(
        renamed / "safety.csv", index=False
    )
    code, _, err = appendix(call, tmp_path, renamed)
    assert code == 2
    assert "det fastfrosne udgangspunkt gælder noget andet; fundet" in err
    assert f"Amager Partnerskab 2025-2028 i indberetningen, {AREA} frosset" in err
    assert not (tmp_path / "out").exists()
    assert not random_draws
