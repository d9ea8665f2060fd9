import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import svy
from hypothesis import given
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError
from amager_eval.indicators.weighted import sample_of


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=50))
def test_kish_is_one_plus_the_squared_variation(weights):
    w = np.array(weights)
    assert sg.kish_design_effect(w) == pytest.approx(1 + w.var() / w.mean() ** 2)
    assert sg.kish_design_effect(w) >= 1 - 1e-12


def test_no_weights_have_no_design_effect():
    with pytest.raises(InputError, match="weights is empty"):
        sg.kish_design_effect([])


def test_covariance_by_resampling():
    """Linearised covariance against the spread over repeated stratified samples."""
    rng = np.random.default_rng(2)
    estimates, linearised = [], []
    strata = np.repeat([0, 1], [150, 250])
    for _ in range(1500):
        y = rng.binomial(1, np.where(strata == 0, 0.6, 0.85)).astype(float)
        w = rng.uniform(0.5, 2, 400) * np.where(strata == 0, 1, 3)
        sample = sample_of(y, w, strata)
        part, u = sample.mean(strata == 0)
        whole, v = sample.mean(np.ones(400, dtype=bool))
        estimates.append((part, whole))
        linearised.append(sample.covariance(u, v))
    observed = np.cov(np.array(estimates).T)
    assert np.mean(linearised, axis=0) == pytest.approx(observed, rel=0.15)


REFERENCE = Path(__file__).parents[1] / "reference"
PEOPLE = pd.read_csv(REFERENCE / "03_survey_microdata.csv")  # synthetic
CASES = json.loads((REFERENCE / "03_survey_design.json").read_text())["cases"]


def estimate(outcome, district, **kwargs):
    return sg.weighted_share(
        PEOPLE[outcome],
        PEOPLE["w"],
        domain=None if district is None else PEOPLE["district"] == district,
        strata=PEOPLE["district"],
        **kwargs,
    )


@pytest.mark.parametrize("case", CASES["svyciprop"])
@pytest.mark.parametrize(
    ("method", "key"),
    [("logit", "logit"), ("logit", "xlogit"), ("asin", "asin"), ("beta", "beta"), ("mean", "mean")],
)
def test_intervals_agree_with_survey(case, method, key):
    s = estimate(case["outcome"], case["district"], method=method)
    assert [s.estimate, s.se] == pytest.approx([case[key]["est"], case[key]["se"]], abs=1e-8)
    assert [s.low, s.high] == pytest.approx(case[key]["ci"], abs=1e-8)
    assert s.df == case["df"]
    normal = estimate(case["outcome"], case["district"], df=np.inf)
    assert [normal.low, normal.high] == pytest.approx(case["logit_dfInf"], abs=1e-8)
    beta = estimate(case["outcome"], case["district"], df=np.inf, method="beta")
    assert [beta.low, beta.high] == pytest.approx(case["beta_dfInf"], abs=1e-8)


def test_city_agrees_with_survey():
    expected = CASES["svyciprop_city_logit_dfInf"]
    s = estimate("safe_day", None, df=np.inf)
    assert [s.estimate, s.low, s.high] == pytest.approx(
        [expected["est"], *expected["ci"]], abs=1e-8
    )


@pytest.mark.parametrize(("key", "outcome"), [("day", "safe_day"), ("night", "safe_night")])
def test_every_district_agrees_with_survey(key, outcome):
    table = CASES["svyby_table"][key]
    for district, p, se in zip(table["district"], table["p"], table["se"], strict=True):
        s = estimate(outcome, district)
        assert [s.estimate, s.se] == pytest.approx([p, se], abs=1e-8)


@pytest.mark.parametrize("method", ["logit", "beta", "mean"])
def test_a_rare_answer_in_clusters_agrees_with_survey(method):
    # survey's api example: 183 schools in 15 clusters; the error is read off the plain interval
    case = CASES["api_doc"]
    p = case["mean"]["est"]
    t14 = 2.1447866879169273
    se = (case["mean"]["ci"][1] - p) / t14
    low, high = sg.share_interval(p, se, n=183, df=14, method=method)
    assert [low, high] == pytest.approx(case[method]["ci"], abs=1e-8)


def test_design_effects():
    for name, strata in (("stratified", PEOPLE["district"]), ("unstratified", None)):
        for case in CASES[f"part_whole_{name}"]:
            s = sg.weighted_share(
                PEOPLE[case["outcome"]],
                PEOPLE["w"],
                domain=PEOPLE["district"] == case["district"],
                strata=strata,
            )
            assert [s.deff, s.kish_deff, s.n_effective] == pytest.approx(
                [case["deff_part"], case["kish_deff_part"], case["n_eff_kish"]], abs=1e-8
            )
            assert s.n == case["n"]


def test_equal_weights_without_strata_are_the_textbook():
    answers = np.repeat([1, 0], [84, 16])
    s = sg.weighted_share(answers, np.full(100, 2.0), method="mean", df=np.inf)
    assert s.se == pytest.approx(np.sqrt(0.84 * 0.16 / 99))
    assert s.kish_deff == pytest.approx(1)


def test_unanimity_missing_answers_and_frame():
    s = sg.weighted_share([1, 1, 1, np.nan], [1, 2, 1, 1])
    assert (s.estimate, s.se, s.high, s.n) == (1.0, 0.0, 1.0, 3)
    # agreement is no certainty: exact, on 4^2 / (1 + 4 + 1) effective respondents, by any method
    assert s.low == pytest.approx(0.025 ** (6 / 16))
    assert np.isnan(s.deff)
    for method in ("beta", "asin", "mean"):
        other = sg.weighted_share([1, 1, 1, np.nan], [1, 2, 1, 1], method=method, df=np.inf)
        assert (other.low, other.high) == (s.low, s.high)
    nobody = sg.weighted_share([0, 0, 0], [1, 2, 1])
    assert (nobody.low, nobody.high) == (0.0, pytest.approx(1 - s.low))
    assert len(s.to_frame()) == 1


