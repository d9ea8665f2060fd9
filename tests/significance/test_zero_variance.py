"""Agreement of a few is no certainty: every test against Fisher's, over all small tables."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom

from amager_eval import significance as sg

LARGEST = 30


@pytest.fixture(scope="module")
def tables():
    """All pairs of shares with n to 30, as flat arrays, and Fisher's two-sided p of each."""
    parts = []
    for n1 in range(1, LARGEST + 1):
        for n2 in range(1, LARGEST + 1):
            x1, x2 = (g.ravel() for g in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1)))
            yes = np.arange(n1 + n2 + 1)
            mass = hypergeom.pmf(np.arange(n1 + 1), n1 + n2, n1, yes[:, None])
            no_likelier = mass[:, None, :] <= mass[:, :, None] * (1 + 1e-7)
            fisher = (mass[:, None, :] * no_likelier).sum(axis=2)[x1 + x2, x1]
            parts.append((x1, np.full(x1.shape, n1), x2, np.full(x1.shape, n2), fisher))
    return [np.concatenate(columns).astype(float) for columns in zip(*parts, strict=True)]


def test_the_oracle_is_fisher_s_test(tables):
    x1, n1, x2, n2, fisher = tables
    for i in range(0, len(x1), 30_011):
        table = np.array([[x1[i], n1[i] - x1[i]], [x2[i], n2[i] - x2[i]]]).astype(int)
        assert fisher[i] == pytest.approx(fisher_exact(table).pvalue, abs=1e-9)


def test_a_part_is_never_certain_where_fisher_is_not(tables):
    x1, n1, x2, n2, fisher = tables
    c = sg.part_versus_whole(x1 / n1, n1, (x1 + x2) / (n1 + n2), n1 + n2, weight=n1 / (n1 + n2))
    assert np.isfinite([c.z, c.p_value, c.low, c.high]).all()
    assert not (c.significant & (fisher > 0.2)).any()
    assert (c.low <= c.estimate + 1e-12).all()
    assert (c.estimate <= c.high + 1e-12).all()
    # and it still finds: all but some where Fisher, who is careful, is sure
    assert c.significant[fisher < 0.005].mean() > 0.99
    # an interval that excludes no difference goes with a p near significance at least
    excludes = (c.low > 0) | (c.high < 0)
    assert c.p_value[excludes].max() < 0.1


@pytest.mark.parametrize("decimals", [0, 2])
def test_published_figures_are_never_certain_where_fisher_is_not(tables, decimals):
    x1, n1, x2, n2, fisher = tables
    percent, other = (np.round(100 * x / n, decimals) for x, n in ((x1, n1), (x2, n2)))
    change = sg.published_change(percent, n1, other, n2, decimals=decimals, deffs=1)
    assert not ((change.verdict == "significant") & (fisher > 0.2)).any()
    part = sg.published_part_versus_whole(
        percent,
        n1,
        100 * (x1 + x2) / (n1 + n2),
        n1 + n2,
        weight=n1 / (n1 + n2),
        decimals=decimals,
        deffs=1,
    )
    assert not ((part.verdict == "significant") & (fisher > 0.2)).any()
    assert (part.verdict == "significant").sum() > 10_000


def answers_of(x1, n1, x2, n2):
    answers = np.concatenate([np.arange(n1) < x1, np.arange(n2) < x2]).astype(float)
    return answers, np.arange(n1 + n2) < n1


def held_against_fisher(x1, n1, x2, n2, fisher):
    """Every test of microdata on one table: a p, and none near .05 where Fisher's is above .2."""
    answers, group = answers_of(x1, n1, x2, n2)
    weights = np.full(n1 + n2, 2.0)
    found = [
        sg.weighted_difference(answers, weights, group, ~group),
        sg.weighted_difference(answers, weights, group, ~group, scale="logit"),
        sg.weighted_part_versus_whole(answers, weights, group),
    ]
    p_values = [c.difference.p_value for c in found]
    if 0 < x1 + x2 < n1 + n2:
        p_values.append(sg.rao_scott_test(answers, group, weights).p_value)
    assert not np.isnan(p_values).any()
    if fisher > 0.2:
        assert min(p_values) > 0.05, (x1, n1, x2, n2)


