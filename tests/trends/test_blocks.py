"""A covariance in blocks is the same covariance."""

import numpy as np
import pytest

from amager_eval.trends.blocks import Part, lay_in_blocks
from amager_eval.trends.linear_normal import Covariance

#: Three areas of unequal many figures, and two figures that read all of them.
GROUP = np.array([0, 0, 1, 1, 1, 2, -1, 0, 2, -1])


@pytest.fixture
def parts():
    rng = np.random.default_rng(1)
    areas = np.where(GROUP[:, None] >= 0, np.eye(3)[GROUP], 1 / 3)
    same = areas @ areas.T
    common, once = (rng.normal(size=(len(GROUP), k)) for k in (2, 1))
    walk = np.exp(-np.abs(np.subtract.outer(*2 * [np.arange(len(GROUP))])))
    levels = areas * once
    # the levels of the areas sum to zero: alone, less what they have in common
    apart = levels @ (np.eye(3) - 1 / 3) @ levels.T
    return [
        Part(common @ common.T, common, 1.0),
        Part(apart, levels.sum(axis=1, keepdims=True), -1 / 3),
        Part(same * walk, np.empty((len(GROUP), 0)), 0.0),
        Part(np.diag(rng.uniform(1, 2, len(GROUP))), np.empty((len(GROUP), 0)), 0.0),
    ]


def test_it_solves_and_has_the_determinant_of_the_dense_one(parts):
    matrices = np.array([p.matrix for p in parts])
    blocks = lay_in_blocks(parts, GROUP)
    dense = Covariance(0.3 * matrices[0], matrices[1:])
    cut = Covariance(dense.fixed, dense.stack, blocks, np.array([0.3]))
    right = np.random.default_rng(2).normal(size=(len(GROUP), 4))
    for variances in ([0.5, 0.8, 0.2], [0.0, 0.0, 1.0], [30.0, 1e-4, 1e-3]):
        one, other = (next(c.factors(np.array([variances]))) for c in (dense, cut))
        np.testing.assert_allclose(other.log_det, one.log_det, rtol=1e-9)
        np.testing.assert_allclose(other.solve(right), one.solve(right), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(other.solve(right[:, 0]), one.solve(right)[:, 0], rtol=1e-7,
                                   atol=1e-9)  # fmt: skip
        np.testing.assert_allclose(other.square(right[:, 0]), one.square(right[:, 0]), rtol=1e-9)


def test_what_is_no_covariance_has_no_factor(parts):
    blocks = lay_in_blocks(parts, GROUP)
    assert blocks.factor(np.array([0.3, 0.5, 0.8, -9.0])) is None


def test_one_area_alone_shares_nothing_and_has_no_whole():
    rng = np.random.default_rng(3)
    half = rng.normal(size=(4, 4))
    only = Part(half @ half.T + np.eye(4), np.empty((4, 0)), 0.0)
    factor = lay_in_blocks([only], np.zeros(4, dtype=int)).factor(np.array([2.0]))
    row = rng.normal(size=4)
    assert factor.square(row) == pytest.approx(row @ np.linalg.solve(2 * only.matrix, row))
    assert factor.log_det == pytest.approx(np.linalg.slogdet(2 * only.matrix)[1])
