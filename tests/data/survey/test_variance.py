"""Against R's survey package 4.1-1; the microdata are synthetic."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.survey.variance import domain_share, stratified_covariance

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def sample():
    return pd.read_csv(REFERENCE / "03_survey_microdata.csv")


@pytest.fixture(scope="module")
def cases():
    text = (REFERENCE / "03_survey_design.json").read_text(encoding="utf-8")
    return json.loads(text)["cases"]


@pytest.mark.parametrize(("question", "key"), [("safe_day", "day"), ("safe_night", "night")])
def test_district_shares_and_standard_errors(sample, cases, question, key):
    gave = (sample[question] == 1).to_numpy()
    table = cases["svyby_table"][key]
    for district, p, se in zip(table["district"], table["p"], table["se"], strict=True):
        domain = (sample["district"] == district).to_numpy()
        found = domain_share(gave, sample["w"].to_numpy(), sample["district"].to_numpy(), domain)
        assert found.share == pytest.approx(p, abs=1e-8)
        assert found.standard_error == pytest.approx(se, abs=1e-8)


@pytest.mark.parametrize("design", ["part_whole_stratified", "part_whole_unstratified"])
def test_the_whole_and_a_part(sample, cases, design):
    stratified = design == "part_whole_stratified"
    strata = sample["district"].to_numpy() if stratified else np.zeros(len(sample), dtype=int)
    weight = sample["w"].to_numpy()
    assert len(cases[design]) > 1
    for case in cases[design]:
        gave = (sample[case["outcome"]] == 1).to_numpy()
        whole = domain_share(gave, weight, strata)
        assert whole.share == pytest.approx(case["whole"], abs=1e-8)
        assert whole.standard_error == pytest.approx(case["se_whole"], abs=1e-8)
        domain = (sample["district"] == case["district"]).to_numpy()
        part = domain_share(gave, weight, strata, domain)
        assert part.standard_error == pytest.approx(case["se_part"], abs=1e-8)
        assert part.n == case["n"]


def test_degrees_of_freedom_as_in_r(sample, cases):
    case = cases["svyciprop"][0]
    domain = (sample["district"] == case["district"]).to_numpy()
    gave = (sample["safe_day"] == 1).to_numpy()
    weight, strata = sample["w"].to_numpy(), sample["district"].to_numpy()
    assert domain_share(gave, weight, strata, domain).degrees_of_freedom == case["df"]


def test_equal_weights_and_no_strata_are_the_binomial():
    gave = np.arange(200) < 150
    found = domain_share(gave, np.full(200, 3.0), np.zeros(200, dtype=int))
    assert found.standard_error == pytest.approx(np.sqrt(0.75 * 0.25 / 199))
    assert found.deff == pytest.approx(200 / 199)


def test_a_share_of_all_takes_kishs_design_effect():
    weight = np.array([1.0, 1, 2, 4])
    found = domain_share(np.ones(4, dtype=bool), weight, np.zeros(4, dtype=int))
    assert (found.share, found.standard_error) == (1.0, 0.0)
    assert found.deff == pytest.approx(4 * 22 / 64)


def test_a_lonely_respondent_has_no_variance():
    influence, strata = np.array([0.1, -0.2, 0.3]), np.array([0, 0, 1])
    assert np.isnan(stratified_covariance(influence[:, None], strata)).all()
    # outside the domain it contributes nothing and does no harm
    assert stratified_covariance(np.array([[0.1], [-0.2], [0.0]]), strata)[0, 0] == pytest.approx(
        0.09
    )
