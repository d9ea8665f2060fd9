"""What a large fit costs is said before anything is compiled, and of a small one nothing is."""

import logging
import os

import pandas as pd
import pytest

from amager_eval import cli
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime import cost as costs
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.wording.sentences import load_wording

SPEC = load_model_spec("crime_trend")


def panel(areas, types=2, years=range(2014, 2026)):
    rows = [(f"a{a}", y, f"t{k}", 30 + (a + k + y) % 9, 5000)
            for a in range(areas) for k in range(types) for y in years]  # fmt: skip
    return pd.DataFrame(rows, columns=["area", "period", "crime_type", "count", "population"])


@pytest.fixture
def slow_machine(monkeypatch):
    """One on which this test's panel takes long."""
    monkeypatch.setattr(costs, "PER_CELL", 500.0)


def cost_of(areas, **how):
    asked = {"draws": 1500, "tune": 800, "chains": 4} | how
    return costs.crime_cost(crime_design(panel(areas), SPEC), **asked)


def test_an_estimate_grows_with_areas_draws_and_chains():
    few, many = cost_of(300), cost_of(600)
    assert (many.areas, many.types, many.periods) == (600, 2, 12)
    compiling = costs.COMPILE / 60
    assert (many.minutes - compiling) / (few.minutes - compiling) == pytest.approx(2)
    assert many.gigabytes - costs.BASE == pytest.approx(2 * (few.gigabytes - costs.BASE))
    assert cost_of(300, draws=3000).gigabytes > few.gigabytes
    assert cost_of(300, chains=8).minutes > few.minutes
    assert cost_of(300, at_once=1).gigabytes < few.gigabytes
    assert few.cores == min(4, os.cpu_count() or 1)


def test_it_is_said_before_the_model_is_compiled(random_draws, slow_machine, caplog, monkeypatch):
    compiled_then = []
    monkeypatch.setattr(
        logging.getLogger(costs.LOGGER), "info",
        lambda *_, **__: compiled_then.append(len(random_draws)),
    )  # fmt: skip
    fit_crime(panel(8), draws=10)
    assert compiled_then == [0]


def test_a_researcher_reads_it_on_standard_error(random_draws, slow_machine, capsys, monkeypatch):
    logger = logging.getLogger(costs.LOGGER)
    monkeypatch.setattr(logger, "hasHandlers", lambda: bool(logger.handlers))  # nobody configured
    fit_crime(panel(8), draws=10)
    logger.handlers.clear()
    said = capsys.readouterr().err
    assert "8 areas, 2 types and 12 periods" in said
    assert "minutes on" in said


def test_of_a_small_fit_nothing_is_said(random_draws, capsys):
    fit_crime(panel(2), draws=10)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("lang", "said"), [("da", "8 områder, 2 typer"), ("en", "8 areas, 2 t")])
def test_the_command_says_it_in_the_reader_s_language(
    random_draws, slow_machine, capsys, lang, said
):
    with cli._progress(lang, ("crime_trend",)):
        fit_crime(panel(8), draws=10)
    told = capsys.readouterr().err
    assert said in told
    assert told.count("GB") == 1
    logger = logging.getLogger(costs.LOGGER)
    assert logger.propagate
    assert not logger.handlers
    assert load_wording(lang).say("progress.cost", areas=1, types=1, periods=1, minutes=1,
                                  cores=1, gigabytes="1")  # fmt: skip
