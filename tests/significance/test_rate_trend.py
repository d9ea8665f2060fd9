import json
from pathlib import Path

import numpy as np
import pytest

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
ORACLE = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]["glm_trend"]
INPUT = ORACLE["input"]
ARGS = (INPUT["y"], INPUT["pop"], INPUT["year"])


@pytest.mark.parametrize(
    ("family", "key", "tolerance"),
    [
        ("poisson", "poisson", 1e-8),
        ("quasi-poisson", "quasi", 1e-8),
        ("negative-binomial", "negbin", 1e-4),
    ],
)
def test_agrees_with_r(family, key, tolerance):
    expected = ORACLE[key]
    t = sg.rate_trend(*ARGS, family=family)
    assert [t.log_rate_at_end, t.estimate] == pytest.approx(expected["coef"], abs=tolerance)
    assert [t.log_rate_se, t.se] == pytest.approx(expected["se"], abs=tolerance)
    assert t.p_value == pytest.approx(expected["p"][1], rel=max(tolerance, 1e-6))
    assert t.dispersion == pytest.approx(ORACLE["quasi"]["dispersion"], abs=1e-8)
    assert t.dispersion_p_value == pytest.approx(ORACLE["p_overdispersion_chi2"], rel=1e-6)
    assert t.df == ORACLE["df"]
    assert t.dispersion * t.df == pytest.approx(ORACLE["pearson_chi2"], abs=1e-7)
    if family == "negative-binomial":
        assert 1 / t.alpha == pytest.approx(expected["theta"], rel=1e-4)
    if family == "poisson":
        # R evaluates the rate of 2024 and the yearly change from the same line
        assert 100 * np.expm1(t.estimate) == pytest.approx(
            ORACLE["annual_pct_change_poisson"], abs=1e-7
        )


@pytest.mark.parametrize(
    ("family", "key", "tolerance"),
    [("poisson", "poisson_covid", 1e-8), ("negative-binomial", "negbin_covid", 1e-4)],
)
def test_covid_covariate_agrees_with_r(family, key, tolerance):
    t = sg.rate_trend(*ARGS, covariate=INPUT["covid"], family=family)
    expected = ORACLE[key]
    got = [t.log_rate_at_end, t.estimate, t.covariate]
    assert got == pytest.approx(expected["coef"], abs=tolerance)
    assert t.se == pytest.approx(expected["se"][1], abs=tolerance)


def test_observed_rate_of_the_last_year():
    assert sg.rate(INPUT["y"][-1], INPUT["pop"][-1]).estimate == pytest.approx(
        ORACLE["rate_2024"], abs=1e-8
    )


def test_missing_and_impossible():
    assert np.isnan(sg.rate_trend([1, np.nan, 3], [9, 9, 9], [1, 2, 3]).estimate)
    with pytest.raises(InputError, match="too few years"):
        sg.rate_trend([1, 2], [9, 9], [1, 2])
    with pytest.raises(InputError, match="exposures"):
        sg.rate_trend([1, 2, 3], [9, 0, 9], [1, 2, 3])
