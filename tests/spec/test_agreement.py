"""The agreement document: what it holds, and that a wrong one is refused with its place."""

import re

import pytest

from amager_eval.errors import SpecError
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder
from amager_eval.wording.faults import said_in

SOURCE = models_folder() / "agreements" / "amager_2025_2028.toml"


@pytest.fixture
def variant(tmp_path):
    """Write the agreement with one piece of text replaced."""

    def write(old: str, new: str):
        text = SOURCE.read_text(encoding="utf-8")
        assert text.count(old) >= 1
        path = tmp_path / "variant.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def line_of(path, needle: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if needle in line)


def test_what_the_agreement_promises():
    agreement = load_agreement("amager_2025_2028")
    assert agreement.period.start.isoformat() == "2025-01-01"
    assert agreement.period.end.isoformat() == "2028-12-31"
    assert agreement.funding.activities_dkk_per_year == 1_900_000
    assert agreement.funding.project_management_dkk_per_year == 340_000
    assert len(agreement.focus_areas) == 4
    assert len(agreement.crime.case_areas) == 9
    assert len(agreement.areas.parts) == 13
    roles = [t.role for t in agreement.crime.type]
    assert (roles.count("selected"), roles.count("monitored")) == (3, 4)
    assert next(g for g in agreement.goal if g.kind == "partners").threshold == 0.75
    assert len(agreement.digest) == 64


def test_every_goal_has_one_primary_reading():
    for goal in load_agreement().goal:
        assert sum(r.primary for r in goal.reading) == 1


def test_a_file_is_loaded_by_its_path(variant):
    own = load_agreement(variant(f'version = "{load_agreement().version}"', 'version = "own"'))
    assert own.version == "own"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(SpecError, match=r"no agreement 'amager_1999'\. Known are amager_2025_2028"):
        load_agreement("amager_1999")


