"""The analysis of question 2 on a supplied input; the sampler is replaced."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "analyses" / "q2_crime_trends.py"
AREAS = {"City": 20_000, "Area": 1_000, "Next": 1_200, "Far": 1_500, "Further": 1_400}


@pytest.fixture
def script():
    specification = importlib.util.spec_from_file_location("q2_crime_trends", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    """A made-up city in years: reports fell in the area and rose next door."""
    rows = []
    for area, people in AREAS.items():
        for year in range(2018, 2027):
            moved = {"Area": -12, "Next": 9}.get(area, 0) * (year >= 2025)
            for kind, share in (("total", 0.05), ("theft", 0.02)):
                rows.append((area, year, kind, round(people * share) + moved, "police", "city"))
    columns = ["area", "period", "crime_type", "count", "definition", "area_kind"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["area_kind"] = np.where(frame["area"] == "City", "city", "district")
    frame.to_csv(tmp_path / "crime.csv", index=False)
    people = pd.DataFrame(
        [(a, y, n) for a, n in AREAS.items() for y in range(2018, 2028)],
        columns=["area", "period", "population"],
    )
    people.to_csv(tmp_path / "population.csv", index=False)
    return tmp_path


def run(script, monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["q2_crime_trends.py", *map(str, arguments)])
    script.main()
    return capsys.readouterr().out


def test_a_supplied_series_gives_the_goal_table_both_totals_and_displacement(
    script, folder, monkeypatch, capsys, random_draws
):
    text = run(
        script, monkeypatch, capsys, "--input", folder, "--definition", "police",
        "--area", "Area", "--control", "Far", "--next-door", "Next",
        "--next-door-control", "Further",
    )  # fmt: skip
    for heading in ("P(højst 2024)", "anmeldt 2024", "P(hvert år)"):
        assert text.count(heading) == 3  # rate, count, and the total by assumption
    for heading in ("ordlyd mod 2024", "ordlyd mod snit", "P(højst snit)", "seneste år"):
        assert text.count(heading) == 3
    for area in AREAS:
        assert area in text
    # by the letter, in the latest year there is: reports fell here and rose next door
    rates = text[text.index("anmeldelser per 1.000") : text.index("antal anmeldelser")]
    rows = [line.split() for line in rates.splitlines() if " 2026 " in line]
    said = {(row[0], row[1]): row[-(len(row) - row.index("2026")) :] for row in rows}
    assert said["Area", "total"][2:4] == ["nået", "nået"]
    assert "ikke" in said["Next", "total"]
    assert "for sig" in text
    # the missing share was counted by another definition than this city's
    assert "fuldstændighed" not in text
    lines = text[text.index("flyttede anmeldelserne sig") :].splitlines()
    found = [line.split() for line in lines if " 2026 " in line and "total" in line]
    # 12 fewer of 1,000 inhabitants here, 9 more of 1,200 next door, nothing in the controls
    assert [row[-4] for row in found] == ["−12,00", "7,50", "−4,50"]


def in_a_city(folder):
    """Make City the whole of two districts, with a type that is monitored."""
    crime = pd.read_csv(folder / "crime.csv").query("area in ('Area', 'Next')")
    drugs = crime.query("crime_type == 'theft'").assign(crime_type="narkotika")
    # the city has five times what the two districts have together
    parts = pd.concat([crime, drugs.assign(count=40)], ignore_index=True)
    keys = ["period", "crime_type", "definition"]
    city = 5 * parts.groupby(keys)["count"].sum()
    whole = city.reset_index().assign(area="City", area_kind="city")
    pd.concat([parts, whole], ignore_index=True).to_csv(folder / "crime.csv", index=False)
    return parts


def test_an_area_in_a_whole_is_held_against_2024_and_against_the_rest(
    script, folder, monkeypatch, capsys, random_draws
):
    parts = in_a_city(folder)
    text = run(script, monkeypatch, capsys, "--input", folder, "--definition", "police")
    table = text[text.index("og mod resten (niveau)") :].split("\n\n")[0]
    for heading in ("rate over 2024", "mod resten 2024", "mod resten 2028", "P(nærmere resten)"):
        assert heading in table
    rows = {tuple(line.split()[:2]): line.split()[2:] for line in table.splitlines()}
    total = parts[(parts["area"] == "Area") & (parts["crime_type"] == "total")]
    then, now = (total.loc[total["period"] == y, "count"].item() for y in (2024, 2026))
    assert rows["Area", "total"][0] == f"{now / then:.2f}".replace(".", ",")
    assert len(rows["Area", "total"]) == len(script.RATIOS)


def test_monitored_types_without_a_signal_are_said_to_have_none(
    script, folder, monkeypatch, capsys, random_draws
):
    in_a_city(folder)
    text = run(script, monkeypatch, capsys, "--input", folder, "--definition", "police")
    assert "Ingen signaler til og med 2026." in text
    assert "Empty DataFrame" not in text
    crime = pd.read_csv(folder / "crime.csv")
    latest = (crime["crime_type"] == "narkotika") & (crime["period"] == 2026)
    crime.loc[latest, "count"] *= 4
    crime.to_csv(folder / "crime.csv", index=False)
    text = run(script, monkeypatch, capsys, "--input", folder, "--definition", "police")
    assert "Ingen signaler" not in text
    assert "above" in text


def test_a_definition_that_need_not_be_named_keeps_every_assumption(
    script, folder, monkeypatch, capsys, random_draws
):
    crime = pd.read_csv(folder / "crime.csv").query("area == 'Area'")
    crime.assign(definition="STRAF11").to_csv(folder / "crime.csv", index=False)
    text = run(script, monkeypatch, capsys, "--input", folder)
    for assumption in ("rest + typer", "for sig", "for sig, fuldstændighed korrigeret"):
        assert assumption in text


def test_years_whose_completeness_is_not_known_are_left_out_and_it_is_said(
    script, folder, monkeypatch, capsys, random_draws
):
    crime = pd.read_csv(folder / "crime.csv").query("area == 'Area'").assign(definition="STRAF11")
    early = crime.query("period <= 2020").assign(period=lambda f: f["period"] - 4)  # 2014 to 2016
    between = crime.query("period == 2018").assign(period=2017)
    pd.concat([early, between, crime]).to_csv(folder / "crime.csv", index=False)
    text = run(script, monkeypatch, capsys, "--input", folder)
    said = "for sig, fra 2016, fuldstændighed korrigeret"
    for assumption in ("rest + typer", "for sig ", "for sig, fra 2016 ", said):
        assert assumption in text


def test_the_margin_is_the_agreements(script):
    assert script.AGREEMENT.crime.margin == 1.05
    assert script.COLUMNS["probability_true_at_or_below_105"] == "P(højst +5 %)"


def test_half_a_displacement_is_refused(script, folder, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(script, monkeypatch, capsys, "--input", folder, "--area", "Area")
    assert "displacement needs" in capsys.readouterr().err


def test_a_fit_past_no_gate_prints_no_probability(
    script, folder, monkeypatch, capsys, random_draws
):
    fit_crime = script.ae.fit_crime
    monkeypatch.setattr(
        script.ae, "fit_crime", lambda *a, **k: fit_crime(*a, **k, draws=10, chains=2)
    )
    with pytest.raises(SystemExit, match="did not pass its gates"):
        run(script, monkeypatch, capsys, "--input", folder, "--definition", "police")
    assert "P(højst 2024)" not in capsys.readouterr().out
