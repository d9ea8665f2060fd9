"""Steps and covariates of some areas and settings: in the model, the past, the future and the card.

Scales are random here; what is Gaussian given them is drawn exactly, so sizes are posterior ones.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logit

import amager_eval as ae
from amager_eval.errors import SpecError
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.covariance import terms
from amager_eval.trends.safety.fit import design_safety, fit_safety
from amager_eval.trends.safety.forecast import joint_draws
from amager_eval.trends.safety.own_effects import own_effects
from amager_eval.trends.safety.point import fitted_point

PLAIN = load_model_spec("safety_trend").with_options(forecast_draws=300)
WHY = "Made up for this test."
LAMPS = PLAIN.with_covariate(
    "lamps", {"Nord": {"2022": 1}}, sigma=1.0, settings=["night"], reason=WHY
)
MODE = PLAIN.with_step("mode", date="2021-06-01", sigma=1.0, areas=["Nord"], reason=WHY)
WAVES = (2019, 2020, 2021, 2022, 2023, 2025)


def _figures(spec=PLAIN):
    rows = [
        (area, wave, setting, "safe", 70.0 + 18.0 * (area == "Nord" and wave >= 2022), 4000)
        for area in ("Nord", "Syd")
        for wave in WAVES
        for setting in ("neighbourhood", "night")
    ]
    return pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent", "n"])


def _design(spec):
    return design_safety(_figures(), population=None, whole=None, spec=spec, parts=None)


@cache  # the stand-in sampler is a test's own, its draws are every test's
def _fit(spec_name):
    spec = {"lamps": LAMPS, "mode": MODE, "ended": ENDED}[spec_name]
    return fit_safety(_figures(), spec=spec, draws=30, chains=2, seed=5)


ENDED = PLAIN.with_covariate(
    "lamps", {"Nord": {"2022": 1, "2027": 0}}, sigma=1.0, settings=["night"], reason=WHY
)


def test_a_step_is_before_its_date_and_a_covariate_until_the_next_value():
    both = MODE.with_covariate("x", {"Syd": {"2020": 2, "2023": 3}}, sigma=0.1, reason=WHY)
    values = [e.over(("Nord", "Syd"), range(2019, 2030)) for e in own_effects(both)]
    assert values[0][0].tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert values[1][1].tolist() == [0, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3]
    assert not values[0][1].any()
    assert not values[1][0].any()


def test_a_design_without_any_is_as_it_was():
    assert "own_effect" not in _design(PLAIN).coords
    assert not [t for t in terms(_design(PLAIN), PLAIN, drift=True) if t.profile is not None]


def test_figures_covary_by_what_they_share_of_the_effect():
    spec = PLAIN.with_covariate(
        "x", {"Nord": {"2020": 2}, "Syd": {"2023": -1}}, sigma=0.3, reason=WHY
    )
    design = _design(spec)
    gaussian = fitted_point(design, spec, np.isfinite(design["low"].to_numpy()), drift=True)
    found = gaussian.figures
    value = {"Nord": lambda w: 2.0 * (w >= 2020), "Syd": lambda w: -1.0 * (w >= 2023)}
    names, years = design["area"].to_numpy(), design["year"].to_numpy()
    x = np.array([value[names[a]](years[t]) for a, t in zip(found.area, found.year, strict=True)])
    slope = gaussian.load.sum(axis=1) * x
    same = found.setting[:, None] == found.setting
    expected = np.outer(slope, slope) * same
    np.testing.assert_allclose(gaussian.matrices["covariate_x"], expected, atol=1e-12)


def test_a_covariate_moves_the_truth_where_and_when_it_is(random_draws):
    posterior = _fit("lamps").data["posterior"].to_dataset()
    size = posterior["own_effect_size"].sel(own_effect="covariate_lamps")
    assert (size.sel(setting="neighbourhood") == 0).all()
    night = size.sel(setting="night").mean(("chain", "draw"))
    # 70 to 88 percent; the walk takes its part of the jump
    assert (night > 0.5 * (logit(0.88) - logit(0.70))).all()
    true = (
        _fit("lamps").forecast(2026).draws["true"].sel(area="Nord", response="safe").mean("sample")
    )
    assert float(true.sel(setting="night", period=2021)) == pytest.approx(0.70, abs=0.03)
    assert float(true.sel(setting="night", period=2023)) == pytest.approx(0.88, abs=0.03)


def test_a_step_is_no_change_of_the_truth(random_draws):
    fit = _fit("mode")
    shares = fit.forecast(2026).draws
    nord = shares["true"].sel(area="Nord", response="safe").mean("sample")
    jump = (nord.sel(period=2023) - nord.sel(period=2021)).to_numpy()
    assert (jump < 0.09).all()  # of 18 points, which are published as they were
    printed = shares["published"].sel(area="Nord", response="safe", setting="night")
    assert (printed.sel(period=2021) == 0.70).all()
    # replications are asked as the figures were
    again = fit.to_datatree()["posterior_predictive"]["figures"].mean(("chain", "draw"))
    seen = float(again.sel(figure="Nord | night | safe | 2021"))
    assert seen == pytest.approx(0.70, abs=0.03)


def test_a_value_to_come_moves_the_forecast(random_draws):
    held, ended = _fit("lamps"), _fit("ended")
    apart = []
    for fit in (held, ended):
        years, pieces = joint_draws(fit, 2028)
        apart.append(pieces[1].eta)
    size = pieces[1].draws["own_effect_size"][:, 0, 1]
    nord = (apart[1] - apart[0])[:, 0, 1]
    np.testing.assert_allclose(nord[:, years < 2027], 0, atol=1e-6)
    np.testing.assert_allclose(nord[:, years >= 2027], np.tile(-size, (2, 1)).T, atol=1e-5)


def test_a_saved_fit_keeps_them(random_draws, tmp_path):
    fit = _fit("ended")
    fit.save(tmp_path / "fit.nc")
    again = ae.load_fit(tmp_path / "fit.nc")
    assert (again.spec.digest, again.spec.changed_from) == (fit.spec.digest, fit.spec.changed_from)
    first, second = (f.forecast(2028).draws["true"] for f in (fit, again))
    assert first.equals(second)


def test_prior_draws_and_densities_are_the_declared_ones(random_draws):
    tree = _fit("mode").to_datatree()
    before = tree["prior"]["own_effect_size"].isel(chain=0, own_effect=0)
    for setting in ("neighbourhood", "night"):
        drawn = before.sel(setting=setting)
        assert stats.kstest(drawn, stats.norm(0, 1).cdf).pvalue > 1e-3
    log = tree["log_prior"]["own_effect_size"].to_numpy()
    expected = stats.norm(0, 1).logpdf(tree["posterior"]["own_effect_size"].to_numpy())
    np.testing.assert_allclose(log, expected)


def test_the_cards_words_name_them_with_their_reasons():
    assert f"- Step mode on 2021-06-01 of Nord: logit, sd 1. {WHY}" in MODE.to_markdown()
    said = f"- Covariate lamps of Nord of night: logit per unit, sd 1. {WHY}"
    assert said in LAMPS.to_markdown()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (lambda: PLAIN.with_step("x", date="2021-06-01", sigma=1, areas=["Øst"], reason=WHY),
         "there is no area Øst with a path of its own; there are Nord, Syd"),
        (lambda: PLAIN.with_step("x", date="2021-06-01", sigma=1, settings=["day"], reason=WHY),
         "there is no setting day"),
        (lambda: PLAIN.with_step("x", date="2021-06-01", sigma=1, types=["t"], reason=WHY),
         "`types` are of crime; name `settings`"),
        (lambda: PLAIN.with_step("x", date="1999-01-01", sigma=1, reason=WHY),
         "it is 0 in every year from 2019 to 2025"),
        (lambda: PLAIN.with_step("x", date="June", sigma=1, reason=WHY),
         "a date is written 2024-07-01"),
        (lambda: PLAIN.with_covariate("x", {"Nord": {"2022K1": 1}}, sigma=1, reason=WHY),
         "a wave 2024"),
        (lambda: PLAIN.with_covariate("x", {"Nord": {"2022": 1}}, sigma=0, reason=WHY),
         "sigma must be above 0"),
    ],
)  # fmt: skip
def test_what_the_model_cannot_have_is_refused(spec, says):
    with pytest.raises(SpecError, match=says):
        _design(spec())


def test_figures_are_not_simulated_under_them():
    with pytest.raises(SpecError, match="without steps or covariates"):
        simulate_safety(_design(MODE), MODE, 1)
