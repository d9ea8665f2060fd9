"""A sampler that draws every free variable at random: quick, and no claim about a posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from amager_eval.trends import sample


class RandomDraws:
    """Stands in for a compiled model; remembers the data it was given."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], positive: set[str]) -> None:
        self.shapes, self.positive = shapes, positive
        self.given: list[dict[str, Any]] = []

    def with_data(self, **data: Any) -> RandomDraws:
        self.given.append(data)
        return self

    def draw(self, chains: int, draws: int, seed: int) -> xr.DataTree:
        rng = np.random.default_rng(seed)
        variables = {}
        for name, shape in self.shapes.items():
            values = rng.normal(0, 1, size=(chains, draws, *shape))
            if name.endswith("level"):
                values = 0.3 * values
            elif name in self.positive:
                values = 0.1 + 0.8 / (1 + np.exp(-values))
            dims = ("chain", "draw", *(f"{name}_{i}" for i in range(len(shape))))
            variables[name] = (dims, values)
        stats = {"diverging": (("chain", "draw"), np.zeros((chains, draws), dtype=bool))}
        return xr.DataTree.from_dict(
            {"posterior": xr.Dataset(variables), "sample_stats": xr.Dataset(stats)}
        )


@pytest.fixture
def random_draws(monkeypatch: pytest.MonkeyPatch) -> list[RandomDraws]:
    """Replace compiling and sampling; the list holds everything that was to be compiled."""
    made: list[RandomDraws] = []

    def compile_model(model: Any) -> RandomDraws:
        shapes = {rv.name: tuple(rv.type.shape) for rv in model.free_RVs}
        positive = {rv.name for rv in model.free_RVs if model.rvs_to_transforms[rv]}
        made.append(RandomDraws(shapes, positive))
        return made[-1]

    def compile_density(density: Any) -> RandomDraws:
        shapes = {block.name: block.shape for block in density.blocks}
        positive = {block.name for block in density.blocks if block.transform}
        made.append(RandomDraws(shapes, positive))
        return made[-1]

    def sample_posterior(
        compiled: RandomDraws, *, draws: int, tune: int, chains: int, seed: int, **_: Any
    ) -> xr.DataTree:
        return compiled.draw(chains, draws, seed)

    monkeypatch.setattr(sample, "compile_model", compile_model)
    monkeypatch.setattr(sample, "compile_density", compile_density)
    monkeypatch.setattr(sample, "sample_posterior", sample_posterior)
    return made
