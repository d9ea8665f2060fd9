"""Many quantities at once give what ArviZ gives of each."""

import arviz as az
import numpy as np
import pytest

from amager_eval.trends.mixing import mixing


def chains(rng, kind, shape):
    """Draws of one quantity that mixes in a way of its own."""
    noise = rng.normal(size=shape)
    if kind == "independent":
        return noise
    if kind == "ties":
        return rng.poisson(1.5, size=shape).astype(float)
    if kind == "rare":  # both tails' ends are the same value
        return (rng.random(size=shape) < 0.02).astype(float)
    if kind == "apart":
        return noise + 0.4 * np.arange(shape[0])[:, None]
    if kind == "wider":  # the same middle, another spread: seen when folded alone
        return noise * (1 + np.arange(shape[0]))[:, None]
    slope = {"slow": 0.97, "drifting": 0.999, "antithetic": -0.8}[kind]
    for t in range(1, shape[1]):
        noise[:, t] += slope * noise[:, t - 1]
    return noise


KINDS = ("independent", "ties", "rare", "apart", "wider", "slow", "drifting", "antithetic")


@pytest.mark.parametrize("shape", [(4, 4), (4, 5), (4, 20), (2, 51), (4, 100), (4, 1000)])
def test_as_arviz_of_each(shape):
    rng = np.random.default_rng(sum(shape))
    every = [chains(rng, kind, shape) for kind in KINDS for _ in range(6)]
    draws = np.array([d for d in every if d.std() > 0])
    rhat, ess = mixing(draws)
    for k, one in enumerate(draws):
        assert rhat[k] == pytest.approx(az.rhat(one), rel=1e-10)
        tail = az.ess(one, method="tail", prob=(0.05, 0.95))
        assert ess[k] == pytest.approx(min(az.ess(one, method="bulk"), tail), rel=1e-8)


def test_what_mixes_badly_is_seen():
    rng = np.random.default_rng(1)
    found = {kind: mixing(chains(rng, kind, (4, 1000))[None]) for kind in KINDS}
    rhat = {kind: float(r[0]) for kind, (r, _) in found.items()}
    ess = {kind: float(e[0]) for kind, (_, e) in found.items()}
    assert rhat["independent"] < 1.01 < min(rhat["apart"], rhat["wider"], rhat["drifting"])
    assert ess["slow"] < 400 < ess["independent"]
