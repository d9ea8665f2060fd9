import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm, poisson

from amager_eval import significance as sg
from amager_eval.errors import InputError


def outside(law, low, high, n):
    """Probability of a count strictly outside limits that are shares of n."""
    counts = np.arange(0, int(law.mean() + 12 * law.std()) + 2)
    mass = law.pmf(counts)
    return mass[counts < low * n - 1e-9].sum(), mass[counts > high * n + 1e-9].sum()


@pytest.mark.parametrize("kind", ["share", "rate"])
def test_limits_leave_at_most_the_tails_outside(kind):
    n = np.array([40.0, 120, 300, 1000, 4000])
    target = 0.84 if kind == "share" else 0.03
    f = sg.funnel(np.rint(n * target), n, kind=kind, target=target, per=1)
    for i, size in enumerate(n):
        law = binom(int(size), target) if kind == "share" else poisson(size * target)
        for low, high, tail in (
            (f.inner_low[i], f.inner_high[i], 0.025),
            (f.outer_low[i], f.outer_high[i], 0.001),
        ):
            below, above = outside(law, low, high, size)
            # a count has no probability of exactly the tail: within one count of it
            assert below <= tail + law.pmf(np.ceil(low * size))
            assert above <= tail + law.pmf(np.floor(high * size))
    assert (np.diff(f.inner_high - f.inner_low) < 0).all()
    assert (f.outer_low <= f.inner_low).all()


def test_interpolated_limits_by_spiegelhalters_recipe():
    n, target, p = 50, 0.2, 0.975
    count = next(r for r in range(n + 1) if binom.cdf(r, n, target) >= p)
    over = (binom.cdf(count, n, target) - p) / binom.pmf(count, n, target)
    f = sg.funnel([10], [n], kind="share", target=target)
    assert f.inner_high[0] == pytest.approx((count - over) / n)


def test_large_areas_are_normal():
    n = 4_000_000.0
    f = sg.funnel([0.3 * n], [n], kind="share", target=0.3)
    half = norm.ppf(0.999) * np.sqrt(0.21 / n)
    assert [f.outer_low[0], f.outer_high[0]] == pytest.approx([0.3 - half, 0.3 + half], abs=1e-6)


def test_who_stands_out_and_the_target_of_all():
    counts = pd.Series([60, 65, 310, 0], index=list("abcd"))
    people = pd.Series([20000, 58000, 250000, 9000], index=list("abcd"))
    f = sg.funnel(counts, people)
    assert f.target == pytest.approx(1000 * 435 / 337000)
    assert f.position.tolist() == ["above outer", "inside", "inside", "below outer"]
    assert f.estimate == pytest.approx(1000 * counts / people)
    frame = f.to_frame()
    assert frame["position"].tolist() == f.position.tolist()
    assert (frame["target"] == f.target).all()
    with pytest.raises(InputError, match="different labels"):
        sg.funnel(counts, people[::-1])


def test_a_design_effect_and_overdispersion_widen():
    rng = np.random.default_rng(1)
    n = rng.integers(100, 900, 60).astype(float)
    true = 1 / (1 + np.exp(-(1.5 + rng.normal(0, 0.4, 60))))
    counts = rng.binomial(n.astype(int), true).astype(float)
    plain, wide, clustered = (
        sg.funnel(counts, n, kind="share", **options)
        for options in ({}, {"overdispersion": True}, {"deff": 2.0})
    )
    assert wide.dispersion > 2
    assert (wide.position != "inside").sum() < (plain.position != "inside").sum() / 2
    assert (clustered.inner_high > plain.inner_high).all()
    assert clustered.z == pytest.approx(plain.z / np.sqrt(2))
    calm = sg.funnel(rng.binomial(n.astype(int), 0.8), n, kind="share", overdispersion=True)
    assert calm.dispersion < 1.5
    even = sg.funnel(np.full(9, 80), np.full(9, 100), kind="share", overdispersion=True)
    assert even.dispersion == 1.0


def test_ordinary_areas_are_seldom_outside():
    rng = np.random.default_rng(2)
    f = sg.funnel(rng.poisson(0.002 * np.full(20_000, 9000.0)), np.full(20_000, 9000.0), target=2)
    assert 0.02 < (f.position != "inside").mean() < 0.05
    assert np.isin(f.position, ["above outer", "below outer"]).mean() < 0.003


def test_missing_and_impossible():
    f = sg.funnel([3, np.nan], [100, 200], kind="share")
    assert f.position.tolist() == ["inside", ""]
    assert np.isnan(f.inner_low[1]) or np.isnan(f.z[1])
    with pytest.raises(InputError, match="must not exceed exposures"):
        sg.funnel([30, 300], [100, 200], kind="share")
    with pytest.raises(InputError, match="no chance variation"):
        sg.funnel([0, 0], [100, 200])
    with pytest.raises(InputError, match="no area"):
        sg.funnel([np.nan], [100])
