import numpy as np
import pytest

from amager_eval.errors import InputError
from amager_eval.indicators.control import (
    RUN,
    Rebase,
    multiple_of_sd,
    signals_of,
    steps_as_variance,
)


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_rebase_wants_a_reason(reason):
    with pytest.raises(InputError, match="rebased for a reason only"):
        Rebase("2025K1", reason)
    assert Rebase(2025, "Area enlarged").reason == "Area enlarged"


def test_less_variation_than_chance_is_not_believed():
    assert multiple_of_sd(0.02275, 1e-6, 5) == pytest.approx(2, abs=1e-3)
    assert multiple_of_sd(0.02275, 4.0, 5) > 2 * 2


def test_steps_tell_the_variance_of_independent_values_and_ignore_a_level():
    rng = np.random.default_rng(5)
    values = rng.normal(0, 2, (4000, 9))
    variances, free = zip(*(steps_as_variance(v) for v in values), strict=True)
    assert np.mean(variances) == pytest.approx(4, rel=0.03)
    assert steps_as_variance(values[0] + 50)[0] == pytest.approx(variances[0])
    # worth as many independent squares as the spread of the estimate says
    assert 2 * 4**2 / np.var(variances) == pytest.approx(free[0], rel=0.1)


def test_a_gap_ends_a_row():
    side = np.ones(RUN)
    none = np.zeros(RUN, dtype=int)
    assert signals_of(none, none, side, np.arange(RUN))[-1] == "shift up"
    assert signals_of(none, none, side, np.append(np.arange(RUN - 1), RUN))[-1] == ""
    warned = np.array([1, 0, 1])
    assert signals_of(0 * warned, warned, side[:3], np.arange(3)).tolist() == [
        "",
        "",
        "twice above",
    ]
