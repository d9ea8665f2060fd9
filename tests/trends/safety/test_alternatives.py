"""Other choices, answered by the used fit's proposals or sampled anew; draws are random."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.safety import alternatives as module
from amager_eval.trends.safety import fit as fitting
from amager_eval.trends.safety.alternatives import (
    Alternative,
    answer_again,
    as_fitted,
    with_area_varying_link,
    with_design_effect,
    without_grades,
    without_waves,
)
from amager_eval.trends.safety.covariance import Point, figures, linearise, terms

SPEC = load_model_spec("safety_trend")
ROWS = [
    (area, wave, "night", "safe", share + wave - 2023, 400, grade)
    for area, share in (("Nord", 80.0), ("Syd", 70.0))
    for wave, grade in ((2022, "C"), (2023, "A"), (2024, "A"))
]
COLUMNS = ["area", "wave", "setting", "response", "percent", "n", "source_grade"]
POINTS = 40


@pytest.fixture
def fit(random_draws):
    """A fit of two areas, with proposals of points whose weights are told beforehand."""
    return _made()


@cache  # the stand-in sampler is a test's own, its draws are every test's
def _made():
    made = fitting.fit_safety(pd.DataFrame(ROWS, columns=COLUMNS), spec=SPEC, draws=10, seed=3)
    proposed = xr.Dataset(
        {
            "centre": (("alternative", "parameter"), np.zeros((2, 1))),
            "spread": (("alternative", "parameter", "beside"), np.ones((2, 1, 1))),
        },
        coords={"alternative": list(fitting.ALTERNATIVES), "parameter": ["path_sd"]},
    )
    return replace(made, data=made.data.assign({"proposed": xr.DataTree(proposed)}))


@pytest.fixture
def weighed(fit, monkeypatch):
    """Which models were weighed; the first point of each chain weighs `heavy` times the others."""
    models, heavy = [], [1.0]

    drawn_at_random = sample.sample_scales

    def weigh(model, *, proposal, tune, **settings):
        models.append(model)
        assert proposal.labels == ("path_sd",)
        assert tune == 0  # the neighbour's proposal is shaped already
        scales = drawn_at_random(model, **settings)
        log_weight = np.zeros(tuple(scales.sample_stats.sizes.values()))
        log_weight[:, 0] = np.log(heavy[0])
        scales.sample_stats["log_weight"] = (("chain", "draw"), log_weight)
        return scales

    monkeypatch.setattr(sample, "sample_scales", weigh)
    return models, heavy


@pytest.fixture
def sampled(monkeypatch):
    """Settings of what was sampled anew."""
    asked = []
    monkeypatch.setattr(module, "sample_safety", lambda *_, **settings: asked.append(settings))
    return asked


def test_points_that_are_worth_enough_answer(fit, weighed, sampled):
    again = answer_again(
        fit, with_design_effect(as_fitted(fit), 1.6), least_share=0.5, points=POINTS
    )
    assert not sampled
    assert again.diagnostics.passed
    assert again.diagnostics.min_ess == pytest.approx(POINTS)
    assert again.seed == fit.seed
    # the design effect is given: it is no scale of the model any more
    assert all("design_effect" not in model.named_vars for model in weighed[0])
    assert (again.data["posterior"]["log_deff"] == 0).all()
    cell = again.forecast(2025).draws
    assert cell.sizes["sample"] == SPEC.options["forecast_draws"]


def test_points_that_are_worth_little_are_sampled_anew(fit, weighed, sampled):
    weighed[1][0] = 1e4
    less = without_waves(as_fitted(fit), [2022])
    answer_again(fit, less, least_share=0.5, points=POINTS, draws=11)
    (settings,) = sampled
    assert settings["seed"] == fit.seed
    assert settings["draws"] == 11
    assert settings["keep"].sum() == 4
    bare = replace(fit, data=fit.data.drop_nodes("proposed"))
    answer_again(bare, less, least_share=0.01, points=POINTS)
    assert len(sampled) == 2


def test_an_area_with_figures_in_a_setting_of_its_own_is_sampled(fit, weighed, sampled):
    day = [(area, wave, "day", *rest) for area, wave, _, *rest in ROWS[:3]]
    figures_of_both = pd.DataFrame([*ROWS, *day], columns=COLUMNS)
    design = fitting.design_safety(
        figures_of_both, population=None, whole=None, spec=SPEC, parts=None
    )
    other = Alternative(design, SPEC, np.isfinite(design["low"].to_numpy()))
    answer_again(fit, other, least_share=0.01, points=POINTS)
    assert len(sampled) == 1
    assert not weighed[0]


def test_a_forecast_of_what_was_weighed_keeps_only_what_counts(fit, weighed, sampled):
    other = without_waves(as_fitted(fit), [2024])
    again = answer_again(fit, other, least_share=0.5, points=POINTS)
    cell = again.forecast(2025).draws.sel(area="Nord", setting="night", response="safe")
    assert np.ptp(cell["published"].sel(period=2023).to_numpy()) == 0
    assert np.ptp(cell["published"].sel(period=2024).to_numpy()) > 0


def test_the_looser_link_lets_areas_differ(fit, weighed, sampled):
    loose = with_area_varying_link(SPEC, sd=0.3, reason="a test of the wiring, no more")
    assert loose.digest != SPEC.digest == loose.changed_from
    other = replace(as_fitted(fit), spec=loose)
    apart = answer_again(fit, other, least_share=0.5, points=POINTS)
    assert np.ptp(fit.data["posterior"]["response_gap"].to_numpy(), axis=3).max() == 0
    assert np.ptp(apart.data["posterior"]["response_gap"].to_numpy(), axis=3).min() > 0


def test_a_source_grade_is_left_out(fit):
    used = as_fitted(fit)
    assert used.keep.sum() - without_grades(used, ["C"]).keep.sum() == 2


def test_the_looser_link_moves_no_figures_mean():
    frame = pd.DataFrame(ROWS, columns=COLUMNS).assign(response="unsafe", percent=12.0)
    design = fitting.design_safety(frame, population=None, whole=None, spec=SPEC, parts=None)
    loose = with_area_varying_link(SPEC, sd=0.3, reason="a test of the wiring, no more")
    found = figures(design, np.isfinite(design["low"].to_numpy()))
    shape = tuple(design.sizes[k] for k in ("latent", "setting", "year"))
    at = Point(
        mean=np.full(shape, 1.5), variance=np.full(shape, 0.01), width=np.array([0.4]),
        bounds=(np.empty(0), np.empty(0)), shift=np.zeros(len(found.value)),
        precision=np.ones(shape),
    )  # fmt: skip
    common, apart = (
        linearise(design, spec, found, terms(design, spec, drift=True), at)
        for spec in (SPEC, loose)
    )
    for name in ("base", "link", "load"):
        np.testing.assert_array_equal(getattr(common, name), getattr(apart, name))
    # an area's own width moves its figures by the factor it is: width times the slope by the width
    area = found.share.astype(bool)
    np.testing.assert_allclose(
        apart.matrices["link"],
        area @ area.T * np.outer(0.4 * common.link.sum(1), 0.4 * common.link.sum(1)),
    )
