import re

import pytest

from amager_eval.errors import InputError
from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.sentences import fields, load_wording


def test_both_languages_say_everything_with_the_same_fields():
    danish, english = load_wording("da").sentences, load_wording("en").sentences
    assert set(danish) == set(english)
    assert {k: fields(v) for k, v in danish.items()} == {k: fields(v) for k, v in english.items()}


def test_never_no_change_for_a_result_that_is_not_significant():
    for lang, banned in (
        ("da", r"ingen ændring\b(?! mellem)|uændret"),
        ("en", r"\bno change\b(?! b)|unchanged"),
    ):
        sentences = load_wording(lang).sentences
        # two published figures that are the same are unchanged: that is no verdict
        tested = [k for k in sentences if k.startswith("change.") and not k.endswith("_same")]
        for key in tested:
            assert not re.search(banned, sentences[key], re.IGNORECASE), key


def test_listing():
    assert load_wording("da").listing(["a", "b", "c"]) == "a, b og c"
    assert load_wording("en").listing(["a"]) == "a"


def test_unknown_language():
    with pytest.raises(InputError, match="must be da or en; found 'fr'"):
        load_wording("fr")


def test_the_model_s_own_names_are_not_shown():
    crime, words = load_agreement().crime, load_wording("da")
    assert type_label(crime, "remainder", "STRAF11", words) == "Alle øvrige anmeldelser"
    assert type_label(crime, "total", crime.definition, words) == "Borgervendt kriminalitet i alt"
