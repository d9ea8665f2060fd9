import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from amager_eval.figures.drawing.labels import spread


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=12),
    st.floats(0.1, 10),
)
def test_labels_keep_their_distance_and_order(positions, gap):
    moved = spread(positions, gap)
    assert np.all(np.diff(sorted(moved)) >= gap * (1 - 1e-6))
    order = np.argsort(positions, kind="stable")
    assert np.all(np.diff(np.array(moved)[order]) > 0)
    assert np.isclose(np.mean(moved), np.mean(positions))


def test_what_has_room_stays():
    assert spread([3.0, 1.0], 0.5) == [3.0, 1.0]
