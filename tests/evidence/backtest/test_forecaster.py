"""The package's own model as a forecaster; the fit itself is replaced."""

import ast
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tests.evidence.backtest.trial import restrict

import amager_eval as ae
from amager_eval.evidence.backtest.forecaster import FORECAST_CODE, OwnModel, among_all, at_origin
from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.panels import copenhagen, crime_quarterly, crime_yearly, envipe
from amager_eval.evidence.backtest.score import score_unit
from amager_eval.provenance import sampler_versions, versions
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime import fit as crime_fit
from amager_eval.trends.diagnose import Diagnostics
from amager_eval.trends.safety import fit as safety_fit


@dataclass
class FakeFit:
    """Forecasts a number that names its cell, so that a wrong look-up is seen."""

    draws: xr.DataArray
    name: str
    until: object = None

    @property
    def diagnostics(self):
        return Diagnostics(3, 1.2, 50.0, ("3 divergent transitions (at most 0 allowed)",))

    def forecast(self, until):
        self.until = until
        return type("Forecast", (), {"draws": xr.Dataset({self.name: self.draws})})


def numbered(dims, coords, size=4):
    shape = [len(coords[d]) for d in dims]
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    cells = xr.DataArray(values, dims=dims, coords=coords)
    return cells.expand_dims(sample=np.arange(size)), cells


@pytest.mark.parametrize("make", [crime_quarterly, crime_yearly])
def test_crime_draws_meet_their_cells(make, monkeypatch):
    panel = restrict(make(), make().areas[2:5])
    (unit,) = split(panel, origins=[panel.final[0]])
    periods = sorted(panel.frame["period"].unique(), reverse=True)
    labels = [int(p) for p in periods] if make is crime_yearly else periods
    coords = {
        "period": labels,
        "crime_type": sorted(panel.frame["crime_type"].unique()),
        "area": list(panel.areas)[::-1],
    }
    draws, cells = numbered(["crime_type", "area", "period"], coords)
    seen = {}

    def fake(design, spec, **options):
        seen.update(options, design=design, spec=spec)
        return lambda: FakeFit(draws, "count")

    monkeypatch.setattr(crime_fit, "begin_design", fake)
    predicted = OwnModel("crime", draws=10)(unit.task)
    for column, target in enumerate(unit.task.targets.itertuples()):
        period = int(target.period) if make is crime_yearly else target.period
        expected = cells.sel(area=target.area, crime_type=target.crime_type, period=period)
        assert predicted.draws[0, column] == float(expected)
    assert predicted.passed is False
    assert "divergent" in predicted.problems
    assert seen["draws"] == 10
    assert seen["seed"] == unit.task.seed
    assert seen["chains"] == seen["spec"].options["backtest"]["chains"]
    assert seen["spec"].sampling.tune == seen["spec"].options["backtest"]["tune"]
    last = str(seen["design"]["period"].values[-1])
    assert last == str(panel.final[0])  # nothing after the origin
    assert seen["design"].attrs["whole"] == "all areas"


def test_a_block_is_seen_against_all_areas_of_the_panel():
    panel = restrict(crime_yearly(), crime_yearly().areas[:5])
    first, second = split(panel, origins=["2020"], block_size=3)
    for unit in (first, second):
        inside = among_all(unit.task)
        assert inside.whole == "all areas"
        everyone = inside.training.query("area == 'all areas'").set_index(["period", "crime_type"])
        past = panel.frame[panel.frame["period"] <= "2020"]
        expected = past.groupby(["period", "crime_type"])["count"].sum()
        assert (everyone["count"] == expected.loc[everyone.index]).all()
        assert len(everyone) == len(expected)
        people = inside.population.query("area == 'all areas' and period == '2020'")["population"]
        known = panel.population[panel.population["area"].isin(panel.areas)]
        assert people.item() == known.query("period == '2020'")["population"].sum()
        assert set(inside.targets["area"]) == set(unit.task.targets["area"])


def test_a_cell_one_area_does_not_report_is_no_sum():
    panel = restrict(crime_yearly(), crime_yearly().areas[:3])
    gap = (panel.frame["area"] == panel.areas[0]) & (panel.frame["period"] == "2018")
    (unit,) = split(replace(panel, frame=panel.frame[~gap]), origins=["2020"])
    assert "2018" not in set(unit.task.together["period"])
    assert "2019" in set(unit.task.together["period"])


def test_blocks_of_one_structure_are_compiled_once(random_draws, monkeypatch):
    panel = restrict(crime_yearly(), crime_yearly().areas[:6])
    own = OwnModel("crime", draws=20)
    for unit in split(panel, origins=["2020"], block_size=3):
        scores = score_unit(unit, own)
        assert scores["crps"].notna().all()
    assert len(random_draws) == 1
    assert len(random_draws[0].given) == 1


