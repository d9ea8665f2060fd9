"""Refits without some sources, a looser link; the sampler is replaced."""

import numpy as np
import pandas as pd

from amager_eval.data.published import published
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety.alternatives import with_area_varying_link, without_grades
from amager_eval.trends.safety.fit import design_safety, fit_safety


def test_a_source_grade_is_left_out(random_draws):
    spec = load_model_spec("safety_trend")
    design = design_safety(published(), population=None, whole=None, spec=spec, parts=None)
    fit = without_grades(design, spec, ("C",), draws=20)
    kept = fit.data["design"]["kept"].to_numpy()
    dropped = (published().safety["source_grade"] == "C").sum()
    assert np.isfinite(design["low"].to_numpy()).sum() - kept.sum() == dropped
    cell = fit.forecast(2026).draws.sel(area="Amager Øst", setting="neighbourhood", response="safe")
    assert float(cell["published"].sel(period=2024).std()) == 0
    assert float(cell["published"].sel(period=2026).std()) > 0
    assert not bool(cell["observed"].sel(period=2026))


def test_the_looser_link_lets_areas_differ(random_draws):
    frame = pd.DataFrame(
        {"area": ["Nord", "Syd"], "wave": 2024, "setting": "night", "response": "safe",
         "percent": 80.0, "n": 300}
    )  # fmt: skip
    spec = load_model_spec("safety_trend")
    loose = with_area_varying_link(spec, sd=0.3, reason="a test of the wiring, no more")
    assert loose.digest != spec.digest == loose.changed_from
    same = fit_safety(frame, spec=spec, draws=20).data["posterior"]["response_gap"].to_numpy()
    apart = fit_safety(frame, spec=loose, draws=20).data["posterior"]["response_gap"].to_numpy()
    assert np.ptp(same, axis=3).max() == 0
    assert np.ptp(apart, axis=3).min() > 0
