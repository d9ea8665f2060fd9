import json
from pathlib import Path

import pytest

from amager_eval import significance as sg
from amager_eval.errors import InputError

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
