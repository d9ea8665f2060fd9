import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amager_eval.errors import InputError
from amager_eval.trends.crime.disjoint import split_counts

NAMES = (["city", "d", "e"], ["total", "a", "b"], ["2023", "2024"])
AREAS = [[0, 1, 2], [1], [2]]
TYPES = [[0, 1, 2], [0], [1]]


def published(cells, hidden):
    """Counts of city, d, e by total, a, b that follow from modelled cells, some not published."""
    areas = np.array([[1, 1, 1], [0, 1, 0], [0, 0, 1]])
    types = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0]])
    counts = np.einsum("ua,vk,akt->uvt", areas, types, cells.astype(float))
    return np.where(hidden, np.nan, counts)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 50), min_size=18, max_size=18),
    st.lists(st.booleans(), min_size=18, max_size=18),
)
def test_what_is_known_is_true_disjoint_and_counted_once(values, hide):
    cells = np.array(values).reshape(3, 3, 2)
    hidden = np.array(hide).reshape(3, 3, 2)
    split = split_counts(published(cells, hidden), AREAS, TYPES, NAMES)
    single = ~np.isnan(split.count)
    assert np.array_equal(split.count[single], cells[single])
    times_used = single.astype(int)
    for lump in split.lumps:
        assert len(lump.cells) > 1
        assert lump.count == sum(cells[i, j, lump.period] for i, j in lump.cells)
        for i, j in lump.cells:
            times_used[i, j, lump.period] += 1
    assert times_used.max(initial=0) <= 1


def test_everything_published_leaves_no_lumps():
    cells = np.arange(18).reshape(3, 3, 2)
    split = split_counts(published(cells, np.zeros((3, 3, 2), bool)), AREAS, TYPES, NAMES)
    assert not split.lumps
    assert np.array_equal(split.count, cells)


def test_whole_smaller_than_its_parts_names_cell_and_numbers():
    counts = published(np.full((3, 3, 2), 10), np.zeros((3, 3, 2), bool))
    counts[0, 1, 1] = 15.0  # city, type a, 2024: its districts have 10 each
    with pytest.raises(InputError, match=r"city, a, 2024 .* found '15 against 20'"):
        split_counts(counts, AREAS, TYPES, NAMES)
