"""Published figures laid out as arrays."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.published import published
from amager_eval.errors import InputError
from amager_eval.trends.safety.design import ABOVE, BELOW, build_design, rounding_region

COLUMNS = ["area", "wave", "setting", "response", "percent", "count", "n", "decimals", "deff"]


def _frame(*rows, **extra):
    frame = pd.DataFrame(
        [dict(zip(COLUMNS, [*row, *[np.nan] * (9 - len(row))], strict=True)) for row in rows]
    )
    return frame.assign(comparator="=", **extra)


def _design(frame, **options):
    given = {"whole": None, "parts": (), "weights": None, "baseline": 2024, "rounds": None}
    return build_design(frame, **(given | options))


def test_bounds_speak_of_the_rounded_figure():
    assert rounding_region(0.16, decimals=0, comparator=">") == (pytest.approx(0.165), ABOVE)
    assert rounding_region(0.071, decimals=1) == pytest.approx((0.0705, 0.0715))


def test_nobody_and_everybody_are_open_to_their_side():
    assert rounding_region(0.0, decimals=0) == (BELOW, pytest.approx(0.005))
    assert rounding_region(1.0, decimals=0) == (pytest.approx(0.995), ABOVE)


def test_a_count_is_half_a_person_wide():
    design = _design(_frame(("Nord", 2024, "night", "safe", np.nan, 210, 300)))
    cell = design.sel(area="Nord", setting="night", response="safe", year=2024)
    assert float(cell["low"]) == pytest.approx(209.5 / 300)
    assert float(cell["high"]) == pytest.approx(210.5 / 300)
    assert np.isnan(float(cell["decimals"]))


def test_decimals_are_those_the_table_needs():
    rows = [("Nord", year, "night", "safe", p) for year, p in [(2023, 71.0), (2024, 72.4)]]
    design = _design(_frame(*rows))
    width = (design["high"] - design["low"]).sel(response="safe").to_numpy()
    assert width == pytest.approx(0.001)


def test_the_grid_holds_every_calendar_year_and_knows_which_are_waves():
    rows = [("Nord", year, "night", "safe", 80.0) for year in (2018, 2021, 2022)]
    design = _design(_frame(*rows))
    assert design["year"].to_numpy().tolist() == [2018, 2019, 2020, 2021, 2022]
    assert design["is_wave"].to_numpy().tolist() == [True, False, False, True, True]
    assert design.attrs["anchor"] == 2022  # the baseline lies outside: the last wave
    anchors = [_design(_frame(*rows), baseline=b).attrs["anchor"] for b in (2017, 2018, 2020, 2021)]
    assert anchors == [2022, 2018, 2018, 2021]  # a year without a wave: the one before it


def test_known_n_is_used_as_it_is_and_unknown_n_is_marked():
    frame = _frame(
        ("Nord", 2023, "night", "safe", 80.0, np.nan, 100),
        ("Nord", 2024, "night", "safe", 80.0),
        ("Syd", 2024, "night", "safe", 80.0),
    )
    design = _design(frame)
    nord = design.sel(latent="Nord", setting="night")
    assert nord["n"].to_numpy() == pytest.approx([100, 100])
    assert nord["n_from_area"].to_numpy().tolist() == [0, 1]
    # no figure of its own and no whole: the other areas' typical size, uncertain
    assert design.sel(latent="Syd", year=2024, setting="night")["n_from_area"] == 1


def test_no_n_anywhere_is_marked_as_nothing_known():
    design = _design(_frame(("Nord", 2024, "night", "safe", 80.0)))
    assert float(design["n_unknown"].min()) == 1


def test_copenhagen_is_laid_out_whole():
    data = published()
    population = data.population
    inhabitants = population[population["area"].isin(data.parts)].set_index("area")["population"]
    weights = (inhabitants / inhabitants.sum()).to_dict()
    frame = data.safety[data.safety["area_kind"].isin(["city", "bydel"])]
    design = build_design(
        frame,
        whole=data.whole,
        parts=data.parts,
        weights=weights,
        baseline=2024,
        rounds=data.survey_rounds,
    )
    assert int(np.isfinite(design["low"]).sum()) == len(frame)
    assert design.sizes["latent"] == 13
    assert float(design["weight"].sum()) == pytest.approx(1)
    # collector: Epinion from wave 2017
    before = design["before_break"].to_series()
    assert before.loc[2016] == 1
    assert before.loc[2017] == 0
    # n published for 2023: a thirteenth of it, only the district's part of it unknown
    cell = design.sel(latent="Valby", setting="night", year=2023)
    assert float(cell["n"]) == pytest.approx(4037 / 13)
    assert (float(cell["n_from_wave"]), float(cell["n_from_area"])) == (0, 1)
    assert float(design.sel(latent="Valby", setting="night", year=2025)["n_from_wave"]) == 1


def test_a_frame_without_figures_says_what_to_supply():
    with pytest.raises(InputError, match="percent"):
        _design(_frame(("Nord", 2024, "night", "safe")))
