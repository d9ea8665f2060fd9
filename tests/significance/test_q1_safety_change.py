"""The analysis of question 1, run on the bundled figures."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "analyses" / "q1_safety_change.py"


@pytest.fixture(scope="module")
def text():
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return out.getvalue().replace("\u00a0", " ")


def test_the_stated_fall_cannot_be_checked_and_what_it_needs(text):
    assert text.count("Der er ikke fundet et offentliggjort tal") == 2
    # 84 % with 300 respondents: as earlier_percent_needed says
    assert "fra 92 % eller mere i 2014" in text
    assert "hvis andelen var under 89 %" in text


def test_the_municipality_s_verdicts(text):
    assert text.count(": genskabt.") == 3
    assert "Det kan ikke påvises, at denne udvikling er statistisk signifikant" in text
    assert "følger ikke af de afrundede tal alene, men modsiges ikke" in text


def test_area_and_estates(text):
    assert "Amager Øst i nabolaget 2024: 84 % mod Københavns 88 %" in text
    assert "70 % mod Københavns 80 %. Forskel fra resten af byen: signifikant" in text
    assert "mindst 123 svar hvert sted, og ikke, hvis der er færre end 60" in text