def test_safety_gets_what_was_known_and_no_more(monkeypatch):
    panel = copenhagen()
    (unit,) = split(panel, origins=[2019])
    coords = {
        "area": list(panel.areas),
        "setting": ["neighbourhood", "night"],
        "response": ["safe", "unsafe"],
        "period": list(range(2009, 2027)),
    }
    draws, cells = numbered(["area", "setting", "response", "period"], coords)
    seen = {}

    def fake(data, **options):
        seen.update(options, data=data)
        return FakeFit(draws / cells.size, "published")

    monkeypatch.setattr(safety_fit, "fit_safety", fake)
    predicted = OwnModel("safety")(unit.task)
    assert predicted.draws.shape == (4, len(unit.task.targets))
    data = seen["data"]
    assert data.safety["wave"].max() == 2019
    assert data.survey_rounds["wave"].max() == 2019
    assert data.crime is None
    assert data.whole == "København"
    assert len(data.parts) == 13
    # without anything else known, the bare frame and its whole
    (other,) = split(envipe(), origins=[2018])
    monkeypatch.setattr(safety_fit, "fit_safety", lambda data, **options: seen.update(options))
    with pytest.raises(AttributeError):
        OwnModel("safety")(other.task)
    assert seen["whole"] == "Nacional"


def test_nothing_of_the_spec_lies_after_the_origin():
    spec = load_model_spec("crime_trend")
    for unit in split(crime_quarterly(), origins=["2018K4", "2023K4"]):
        moved = at_origin(spec, unit.task)
        assert moved.options["baseline_year"] == int(unit.task.origin[:4])
        assert moved.priors == spec.priors
    declared = spec.options["steps"]
    steps = [*declared, {**declared[0], "date": date(2020, 1, 1)}]
    later = spec.model_copy(update={"options": {**spec.options, "steps": steps}})
    early, late = split(crime_quarterly(), origins=["2018K4", "2021K4"])
    assert len(at_origin(later, early.task).options["steps"]) == len(steps) - 1
    assert len(at_origin(later, late.task).options["steps"]) == len(steps)
    # a date counts, not its calendar year
    for origin, day, known in (
        ("2021K1", date(2021, 12, 1), False),
        ("2021K1", date(2021, 4, 1), False),
        ("2021K1", date(2021, 3, 31), True),
        ("2021", date(2021, 12, 1), True),
        ("2021M11", date(2021, 12, 1), False),
    ):
        one = later.with_options(steps=[{**declared[0], "date": day}])
        task = replace(early.task, origin=origin)
        assert bool(at_origin(one, task).options["steps"]) is known


@pytest.mark.parametrize(
    ("file", "changes"),
    [("crime/design.py", True), ("sample.py", True), ("trends/fit.py", True), ("period.py", True),
     ("crime/count_chart.py", False), ("safety/fit.py", False)],
)  # fmt: skip
def test_identity_follows_the_code_forecasts_rest_on(monkeypatch, file, changes):
    before = OwnModel("crime").identity
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + b"#" * path.as_posix().endswith(file)
    )
    assert (OwnModel("crime").identity != before) is changes


@pytest.mark.parametrize("kind", ["safety", "crime"])
def test_no_code_a_forecast_rests_on_is_missing_from_the_identity(imported_from, kind):
    begin = {
        "crime": ("trends.crime.fit", "trends.crime.forecast"),
        "safety": ("trends.safety.fit", "trends.safety.forecast"),
    }
    # a fit that is saved, asked or shown to ArviZ is no other fit
    beside = {f"trends.{n}" for n in ("store", "questions", "datatree", "area.estimate")}
    beside |= {f"trends.{n}.datatree" for n in ("crime", "safety")}
    beside |= {f"trends.{n}.forecast" for n in {"crime", "safety"} - {kind}}
    rests_on = imported_from(*begin[kind], through=lambda name: name not in beside)
    rooms = {
        "trends",
        "trends.crime",
        "trends.safety",
        "data.period",
    }  # empty rooms; of `data` periods alone
    assert {n for n in rests_on if n.split(".")[0] == "trends"} - rooms <= {*FORECAST_CODE[kind]}
    assert {"data.period", "trends.sample"} <= {*FORECAST_CODE[kind]}


def test_identity_follows_spec_draws_and_chains(tmp_path):
    spec = load_model_spec("crime_trend")
    assert spec.digest in OwnModel("crime").identity
    for package in ("numba", "nutpie", "scipy"):
        assert versions()[package] in OwnModel("crime").identity.split()
    assert OwnModel("crime").identity != OwnModel("crime", draws=5).identity
    assert OwnModel("crime").identity != OwnModel("safety").identity


@pytest.mark.parametrize("kind", ["safety", "crime"])
def test_identity_follows_the_assumptions(change_assumptions, kind):
    before = OwnModel(kind).identity
    change_assumptions("left_over = 0.02", "left_over = 0.03")
    assert OwnModel(kind).identity != before


def test_no_package_a_draw_rests_on_is_missing_from_the_identity():
    # frames, files and documents hold numbers, ArviZ and Matplotlib are shown them: none draws,
    # and threadpoolctl tells BLAS how many threads to take
    aside = {"arviz", "arviz_base", "arviz_stats", "matplotlib", "pandas", "platformdirs"}
    aside |= {"pydantic", "threadpoolctl", "xarray"}
    found = set()
    for name in {n for names in FORECAST_CODE.values() for n in names}:
        path = Path(ae.__file__).parent.joinpath(*name.split(".")).with_suffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    found |= {n.name.split(".")[0] for n in names}
                case ast.ImportFrom(module=str(module)):
                    found.add(module.split(".")[0])
    found -= sys.stdlib_module_names | {"amager_eval"} | aside
    assert {"numba", "scipy"} <= found
    assert sampler_versions().split() == [versions()[name] for name in sorted(found)]
