"""A made-up city fitted again and again; the sampler is replaced."""

import numpy as np
import pytest

from amager_eval.evidence.studies.safety_study import SafetyStudy, small_city, walk_on
from amager_eval.spec.model import load_model_spec

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)


def test_the_city_has_what_a_real_survey_has():
    given = np.isfinite(CITY["low"])
    assert CITY.sizes == {"area": 4, "setting": 2, "response": 3, "year": 10, "latent": 3}
    assert not given.sel(year=2021).any()  # a gap between waves
    assert set(CITY["before_break"].to_numpy()) == {0.0, 1.0}
    assert not given.sel(response="safe", year=2023).any()
    assert given.sel(response=["safe", "unsafe"], year=2024).all()
    assert not given.sel(area="Vest", year=2018).any()
    assert bool(CITY["n_from_wave"].sel(year=2025).all())
    assert not CITY["n_from_wave"].sel(year=2026).any()
    assert bool((given & CITY["value"].isnull()).any())  # a bound
    assert (CITY["n"].sel(year=[2022, 2026]) == 60).all()  # few are asked


def test_a_replicate_names_truths_and_draws_alike(random_draws):
    study = SafetyStudy(CITY, SPEC, draws=30, chains=2)
    first, second = study.replicate(5), study.replicate(6)
    assert set(first.truth) == set(first.draws)
    assert {"path_sd", "log_deff", "gap_sd", "share_target Byen night"} <= set(first.truth)
    assert all(d.shape == (2, 30) for d in first.draws.values())
    assert np.isfinite(list(first.truth.values())).all()
    assert first.truth != second.truth
    assert first.diagnostics.divergences == 0
    shares = [f"share_last {a} night" for a in ("Byen", "Nord")]
    of_city, of_part = (first.truth[k] for k in shares)
    assert first.truth["gap_last night Nord"] == pytest.approx(of_city - of_part)


def test_the_walk_ahead_has_the_sum_of_its_steps(random_draws):
    posterior = SafetyStudy(CITY, SPEC, draws=4000, chains=2).fit(CITY, 1).posterior
    ahead = walk_on(posterior, 4, np.random.default_rng(1))
    moved = ahead - posterior["eta"].isel(year=-1, drop=True)
    slope = posterior["path_slope"] + posterior["gap_slope"]
    sd = 2 * np.sqrt(posterior["path_sd"] ** 2 + posterior["gap_sd"] ** 2)
    z = ((moved - 4 * slope) / sd).transpose("chain", "draw", "latent", "setting").to_numpy()
    assert z.mean() == pytest.approx(0, abs=0.02)
    assert z.std() == pytest.approx(1, abs=0.02)
    expected = float(posterior["setting_correlation"].mean())
    assert (z[..., 0] * z[..., 1]).mean() == pytest.approx(expected, abs=0.03)
