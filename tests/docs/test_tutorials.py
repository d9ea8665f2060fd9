"""Every block of the tutorials runs, the two that fit a model with the sampler replaced."""

import contextlib
import json
import runpy
import tomllib
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.spec.area_estimate import load_area_spec

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
STORE = runpy.run_path(str(DOCS / "store_results.py"))
PAGES = sorted(
    p
    for folder in (DOCS, DOCS / "gallery")
    for p in folder.glob("*.md")
    if "{code-cell}" in p.read_text(encoding="utf-8")
)
NOTEBOOKS = runpy.run_path(str(DOCS / "make_notebooks.py"))


def test_there_are_pages_to_run():
    assert {p.stem for p in PAGES} >= {"evaluator", "researcher", "statistician"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_block_runs(page, random_draws, capsys, monkeypatch):
    # few random draws of the districts leave few of the area's
    few = load_area_spec().model_copy(update={"effective_min": 5.0})
    monkeypatch.setattr("amager_eval.trends.area.estimate.load_area_spec", lambda: few)
    cells = STORE["code_cells"](page)
    assert len(cells) == page.read_text(encoding="utf-8").count("{code-cell}")
    names = {}
    with mpl.rc_context({"backend": "agg"}), contextlib.chdir(DOCS):
        for _, code in cells:
            exec(compile(code, str(page), "exec"), names)
    if page.stem == "researcher":
        assert random_draws  # the fits went to the replaced samplers
        assert names["fit"].kind == "safety"
        assert names["panel_fit"].kind == "crime"
        assert "row 3" in capsys.readouterr().out  # the planted count below zero


def test_the_gallery_has_ten_pages_all_listed():
    pages = [p.stem for p in PAGES if p.parent.name == "gallery"]
    assert len(pages) == 10
    listed = (DOCS / "gallery" / "index.md").read_text(encoding="utf-8")
    assert set(pages) <= set(listed.split())


@pytest.mark.parametrize("page", NOTEBOOKS["PAGES"], ids=lambda p: p.stem)
def test_a_notebook_is_its_page(page):
    kept = (DOCS / "notebooks" / f"{page.stem}.ipynb").read_text(encoding="utf-8")
    assert kept == NOTEBOOKS["notebook"](page), "run docs/make_notebooks.py"
    code = [c["source"] for c in json.loads(kept)["cells"] if c["cell_type"] == "code"]
    assert ["".join(c) for c in code] == [c.strip() for _, c in STORE["code_cells"](page)]


def test_what_is_shown_as_stored_has_the_form_of_a_forecast():
    bands = pd.read_csv(DOCS / "stored" / "bands.csv")
    assert set(bands["area"]) == set(STORE["SHOWN_AREAS"])
    assert {"low_95", "median", "high_95"} <= set(bands)
    assert bands["median"].between(0, 1).all()
    stored = tomllib.loads((DOCS / "stored" / "stored.toml").read_text(encoding="utf-8"))
    for name, kept in stored["draws"].items():
        spec = ae.load_model_spec(name)
        assert len(stored["specs"][name]) == 64
        assert kept >= spec.gates.ess_min
