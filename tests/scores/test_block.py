import numpy as np
import pytest

from amager_eval.scores.block import block_interval


def _coverage(draw, blocks, truth, seeds):
    inside = 0
    for seed in seeds:
        found = block_interval(
            draw(np.random.default_rng(seed)), blocks, level=0.95, seed=seed, replicates=400
        )
        inside += found.low <= truth <= found.high
    return inside / len(seeds)


def test_interval_of_clustered_values_covers_where_an_independent_one_does_not():
    """Nothing but the block counts: 40 blocks of 25 cells that are nearly equal within a block."""
    blocks = np.repeat(np.arange(40), 25)

    def draw(rng):
        return np.repeat(rng.standard_normal(40), 25) + 0.1 * rng.standard_normal(1000)

    seeds = range(300)
    assert _coverage(draw, blocks, 0.0, seeds) == pytest.approx(0.93, abs=0.05)
    assert _coverage(draw, np.arange(1000), 0.0, seeds[:60]) < 0.6


def test_crossed_blocks_cover_where_both_factors_matter():
    areas, periods = (v.ravel() for v in np.meshgrid(np.arange(30), np.arange(30)))

    def draw(rng):
        return rng.standard_normal(30)[areas] + rng.standard_normal(30)[periods]

    seeds = range(200)
    assert _coverage(draw, [areas, periods], 0.0, seeds) > 0.9
    assert _coverage(draw, areas, 0.0, seeds) < 0.88


def test_same_seed_same_interval_and_labels_do_not_matter():
    values = np.random.default_rng(3).standard_normal(60)
    one = block_interval(values, np.repeat(["x", "y", "z"], 20), level=0.8, seed=5)
    other = block_interval(values, np.repeat(["u", "v", "w"], 20), level=0.8, seed=5)
    assert one == other
    assert one.estimate == pytest.approx(values.mean())
    assert one.low < one.estimate < one.high


def test_wrong_labels_are_errors():
    with pytest.raises(ValueError, match="3 values but 2 block labels"):
        block_interval([1.0, 2.0, 3.0], ["a", "b"], level=0.95, seed=1)
    with pytest.raises(ValueError, match="label is missing"):
        block_interval([1.0, 2.0], np.array(["a", None], dtype=object), level=0.95, seed=1)
