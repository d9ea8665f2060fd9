import numpy as np
import pandas as pd
import pymc as pm
import pytest
from scipy import stats

from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.arrays import unpack
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.model import build_model, crime_model

SPEC = load_model_spec("crime_trend")
#: What is drawn is the same, and not worth half a minute of compiling.
QUICK = {"compile_kwargs": {"mode": "FAST_COMPILE"}}


def two_areas(late, gone=()):
    rows = [("City", f"{2022 + i // 4}K{i % 4 + 1}", 400 - 5 * i, 2e4) for i in range(12)]
    rows += [
        ("D", f"{2022 + i // 4}K{i % 4 + 1}", i % 3, 2e3) for i in range(late, 12) if i not in gone
    ]
    frame = pd.DataFrame(rows, columns=["area", "period", "count", "population"])
    return frame.assign(crime_type="t")


@pytest.mark.parametrize("late", [0, 4])
@pytest.mark.parametrize("refit", [False, True])
def test_log_density_is_prior_plus_negative_binomial_of_every_report(late, refit):
    design = crime_design(two_areas(late), SPEC, whole="City")
    data = unpack(None, design)
    model = build_model(design, refit=refit)
    names = ["path_baseline", "path_baseline_gap", "dispersion", "season_gap", "effect_size"]
    assert set(names) <= set(model.named_vars)
    told = [model.logp(jacobian=False), model.logp(vars=model.free_RVs, jacobian=False)]
    told += model.replace_rvs_by_values([model["expected"], model["dispersion"]])
    of_point = model.compile_fn(told, inputs=model.value_vars, mode="FAST_COMPILE", point_fn=True)

    rng = np.random.default_rng(0)
    values = []
    for _ in range(4):
        point = model.initial_point(int(rng.integers(100)))
        point = {n: v + 0.5 * rng.normal(size=np.shape(v)) for n, v in point.items()}
        density, prior, mu, dispersion = of_point(point)
        reports = data["reports"]
        inside = np.array(["D |" in c for c in model.coords["cell"]])
        alpha = np.where(inside, dispersion[1, 0] ** -2, dispersion[0, 0] ** -2)
        total = stats.nbinom.logpmf(reports, alpha, alpha / (alpha + mu)).sum()
        sums = float(density - prior) - total
        if late:
            assert len(model.coords["lump"]) == late
            assert sums < 0
        else:
            assert sums == pytest.approx(0, abs=1e-6)
        values.append(total)
    assert np.ptp(values) > 2


def test_cells_are_named_and_only_those_with_a_count_of_their_own():
    model = build_model(crime_design(two_areas(4, gone={7}), SPEC, whole="City"))
    cells = list(model.coords["cell"])
    assert cells[:2] == ["rest of City | t | 2023K1", "rest of City | t | 2023K2"]
    assert "D | t | 2023K4" not in cells
    assert len(cells) == 2 * 7
    reports = model.rvs_to_values[model["reports"]].eval()
    assert len(reports) == len(cells)
    assert reports[0] == 400 - 5 * 4 - 1  # the city less its district


class TestAsAResearcherUsesIt:
    """The model is PyMC's own: drawn from, intervened on, observed."""

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls):
        return crime_model(two_areas(0), whole="City")

    def test_every_part_of_the_likelihood_is_a_distribution(self, model):
        assert model.potentials == []
        assert {v.name for v in model.observed_RVs} == {"reports"}
        assert all(model.named_vars_to_dims[v.name] for v in model.deterministics if v.ndim)

    def test_prior_predictive_lies_where_the_priors_say(self, model):
        with model:
            prior = pm.sample_prior_predictive(draws=400, random_seed=1, **QUICK)
        drawn = prior["prior"]
        assert prior["prior_predictive"]["reports"].dims[2:] == ("cell",)
        sigma = SPEC.priors["innovation"]["sigma"]
        median = float(drawn["innovation"].median())
        assert median == pytest.approx(0.6745 * sigma, rel=0.25)
        gap = (
            drawn["path_baseline_gap"].values[0, :, 0, 0]
            - drawn["path_baseline"].values[0, :, 0, 0]
        )
        mean = crime_design(two_areas(0), SPEC, whole="City")["level_mean"].values[0, 0]
        assert gap.mean() == pytest.approx(mean, abs=4 * 0.5 / 20)
        assert gap.std() == pytest.approx(0.5, rel=0.15)

    def test_an_intervention_holds_an_innovation(self, model):
        held = pm.do(model, {"innovation": np.array([0.0])})
        with held:
            prior = pm.sample_prior_predictive(draws=20, random_seed=1, **QUICK)["prior"]
        assert not np.isclose(prior["drift"].std(), 0)
        # with no innovation a path is its drift alone
        told = held.compile_logp(mode="FAST_COMPILE")
        assert np.isfinite(told(held.initial_point()))

    def test_observing_takes_a_variable_out_of_the_free(self, model):
        seen = pm.observe(model, {"drift_mean": 0.01})
        assert "drift_mean" in {v.name for v in seen.observed_RVs}
        assert "drift_mean" not in {v.name for v in seen.free_RVs}
