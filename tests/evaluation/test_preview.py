"""What an officer is told before anything is computed, of the workbooks of a trial year."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from amager_eval.data.files.template import write_workbook
from amager_eval.data.read import read_input
from amager_eval.evaluation.preview import preview_delivery
from amager_eval.evaluation.preview_text import preview_lines, preview_sections

TRIAL = Path(__file__).parents[1] / "year_by_year" / "trial_year"
AREA = "Amager Partnerskab (2025)"


@cache
def previewed(name, lang="da"):
    return preview_delivery(TRIAL / name, lang=lang)


def verdicts(preview):
    return {
        (goal.goal, part.what): part.why or part.verdict
        for goal in preview.goals
        for part in goal.parts
    }


@pytest.mark.parametrize(
    ("year", "not_reached"),
    [
        (2025, set()),
        (2026, {("1a", "neighbourhood"), ("1b", "neighbourhood"), ("2a", "total"),
                ("2b", "tyveri/røveri"), ("2b", "vold/våben")}),
    ],
)  # fmt: skip
def test_a_full_year_decides_every_goal(year, not_reached):
    preview = previewed(f"indberetning_{year}.xlsx")
    assert preview.faults == ()
    assert (preview.year, preview.crime_year, preview.on_published) == (year, year - 1, True)
    assert all(goal.decided for goal in preview.goals)
    found = verdicts(preview)
    assert {key for key, said in found.items() if said == "ikke nået"} == not_reached
    if year == 2025:  # reports of 2024 are the baseline itself: held against nothing yet
        said = {verdict for (goal, _), verdict in found.items() if goal in {"2a", "2b"}}
        assert said == {"ikke opgjort"}


def test_the_baseline_year_alone_says_what_it_is_for():
    preview = previewed("indberetning_2024.xlsx")
    assert preview.errors == 0
    assert not any(goal.decided for goal in preview.goals)
    assert [(rows.why, rows.rows) for rows in preview.not_used] == [("later_year", 8)]
    assert {missing.what for missing in preview.missing} == {"activities"}


def test_counts_without_inhabitants_are_refused_in_danish_and_not_warned_of_as_well(tmp_path):
    data = read_input(TRIAL / "indberetning_2026.xlsx")
    write_workbook(tmp_path / "a.xlsx", {"safety": data.safety, "crime": data.crime})
    preview = preview_delivery(tmp_path / "a.xlsx")
    said = f"der er anmeldelser, men intet indbyggertal for {AREA}"
    (line,) = preview_sections(preview)[0][1]
    assert line.startswith(f"fejl: {said}")
    assert "arket Befolkning" in line
    assert {missing.what for missing in preview.missing} >= {"population_area"}


@pytest.mark.parametrize("only", [False, True])
def test_what_the_city_lacks_for_a_goal_is_asked_for(only):
    preview = preview_delivery(TRIAL / "kun_omraadet.xlsx", only=only)
    lines = dict(preview_sections(preview))["Mangler, for at hele bilaget kan laves"]
    years = "2024, 2026" if only else "2026"
    survey = "Københavns Kommunes Tryghedsundersøgelse"
    night = f"{survey}: trygheden om aftenen og natten for København, {years} (mål 1b)"
    assert night in lines
    assert any("i nabolaget for København" in line for line in lines) == only


def test_the_area_alone_keeps_the_published_city_and_tells_what_was_split():
    preview = previewed("kun_omraadet.xlsx")
    assert (preview.errors, preview.warnings) == (0, 4)
    rows = {fault.row: fault.message for fault in preview.faults}
    assert "mente du 'Positive fællesskaber'?" in rows[4]
    assert all("cellen er læst som" in rows[at] for at in (5, 6, 11))
    assert verdicts(preview)["3", ""] == "nået"
    assert verdicts(preview)["1b", "night"] == "no_share"  # the city's 2026 is not published
    alone = preview_delivery(TRIAL / "kun_omraadet.xlsx", only=True)
    assert [m.what for m in alone.missing] == ["safety_whole", "safety_whole", "population_whole"]
    assert verdicts(alone)["1b", "neighbourhood"] == "no_share"


def test_every_slip_is_matched_or_told():
    preview = preview_delivery(TRIAL / "stille_fejl.xlsx")
    assert preview.errors
    told = "\n".join(preview_lines(preview))
    for slip in ("Fællesskaber", "3B, SSP København, BIF", "Indbrud i beboelse", "række 8",
                 "Kultur- og Fritidsforvaltningen og SSP København"):  # fmt: skip
        assert slip in told, told
    # read as the agreement's own words, so no fault
    assert "Borgervendt kriminalitet i alt" not in told


@pytest.mark.parametrize("lang", ["da", "en"])
def test_lines_say_what_was_found_and_which_goals_it_decides(lang):
    lines = preview_lines(previewed("indberetning_2026.xlsx", lang))
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert len(headings) == 7
    text = "\n".join(lines)
    assert "2a" in text
    assert "81" in text
    assert lines[-1] in {"0 fejl, 0 advarsler", "0 errors, 0 warnings"}


def test_a_folder_with_one_workbook_is_that_workbook(tmp_path):
    name = "indberetning_2024.xlsx"
    (tmp_path / name).write_bytes((TRIAL / name).read_bytes())
    (tmp_path / f"~${name}").write_bytes(b"a lock of the spreadsheet")
    assert preview_delivery(tmp_path).errors == 0


def test_what_the_crime_chapter_would_stop_for_is_told_at_once(tmp_path):
    rows = [(AREA, year, "total", 600, "borgervendt") for year in (2024, 2025)]
    columns = ["area", "period", "crime_type", "count", "definition"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "anmeldelser.csv", index=False)
    preview = preview_delivery(tmp_path)
    assert any(f.severity == "error" and AREA in f.message for f in preview.faults)
    assert verdicts(preview)["2a", "total"] == "no_inhabitants"
    assert "population_area" in {missing.what for missing in preview.missing}


def test_rows_no_goal_rests_on_are_named(tmp_path):
    rows = [
        (AREA, "2024", "total", 600, "borgervendt"),
        ("Nord", "2024", "total", 70, "borgervendt"),
        ("Amager Partnerskab", "2019", "total", 400, "borgervendt"),
        ("Valby", "2024", "vold", 90, "straffelov"),
    ]
    columns = ["area", "period", "crime_type", "count", "definition"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "anmeldelser.csv", index=False)
    preview = preview_delivery(tmp_path)
    assert {(r.why, r.what) for r in preview.not_used} == {
        ("unknown_area", ("Nord",)),
        ("earlier_area", ("Amager Partnerskab",)),
        ("other_definition", ("straffelov",)),
    }
    assert {(d.kind, d.name, d.rows) for d in preview.delivered if d.state == "used"} == {
        ("file", "anmeldelser.csv", None),
        ("rows", "crime", 4),
        ("area", AREA, 1),
        ("crime_type", "total", 1),
    }
    left_out = {(d.kind, d.name, d.reason) for d in preview.delivered if d.state == "unused"}
    assert left_out == {
        ("area", "Nord", "unknown_area"),
        ("area", "Amager Partnerskab", "earlier_area"),
        ("area", "Valby", "other_definition"),
        ("crime_type", "vold", "other_definition"),
    }


@pytest.mark.parametrize(("lang", "ends"), [("da", "Læst og brugt"), ("en", "Read and used")])
def test_it_ends_with_what_became_of_everything(tmp_path, lang, ends):
    rows = ["area,period,crime_type,count,definition", f"{AREA},2024,total,600,borgervendt"]
    rows += ["Nord,2024,cykeltyveri,7,borgervendt", f"{AREA},2024,cykeltyveri,8,borgervendt"]
    (tmp_path / "crime.csv").write_text("\n".join(rows), encoding="utf-8")
    for name in ("noter.pdf", "gammel.csv"):
        (tmp_path / name).write_text("x")
    sections = preview_sections(preview_delivery(tmp_path, lang=lang))
    headings = [heading for heading, _ in sections]
    assert headings.index(ends) == len(headings) - 3
    used, unused, unread = (" ".join(lines) for _, lines in sections[-3:])
    assert AREA in used
    assert "crime.csv" in used
    assert "Nord" in unused
    assert "cykeltyveri" in unused
    assert "noter.pdf" in unread
    assert "gammel.csv" in unread


def test_nothing_is_said_to_be_used_where_a_fault_stops_the_reading(tmp_path):
    (tmp_path / "crime.csv").write_text(
        "area,period,crime_type,count,definition\nNord,2024,x,y,z\n"
    )
    preview = preview_delivery(tmp_path)
    assert {d.state for d in preview.delivered} == {"unused"}


def test_sheets_nobody_filled_in_are_told(tmp_path):
    filled = {"activities": pd.DataFrame({
        "activity": ["a"], "focus_area": ["Aktive byrum"], "partners": ["HAB"]})}  # fmt: skip
    write_workbook(tmp_path / "a.xlsx", filled, lang="da")
    sheets = {
        d.name: (d.state, d.reason)
        for d in preview_delivery(tmp_path / "a.xlsx").delivered
        if d.kind == "sheet"
    }
    assert sheets == {"Vejledning": ("unread", "guidance"), "Aktiviteter": ("used", "")}
