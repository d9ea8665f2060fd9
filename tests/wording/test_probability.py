import numpy as np
import pytest

from amager_eval.spec.agreement import load_agreement
from amager_eval.wording.about import bound_to
from amager_eval.wording.probability import printed, probability_word, say_probability
from amager_eval.wording.sentences import load_wording

DA = load_wording("da")


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "under 5\u00a0% (meget usandsynligt)"),
        (0.049, "under 5\u00a0% (meget usandsynligt)"),
        (0.05, "5\u00a0% (meget usandsynligt)"),
        (0.052, "godt 5\u00a0% (meget usandsynligt)"),
        (0.07, "godt 5\u00a0% (meget usandsynligt)"),
        (0.08, "knap 10\u00a0% (meget usandsynligt)"),
        (0.1, "10\u00a0% (usandsynligt)"),
        (0.12, "godt 10\u00a0% (usandsynligt)"),
        (0.13, "15\u00a0% (usandsynligt)"),
        (0.329, "35\u00a0% (usikkert; det kan gå begge veje)"),
        (0.334, "35\u00a0% (usikkert; det kan gå begge veje)"),
        (0.655, "65\u00a0% (usikkert; det kan gå begge veje)"),
        (0.662, "65\u00a0% (usikkert; det kan gå begge veje)"),
        (0.68, "70\u00a0% (sandsynligt)"),
        (0.89, "knap 90\u00a0% (sandsynligt)"),
        (0.8995, "90\u00a0% (meget sandsynligt)"),
        (0.9, "90\u00a0% (meget sandsynligt)"),
        (0.91, "godt 90\u00a0% (meget sandsynligt)"),
        (0.93, "knap 95\u00a0% (meget sandsynligt)"),
        (0.9499, "knap 95\u00a0% (meget sandsynligt)"),
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


@pytest.mark.parametrize("limit", [5, 20, 80, 95])
def test_a_verdicts_limit_is_never_printed_for_a_number_on_its_other_side(limit):
    for thousandths in range(1001):
        percentage, side = printed(thousandths / 1000, {limit / 100})
        if percentage != limit:
            continue
        assert (side in {"under", "just_under"}) == (thousandths < 10 * limit)
        assert (side in {"over", "just_over"}) == (thousandths > 10 * limit)


def test_the_limits_are_those_of_the_agreement():
    agreement = load_agreement()
    looser = agreement.verdicts.model_copy(update={"reached_from": 0.8})
    words = bound_to(agreement.model_copy(update={"verdicts": looser}), DA)
    assert say_probability(0.79, words) == "knap 80\u00a0%"
    assert say_probability(0.79, bound_to(agreement, DA)) == "80\u00a0%"


def test_the_number_is_the_nearest_five_percent_everywhere():
    for thousandths in range(1001):
        percentage, side = printed(thousandths / 1000)
        assert percentage % 5 == 0
        assert side in {"under", "over"} or abs(10 * percentage - thousandths) <= 25


def test_running_text_says_that_a_number_is_about_that():
    assert say_probability(0.41, DA, about=True) == "ca.\u00a040\u00a0%"
    assert say_probability(0.97, DA, about=True) == "over 95\u00a0%"
