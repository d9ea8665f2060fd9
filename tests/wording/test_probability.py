import numpy as np
import pytest

from amager_eval.wording.probability import printed, probability_word, say_probability
from amager_eval.wording.sentences import load_wording

DA = load_wording("da")


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "under 5\u00a0% (meget usandsynligt)"),
        (0.049, "under 5\u00a0% (meget usandsynligt)"),
        (0.05, "5\u00a0% (meget usandsynligt)"),
        (0.12, "10\u00a0% (usandsynligt)"),
        (0.334, "35\u00a0% (omtrent lige så sandsynligt som ikke)"),
        (0.66, "65\u00a0% (omtrent lige så sandsynligt som ikke)"),
        (0.68, "70\u00a0% (sandsynligt)"),
        (0.95, "95\u00a0% (meget sandsynligt)"),
        (0.951, "over 95\u00a0% (meget sandsynligt)"),
    ],
)
def test_number_and_word(probability, text):
    assert say_probability(probability, DA, word=True) == text


def test_the_word_follows_the_printed_number():
    words = {}
    for probability in np.linspace(0, 1, 401):
        words.setdefault(printed(probability), set()).add(probability_word(probability, DA))
    assert all(len(found) == 1 for found in words.values())


def test_what_is_no_probability():
    with pytest.raises(ValueError, match=r"found 1\.2"):
        printed(1.2)
    assert say_probability(None, DA) == "–"
