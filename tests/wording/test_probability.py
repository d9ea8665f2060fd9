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
        (0.655, "65\u00a0% (omtrent lige så sandsynligt som ikke)"),
        (0.66, "70\u00a0% (sandsynligt)"),  # 65 would lie on the other side of the word's limit
        (0.68, "70\u00a0% (sandsynligt)"),
        (0.07, "under 10\u00a0% (meget usandsynligt)"),
        (0.1, "10\u00a0% (usandsynligt)"),
        (0.329, "30\u00a0% (usandsynligt)"),
        (0.89, "85\u00a0% (sandsynligt)"),
        (0.9, "90\u00a0% (meget sandsynligt)"),
        (0.949, "over 90\u00a0% (meget sandsynligt)"),
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


@pytest.mark.parametrize("limit", [5, 10, 33, 66, 90, 95])
def test_rounding_never_crosses_a_limit(limit):
    """What is printed is never on the other side of a word's or a verdict's limit."""
    for thousandths in range(1001):
        probability = thousandths / 1000
        percentage, bound = printed(probability)
        if 10 * limit > thousandths:
            assert percentage < limit or (percentage, bound) == (limit, "under")
        if 10 * limit < thousandths:
            assert percentage >= limit
            assert (percentage, bound) != (limit, "under")


def test_rounding_is_to_the_nearest_five_where_no_limit_is_near():
    for thousandths in range(0, 1001, 10):
        percentage, bound = printed(thousandths / 1000)
        assert bound or abs(10 * percentage - thousandths) <= 40
        assert percentage % 5 == 0


def test_running_text_says_that_a_number_is_about_that():
    assert say_probability(0.41, DA, about=True) == "ca.\u00a040\u00a0%"
    assert say_probability(0.97, DA, about=True) == "over 95\u00a0%"
