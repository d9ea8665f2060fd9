"""Truths of a posterior and what follows them; the sampler is replaced: nothing is a result."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.evidence.studies import safety_onward
from amager_eval.evidence.studies.crime_onward import CrimeOnward
from amager_eval.evidence.studies.safety_onward import SafetyOnward, onward
from amager_eval.evidence.studies.safety_study import SafetyStudy, small_city
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.safety.fit import sample_safety

SAFETY = load_model_spec("safety_trend").with_options(forecast_draws=90)


def test_added_waves_are_like_the_last():
    real = small_city(SAFETY)
    longer = onward(real, 3)
    assert longer["year"].to_numpy().tolist()[-4:] == [2026, 2027, 2028, 2029]
    assert longer["is_wave"].to_numpy()[-4:].all()
    for name in ("low", "n", "decimals", "before_break"):
        np.testing.assert_array_equal(
            longer[name].isel(year=-1).to_numpy(), real[name].isel(year=-1).to_numpy()
        )
    assert set(longer.data_vars) == set(real.data_vars)
    assert longer.attrs == real.attrs


def test_a_safety_truth_is_a_draw_that_goes_on_and_real_figures_stay(random_draws, monkeypatch):
    real = small_city(SAFETY)
    fit = sample_safety(real, SAFETY, draws=30, chains=2, seed=4, prior_only=False)
    study = SafetyOnward(fit, waves=2, areas=["Byen", "Nord"], draws=30, chains=2)
    asked, fitted = [], []
    ask, refit = safety_onward.ask_again, SafetyStudy.fit
    monkeypatch.setattr(
        safety_onward,
        "ask_again",
        lambda design, truth, *a: asked.append(truth) or ask(design, truth, *a),
    )
    monkeypatch.setattr(
        SafetyStudy, "fit", lambda own, d, seed: fitted.append(d) or refit(own, d, seed)
    )
    found = study.replicate(7)
    (truth,), (design,) = asked, fitted
    drawn = fit.data["posterior"]["eta"].sel(alternative="drift").to_numpy()
    same = np.abs(drawn - truth["eta"].to_numpy()[..., : real.sizes["year"]]).max(axis=(2, 3, 4))
    assert same.min() < 1e-6  # of one draw, in every cell
    seen = slice(None, int(real["year"][-1]))
    for name in ("low", "high", "value"):
        np.testing.assert_array_equal(design[name].sel(year=seen), real[name])
    later = design["value"].sel(year=[2027, 2028]).to_numpy()
    assert (np.isfinite(later) == np.isfinite(real["value"].isel(year=[-1]).to_numpy())).all()
    assert len(np.unique(later[np.isfinite(later)])) > 2
    assert set(found.truth) == set(found.draws)
    assert not [q for q in found.truth if "Syd" in q or "Vest" in q]
    assert found.truth["share_target Nord night"] == pytest.approx(
        1 / (1 + np.exp(-float(truth["eta"].sel(latent="Nord", setting="night", year=2028))))
    )


def test_a_crime_truth_goes_on_and_real_counts_stay(random_draws):
    frame = pd.DataFrame(
        [("Byen", f"{y}K{q}", k, n + 3 * q, 50_000 + 100 * y) for y in range(2021, 2026)
         for q in (1, 2, 3, 4) for k, n in (("a", 40), ("b", 90))],
        columns=["area", "period", "crime_type", "count", "population"],
    )  # fmt: skip
    fit = fit_crime(frame, draws=30, chains=2, seed=4)
    study = CrimeOnward(fit, ahead=4, draws=30, chains=2)
    truth, design = study._made(5, np.random.default_rng(3))
    real = fit.data["design"].to_dataset()
    assert design["period"].values.tolist()[-1] == "2026K4"
    n = real.sizes["period"]
    np.testing.assert_array_equal(design["count"].values[..., :n], real["count"].values)
    np.testing.assert_allclose(design["exposure"].values[:, :n], real["exposure"].values[:, :n])
    assert np.isfinite(design["count"].values[..., n:]).all()
    state = fit.data["posterior"].isel(chain=0, draw=5)
    np.testing.assert_allclose(truth["drift"], state["drift"])
    assert truth["level"].sizes["period"] == 1
    found = study.replicate(7)
    assert set(found.truth) == set(found.draws)
    assert {"level_last Byen a", "innovation level b"} <= set(found.truth)
