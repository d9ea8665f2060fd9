import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr
from scipy.stats import chi2_contingency

from amager_eval import significance as sg
from amager_eval.errors import InputError

REFERENCE = Path(__file__).parents[1] / "reference"
PEOPLE = pd.read_csv(REFERENCE / "03_survey_microdata.csv")  # synthetic
CASES = json.loads((REFERENCE / "03_survey_design.json").read_text())["cases"]
#: District populations the post-stratified cases were made with: the integers of this pattern
#: are the only ones near the weighted sizes that give both published wholes to 1e-9.
POPULATION = dict(zip(range(1, 14), [31, 45, *range(15, 37, 2)], strict=True))
DESIGNS = {
    "part_whole_stratified": {"strata": PEOPLE["district"]},
    "part_whole_unstratified": {},
    "poststratified_part_whole": {
        "post_strata": PEOPLE["district"],
        "population": {k: 2000 * v for k, v in POPULATION.items()},
    },
}


@pytest.mark.parametrize(
    ("design", "case"), [(design, case) for design in DESIGNS for case in CASES[design]]
)
def test_part_against_whole_agrees_with_survey(design, case):
    args = (PEOPLE[case["outcome"]], PEOPLE["w"])
    inside = PEOPLE["district"] == case["district"]
    c = sg.weighted_part_versus_whole(*args, inside, **DESIGNS[design])
    d = c.difference
    got = {
        "part": c.share1,
        "se_part": c.se1,
        "whole": c.share2,
        "se_whole": c.se2,
        "weight_share_W": c.weight,
        "part_minus_whole": d.estimate,
        "se_part_minus_whole_taylor": d.se,
        "cov_part_whole_taylor": c.covariance,
        "z": d.z,
        "p": d.p_value,
    }
    for name, value in got.items():
        assert value == pytest.approx(case[name], abs=1e-8), name
    assert [d.low, d.high] == pytest.approx(case["ci95"], abs=1e-8)
    rest = sg.weighted_difference(*args, inside, ~inside, **DESIGNS[design])
    assert [rest.share2, rest.se2] == pytest.approx([case["rest"], case["se_rest"]], abs=1e-8)
    assert [rest.difference.estimate, rest.difference.se] == pytest.approx(
        [case["part_minus_rest"], case["se_part_minus_rest"]], abs=1e-8
    )
    shortened = (1 - c.weight) * rest.difference.se
    assert shortened == pytest.approx(case["se_one_minus_W_times_part_minus_rest"], abs=1e-8)
    # the identity behind part_versus_whole, exact when W is known
    assert d.estimate == pytest.approx((1 - c.weight) * rest.difference.estimate, abs=1e-12)
    if "population" in DESIGNS[design]:
        assert d.se == pytest.approx(shortened, abs=1e-12)


@pytest.mark.parametrize(
    ("key", "strata"),
    [
        ("svyby_contrast_1_minus_2", PEOPLE["district"]),
        ("svyby_contrast_1_minus_2_unstratified", None),
    ],
)
def test_two_districts_agree_with_survey(key, strata):
    district = PEOPLE["district"]
    c = sg.weighted_difference(
        PEOPLE["safe_night"], PEOPLE["w"], district == 1, district == 2, strata=strata
    )
    assert c.difference.estimate == pytest.approx(CASES[key]["est"], abs=1e-8)
    assert c.difference.se == pytest.approx(CASES[key]["se"][0][0], abs=1e-8)


def test_logit_scale_agrees_with_svyglm():
    district = PEOPLE["district"]
    c = sg.weighted_difference(
        PEOPLE["safe_day"],
        PEOPLE["w"],
        district == 1,
        district != 1,
        strata=district,
        scale="logit",
    )
    expected = CASES["svyglm_logit_district1"]
    d = c.difference
    assert [d.estimate, d.se, d.z] == pytest.approx(
        [expected["coef"][1], expected["se"][1], expected["t"][1]], abs=1e-8
    )
    assert 2 * stdtr(3570 - 13 - 1, -abs(d.z)) == pytest.approx(expected["p"][1], abs=1e-8)
    assert d.unit == "log odds ratio"


def test_published_formula_is_close_to_the_microdata():
    case = CASES["part_whole_stratified"][0]
    c = sg.weighted_part_versus_whole(
        PEOPLE["safe_day"], PEOPLE["w"], PEOPLE["district"] == 1, strata=PEOPLE["district"]
    )
    n = len(PEOPLE)
    by_figures = sg.part_versus_whole(
        c.share1, case["n"], c.share2, n, weight=c.weight, deff=case["deff_part"]
    )
    assert by_figures.se == pytest.approx(c.difference.se, rel=0.02)


def test_swapping_groups_and_answers():
    district = PEOPLE["district"]
    args = (PEOPLE["safe_day"], PEOPLE["w"])
    one = sg.weighted_difference(*args, district == 1, district == 2, strata=district)
    two = sg.weighted_difference(*args, district == 2, district == 1, strata=district)
    other = sg.weighted_difference(
        1 - args[0], args[1], district == 1, district == 2, strata=district
    )
    assert two.difference.estimate == -one.difference.estimate
    assert other.difference.estimate == pytest.approx(-one.difference.estimate, abs=1e-12)
    assert other.difference.se == pytest.approx(one.difference.se, abs=1e-12)
    assert one.covariance == pytest.approx(0, abs=1e-15)
    assert one.to_frame().shape[0] == 1


def test_impossible_input():
    with pytest.raises(InputError, match="group2 must be true or false"):
        sg.weighted_difference([1, 0], [1, 1], np.array([True, False]), [0, 1])
    with pytest.raises(InputError, match="part holds no respondent"):
        sg.weighted_part_versus_whole([1, np.nan], [1, 1], np.array([False, True]))


ORACLE = json.loads((REFERENCE / "03_survey_design.json").read_text())["cases"][
    "svychisq_raoscott_F"
]


def test_agrees_with_survey():
    t = sg.rao_scott_test(
        PEOPLE["safe_day"],
        PEOPLE["district"] == 1,
        PEOPLE["w"],
        strata=PEOPLE["district"],
    )
    expected = [ORACLE["F"], ORACLE["ndf"], ORACLE["ddf"], ORACLE["p"]]
    assert [t.f, t.df1, t.df2, t.p_value] == pytest.approx(expected, abs=1e-8)


def test_equal_weights_are_nearly_pearson():
    district = PEOPLE["district"].clip(upper=4)
    t = sg.rao_scott_test(PEOPLE["safe_day"], district, np.ones(len(PEOPLE)))
    table = pd.crosstab(PEOPLE["safe_day"], district)
    pearson = chi2_contingency(table, correction=False)
    assert t.chi_square == pytest.approx(pearson.statistic, abs=1e-9)
    assert t.p_value == pytest.approx(pearson.pvalue, rel=0.15)


def test_tables_that_cannot_be_tested():
    with pytest.raises(InputError, match="two or more answers and groups"):
        sg.rao_scott_test([1, 1], ["a", "b"], [1, 1])
    with pytest.raises(InputError, match="every respondent"):
        sg.rao_scott_test([1, np.nan], ["a", "b"], [1, 1])
