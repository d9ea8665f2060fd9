import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval import significance as sg
from amager_eval.errors import InputError


def test_is_the_difference_of_two_log_odds_ratios():
    from statsmodels.stats.contingency_tables import Table2x2

    x = np.array([252, 261, 3168, 3204])
    n = np.array([300, 310, 3600, 3700])
    area = Table2x2([[x[1], n[1] - x[1]], [x[0], n[0] - x[0]]], shift_zeros=False)
    rest = Table2x2([[x[3], n[3] - x[3]], [x[2], n[2] - x[2]]], shift_zeros=False)
    expected = area.log_oddsratio - rest.log_oddsratio
    error = np.hypot(area.log_oddsratio_se, rest.log_oddsratio_se)
    c = sg.difference_in_change(x[0], n[0], x[1], n[1], x[2], n[2], x[3], n[3])
    assert [c.estimate, c.se, c.z] == pytest.approx([expected, error, expected / error], abs=1e-12)
    assert c.unit == "log ratio of odds ratios"
    spread = sg.difference_in_change(x[0], n[0], x[1], n[1], x[2], n[2], x[3], n[3], deff=1.6)
    assert spread.se == pytest.approx(c.se * np.sqrt(1.6))
    assert spread.n == n.sum()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 90)), min_size=4, max_size=4))
def test_symmetries_and_extremes(cells):
    (a, b, c, d) = cells
    one = sg.difference_in_change(*a, *b, *c, *d)
    assert np.isfinite([one.estimate, one.se, one.z]).all()
    assert sg.difference_in_change(*b, *a, *d, *c).estimate == pytest.approx(
        -one.estimate, abs=1e-9
    )
    assert sg.difference_in_change(*c, *d, *a, *b).estimate == pytest.approx(
        -one.estimate, abs=1e-9
    )
    flipped = [(n - x, n) for x, n in cells]
    mirror = sg.difference_in_change(*flipped[0], *flipped[1], *flipped[2], *flipped[3])
    assert mirror.estimate == pytest.approx(-one.estimate, abs=1e-9)


def test_arrays_missing_and_impossible():
    many = sg.difference_in_change([252, np.nan], 300, 261, 300, 3168, 3600, 3168, 3600)
    assert np.isnan(many.z).tolist() == [False, True]
    with pytest.raises(InputError, match=r"n_before \(3,\)"):
        sg.difference_in_change(252, [300] * 3, 261, [300] * 2, 3168, 3600, 3168, 3600)
    with pytest.raises(InputError, match="x_rest_after must not exceed n_rest_after"):
        sg.difference_in_change(252, 300, 261, 300, 3168, 3600, 4000, 3600)


REFERENCE = Path(__file__).parents[1] / "reference"
WDD = json.loads((REFERENCE / "04_poisson_rates.json").read_text())["cases"]["wdd"]
COUNTS = {
    "treated": WDD["unweighted"]["input"]["treated"],
    "control": WDD["unweighted"]["input"]["control"],
    "displacement_treated": WDD["unweighted"]["input"]["disp_treated"],
    "displacement_control": WDD["unweighted"]["input"]["disp_control"],
}


# sizes of treated, control and the two neighbouring areas behind the published -91.9 (31.5)
@pytest.mark.parametrize(
    ("key", "areas"), [("unweighted", (1, 1, 1, 1)), ("area_weighted_blog", (1.2, 0.9, 1.5, 1.6))]
)
def test_agrees_with_the_published_example(key, areas):
    w = sg.weighted_displacement_difference(**COUNTS, areas=areas)
    case = WDD[key]
    got = [w.local.estimate, w.local.se, w.displacement.estimate, w.displacement.se]
    got += [w.total.estimate, w.total.se, w.total.z]
    expected = ["local", "se_local", "displacement", "se_disp", "total", "se_total", "z"]
    assert got == pytest.approx([case[name] for name in expected], abs=1e-8)


def test_without_neighbours_the_total_is_local():
    w = sg.weighted_displacement_difference(COUNTS["treated"], COUNTS["control"])
    assert w.total.estimate == w.local.estimate
    assert w.total.n == 207 + 110 + 308 + 318
    assert w.to_frame()["part"].tolist() == ["local", "displacement", "total"]


def test_impossible_input():
    with pytest.raises(InputError, match="treated must be at least 0"):
        sg.weighted_displacement_difference([-1, 2], [3, 4])
    with pytest.raises(InputError, match="control must be a sequence of 2"):
        sg.weighted_displacement_difference([1, 2], [3, 4, 5])
    with pytest.raises(InputError, match="areas must lie above 0"):
        sg.weighted_displacement_difference([1, 2], [3, 4], areas=[1, 0, 1, 1])
