"""Blocks given figures: held against grids and matrices, no sampler."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit, logsumexp
from scipy.stats import norm

from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.spec.nested import Nested
from amager_eval.trends.area.blocks import BlockTerms, block_terms
from amager_eval.trends.area.condition import Around, Estates, shares_of
from amager_eval.trends.area.condition import propose as propose_given
from amager_eval.trends.area.design import area_figures
from amager_eval.trends.independence import effective_draws
from amager_eval.trends.safety.covariance import walk_basis

YEARS = np.arange(2020, 2026)
DRAWS = 6000
WIDTH = 0.5


def frame(*rows):
    columns = ["area", "wave", "setting", "response", "percent", "n"]
    made = pd.DataFrame(rows, columns=columns)
    return made.assign(count=np.nan, decimals=0.0, deff=1.0, comparator="=")


def around(draws=DRAWS, *, district=0.0, rng=None):
    whole = np.full((draws, 2, len(YEARS)), 1.5)
    if rng is not None:
        whole = whole + rng.normal(0, 0.2, (draws, 1, 1))
    width = np.full((draws, 2), WIDTH)
    return Around(
        whole, {"North": whole + district}, {"North": width, "": width},
        np.zeros((draws, len(YEARS))), np.ones(draws),
    )  # fmt: skip


def terms(draws=DRAWS, **scales):
    one = np.ones(draws)
    given = {"centre_sd": 0.6, "setting_sd": 0.0, "drift_sd": 0.0}
    given |= dict.fromkeys(("block_sd", "block_correlation", "walk_sd"), 0.0 * one)
    given |= {k: v * one if k in given and np.ndim(given[k]) else v for k, v in scales.items()}
    line = np.tile(YEARS - 2024.0, (draws, 1))
    return BlockTerms(**given, walk_correlation=0.3 * one, line=line, walk=walk_basis(YEARS, 2024))


ONE = Nested.model_validate(
    {"area": "a", "block": [{"id": "a"}], "published": [{"area": ["A"], "of": "a"}]}
)
TWO = Nested.model_validate(
    {
        "area": "ab",
        "block": [{"id": "a"}, {"id": "b", "district": "North"}],
        "mixture": [{"id": "ab", "first": "a", "second": "b", "share": "halves"}],
        "published": [{"area": ["AB"], "of": "ab"}, {"area": ["B"], "of": "b"}],
    }
)


def figures(nested, table):
    return area_figures(table, nested, settings=["neighbourhood", "night"], years=YEARS)


def propose(base, prior, nested, told, spec, rng, **given):
    """Blocks that follow their district, or a share of it, and samples of the size told."""
    draws = len(base.deff)
    size = np.broadcast_to(told.n, (draws, len(told.n)))
    follows = np.random.default_rng(0).uniform(size=draws)
    return propose_given(base, prior, nested, told, spec, rng, follows=follows, size=size, **given)


def inside(p, percent, n):
    """Log probability that a rounded sample share is as printed."""
    sd = np.sqrt(p * (1 - p) / n)
    low, high = (percent - 0.5) / 100, (percent + 0.5) / 100
    return np.log(np.maximum(norm.cdf((high - p) / sd) - norm.cdf((low - p) / sd), 1e-200))


def moments(values, log_weight):
    weight = np.exp(log_weight - logsumexp(log_weight))
    mean = weight @ values
    return mean, np.sqrt(weight @ (values - mean) ** 2)


@pytest.mark.parametrize(("percent", "n"), [(30, 60), (17, 300), (3, 80)])
def test_one_block_and_one_rounded_figure_agree_with_a_grid(percent, n):
    table = frame(("A", 2022, "night", "unsafe", percent, n))
    spec, rng = load_area_spec(draft=True), np.random.default_rng(1)
    made = propose(around(), terms(), ONE, figures(ONE, table), spec, rng, shares={})
    log_weight = made.log_weight["figures"]
    grid = np.linspace(-3, 5, 4001)
    exact = norm.logpdf(grid, 1.5, 0.6) + inside(expit(-(grid + WIDTH)), percent, n)
    found = moments(made.after[:, 0, 1, 2], log_weight)
    assert found == pytest.approx(moments(grid, exact), abs=0.012)
    # the weights' mean is the figure's marginal probability
    marginal = logsumexp(exact) + np.log(grid[1] - grid[0])
    assert logsumexp(log_weight) - np.log(DRAWS) == pytest.approx(marginal, abs=0.03)
    assert effective_draws(log_weight) > 0.5 * DRAWS


def test_two_answers_of_a_mixture_agree_with_a_grid_of_two_blocks():
    table = frame(
        ("AB", 2024, "neighbourhood", "safe", 75, 200),
        ("AB", 2024, "neighbourhood", "unsafe", 12, 200),
        ("B", 2024, "neighbourhood", "unsafe", 20, 100),
    )
    spec, rng = load_area_spec(draft=True), np.random.default_rng(2)
    prior = terms(centre_sd=0.4, block_sd=0.5)
    made = propose(
        around(), prior, TWO, figures(TWO, table), spec, rng, shares={"ab": np.full(DRAWS, 0.7)}
    )
    a, b = np.meshgrid(*[np.linspace(-1, 4, 301)] * 2, indexing="ij")
    covariance = 0.4**2 + np.diag([0.5**2] * 2)
    inverse = np.linalg.inv(covariance)
    off = np.stack([a, b], axis=-1) - 1.5
    log = -0.5 * np.einsum("ijk,kl,ijl->ij", off, inverse, off)
    safe = 0.7 * expit(a) + 0.3 * expit(b)
    unsafe = 0.7 * expit(-(a + WIDTH)) + 0.3 * expit(-(b + WIDTH))
    log += inside(safe, 75, 200)
    # unsafe given the safe share near its printed value
    mean = unsafe - unsafe / (1 - safe) * (0.75 - safe)
    sd = np.sqrt(unsafe * (1 - safe - unsafe) / (1 - safe) / 200)
    between = norm.cdf((0.125 - mean) / sd) - norm.cdf((0.115 - mean) / sd)
    log += np.log(np.maximum(between, 1e-200))
    log += inside(expit(-(b + WIDTH)), 20, 100)
    for k, grid in enumerate((a, b)):
        found = moments(made.after[:, k, 0, 4], made.log_weight["figures"])
        assert found == pytest.approx(moments(grid.ravel(), log.ravel()), abs=0.02)
    eta = made.after
    area = shares_of("ab", eta, around(), TWO, made.weights)[:, 0, :, 4]
    by_hand = 0.7 * expit(eta[:, 0, 0, 4]) + 0.3 * expit(eta[:, 1, 0, 4])
    assert area[:, 0] == pytest.approx(by_hand)


def test_figures_of_the_area_move_the_whole_they_are_read_beside():
    table = frame(("A", 2024, "night", "unsafe", 20, 2000))
    spec, rng = load_area_spec(draft=True), np.random.default_rng(3)
    base = around(rng=rng)
    prior = terms(centre_sd=0.1)
    made = propose(base, prior, ONE, figures(ONE, table), spec, rng, shares={})
    # conjugate on the logit: whole N(1.5, .2), block whole + N(0, .1), a figure at logit .886
    seen, noise = -logit(0.20) - WIDTH, 1 / (2000 * 0.2 * 0.8)
    gain = 0.2**2 / (0.2**2 + 0.1**2 + noise)
    mean, sd = moments(base.whole[:, 1, 4], made.log_weight["figures"])
    assert mean == pytest.approx(1.5 + gain * (seen - 1.5), abs=0.06)
    assert sd == pytest.approx(0.2 * np.sqrt(1 - gain), abs=0.03)


def test_terms_spread_is_their_covariance_and_that_of_their_draws():
    rng = np.random.default_rng(4)
    draws = 4000
    made = terms(
        draws, setting_sd=0.2, block_sd=0.5, block_correlation=0.4, walk_sd=0.3, drift_sd=0.1
    )
    k, s, t = (np.array(x) for x in ([0, 0, 1, 1], [0, 1, 1, 0], [1, 5, 2, 4]))
    alike, own = made.between(s, t)
    covariance = alike + (k[:, None] == k) * own[0]
    for c in range(4):
        at = np.zeros((draws, 2, 2, len(YEARS)))
        at[:, k[c], s[c], t[c]] = 1.0
        assert made.spread(at)[0, k, s, t] == pytest.approx(covariance[c])
    drawn = made.draw(rng, 2, 2)[:, k, s, t]
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.06)


def test_a_direction_runs_on_to_the_last_wave_and_fades_then():
    hyper = dict.fromkeys(("block_sd", "block_correlation", "walk_sd"), np.zeros(1))
    made = block_terms(
        load_area_spec(draft=True), hyper, years=np.arange(2022, 2029),
        anchor=2024, last=2025, drift=True, fade=np.array([0.5]), correlation=np.array([0.0]),
    )  # fmt: skip
    assert made.line[0].tolist() == [-2, -1, 0, 1, 1.5, 1.75, 1.875]


def test_a_sentence_pulls_the_area_below_the_whole():
    stated = TWO.model_copy(
        update={"stated": Nested.model_validate(
            {"area": "a", "block": [{"id": "a"}], "stated": [
                {"wave": 2024, "settings": ["night"], "says": "lower", "n": 300, "literal": "x"}]}
        ).stated}
    )  # fmt: skip
    spec, rng = load_area_spec(draft=True), np.random.default_rng(6)
    made = propose(
        around(), terms(), stated, figures(stated, None), spec, rng,
        shares={"ab": 0.5}, stated=[(stated.stated[0], 4, [1])],
    )  # fmt: skip
    assert (made.log_weight["figures"] == 0).all()
    share = shares_of("ab", made.after, around(), stated, made.weights)[:, 1, 0, 4]
    below = share < expit(1.5)
    weight = np.exp(made.log_weight["stated"])
    assert below.mean() == pytest.approx(0.5, abs=0.05)
    assert weight[below].sum() / weight.sum() > 0.9


def test_estates_are_read_beside_their_surveys_larger_area():
    spec, rng = load_area_spec(draft=True), np.random.default_rng(7)
    estates = Estates(0, 4, ("a",), (0.60,), float(expit(1.0)))
    made = propose(
        around(), terms(centre_sd=1.0), ONE, figures(ONE, None), spec, rng, shares={},
        estates=estates,
    )  # fmt: skip
    # the other survey lies about .5 below this one; so does what it says of the block
    offset = -0.5 * 0.1**-2 / (0.1**-2 + 0.5**-2)
    mean, _ = moments(made.after[:, 0, 0, 4], made.log_weight["estates"])
    told = logit(0.60) - offset
    n = np.exp(5.0106 + 0.4**2 / 2)
    noise = 1 / (n * 0.24) + 0.25**2 + 1 / (0.1**-2 + 0.5**-2)
    assert mean == pytest.approx(1.5 + (told - 1.5) / (1 + noise), abs=0.05)