def test_microdata_are_never_certain_where_fisher_is_not():
    for n1, n2 in product((1, 3, 8, 30), repeat=2):
        for x1, x2 in product({0, n1}, {0, 1, n2 // 2, n2}):
            table = np.array([[x1, n1 - x1], [x2, n2 - x2]])
            held_against_fisher(x1, n1, x2, n2, fisher_exact(table).pvalue)


@pytest.mark.slow
def test_microdata_over_all_tables(tables):
    """Every table with n to 8, and to 30 every one where all or none of a part agree."""
    x1, n1, x2, n2, fisher = tables
    few = (n1 <= 8) & (n2 <= 8)
    for i in np.flatnonzero(few | (x1 == 0) | (x1 == n1)):
        held_against_fisher(*(int(column[i]) for column in (x1, n1, x2, n2)), fisher[i])


def test_the_cases_as_they_were_found():
    whole = [(100, 30, 95, 4000, 1.32), (100, 4, 88, 4000, 0.78)]
    for percent, n, of, n_of, z in whole:
        verdict = sg.published_part_versus_whole(percent, n, of, n_of, weight=0.095)
        assert verdict.verdict == "not significant"
        assert verdict.z == pytest.approx(z, abs=0.005)
        same = sg.part_versus_whole(percent / 100, n, of / 100, n_of, weight=0.095)
        assert (same.z, same.significant) == (verdict.z, False)
        assert same.low < 0 < same.high
    for x1, n1, x2, n2, fisher in ((1, 1, 0, 1, 1.0), (3, 3, 0, 3, 0.1)):
        answers, group = answers_of(x1, n1, x2, n2)
        d = sg.weighted_difference(answers, np.ones(n1 + n2), group, ~group).difference
        assert d.p_value == pytest.approx(fisher, abs=0.01)
        assert d.low < 0 < d.high
        logit = sg.weighted_difference(answers, np.ones(n1 + n2), group, ~group, scale="logit")
        assert (logit.difference.estimate, logit.difference.p_value) == (np.inf, d.p_value)
    assert sg.rao_scott_test(answers, group, np.ones(6)).p_value == pytest.approx(0.1, abs=0.01)


def test_a_part_that_differs_is_found_though_all_its_answers_agree():
    assert sg.part_versus_whole(1, 30, 0.7, 4000, weight=0.095).significant
    assert sg.part_versus_whole(0, 4, 0.88, 4000, weight=0.095).significant
    assert sg.published_part_versus_whole(100, 60, 80, 4000, weight=0.095).verdict == "significant"
    answers, group = answers_of(30, 30, 4, 30)
    assert sg.weighted_difference(answers, np.ones(60), group, ~group).difference.p_value < 1e-9
    assert sg.rao_scott_test(answers, group, np.ones(60)).p_value < 1e-9


def test_a_design_effect_and_unequal_weights_make_it_less_sure():
    one, two = (sg.part_versus_whole(1, 40, 0.85, 4000, weight=0.095, deff=deff) for deff in (1, 2))
    assert two.z == pytest.approx(one.z / np.sqrt(2))
    assert two.p_value > one.p_value
    assert two.low < one.low
    answers, group = answers_of(20, 20, 12, 20)
    even = sg.weighted_difference(answers, np.ones(40), group, ~group).difference
    weights = np.where(np.arange(40) % 2, 1.0, 9.0)
    uneven = sg.weighted_difference(answers, weights, group, ~group).difference
    assert uneven.z < even.z
    by_counts = sg.difference(20, 20, 12, 20)
    assert even.z == pytest.approx(by_counts.z)


def test_groups_that_overlap_or_are_the_same():
    answers = np.array([1.0] * 6 + [0.0] * 3)
    first, second = np.arange(9) < 6, np.arange(9) >= 3
    d = sg.weighted_difference(answers, np.ones(9), first, second).difference
    assert d.p_value > 0.05
    assert -1 <= d.low < 0 < d.high <= 1
    same = sg.weighted_difference(answers, np.ones(9), first, first).difference
    assert (same.estimate, same.p_value) == (0.0, 1.0)


def test_strata_that_tell_everything_are_no_certainty():
    strata = np.repeat(["øst", "vest"], 20)
    answers = 1.0 * (strata == "øst")
    d = sg.weighted_difference(
        answers, np.ones(40), strata == "øst", strata == "vest", strata=strata
    ).difference
    assert d.p_value == pytest.approx(2.5e-10, rel=0.1)  # the score test's, not 0
    mixed = np.arange(40) % 2 == 0
    halves = sg.weighted_difference(answers, np.ones(40), mixed, ~mixed, strata=strata).difference
    assert halves.p_value == 1.0
    table = sg.rao_scott_test(np.arange(40) // 10, strata, np.ones(40), strata=strata)
    assert 0 < table.p_value < 1e-6


def test_larger_tables_with_an_empty_cell():
    groups = np.repeat(["a", "b", "c"], 2)
    t = sg.rao_scott_test([1, 1, 0, 0, 1, 1], groups, np.ones(6))
    assert 0.04 < t.p_value < 0.06  # Pearson's 6 on 2 degrees of freedom
    assert t.df1 == 2


def test_the_unpooled_tests_are_no_certainty_either():
    d = sg.difference(1, 1, 0, 1, method="wald")
    assert d.p_value == pytest.approx(0.157, abs=0.001)
    assert d.low < 0 < d.high == 1
    e = sg.equivalence(3, 3, 3, 3, margin=0.05, method="wald")
    assert not e.equivalent
    assert e.p_value == sg.equivalence(3, 3, 3, 3, margin=0.05).p_value
    assert not sg.non_inferiority(3, 3, 3, 3, margin=0.05, method="wald").non_inferior


def test_one_respondent_each_sees_nothing():
    assert sg.power(0, 1, 1) == 0.0
    assert sg.power(0, 1, 10) == 1.0
    assert np.isnan(sg.smallest_detectable_change(0, 1, 1))
    assert np.isnan(sg.respondents_needed(0, 1, method="wald"))
    assert sg.respondents_needed(0, 1) == pytest.approx(1.92, abs=0.001)


def test_no_reports_before_and_after_are_no_certain_standstill():
    nothing = sg.weighted_displacement_difference([0, 0], [0, 0]).local
    assert (nothing.estimate, nothing.p_value) == (0.0, 1.0)
    assert np.isnan([nothing.low, nothing.high]).all()
