"""Forecasts from draws: what is exact, what is simulated; the sampler is replaced."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logit

from amager_eval.data.published import published
from amager_eval.errors import InputError
from amager_eval.trends.safety.fit import fit_safety

WEIGHTS = pd.DataFrame({"area": ["Nord", "Syd"], "period": "2024", "population": [100, 300]})


def _frame(**columns):
    rows = [
        {"area": a, "wave": w, "setting": "night", "response": r, "percent": p}
        for a, p, r in [("Byen", 80, "safe"), ("Nord", 74, "safe"), ("Syd", 9, "unsafe")]
        for w in (2022, 2024, 2025)
    ]
    return pd.DataFrame(rows).assign(**columns)


@pytest.fixture
def fit(random_draws):
    return fit_safety(_frame(n=400), population=WEIGHTS, whole="Byen", draws=400)


def _settled(fit, **values):
    """The same fit with chosen parameters set to constants in every draw."""
    tree = fit.data.copy()
    for group in ("posterior", "baseline_only"):
        data = tree[group].to_dataset()
        data = data.assign({k: xr.full_like(data[k], v) for k, v in values.items()})
        tree[group] = xr.DataTree(data)
    return type(fit)(fit.kind, tree, fit.spec, fit.diagnostics, fit.seed)


def test_every_wave_from_the_first_through_the_last_asked_for(fit):
    forecast = fit.forecast(2029)
    assert forecast.draws["true"].dims == ("sample", "area", "setting", "response", "period")
    assert forecast.draws["period"].to_numpy().tolist() == list(range(2022, 2030))
    assert forecast.draws["response"].to_numpy().tolist() == ["safe", "unsafe"]
    assert forecast.prior_only["true"].shape == forecast.draws["true"].shape
    counts = forecast.draws["alternative"].to_series().value_counts()
    assert counts.to_dict() == {"driftless": 2000, "drift": 2000, "damped": 2000}


def test_published_waves_are_repeated_exactly_and_marked(fit):
    draws = fit.forecast(2027).draws
    cell = draws["published"].sel(area="Nord", setting="night", response="safe")
    assert (cell.sel(period=[2022, 2024, 2025]) == 0.74).all()
    assert float(cell.sel(period=2027).std()) > 0
    seen = draws["observed"].sel(area="Syd", setting="night", response="unsafe")
    assert seen.to_numpy().tolist() == [True, False, True, True, False, False]
    assert not draws["observed"].sel(response="safe", area="Syd").any()


def test_the_prior_only_draws_know_the_baseline_alone(fit):
    prior = fit.forecast(2027).prior_only
    cell = prior["published"].sel(area="Nord", setting="night", response="safe")
    assert (cell.sel(period=2024) == 0.74).all()
    assert float(cell.sel(period=2025).std()) > 0


def test_the_whole_is_the_weighted_mean_of_its_parts(fit):
    draws = fit.forecast(2027).draws["true"]
    parts = 0.25 * draws.sel(area="Nord") + 0.75 * draws.sel(area="Syd")
    np.testing.assert_allclose(draws.sel(area="Byen"), parts, rtol=1e-12)


def test_future_figures_are_rounded_as_the_latest(fit):
    future = fit.forecast(2027).draws["published"].sel(period=2027) * 100
    np.testing.assert_allclose(future, np.round(future), atol=1e-9)


def test_counts_are_not_rounded(random_draws):
    frame = _frame(n=400).assign(count=lambda f: f["percent"] * 4).drop(columns="percent")
    fit = fit_safety(frame, population=WEIGHTS, whole="Byen", draws=50)
    future = fit.forecast(2027).draws["published"].sel(period=2027) * 100
    assert float(abs(future - np.round(future)).max()) > 0.1


def test_without_innovations_and_drift_nothing_moves_after_the_last_wave(fit):
    still = _settled(fit, path_sd=0.0, gap_sd=0.0, path_slope=0.0, gap_slope=0.0)
    draws = still.forecast(2029).draws["true"].sel(area=["Nord", "Syd"])
    np.testing.assert_allclose(draws.sel(period=2029), draws.sel(period=2025), rtol=1e-6)


def test_drift_goes_on_damped_drift_fades_and_driftless_stands(fit):
    settled = _settled(fit, path_sd=0.0, gap_sd=0.0, path_slope=0.05, gap_slope=0.01)
    draws = settled.forecast(2035).draws["true"].sel(area="Nord", setting="night", response="safe")
    change = logit(draws.sel(period=2035)) - logit(draws.sel(period=2025))
    means = change.groupby("alternative").mean()
    assert float(means.sel(alternative="drift")) == pytest.approx(0.6, rel=1e-4)
    assert float(means.sel(alternative="driftless")) == pytest.approx(0, abs=1e-5)
    # sum of phi^k, k = 1..10, phi ~ Beta(8, 2): moments of the Beta
    moment, expected = 1.0, 0.0
    for k in range(10):
        moment *= (8 + k) / (10 + k)
        expected += 0.06 * moment
    assert float(means.sel(alternative="damped")) == pytest.approx(expected, rel=0.03)


def test_innovations_grow_with_the_square_root_of_time(fit):
    moving = _settled(
        fit, path_sd=0.1, gap_sd=0.05, path_slope=0.0, gap_slope=0.0, setting_correlation=0.0
    )
    draws = moving.forecast(2029).draws["true"].sel(area="Nord", setting="night", response="safe")
    change = logit(draws.sel(period=2029)) - logit(draws.sel(period=2025))
    assert float(change.std()) == pytest.approx(np.sqrt(4 * (0.1**2 + 0.05**2)), rel=0.04)


def test_more_respondents_make_future_figures_less_noisy(fit):
    still = _settled(fit, path_sd=0.0, gap_sd=0.0, wave_error=0.0, log_deff=np.log(1.3))
    noise = {}
    for n in (200, 20_000):
        draws = still.forecast(2027, n=n).draws.sel(period=2027, area="Nord", response="safe")
        noise[n] = float((draws["published"] - draws["true"]).std())
    assert noise[20_000] < 0.5 * noise[200]


def test_the_answers_of_a_sample_are_negatively_correlated(fit):
    still = _settled(fit, path_sd=0.0, gap_sd=0.0, eta=1.0, response_gap=0.5)
    draws = still.forecast(2027, n=800).draws.sel(period=2027, area="Nord", setting="night")
    error = (draws["published"] - draws["true"]).to_numpy()
    safe, unsafe = 1 / (1 + np.exp(-1.0)), 1 / (1 + np.exp(1.5))
    expected = -np.sqrt(safe * unsafe / ((1 - safe) * (1 - unsafe)))
    found = np.corrcoef(error[:, 0], error[:, 1])[0, 1]
    # the wave's shared error and rounding weaken or strengthen it a little
    assert found == pytest.approx(expected, abs=0.08)


def test_an_unpublished_answer_is_drawn_given_the_published_one(random_draws):
    frame = pd.DataFrame(
        {"area": "Nord", "wave": [2023, 2024], "setting": "night", "response": "safe",
         "percent": [80.0, 60.0], "n": 400}
    )  # fmt: skip
    fit = _settled(
        fit_safety(frame, draws=300), eta=np.log(4.0), response_gap=0.5, wave_error=0.0, log_deff=0
    )
    unsafe = fit.forecast(2025).draws["published"].sel(area="Nord", setting="night")
    unsafe = unsafe.sel(response="unsafe").mean("sample")
    # 20 points fewer safe than expected: most of them answered unsafe
    assert float(unsafe.sel(period=2024)) > float(unsafe.sel(period=2023)) + 0.08


def test_a_bound_is_kept(random_draws):
    fit = fit_safety(published(), draws=100)
    draws = fit.forecast(2026).draws["published"]
    bounded = draws.sel(area="Bispebjerg", setting="neighbourhood", response="safe", period=2024)
    assert float(bounded.max()) <= 0.85
    above = draws.sel(area="Amager Øst", setting="night", response="unsafe", period=2025)
    assert float(above.min()) >= 0.16


@pytest.mark.parametrize(("until", "n"), [("2028K4", None), (2019, None), (2027, 0), (2027, -3)])
def test_a_wrong_call_says_so(fit, until, n):
    with pytest.raises(InputError):
        fit.forecast(until, n=n)
