"""Which figures are left out, and what their predictions are held against."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.evidence.examinations.area import left_out as module
from amager_eval.evidence.examinations.area.left_out import area_left_out, summarise_left_out
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.estimate import estimate_area


@pytest.fixture(scope="module")
def asked():
    """One estimate answers for all; what each was asked is kept."""
    fit, data = ae.example_fit("safety"), ae.published()
    few = replace(fit, spec=fit.spec.with_options(forecast_draws=150))
    spec = load_area_spec().model_copy(update={"sets": 1, "sets_max": 1, "effective_min": 5})
    found = estimate_area(few, data, load_agreement(), spec=spec, steps=["1"], everywhere=True)
    calls = []

    def stand_in(fit, data, agreement, **asked):
        calls.append((agreement, asked))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "estimate_area", stand_in)
        table = area_left_out(fit, data, load_agreement(), earlier=fit, origin=2020)
    return table, calls, data.safety


def test_a_figure_an_area_a_partnership_and_the_last_waves_are_left_out(asked):
    table, calls, frame = asked
    kinds = {"figure": 11, "area": 11, "partnership": 11, "later_waves": 2}
    assert table["left_out"].value_counts().to_dict() == kinds
    for row, (agreement, call) in zip(table.itertuples(), calls, strict=True):
        gone = frame.loc[call["leave_out"]]
        here = (gone["area"] == row.area) & (gone["wave"] == row.wave)
        assert (here & (gone["setting"] == row.setting)).sum() == 1
        assert agreement.nested.stated == ()
        if row.left_out == "figure":
            assert len(gone) == 1
        elif row.left_out == "area":
            assert set(gone["area"]) == {row.area}
        elif row.left_out == "partnership" and row.area.startswith("Amager"):
            assert len(gone) == 7
        elif row.left_out == "later_waves":
            assert set(gone["wave"]) == {2021}
            assert agreement.safety.baseline_wave == 2020


def test_the_last_value_is_the_partnerships_own_and_known_before(asked):
    table = asked[0].set_index(["left_out", "area", "wave", "setting"])
    enlarged = "Amager Partnerskab (udvidet område fra 2021)"
    for left_out in ("figure", "later_waves"):
        assert table.loc[(left_out, enlarged, 2021, "neighbourhood"), "last_value"] == 17 - 15
        assert table.loc[(left_out, enlarged, 2021, "night"), "last_value"] == 29 - 27
    assert np.isnan(table.loc[("figure", "Folehaven", 2019, "neighbourhood"), "last_value"])
    assert asked[0].loc[asked[0]["left_out"] == "partnership", "last_value"].isna().all()


def test_others_are_compared_on_the_figures_they_have_an_answer_for():
    table = pd.DataFrame(
        {
            "left_out": "figure", "crps": [1.0, 5.0], "inside_95": [True, False],
            "inside_80": [True, False], "district": [2.0, 3.0], "city": [4.0, 4.0],
            "city_and_siblings": [1.0, 1.0], "last_value": [2.0, np.nan],
        }
    )  # fmt: skip
    found = summarise_left_out(table).set_index("versus")
    assert found.loc["last_value", ["figures", "crps", "crps_other"]].tolist() == [1, 1.0, 2.0]
    assert found.loc["district", ["inside_95", "crps", "crps_other"]].tolist() == [1, 3.0, 2.5]
