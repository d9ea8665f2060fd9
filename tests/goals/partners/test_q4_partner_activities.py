"""The script of question 4: the count, where partners are, and the chain per focus area."""

import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

import amager_eval as ae

SCRIPT = Path(__file__).parents[3] / "analyses" / "q4_partner_activities.py"


@pytest.fixture
def printed(monkeypatch, capsys):
    """Run the script on a folder, or on the bundled figures."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        runpy.run_path(str(SCRIPT), run_name="__main__")
        return capsys.readouterr().out.replace("\u00a0", " ")

    return run


@pytest.fixture
def folder(tmp_path):
    """Three activities: inside, both sides, and one partner alone; two have an amount."""
    pd.DataFrame(
        [
            ("Lys", "Aktive byrum", "SSP; FSB", None, 100_000, "2026-01-15"),
            ("Museum", "Job og fritid", "SSP; Museet", "Museet", 50_000, "2026-01-15"),
            ("Alene", "Job og fritid", "SSP", None, None, "2026-01-15"),
        ],
        columns=[
            "activity", "focus_area", "partners", "outside_partners", "budget_dkk", "list_date",
        ],
    ).to_csv(tmp_path / "activities.csv", index=False)  # fmt: skip
    own = ae.load_agreement().areas.evaluated.names[0]
    pd.DataFrame(
        [(own, w, "night", "safe", p, 900) for w, p in ((2024, 60), (2026, 75))],
        columns=["area", "wave", "setting", "response", "percent", "n"],
    ).to_csv(tmp_path / "safety.csv", index=False)
    return tmp_path


def test_partners_inside_and_outside_are_counted_and_named(printed, folder):
    text = printed(folder)
    assert "2 af 3: ikke nået; -1 i forhold til kravet" in text
    total = next(line for line in text.splitlines() if line.strip().startswith("i alt"))
    # activities, with enough partners, all inside, both, all outside, not stated
    assert total.split()[2:] == ["3", "2", "1", "1", "0", "0"]
    assert "partnere udefra: Museet" in text


def test_the_chain_has_every_focus_area_with_money_and_signals(printed, folder):
    text = printed(folder)
    for area in ae.load_agreement().focus_areas:
        assert f"\n{area}\n" in text
    assert "listens beløb i alt: 150.000 kr.; aftalen afsætter om året: 1.900.000 kr." in text
    assert "penge: 50.000 kr. (1 uden beløb)" in text
    assert (
        "safety.night.safe: har ændret sig i den ønskede retning; 60 (2024) til 75 (2026)" in text
    )
    assert "crime.total: ikke opgjort" in text


def test_without_a_list_the_chain_says_so(printed):
    text = printed()
    assert "Ikke opgjort: listen over tryghedsplanens aktiviteter" in text
    assert "(no_list)" in text
    assert text.count("aktiviteter: ikke opgjort") == 4
