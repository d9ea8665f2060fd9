"""The scripts an evaluator runs: each writes its figures and tables and ends with its sentence."""

import ast
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

import amager_eval as ae

SCRIPTS = Path(__file__).parents[2] / "analyses"
QUESTIONS = ("q1_safety_change", "q2_crime_trends", "q3_copenhagen_level_2028",
             "q4_partner_activities")  # fmt: skip


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a script in an empty folder; what it printed and what it wrote."""

    def run(name, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        written = {p.name for p in (tmp_path / "build" / "analyses" / name).iterdir()}
        return capsys.readouterr().out.replace("\u00a0", " "), written

    return run


@pytest.fixture
def made_up(monkeypatch, make_statement):
    """Stand in for the fits: the statement is made up, of what a script leaves in the input."""
    asked = []

    def evaluate(data, **_):
        asked.append(data)
        kept = {k: getattr(data, k) is not None for k in ("safety", "crime")}
        return make_statement(**kept)

    monkeypatch.setattr(ae, "evaluate", evaluate)
    return asked


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_script_is_calls_and_no_more(name):
    assert len((SCRIPTS / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 60


def imported(code):
    """Modules of the package that a script imports, and the names it takes from them."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if "amager_eval" in alias.name)
        elif isinstance(node, ast.ImportFrom) and "amager_eval" in (node.module or ""):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_public(name):
    tail = name.removeprefix("amager_eval").removeprefix(".").removeprefix("significance")
    face = ae.significance.__all__ if ".significance." in name else ae.__all__
    return tail.removeprefix(".") in {"", *face}


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.py")), ids=lambda p: p.stem)
def test_scripts_import_only_public_names(path):
    names = list(imported(path.read_text(encoding="utf-8")))
    assert names
    assert [name for name in names if not is_public(name)] == []


@pytest.mark.parametrize("code", ["import amager_eval.wording.sentences",
    "from amager_eval.trends.safety.narrowing import expected_narrowing",
    "from amager_eval.significance.power import power",
    "from amager_eval import trends"])  # fmt: skip
def test_a_name_that_is_not_public_would_be_found(code):
    assert [name for name in imported(code) if not is_public(name)]


def test_every_script_is_a_question():
    assert {p.stem for p in SCRIPTS.glob("*.py")} == set(QUESTIONS)


def test_what_the_agreement_says_of_changes_is_tested_on_published_figures(run):
    text, written = run("q1_safety_change")
    assert {"safety_history.svg", "part_whole.png", "safety_changes.csv"} <= written
    # 84 % with 300 respondents: as earlier_percent_needed says
    assert "Amager Øst i nabolaget: et fald til 84 % er med 300 svar" in text
    assert "signifikant fra 92 % og sikkert ikke under 89 %" in text
    assert "med mindst 123 svar hvert sted" in text
    assert text.splitlines()[-1].startswith("Trygge i nabolaget i 2026: Amager Øst")


def test_crime_is_fitted_alone(run, made_up):
    text, written = run("q2_crime_trends")
    assert made_up[0].safety is None
    assert made_up[0].crime is not None
    assert {"crime_types.svg", "crime_types.png", "crime_forecast.csv"} <= written
    assert text.startswith("Anmeldelser er ikke en stikprøve")
    assert text.splitlines()[-1].startswith("SYNTETISKE DATA")


def test_the_level_of_the_city_and_what_more_answers_would_do(run, made_up):
    text, written = run("q3_copenhagen_level_2028")
    assert made_up[0].crime is None
    assert {"safety_fan.svg", "probabilities.png", "safety_probabilities.csv"} <= written
    line = next(x for x in text.splitlines() if x.startswith("Amager Øst i nabolaget: nu"))
    now, *samples = line.split("nu ")[1].replace(", ", "; ").split("; ")
    widths = [int(now), *(int(x.split(": ")[1]) for x in samples)]
    assert len(widths) == 5
    assert widths == sorted(widths, reverse=True)
    assert len(made_up) == 1  # the statement's own fit is asked, none beside it


def test_activities_are_counted_without_a_fit(run, tmp_path, random_draws):
    folder = tmp_path / "delivered"
    folder.mkdir()
    pd.DataFrame(
        [("Lys", "Aktive byrum", "SSP; FSB"), ("Museum", "Job og fritid", "SSP; Museet"),
         ("Alene", "Job og fritid", "SSP")],
        columns=["activity", "focus_area", "partners"],
    ).to_csv(folder / "activities.csv", index=False)  # fmt: skip
    text, written = run("q4_partner_activities", folder)
    assert {"partner_activities.svg", "partners.csv", "plan.csv"} <= written
    assert random_draws == []
    assert "2 af 3" in text.splitlines()[-1]


def test_without_a_list_it_is_said(run, random_draws):
    text, _ = run("q4_partner_activities")
    assert text.splitlines()[-1].startswith("Der er ingen tal at svare ud fra")
    assert random_draws == []


def test_bad_input_is_told_without_a_traceback(run, tmp_path):
    with pytest.raises(SystemExit, match="nowhere"):
        run("q1_safety_change", tmp_path / "nowhere")
