"""Every published form of an appendix with small counts: the same bytes whatever they were.

That a statement is written alike twice is part of it.
"""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.input import SourceFile
from amager_eval.data.published import published
from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.report.write import write_appendix
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.design import crime_design

AREA = "Amager Partnerskab (2025)"


def monitored(drugs):
    """Quarters of a monitored type in the area and its two districts; one year is small."""
    rows = []
    for year in range(2018, 2026):
        for quarter in range(1, 5):
            own = (drugs if quarter == 1 else 0) if year == 2020 else 9
            counts = {AREA: own, "Amager Vest": 25, "Amager Øst": 30}
            rows += [
                (area, f"{year}K{quarter}", "chikane", float(n), "politi", np.nan, "A")
                for area, n in counts.items()
            ]
    return rows


def delivery(indbrud, vold, drugs, digest):
    """Published figures and a made-up delivery for the area, small counts among it."""
    rows = [
        (AREA, str(year), kind, float(count), "borgervendt", np.nan, "A")
        for year in (2024, 2025)
        for kind, count in (
            ("indbrud", indbrud),
            ("vold/våben", vold),
            ("tyveri/røveri", 200),
            ("total", 200 + indbrud + vold),
        )
    ]
    rows += monitored(drugs)
    data = published()
    crime = pd.DataFrame(
        rows,
        columns=["area", "period", "crime_type", "count", "definition", "per_1000", "source_grade"],
    )
    population = pd.DataFrame(
        [(AREA, "2018", 21_000.0), (AREA, "2026", 21_600.0)]
        + [(d, y, 50_000.0) for d in ("Amager Vest", "Amager Øst") for y in ("2018", "2026")],
        columns=["area", "period", "population"],
    )
    return replace(
        data,
        crime=pd.concat([data.crime, crime], ignore_index=True),
        population=pd.concat([data.population, population], ignore_index=True),
        files=(SourceFile("crime.csv", digest),),
    )


@pytest.fixture(scope="module")
def folders(make_statement, tmp_path_factory):
    made = []
    for name, indbrud, vold in (("three", 3, 9), ("one", 1, 11)):
        data = mask_small_counts(delivery(indbrud, vold, indbrud, name), load_agreement())
        assert {(m.what, m.period) for m in data.masked} == {
            *((kind, year) for kind in ("indbrud", "vold/våben") for year in (2024, 2025)),
            ("chikane", 2020),
        }
        out = tmp_path_factory.mktemp(name) / "out"
        write_appendix(make_statement(data=data, learns=True), out)
        made.append(out)
    return made


def test_no_published_form_knows_the_small_count(folders):
    first, second = folders
    files = {p.relative_to(first) for p in first.rglob("*") if p.is_file()}
    assert files == {p.relative_to(second) for p in second.rglob("*") if p.is_file()}
    assert {p.suffix for p in files} >= {".pdf", ".html", ".json", ".xlsx", ".csv", ".svg", ".png"}
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_forecast_of_what_is_hidden_would_change_the_bytes(make_statement):
    """What the test above rests on: the forecast here follows every report it is given."""
    first, second = (
        make_statement(data=delivery(n, 12 - n, n, "0"), learns=True, safety=False).to_dict()
        for n in (3, 1)
    )
    assert first["forecasts"]["quantities"] != second["forecasts"]["quantities"]


def test_the_crime_model_is_given_the_same():
    """The arrays of the real model, which is not sampled here."""
    spec, agreement = load_model_spec("crime_trend"), load_agreement()
    given = [delivery(n, 12 - n, n, name) for n, name in ((3, "three"), (1, "one"))]
    designs = [
        crime_design(replace(d, whole=None, parts=()), spec, definition="politi")
        for d in (*given, *(mask_small_counts(d, agreement) for d in given))
    ]
    assert not designs[0].identical(designs[1])
    assert designs[2].identical(designs[3])


def test_the_record_holds_every_report_that_is_published(folders):
    """Of every definition and year: a later year must know what cannot be taken back."""
    out = folders[0]
    record = json.loads((out / "statement.json").read_text(encoding="utf-8"))
    listed = {(r["area"], r["definition"], r["period"], r["count"]) for r in record["reports"]}
    rates = {(r["area"], r["definition"], r["period"], r["rate"]) for r in record["reports"]}
    table = pd.read_csv(out / "tables" / "crime_published.csv", dtype={"period": str})
    chart = pd.read_csv(out / "tables" / "crime_chart.csv", dtype={"period": str})
    assert set(table["definition"]) == {"borgervendt", "straffelov", "politi"}
    for frame, column, kept in (
        (table, "count", listed), (table, "per_1000", rates), (chart, "count", listed)
    ):  # fmt: skip
        shown = frame[frame[column].notna()]
        assert len(shown)
        for row in shown.to_dict(orient="records"):
            key = (row["area"], row["definition"], row["period"])
            assert any(k[:3] == key and k[3] == pytest.approx(row[column], abs=1e-3)
                       for k in kept if k[3] is not None), row  # fmt: skip


def test_what_is_hidden_is_said(folders):
    out = folders[0]
    record = json.loads((out / "statement.json").read_text(encoding="utf-8"))
    assert len(record["masked"]) == 5
    about = [r for r in record["results"] if r["crime_type"] == "indbrud" and r["area"] == AREA]
    assert about
    for row in about:
        assert row["observed"] is row["baseline"] is None
        assert "masked: reports of 2024" in row["notes"]
    table = pd.read_csv(out / "tables" / "crime_published.csv")
    hidden = table[table["masked"]]
    assert len(hidden) == 5
    assert hidden[["count", "per_1000"]].isna().all(axis=None)
    assert (hidden["remark"] == "Skjult: anonymitet").all()
    html = (out / "appendix.html").read_text(encoding="utf-8")
    assert "Fem tal er udeladt af hensyn til anonymitet: Partnerskabet" in html


def test_the_control_chart_falls_back_to_years_and_leaves_the_hidden_one_out(folders):
    chart = pd.read_csv(folders[0] / "tables" / "crime_chart.csv", dtype={"period": str})
    own = chart[(chart["definition"] == "politi") & (chart["area"] == AREA)]
    assert set(own["period"]) == {str(y) for y in range(2018, 2026)} - {"2020"}
    # another series, with no small quarter, keeps its quarters
    city = chart[chart["definition"] == "STRAF11"]
    assert city["period"].str.contains("K").all()
