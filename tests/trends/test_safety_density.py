"""The written-out density and its gradient against the declared model's own."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.published import published
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety_density import write_density
from amager_eval.trends.safety_design import build_design
from amager_eval.trends.safety_fit import design_safety
from amager_eval.trends.safety_model import build_model
from amager_eval.trends.safety_sensitivity import with_area_varying_link

SPEC = load_model_spec("safety_trend")
LOOSE = with_area_varying_link(SPEC, sd=0.3, reason="a test of the density, no more")
BOTH, UNSAFE = ("safe", "unsafe"), ("unsafe",)


def _copenhagen():
    return design_safety(published(), population=None, whole=None, spec=SPEC, parts=None)


def _made_up(areas, settings, responses=BOTH, *, count=False, n=300.0, deff=np.nan, **options):
    rows = [
        (a, wave, s, r, {"safe": 78.0, "unsafe": 14.0}[r] + i)
        for i, a in enumerate(areas)
        for wave in (2019, 2022, 2024)
        for s in settings
        for r in responses
    ]
    frame = pd.DataFrame(rows, columns=["area", "wave", "setting", "response", "percent"])
    frame = frame.assign(n=n, deff=deff, count=np.nan, decimals=0.0, comparator="=")
    if count:
        frame = frame.assign(count=(frame["percent"] * n / 100).round(), percent=np.nan)
    rounds = pd.DataFrame({"wave": [2019, 2022], "collector": ["one", "two"]})
    given = {"whole": None, "parts": (), "weights": None, "baseline": 2024, "rounds": rounds}
    return build_design(frame, **(given | options))


HALVES = {"whole": "Byen", "parts": ["Nord", "Syd"], "weights": {"Nord": 0.4, "Syd": 0.6}}
DESIGNS = {
    "Copenhagen": (_copenhagen, SPEC),
    "Copenhagen, areas differ in the link": (_copenhagen, LOOSE),
    "one area, one wave, no break": (
        lambda: _made_up(["Nord"], ["night"], UNSAFE, rounds=None, baseline=2030),
        SPEC,
    ),
    "no n": (lambda: _made_up(["Nord", "Syd", "Vest"], ["night"], n=np.nan), SPEC),
    "counts": (lambda: _made_up(["Nord", "Syd"], ["night"], count=True, deff=1.4), SPEC),
    "a whole with a path of its own": (
        lambda: _made_up(["Byen", "Nord", "Syd"], ["a", "b", "c"], whole="Byen"),
        SPEC,
    ),
    "a weighted whole, and an area beside": (
        lambda: _made_up(["Byen", "Nord", "Syd", "Kvarteret"], ["day", "night"], **HALVES),
        SPEC,
    ),
    "a weighted whole, one answer, no n": (
        lambda: _made_up(["Byen", "Nord", "Syd"], ["night"], UNSAFE, n=np.nan, **HALVES),
        SPEC,
    ),
}


def _points(density, count):
    rng = np.random.default_rng(1)
    return density.start + 0.5 * rng.standard_normal((count, len(density.start)))


@pytest.mark.parametrize("name", DESIGNS)
def test_value_and_gradient_are_those_of_the_declared_model(name):
    make, spec = DESIGNS[name]
    design = make()
    density, model = write_density(design, spec), build_model(design, spec)
    variables = [model[block.name] for block in density.blocks]
    assert set(variables) == set(model.free_RVs)
    names = [model.rvs_to_values[v].name for v in variables]
    # the plain linker: each is evaluated a few times, compiling them would take longer
    declared = model.compile_fn([model.logp(), model.dlogp(variables)], mode="FAST_COMPILE")
    constants = []
    for drift in (0.0, 1.0):
        model.set_data("drift_on", drift)
        for x in _points(density, 3):
            cut = np.cumsum([np.prod(b.shape, dtype=int) for b in density.blocks])[:-1]
            pieces = zip(density.blocks, np.split(x, cut), strict=True)
            point = dict(zip(names, (v.reshape(b.shape) for b, v in pieces), strict=True))
            value, gradient = declared(point)
            found, by = density.evaluate(x, **(density.data | {"drift_on": drift}))
            constants.append(found - value)
            assert by == pytest.approx(gradient, rel=1e-6, abs=1e-7 * np.abs(gradient).max())
    # the same up to one constant
    assert np.ptp(constants) < 1e-8 * max(abs(found), 1)


def test_points_become_the_models_variables():
    density = write_density(_copenhagen(), SPEC)
    found = density.variables(density.start)
    assert found["gap"].shape == (13, 2, 17)
    assert float(found["path_sd"]) == pytest.approx(SPEC.priors["path_sd"]["sigma"])
    assert float(found["setting_correlation_unit"]) == 0.5
    gap = SPEC.priors["response_gap"]
    assert found["response_gap"] == pytest.approx([gap["alpha"] / gap["beta"]] * 2)
    assert not found["level"].any()


def test_figures_left_out_say_nothing():
    """A refit replaces figures; with none left, what remains is the prior."""
    design = _made_up(["Nord"], ["night"], UNSAFE)
    density = write_density(design, SPEC)
    x = density.start + 0.1
    silent = {"low": np.full(3, -10.0), "high": np.full(3, 11.0)}
    _, gradient = density.evaluate(x, **(density.data | silent))
    at = [b.name for b in density.blocks].index("wave_error")
    sizes = [int(np.prod(b.shape, dtype=int)) for b in density.blocks]
    own = slice(sum(sizes[:at]), sum(sizes[: at + 1]))
    assert gradient[own] == pytest.approx(-x[own])
    assert density.evaluate(x, **density.data)[1][own] != pytest.approx(-x[own])
