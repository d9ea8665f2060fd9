import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.read import read_input
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.crime.design import crime_design
from amager_eval.trends.crime.fit import begin_design, fit_crime
from amager_eval.trends.crime.posterior import HYPERPARAMETERS
from amager_eval.trends.diagnose import diagnose
from amager_eval.trends.fit import load_fit


def quarterly(areas=("City", "D"), types=("total", "indbrud"), years=range(2020, 2026)):
    periods = [f"{y}K{q}" for y in years for q in range(1, 5)]
    rows = [(a, p, k) for a in areas for k in types for p in periods]
    frame = pd.DataFrame(rows, columns=["area", "period", "crime_type"])
    frame["count"] = np.where(frame["area"] == "City", 400, 30) + np.arange(len(frame)) % 5
    frame["population"] = np.where(frame["area"] == "City", 20_000.0, 2_000.0)
    return frame


def test_fit_holds_levels_and_survives_saving(random_draws, tmp_path):
    fit = fit_crime(quarterly(), whole="City", draws=50, chains=2, seed=7)
    posterior = fit.data["posterior"]
    assert posterior["level"].dims == ("chain", "draw", "area", "crime_type", "period")
    assert {"chain", "draw"} <= set(posterior.coords) & set(fit.data["sample_stats"].coords)
    assert np.allclose(
        posterior["level_baseline"],
        xr.dot(posterior["level"], fit.data["design"]["baseline_weight"], dim="period"),
    )
    fit.save(tmp_path / "fit.nc")
    again = load_fit(tmp_path / "fit.nc")
    one, other = fit.forecast("2026K4"), again.forecast("2026K4")
    xr.testing.assert_identical(one.draws, other.draws)
    xr.testing.assert_identical(one.prior_only, other.prior_only)


def test_bad_data_are_refused_before_a_model_is_built(random_draws):
    frame = quarterly()
    frame.loc[3, "count"] = -1
    with pytest.raises(InputError, match="row 4"):
        fit_crime(frame, whole="City")
    assert not random_draws


def test_draws_chains_and_progress_reach_the_sampler(random_draws, monkeypatch):
    seen = {}
    inner = sample.begin_posterior

    def record(compiled, **arguments):
        seen.update(arguments)
        return inner(compiled, **arguments)

    monkeypatch.setattr(sample, "begin_posterior", record)
    done = []
    fit_crime(quarterly(), draws=20, chains=3, seed=9, progress=lambda a, b: done.append((a, b)))
    assert (seen["draws"], seen["chains"], seen["seed"]) == (20, 3, 9)
    seen["progress"](1, 2)
    assert done == [(1, 2)]


@pytest.mark.parametrize("kind", ["inbrud", "remainder", "vold/våben"])
@pytest.mark.parametrize("files", [False, True])
def test_a_type_with_scales_of_its_own_that_occurs_nowhere_is_a_fault(
    random_draws, tmp_path, kind, files
):
    own = load_model_spec("crime_trend").with_options(types={kind: {"covid": 0.5}})
    data = quarterly().assign(definition="borgervendt")
    data.loc[len(data)] = ["City", "2020K1", "vold/våben", np.nan, 20_000.0, "borgervendt"]
    if files:  # nobody counted it there either
        data[data["count"].notna()].to_csv(tmp_path / "crime.csv", index=False)
        data = read_input(tmp_path)
    found = r"found indbrud, total\. Correct the name, or take it out"
    with pytest.raises(SpecError, match=rf"options\.types: there are no counts of {kind}; {found}"):
        fit_crime(data, spec=own)
    assert not random_draws  # nothing was compiled


def test_scales_of_the_remainder_belong_to_a_total_made_of_its_types(random_draws):
    own = load_model_spec("crime_trend").with_options(types={"remainder": {"innovation": 0.01}})
    data = quarterly().assign(definition="STRAF11")
    data.loc[data["crime_type"] == "total", "count"] *= 2
    fit = fit_crime(data, whole="City", spec=own, draws=20)
    scale = fit.data["design"]["innovation_scale"].sel(crime_type="remainder")
    assert scale.sel(path_class="level") == 0.01


@pytest.mark.parametrize(("draws", "tune"), [(None, 800), (3000, 800), (750, 400), (100, 200)])
def test_fewer_draws_than_the_document_s_shorten_the_warm_up(
    random_draws, monkeypatch, draws, tune
):
    spec = load_model_spec("crime_trend")
    assert (spec.sampling.draws, spec.sampling.tune) == (1500, 800)
    seen, inner = {}, sample.begin_posterior

    def record(compiled, **how):
        seen.update(how)
        return inner(compiled, **how | {"draws": 20})

    monkeypatch.setattr(sample, "begin_posterior", record)
    fit_crime(quarterly(), spec=spec, draws=draws, chains=2)
    assert (seen["draws"], seen["tune"]) == (draws or 1500, tune)


def test_further_chains_stand_beside_the_first_and_are_judged_with_them(random_draws):
    spec = load_model_spec("crime_trend")
    design = crime_design(quarterly(), spec, whole="City")
    first = begin_design(design, spec, draws=50, chains=2, seed=7)()
    both = begin_design(design, spec, draws=50, chains=3, seed=7, after=first)()
    posterior = both.data["posterior"].to_dataset()
    assert posterior["chain"].values.tolist() == [0, 1, 2, 3, 4]
    assert both.data["sample_stats"].sizes == {"chain": 5, "draw": 50}
    own = first.data["posterior"].to_dataset()
    xr.testing.assert_identical(posterior.isel(chain=slice(2)), own)
    # each further chain is another one
    level = posterior["level"].values.reshape(5, -1)
    assert len(np.unique(level[:, 0])) == 5
    judged = diagnose(
        both.data["sample_stats"].to_dataset(),
        [posterior.drop_vars(["passing", *HYPERPARAMETERS], errors="ignore")],
        spec.gates,
    )
    assert both.diagnostics == judged
    assert both.diagnostics.min_ess > first.diagnostics.min_ess
