"""Cell suppression attacked: whatever is shown, no small count can be solved for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from amager_eval.disclosure import suppression
from amager_eval.disclosure.suppression import Relation, _System, suppress

THRESHOLD = 5


def feasible(values, relations, masked, cell):
    """Range of a cell's count that agrees with every count that is shown."""
    return _System(np.asarray(values, dtype=float), relations).range(cell, set(masked))


def table(counts):
    """Cells and relations of a two-way table with its margins: areas by types, as published."""
    counts = np.asarray(counts, dtype=float)
    n_areas, n_types = counts.shape
    full = np.zeros((n_areas + 1, n_types + 1))
    full[:-1, :-1] = counts
    full[-1, :-1], full[:-1, -1], full[-1, -1] = counts.sum(0), counts.sum(1), counts.sum()
    at = np.arange(full.size).reshape(full.shape)
    relations = [Relation((int(r[-1]),), tuple(map(int, r[:-1])), exact=True) for r in at]
    relations += [Relation((int(c[-1]),), tuple(map(int, c[:-1])), exact=True) for c in at.T]
    return full, at, relations


def attack(full, shown, cell):
    """Least and greatest count of a cell for one who knows the margins' rule and what is shown.

    Written anew from the table itself, so that it shares nothing with the code it attacks.
    """
    n_rows, n_columns = full.shape
    equations, right = [], []
    for axis, length in ((0, n_rows), (1, n_columns)):
        for i in range(length):
            row = np.zeros(full.shape)
            np.moveaxis(row, axis, 0)[i] = [1.0] * (full.shape[1 - axis] - 1) + [-1.0]
            equations.append(row.ravel())
            right.append(0.0)
    bounds = [(v, v) if s else (0, None) for v, s in zip(full.ravel(), shown.ravel(), strict=True)]
    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(full.size)
        aim[cell] = sign
        solved = linprog(aim, A_eq=np.array(equations), b_eq=right, bounds=bounds)
        ends.append(np.inf if solved.status == 3 else sign * solved.fun)
    return ends[0], ends[1]


def recovered(full, masked):
    """Small cells for which the attack can exclude a value below the threshold."""
    shown = np.ones(full.size, dtype=bool)
    shown[list(masked)] = False
    small = np.flatnonzero(full.ravel() < THRESHOLD)
    ranges = {int(i): attack(full, shown.reshape(full.shape), i) for i in small}
    return [i for i, (low, high) in ranges.items() if low > 1e-6 or high < THRESHOLD - 1 - 1e-6]


tables = st.integers(2, 4).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 14), min_size=3, max_size=3), min_size=n, max_size=n)
)


@settings(max_examples=25, deadline=None)
@given(tables)
def test_no_small_count_of_a_table_with_margins_can_be_solved_for(counts):
    full, _, relations = table(counts)
    masked = suppress(full.ravel(), relations, THRESHOLD)
    assert set(np.flatnonzero(full.ravel() < THRESHOLD)) <= masked
    assert recovered(full, masked) == []


def test_without_hiding_others_the_attack_succeeds(monkeypatch):
    full, _, relations = table([[3, 20, 30], [40, 50, 60]])
    monkeypatch.setattr(suppression._System, "next_to_hide", lambda *_: None)
    masked = suppress(full.ravel(), relations, THRESHOLD)
    assert masked == {0}
    assert recovered(full, masked) == [0]


def test_large_counts_are_all_shown():
    full, _, relations = table([[10, 20, 30], [40, 50, 60]])
    assert suppress(full.ravel(), relations, THRESHOLD) == frozenset()


def test_a_small_rest_is_hidden_too():
    """City minus area leaves two reports: the area's count must not be shown beside the city's."""
    masked = suppress([42.0, 40.0], [Relation((0,), (1,))], THRESHOLD)
    assert masked == {1}
    assert feasible([42.0, 40.0], [Relation((0,), (1,))], masked, 2) == (0.0, 42.0)


def test_areas_that_overlap():
    """Two districts hold an area; one of the districts is small."""
    values = [3.0, 60.0, 30.0]  # districts, area within both
    assert suppress(values, [Relation((0, 1), (2,))], THRESHOLD) == {0}
    # the rest is as unknown as the district, and nothing else must be hidden
    assert suppress([3.0, 30.0, 30.0], [Relation((0, 1), (2,))], THRESHOLD) == {0}
    assert suppress([9.0, 30.0, 37.0], [Relation((0, 1), (2,))], THRESHOLD) == {2}


def test_what_was_published_before_cannot_hide_anything():
    relation = [Relation((0,), (1, 2, 3), exact=True)]
    values = [30.0, 3.0, 7.0, 20.0]
    assert suppress(values, relation, THRESHOLD) == {1, 2}
    assert suppress(values, relation, THRESHOLD, known=[2]) == {1, 3}
    # a small count published before is lost: nothing more is given up for it
    assert suppress(values, relation, THRESHOLD, known=[1]) == {1}


def test_what_was_hidden_before_stays_hidden_and_protected():
    relation = [Relation((0,), (1, 2, 3), exact=True)]
    masked = suppress([40.0, 6.0, 14.0, 20.0], relation, THRESHOLD, hidden=[1, 2])
    assert masked == {1, 2}
    assert suppress([40.0, 6.0, 14.0, 20.0], relation, THRESHOLD, hidden=[1]) == {1, 2}


def test_relations_the_figures_break_say_nothing():
    assert suppress([5.0, 3.0, 9.0], [Relation((0,), (1, 2))], THRESHOLD) == {1}


@pytest.mark.parametrize("values", [[7.0, 1.0, 2.0, 4.0], [5.0, 0.0, 0.0, 5.0]])
def test_sums_of_small_counts(values):
    relation = [Relation((0,), (1, 2, 3), exact=True)]
    masked = suppress(values, relation, THRESHOLD)
    for cell in (i for i, v in enumerate(values) if v < THRESHOLD):
        low, high = feasible(values, relation, masked, cell)
        assert low == 0
        assert high >= THRESHOLD - 1
