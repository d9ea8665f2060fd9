"""Figures the safety model makes of its own priors; nothing is sampled."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit

from amager_eval.errors import SpecError
from amager_eval.evidence.studies.safety_simulate import simulate_safety
from amager_eval.evidence.studies.safety_study import small_city
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.alternatives import with_area_varying_link
from amager_eval.trends.safety.design import ABOVE, BELOW, build_design

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)
SETS = 400


@pytest.fixture(scope="module")
def many():
    return [simulate_safety(CITY, SPEC, seed, ahead=3) for seed in range(SETS)]


def standardised(made):
    """Published figures less what the truth lets expect, over their sd; NaN where none is."""
    truth, design = made.truth.isel(year=slice(0, CITY.sizes["year"])), made.design
    shift = truth["wave_error"] + float(truth["collector_step"]) * design["before_break"]
    seen = truth["eta"] + shift
    safe, unsafe = expit(seen), expit(-(seen + truth["response_gap"]))
    log_n = np.log(design["n"]) + design["n_from_wave"] * truth["wave_size"]
    k = np.exp(truth["log_deff"] - log_n - design["n_from_area"] * truth["area_size"])
    out = []
    for answer, p in (("safe", safe), ("unsafe", unsafe)):
        weight = design["weight"]
        mean = (weight * p).sum("latent")
        loose = ((SPEC.options["weight_sd"] * weight * (p - mean)) ** 2).sum("latent")
        variance = (weight**2 * k * p * (1 - p)).sum("latent") + loose
        inner = p, k * p * (1 - p)
        mean, variance = (
            np.concatenate([w.to_numpy()[None], v.transpose("latent", ...).to_numpy()])
            for w, v in zip((mean, variance), inner, strict=True)
        )
        figure = design["value"].sel(response=answer).transpose("area", "setting", "year")
        out.append((figure.to_numpy() - mean) / np.sqrt(variance + 0.01**2 / 12))
    return np.stack(out)


def test_figures_stand_where_the_figures_stood():
    made = simulate_safety(CITY, SPEC, 1, ahead=3)
    xr.testing.assert_identical(made.design, simulate_safety(CITY, SPEC, 1, ahead=3).design)
    assert not made.design["value"].equals(simulate_safety(CITY, SPEC, 2).design["value"])
    for name in ("low", "value"):
        old, new = CITY[name].to_numpy(), made.design[name].to_numpy()
        assert np.array_equal(np.isnan(old), np.isnan(new))
    assert list(made.shares["year"].to_numpy()) == list(range(2017, 2030))
    shown = 100 * made.shares["published"].to_numpy()
    assert shown == pytest.approx(shown.round(), abs=1e-9)


def test_a_bound_keeps_its_edge_and_tells_the_side(many):
    at = {"area": "Syd", "setting": "night", "response": "unsafe", "year": 2020}
    edge = float(CITY["high"].sel(at))
    for made in many:
        low, high = (float(made.design[k].sel(at)) for k in ("low", "high"))
        below = float(made.shares["published"].sel(at)) < edge
        assert (low, high) == ((BELOW, edge) if below else (edge, ABOVE))


def test_published_shares_have_the_mean_and_variance_of_their_truth(many):
    # a share near 0 or 1 is no Normal once it is cut off there
    inside = np.array([np.abs(m.truth["eta"]).max() < 2.3 for m in many])
    z = np.array([standardised(m) for m, keep in zip(many, inside, strict=True) if keep])
    for area in range(CITY.sizes["area"]):
        of_area = z[:, :, area]
        figures = np.isfinite(of_area).sum()
        assert abs(np.nanmean(of_area)) < 4 / np.sqrt(figures)
        assert abs(np.nanstd(of_area) - 1) < 4 / np.sqrt(2 * figures)
    safe, unsafe = z[:, 0], z[:, 1]
    both = np.isfinite(safe) & np.isfinite(unsafe)
    assert -0.9 < np.corrcoef(safe[both], unsafe[both])[0, 1] < -0.6
    # the whole is told by its parts' own samples, not by new ones
    parts = np.einsum("a,nast->nst", CITY["weight"].to_numpy(), safe[:, 1:])
    whole = safe[:, 0]
    given = np.isfinite(parts) & np.isfinite(whole)
    assert np.corrcoef(parts[given], whole[given])[0, 1] > 0.9


def test_walks_have_the_sds_slopes_and_correlation_of_their_truth(many):
    """The difference of two areas has no common path: its steps are known to the last constant."""
    z, expected = [], []
    for made in many:
        truth = made.truth
        sd = np.sqrt(float((truth["gap_sd"][:2] ** 2).sum()))
        slope = (truth["gap_slope"][0] - truth["gap_slope"][1]).to_numpy()
        steps = np.diff((truth["eta"][0] - truth["eta"][1]).to_numpy(), axis=-1)
        z.append((steps - slope[:, None]) / sd)
        expected.append(float(truth["setting_correlation"]))
    z = np.array(z)
    assert z.mean() == pytest.approx(0, abs=0.03)
    assert z.std() == pytest.approx(1, abs=0.02)
    products = (z[:, 0] * z[:, 1]).mean(axis=-1)
    slope = np.polyfit(expected, products, 1)
    assert slope == pytest.approx([1, 0], abs=0.12)


def test_truths_come_from_the_declared_priors(many):
    def pooled(name):
        return np.array([m.truth[name].to_numpy() for m in many])

    priors = SPEC.priors
    for name in ("path_sd", "area_sd", "gap_sd"):
        scale = priors[name]["sigma"]
        assert np.sqrt((pooled(name) ** 2).mean()) == pytest.approx(scale, rel=0.12)
    for name, prior in (
        ("path_slope", "path_drift"),
        ("gap_slope", "gap_drift"),
        ("wave_error", "wave_error"),
        ("collector_step", "collector_step"),
    ):
        assert pooled(name).std() == pytest.approx(priors[prior]["sigma"], rel=0.12)
        assert abs(pooled(name).mean()) < 0.2 * priors[prior]["sigma"]
    assert (np.ptp(pooled("gap_sd"), axis=1) == 0).all()  # one for all parts
    gap = priors["response_gap"]
    assert pooled("response_gap").mean() == pytest.approx(gap["alpha"] / gap["beta"], rel=0.05)
    effect = priors["design_effect"]
    assert pooled("log_deff").mean() == pytest.approx(effect["mu"], abs=0.02)
    assert np.exp(pooled("area_size")).mean(axis=1) == pytest.approx(np.ones(SETS))
    levels = np.array([m.truth["eta"].sel(year=2024).to_numpy() for m in many])
    apart = (levels - levels.mean(axis=1, keepdims=True)) / pooled("area_sd")[:, None, None]
    assert (apart**2).mean() == pytest.approx(2 / 3, rel=0.1)
    assert levels.mean(axis=1).mean() == pytest.approx(priors["level"]["mu"], abs=0.15)


def test_a_few_people_are_whole_people(many):
    """Sixty asked with a design effect are some fifty answers: their shares are fractions of it."""
    at = {"area": "Nord", "setting": "night", "response": "safe"}
    first = many[0]
    asked = round(60 * np.exp(float(first.truth["area_size"][0] - first.truth["log_deff"])))
    sampled = 100 * np.arange(asked + 1) / asked
    shown = 100 * float(first.design["value"].sel(at | {"year": 2026}))
    assert np.abs(sampled - shown).min() <= 0.5


def test_a_whole_that_is_no_sum_wanders_less_than_its_parts():
    waves = (2020, 2022, 2024)
    frame = pd.DataFrame(
        [(a, w, "night", "safe", 80.0) for a in ("Land", "Nord", "Syd", "Vest") for w in waves],
        columns=["area", "wave", "setting", "response", "percent"],
    ).assign(n=300.0, deff=1.0, count=np.nan, decimals=0.0, comparator="=")
    design = build_design(frame, whole="Land", parts=(), weights=None, baseline=2024)
    sd = simulate_safety(design, SPEC, 3).truth["gap_sd"]
    assert float(sd.sel(latent="Land") / sd.sel(latent="Syd")) == pytest.approx(3**-0.5)


def test_counts_stay_counts_and_areas_may_stand_alone():
    waves = (2020, 2022, 2024)
    frame = pd.DataFrame(
        [(a, w, "night", "safe", 240.0) for a in ("Nord", "Syd") for w in waves],
        columns=["area", "wave", "setting", "response", "count"],
    ).assign(n=300.0, deff=1.0, percent=np.nan, decimals=np.nan, comparator="=")
    design = build_design(frame, whole=None, parts=(), weights=None, baseline=2024)
    made = simulate_safety(design, SPEC, 3)
    counts = 300 * made.design["value"].to_numpy()
    counts = counts[np.isfinite(counts)]
    assert counts == pytest.approx(counts.round())
    assert len(set(counts)) > 1
    assert (made.design["high"] - made.design["low"]).max() == pytest.approx(1 / 300)


def test_a_spec_it_does_not_simulate_is_refused():
    other = with_area_varying_link(SPEC, sd=0.3, reason="a test of the simulation, no more")
    with pytest.raises(SpecError, match="response_gap_spread"):
        simulate_safety(CITY, other, 1)