def test_weights_that_round_leave_no_variance_of_their_own():
    rng = np.random.default_rng(3)
    for _ in range(20):
        weights = rng.uniform(0.1, 3, 50)
        s = sg.weighted_share(np.ones(50), weights)
        assert (s.estimate, s.se, s.high) == (1.0, 0.0, 1.0)
        assert 0.85 < s.low < 0.95
        strata = np.repeat([0, 1], 25)
        even = np.where(strata, 0.7, 1.1) * weights[0]
        apart = sg.weighted_share(1.0 * strata, even, strata=strata)
        assert apart.se == 0
        assert apart.low < 0.3 < 0.45 < apart.high


def test_one_respondent_is_no_sample():
    with pytest.raises(InputError, match="no stratum of the domain has two respondents"):
        sg.weighted_share([1, 0, 1], [1, 1, 1], domain=np.array([True, False, False]))


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"weights": [1, 2]}, "weights must be a sequence of 3"),
        ({"weights": [1, 2, 0]}, "weights must lie above 0"),
        ({"weights": [1, 2, np.nan]}, "weights must be given for every respondent"),
        ({"strata": ["a", "a", "b"]}, "a stratum has one respondent.*'b'"),
        ({"strata": ["a", "a"]}, "strata must hold a label for each of 3"),
        ({"domain": [1, 0, 1]}, "domain must be true or false"),
        ({"domain": [False] * 3}, "domain holds no respondent"),
        ({"post_strata": ["a", "a", "b"]}, "post_strata and population go together"),
        ({"post_strata": ["a", "a", "b"], "population": {"a": 5}}, "population lacks .*'b'"),
        ({"method": "wilson"}, "method"),
        ({"answers": [1, 0, 2]}, "answers must lie between 0 and 1; found '2 at position 2'"),
        ({"answers": [np.nan] * 3}, "answers holds no answer; found '3 missing'"),
    ],
)
def test_impossible_input(kwargs, said):
    with pytest.raises(InputError, match=said):
        sg.weighted_share(**({"answers": [1, 0, 1], "weights": [1, 2, 1]} | kwargs))


def survey_of(**design):
    """The synthetic microdata as a sample of the package svy, which was written by others."""
    frame = pl.DataFrame({name: PEOPLE[name].to_numpy() for name in PEOPLE})
    return svy.Sample(frame, svy.Design(wgt="w", **design))


@pytest.mark.parametrize("design", [{"stratum": "district"}, {}])
@pytest.mark.parametrize("method", ["korn-graubard", "beta", "logit"])
def test_districts_agree_with_svy(design, method):
    theirs = survey_of(**design).estimation.prop(
        "safe_day", by="district", deff="wor", ci_method=method
    )
    theirs = theirs.to_polars().filter(pl.col("safe_day") == 1).sort("district")
    # svy counts the sample's degrees of freedom, we the domain's
    ours = [
        sg.weighted_share(
            PEOPLE["safe_day"],
            PEOPLE["w"],
            domain=PEOPLE["district"] == district,
            strata=PEOPLE["district"] if design else None,
            df=float(df),
            method=method,
        )
        for district, df in zip(theirs["district"], theirs["df"], strict=True)
    ]
    for name, column in (("est", "estimate"), ("se", "se"), ("deff", "deff"), ("n", "n")):
        assert [getattr(s, column) for s in ours] == pytest.approx(theirs[name].to_list(), rel=1e-9)
    for name, column in (("lci", "low"), ("uci", "high")):
        assert [getattr(s, column) for s in ours] == pytest.approx(theirs[name].to_list(), abs=1e-9)


def test_all_districts_at_once():
    args = (PEOPLE["safe_day"], PEOPLE["w"])
    many = sg.weighted_shares(*args, PEOPLE["district"], strata=PEOPLE["district"])
    assert many.group.tolist() == list(range(1, 14))
    for k in (0, 7):
        one = sg.weighted_share(
            *args,
            domain=PEOPLE["district"] == k + 1,
            strata=PEOPLE["district"],
            method="korn-graubard",
        )
        for name in ("estimate", "se", "low", "high", "deff", "kish_deff", "n", "df"):
            assert getattr(many, name)[k] == getattr(one, name), name
    assert len(many.to_frame()) == 13
    answers = PEOPLE["safe_day"].where(PEOPLE["district"] != 3)  # nobody of district 3 answered
    assert 3 not in sg.weighted_shares(answers, PEOPLE["w"], PEOPLE["district"]).group
    with pytest.raises(InputError, match="groups must hold a label"):
        sg.weighted_shares([1, 0, 1], [1, 1, 1], ["a", "b"])


def test_korn_graubard_never_has_more_respondents_than_there_are():
    wide = sg.share_interval(0.5, 0.1, n=100, method="korn-graubard")
    assert wide == sg.share_interval(0.5, 0.1, n=100, method="beta")
    narrow = sg.share_interval(0.5, 0.01, n=100, method="korn-graubard")
    assert narrow == sg.share_interval(0.5, 0.05, n=100, method="beta")
    exact = sg.share(50, 100, method="clopper-pearson")
    assert narrow == pytest.approx((exact.low, exact.high))