@pytest.mark.parametrize(
    ("old", "new", "needle", "says"),
    [
        ("reached_from = 0.95", "reached_from = 1.95", "reached_from", "less than or equal to 1"),
        ("baseline_wave = 2024", "base_wave = 2024", "base_wave", "not permitted"),
        ("activities_dkk_per_year", "activities_kr", "activities_kr", "not permitted"),
        ("threshold = 0.75", "threshold = 75", "threshold = 75", "less than or equal to 1"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_file_line_and_key(variant, old, new, needle, says):
    path = variant(old, new)
    with pytest.raises(SpecError) as caught:
        load_agreement(path)
    message = str(caught.value)
    assert f"variant.toml, line {line_of(path, needle)}, key" in message
    assert says in message


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('indicators = ["Amager Øst"', 'indicators = ["Amager Ost"', "areas.indicators",
         "Amager Ost is not known here"),
        ('districts = ["Amager Vest", "Amager Øst"]', 'districts = ["Amager V"]',
         "areas.version.0.districts", "Amager V is not known here"),
        ('    "Valby",', '    "Vanløse",', "areas.parts", "stands twice: Vanløse"),
        ('crime_types = ["total"]', 'crime_types = ["alt"]', "goal.2.crime_types",
         "alt is not known here"),
        ('area = "Amager Øst"\nresp', 'area = "Amager"\nresp', "claim.0.area",
         "Amager is not known here"),
        ("evaluated = true", "evaluated = false", "areas.version",
         "exactly one version must be evaluated"),
        ("end = 2028-12-31", "end = 2024-12-31", "period.end",
         "ends (2024-12-31) before it starts"),
        ("not_reached_to = 0.05", "not_reached_to = 0.5", "verdicts.not_reached_to",
         "less than 0.5"),
        ("reached_from = 0.95", "reached_from = 0.40", "verdicts.reached_from",
         "greater than 0.5"),
        ("threshold = 0.75", "threshold = 0", "goal.4.threshold", "greater than 0"),
        ('response = "safe"', 'response = "neither"', "goal.0.reading.0.response",
         "'safe', 'unsafe'"),
        ('id = "above_baseline"\nresponse', 'id = "rises_every_year"\nresponse',
         "goal.0.reading.2.id", "stands twice in the goal"),
        ('whole = "København"', 'whole = "Valby"', "areas.whole", "also one of its parts"),
        ('names = ["Amager Partnerskab"]', 'names = ["Amager Partnerskab (2025)"]',
         "areas.version.2.names", "version 2025 has the name Amager Partnerskab (2025) too"),
        ("until_wave = 2024", "until_wave = 2026", "areas.version.1.from_wave",
         "version 2025 has waves of this one"),
        ("until_wave = 2024", "until_wave = 2019", "areas.version.1.until_wave",
         "ends before it begins"),
        ("target_year = 2028", "target_year = 2024", "crime.target_year", "after the baseline"),
        ("guard_years = [2022, 2023, 2024]", "guard_years = [2030, 2031]", "crime.guard_years",
         "up to the baseline year (2024)"),
        ("alternative_target_wave = 2029", "alternative_target_wave = 2019",
         "safety.alternative_target_wave", "after the baseline (2024)"),
        ("before = 2014", "before = 2030", "claim.0.after", "later wave than before (2030)"),
        ('[[theory]]\nfocus_area = "Job og fritid"', '[[theory]]\nfocus_area = "Aktive byrum"',
         "theory.3.focus_area", "stands twice: Aktive byrum"),
        ("default_deff = 1.3", "default_deff = 1.4", "verdicts.default_deff", "one of deffs"),
        ("margin = 1.05 ", "margin = 0.05 ", "crime.margin", "greater than 1"),
        ("margin = 1.05 ", "margin = 5 ", "crime.margin", "less than or equal to 2"),
        ("threshold = 5 ", "threshold = 0 ", "disclosure.threshold", "greater than or equal to 1"),
        ("status_month = 5", "status_month = 13", "plan.status_month", "less than or equal to 12"),
        ("target_wave = 2028", "target_wave = 2024", "safety.target_wave", "after the baseline"),
        ('id = "hold_rate"\nprimary', 'id = "reaches_whole"\nprimary', "goal.2.reading.0.id",
         "no reading of a crime goal"),
        ('indicators = ["crime.total"', 'indicators = ["crime.alt"',
         "theory.0.expects.1.indicators",
         "alt is not known here"),
        ('focus_area = "Aktive byrum"', 'focus_area = "Byrum"', "theory.1.focus_area",
         "Byrum is not known here"),
        ('settings = ["night"]\nlabel_da = "Afst', 'settings = ["nat"]\nlabel_da = "Afst',
         "goal.1.reading.1.settings", "nat is not known here"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_with_file_line_and_key(variant, old, new, key, says):
    path = variant(old, new)
    with pytest.raises(SpecError) as caught:
        load_agreement(path)
    message = str(caught.value)
    assert says in message
    name = key.rsplit(".", 1)[-1]
    found = re.search(rf"variant\.toml, line (\d+), key {re.escape(key)}: ", message)
    assert found, message
    line = path.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]
    assert re.match(rf"\s*(\[\[.*\b)?{name}\b", line), line
    (fault,) = caught.value.problems
    if fault.key == "document_contradiction":  # said whole in Danish too
        words = dict(fault.words)
        assert words["says"].said_in("da") in said_in(fault, "da").message
        assert words["says"].said_in("da") != words["says"].said_in("en")


def test_a_goal_without_a_primary_reading_is_refused(variant):
    with pytest.raises(SpecError, match="exactly one reading must be primary"):
        load_agreement(variant("primary = true\nresponse", "response"))


def test_a_fault_in_the_second_of_two_alike_tables_is_found_there(tmp_path):
    text = (models_folder() / "agreements" / "template.toml").read_text(encoding="utf-8")
    second = text.index('id = "reaches_whole"')
    path = tmp_path / "own.toml"
    path.write_text(
        text[:second] + text[second:].replace('response = "unsafe"', 'response = "afraid"', 1),
        encoding="utf-8",
    )
    with pytest.raises(SpecError, match=r"key goal\.0\.reading\.1\.response") as caught:
        load_agreement(path)
    assert f"line {line_of(path, 'afraid')}," in str(caught.value)


@pytest.mark.parametrize("name", ["tingbjerg_husum", "folehaven"])
def test_the_other_partnerships_promise_fewer_unsafe_and_state_no_more_than_is_published(name):
    agreement = load_agreement(name)
    (goal,) = agreement.goal
    assert {r.response for r in goal.reading} == {"unsafe"}
    assert goal.primary.id == "shortfall_smaller"
    assert "nærme sig københavnerniveau" in goal.literal
    assert agreement.safety.target_wave == {"tingbjerg_husum": 2024, "folehaven": 2025}[name]
    assert agreement.funding is None
    assert agreement.crime.type == ()
    assert len(agreement.left_out) == 3


def test_the_template_explains_every_key_and_uses_no_danish_letter():
    path = models_folder() / "agreements" / "template.toml"
    text = path.read_text(encoding="utf-8")
    assert not set(text) & set("æøåÆØÅ")
    agreement = load_agreement("template")
    sections = {line for line in text.splitlines() if line.startswith("[")}
    names = {s.strip("[]").split(" ")[0].strip("[]") for s in sections}
    fields = set(type(agreement).model_fields)
    written = fields & ({n.split(".")[0] for n in names} | set(re.findall(r"^(\w+) =", text, re.M)))
    assert written == fields
    assert agreement.safety.settings == ("neighbourhood", "night")


def test_one_language_stands_in_for_the_other():
    goal = load_agreement("template").goal[0]
    assert goal.title("da") == goal.title("en") == goal.title_en
    assert goal.reading[0].label("da") == goal.reading[0].label_en


def test_a_target_that_means_one_wave_needs_no_alternative(variant):
    line = (
        'alternative_target_wave = 2029 # "i 2028" read as the wave whose fieldwork begins in 2028'
    )
    safety = load_agreement(variant(line, "")).safety
    assert safety.alternative_target_wave == safety.target_wave == 2028


def test_without_a_crime_section_nothing_about_crime_is_promised():
    crime = load_agreement("folehaven").crime
    assert (crime.baseline_year, crime.target_year, crime.type) == (2020, 2025, ())


def test_the_claim_and_the_threshold_stand_in_the_document():
    agreement = load_agreement()
    (claim,) = agreement.claim
    assert (claim.area, claim.before, claim.after) == ("Amager Øst", 2014, 2024)
    assert agreement.disclosure.threshold == 5


def test_text_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("a = = 1", encoding="utf-8")
    with pytest.raises(SpecError, match=r"broken\.toml, line 1: the line is not valid TOML"):
        load_agreement(path)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path):
    text = SOURCE.read_text(encoding="utf-8")
    path = tmp_path / "latin.toml"
    path.write_bytes(text.encode("latin-1", errors="replace"))
    first = next(i for i, line in enumerate(text.splitlines(), 1) if not line.isascii())
    with pytest.raises(SpecError, match=rf"latin\.toml, line {first}: .* Save the file as UTF-8"):
        load_agreement(path)


def test_versions_whose_waves_are_not_known_may_stand_beside_each_other(variant):
    assert len(load_agreement(variant("until_wave = 2024\n", "")).areas.version) == 3
