"""The agreement document: what it holds, and that a wrong one is refused with its place."""

import re

import pytest

from amager_eval.errors import SpecError
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder

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
    assert load_agreement(variant('version = "1"', 'version = "9"')).version == "9"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(SpecError, match="no agreement 'amager_1999'; known are amager_2025_2028"):
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
    ("old", "new", "says"),
    [
        ('indicators = ["Amager Øst"', 'indicators = ["Amager Ost"', "unknown area Amager Ost"),
        ('crime_types = ["total"]', 'crime_types = ["alt"]', "unknown crime type alt"),
        ("primary = true\nresponse", "response", "exactly one reading must be primary"),
        ("evaluated = true", "evaluated = false", "exactly one version must be evaluated"),
        ("end = 2028-12-31", "end = 2024-12-31", "ends (2024-12-31) before it starts"),
        ("not_reached_to = 0.05", "not_reached_to = 0.99", "must lie below"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(variant, old, new, says):
    with pytest.raises(SpecError, match=re.escape(says)):
        load_agreement(variant(old, new))


def test_text_that_is_not_toml_is_refused(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("a = = 1", encoding="utf-8")
    with pytest.raises(SpecError, match=r"broken\.toml is not valid TOML.*line 1"):
        load_agreement(path)
