"""One real run of the main command: published figures in, appendix out, few draws as a draft."""

import json
import subprocess
import sys

import pikepdf
import pytest

from amager_eval.goals.records import RESULT_COLUMNS


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Run `amager-eval appendix --draft` with few draws in a process of its own."""
    folder = tmp_path_factory.mktemp("appendix") / "out"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "amager_eval",
            "appendix",
            "--draft",
            "--draws=60",
            f"--out={folder}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
    return folder


@pytest.fixture(scope="module")
def statement(out):
    return json.loads((out / "statement.json").read_text(encoding="utf-8"))


def test_everything_promised_is_written(out):
    for name in ("appendix.pdf", "appendix.html", "statement.json", "tables.xlsx"):
        assert (out / name).stat().st_size > 0
    assert (out / "datapackage.json").exists()
    svg, png = sorted((out / "figures").glob("*.svg")), sorted((out / "figures").glob("*.png"))
    assert {p.stem.removesuffix("-narrow") for p in svg} == {p.stem for p in png}
    assert len(svg) == 2 * len(png)  # one for the page, one for a phone
    assert len(png) >= 4
    assert list((out / "tables").glob("*.csv"))


def test_the_statement_is_marked_as_a_draft_of_real_figures(statement):
    assert statement["draft"] is True
    assert statement["synthetic"] is False
    assert statement["agreement"] == "amager_2025_2028"
    assert statement["inputs"]
    assert all(len(f["sha256"]) == 64 for f in statement["inputs"])


def test_goals_without_figures_for_the_area_stay_open(statement):
    rows = [r for r in statement["results"] if r["area"] == "Amager Partnerskab (2025)"]
    assert {r["goal"] for r in rows} >= {"1a", "1b", "2a", "2b"}
    assert {r["literal_verdict"] for r in rows} == {"ikke opgjort"}
    assert {r["evidence_verdict"] for r in rows} == {"kan ikke afgøres"}
    (partners,) = [r for r in statement["results"] if r["goal"] == "3"]
    assert partners["literal_verdict"] == "ikke opgjort"
    assert set(partners) == set(RESULT_COLUMNS)


def test_what_has_failed_in_print_is_failed(statement):
    """Amager Øst by day: 84, 85, 85 is no strict rise every year."""
    (row,) = [
        r
        for r in statement["results"]
        if (r["area"], r["setting"], r["response"], r["reading"], r["year"])
        == ("Amager Øst", "neighbourhood", "safe", "rises_every_year", 2028)
    ]
    assert row["literal_verdict"] == "ikke nået"
    assert row["probability_published"] == 0


def test_probabilities_are_probabilities_and_true_is_not_published(statement):
    rows = [r for r in statement["results"] if r["probability_true"] is not None]
    assert len(rows) >= 10
    for row in rows:
        for key in ("probability_true", "probability_published", "prior_probability_true"):
            assert row[key] is None or 0 <= row[key] <= 1
    assert any(r["probability_true"] != r["probability_published"] for r in rows)


def test_every_page_says_draft(out):
    with pikepdf.open(out / "appendix.pdf") as pdf:
        assert len(pdf.pages) >= 2
        assert str(pdf.Root.Lang).startswith("da")
        assert pdf.Root.MarkInfo.Marked
        assert "statement.json" in pdf.attachments
    html = (out / "appendix.html").read_text(encoding="utf-8")
    assert "UDKAST" in html
