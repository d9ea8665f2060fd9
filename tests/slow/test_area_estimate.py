"""The estimate on the bundled figures, against a prototype of the same model.

The numbers are those of a prototype whose districts were another fit's draws and whose blocks were
also sampled as one PyMC graph, which gave the same answers: medians and ends of 95 % bands of the
area's true safe share in percent, and probabilities that it reaches the city's in 2028.
"""

import numpy as np
import pytest

import amager_eval as ae
from amager_eval.goals.safety.quantities import safety_quantities
from amager_eval.trends.area.estimate import estimate_area

pytestmark = pytest.mark.slow

# step: (2024 day, 2028 day, reaches, within 2), (the same at night)
PROTOTYPE = {
    "0": (((87, 61, 95), (87, 59, 95), 0.53, 0.62), ((78, 48, 91), (77, 45, 92), 0.47, 0.55)),
    "1": (((82, 75, 86), (81, 70, 88), 0.036, 0.14), ((69, 61, 76), (69, 54, 80), 0.016, 0.05)),
    "2": (((82, 75, 86), (81, 70, 88), 0.026, 0.12), ((69, 60, 76), (69, 54, 80), 0.012, 0.04)),
    "3": (((79, 71, 84), (78, 67, 86), 0.005, 0.03), ((67, 57, 74), (67, 52, 78), 0.004, 0.02)),
}


@pytest.fixture(scope="module")
def estimate():
    data = ae.published()
    return estimate_area(ae.fit_safety(data, seed=1), data)


@pytest.mark.parametrize("step", PROTOTYPE)
def test_the_answers_are_the_prototypes(estimate, step):
    forecast = estimate.steps[step]
    asked = safety_quantities(
        forecast, whole="København", baseline=2024, target=2028, areas=[estimate.area]
    ).set_index(["setting", "response", "quantity"])["probability_true"]
    for setting, told in zip(("neighbourhood", "night"), PROTOTYPE[step], strict=True):
        cell = forecast.draws["true"].sel(area=estimate.area, setting=setting, response="safe")
        for year, expected in zip((2024, 2028), told, strict=False):
            found = np.quantile(100 * cell.sel(period=year), [0.5, 0.025, 0.975])
            # seeds 1 to 5 put step 3's lower end at 72.0 to 73.3: its figures few draws agree with
            tolerance = {"0": 2.5, "3": 2.3}.get(step, 1.3)
            assert found == pytest.approx(expected, abs=tolerance)
        for quantity, expected in zip(("reaches_whole", "within_2_points"), told[2:], strict=True):
            found = asked[setting, "safe", quantity]
            assert found == pytest.approx(expected, abs=0.02 if expected < 0.2 else 0.03)


def test_it_rests_on_enough_draws_and_says_which_step(estimate):
    assert estimate.primary == "2"
    assert not estimate.problems
    assert min(estimate.effective.values()) > 400
