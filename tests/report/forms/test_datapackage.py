import json
import re

import pandas as pd
import pytest

from amager_eval.provenance import sha256_of_file


@pytest.fixture(scope="module")
def package(appendix):
    return json.loads((appendix / "datapackage.json").read_text(encoding="utf-8"))


def test_names_every_table_and_its_digest(package, appendix):
    paths = {r["path"] for r in package["resources"]}
    # those for Danish Excel say the same again
    tables = {f"tables/{p.name}" for p in (appendix / "tables").glob("*.csv")}
    assert paths == tables | {"statement.json"}
    for resource in package["resources"]:
        path = appendix / resource["path"]
        assert resource["hash"] == f"sha256:{sha256_of_file(path)}"
        assert resource["bytes"] == path.stat().st_size
    assert package["synthetic"] is True


def test_every_column_has_its_declared_type(package, appendix):
    for resource in package["resources"]:
        if "schema" not in resource:
            continue
        frame = pd.read_csv(appendix / resource["path"], dtype=str, keep_default_na=False)
        fields = resource["schema"]["fields"]
        assert [f["name"] for f in fields] == list(frame.columns)
        for field in fields:
            cells = [c for c in frame[field["name"]] if c]
            if field["type"] == "integer":
                assert all(c.lstrip("-").isdigit() for c in cells), (resource["name"], field)
            elif field["type"] == "number":
                assert pd.to_numeric(pd.Series(cells)).notna().all()
            elif field["type"] == "boolean":
                assert set(cells) <= {"True", "False"}


def test_one_value_a_cell(appendix):
    many = {}
    for path in (appendix / "tables").glob("*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        for name, cells in frame.items():
            # two lines, a value with another in brackets, an interval of shares or rates
            found = [c for c in cells if re.search(r"\d.*\n|\d \(.*\d|^[\d,.]+–[\d,.]+", c)]
            if found:
                many[path.stem, name] = found[0]
    # names of activities, readings and sources are text as it was written
    assert {k for k in many if k[1] not in ("name", "reading", "source")} == set()
    tables = {name: pd.read_csv(appendix / "tables" / f"{name}.csv") for name in (
        "crime_power", "missing", "plan", "plan_parts")}  # fmt: skip
    assert tables["crime_power"]["reports_a_year"].dtype.kind in "if"
    assert tables["crime_power"]["reports_assumed"].dtype == bool
    assert not tables["missing"]["goal"].str.contains(",").any()
    named = tables["plan_parts"].groupby("focus_area")["name"].count()
    counts = tables["plan"].set_index("focus_area").filter(like="_count").sum(axis=1)
    assert (counts == named.reindex(counts.index).fillna(0)).all()


def test_frictionless_agrees(appendix):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(appendix / "datapackage.json"))
    assert report.valid, report.flatten(["name", "type", "message"])
