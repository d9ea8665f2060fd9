"""What an officer writes for a name of the agreement, and what is another name."""

import pytest

from amager_eval.data.names.agreed import names_of
from amager_eval.errors import SpecError
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder

NAMES = names_of(load_agreement())
AREA = "Amager Partnerskab (2025)"


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("area", "amager partnerskab 2025", AREA),
        ("area", "  AMAGER  ØST ", "Amager Øst"),
        ("area", "Københavns Kommune", "København"),
        ("area", "Partnerskabsområdet", AREA),
        ("crime_type", "I alt", "total"),
        ("crime_type", "Borgervendt kriminalitet i alt", "total"),
        ("crime_type", "Tyveri og røveri", "tyveri/røveri"),
        ("crime_type", "VOLD / VÅBEN", "vold/våben"),
        ("definition", "Borgervendt kriminalitet", "borgervendt"),
        ("focus_area", "dialog kommunikation & omdømme", "Dialog, kommunikation og omdømme"),
        ("partner", "Boligforeningen fsb", "FSB"),
        ("partner", "BIF", "Beskæftigelses- og Integrationsforvaltningen"),
        ("area", "Nord", None),
        ("crime_type", "Cykeltyveri", None),
    ],
)
def test_a_name_is_known_by_its_spelling_and_its_synonyms(kind, text, name):
    assert NAMES.find(kind, text) == name


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("area", "Amager Partnerskabet (2025)", AREA),
        ("area", "Amager Ost", "Amager Øst"),
        ("crime_type", "Indbrud i beboelse", "indbrud"),
        ("crime_type", "Vold", "vold/våben"),
        ("focus_area", "Fællesskaber", "Positive fællesskaber"),
        ("definition", "borgervent", "borgervendt"),
        ("partner", "SSP Købehavn", "SSP København"),
        # a year makes another area, and another word another type
        ("area", "Amager Partnerskab (2024)", None),
        ("area", "Nørrebro", None),
        ("crime_type", "Tyveri fra køretøjer", None),
        ("definition", "straffelov", None),
    ],
)
def test_a_near_miss_is_proposed_and_another_name_is_not(kind, text, name):
    assert NAMES.find(kind, text) is None
    assert NAMES.near(kind, text) == name


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ('[synonyms.area]\n"Sydhavnen" = ["Syd"]', "Sydhavnen is not known here"),
        (
            '[synonyms.partner]\n"3B" = ["KAB"]\n"VIBO" = ["kab."]',
            "'kab.' stands for 3B too",
        ),
    ],
)
def test_a_synonym_of_nothing_or_of_two_names_is_refused(tmp_path, added, says):
    text = (models_folder() / "agreements" / "folehaven.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(f"{text}\n{added}\n", encoding="utf-8")
    with pytest.raises(SpecError, match=says):
        load_agreement(path)
