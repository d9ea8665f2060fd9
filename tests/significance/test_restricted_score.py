import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval.significance.restricted_score import restricted_shares, score_z


@settings(deadline=None, max_examples=300)
@given(
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(-0.99, 0.99),
)
def test_the_closed_form_is_the_maximum(n1, n2, p1, p2, delta):
    p1, p2 = round(p1 * n1) / n1, round(p2 * n2) / n2  # whole counts
    # near a double root the share is known to 1e-8: respondents times that is the tolerance
    args = [np.float64(v) for v in (p1, n1, p2, n2, delta)]
    r1, r2 = restricted_shares(*args)
    assert r1 - r2 == pytest.approx(delta, abs=1e-9)
    assert 0 <= r1 <= 1
    assert 0 <= r2 <= 1

    def log_likelihood(q2):
        q1 = np.clip(q2 + delta, 1e-15, 1 - 1e-15)
        q2 = np.clip(q2, 1e-15, 1 - 1e-15)
        return n1 * (p1 * np.log(q1) + (1 - p1) * np.log(1 - q1)) + n2 * (
            p2 * np.log(q2) + (1 - p2) * np.log(1 - q2)
        )

    grid = np.linspace(max(0, -delta), min(1, 1 - delta), 2001)
    assert log_likelihood(float(r2)) >= log_likelihood(grid).max() - 2e-8 * (n1 + n2) - 1e-6


def test_at_zero_it_is_the_pooled_share():
    r1, r2 = restricted_shares(*(np.float64(v) for v in (0.8, 70, 0.6, 80, 0.0)))
    assert float(r1) == pytest.approx(104 / 150, abs=1e-12)
    assert float(r2) == pytest.approx(104 / 150, abs=1e-12)


def test_statistic_falls_with_the_difference_tested():
    delta = np.linspace(-0.99, 0.99, 199)
    z = score_z(
        np.float64(0.9), np.float64(10), np.float64(0.3), np.float64(10), delta, corrected=True
    )
    assert (np.diff(z) < 0).all()
