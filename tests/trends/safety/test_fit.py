"""From data to a fit; the sampler is replaced, so nothing here is a claim about a posterior."""

import numpy as np
import pandas as pd
import pytest

from amager_eval.data.published import published
from amager_eval.data.read import read_input
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.safety import fit as fit_module
from amager_eval.trends.safety.fit import fit_safety


def _frame(areas=("Nord", "Syd"), waves=(2020, 2022, 2024), settings=("night",), **columns):
    rows = [
        {"area": a, "wave": w, "setting": s, "response": "safe", "percent": 70.0 + i}
        for i, a in enumerate(areas)
        for w in waves
        for s in settings
    ]
    return pd.DataFrame(rows).assign(**columns)


def _population(**inhabitants):
    return pd.DataFrame(
        {"area": list(inhabitants), "period": "2024", "population": list(inhabitants.values())}
    )


def test_the_published_figures_make_a_fit_of_the_city_and_its_districts(random_draws):
    fit = fit_safety(published(), draws=50)
    design = fit.data["design"].to_dataset()
    assert design["area"].to_numpy()[0] == "København"
    assert design.sizes["latent"] == 13
    assert design.sizes["year"] == 2026 - 2009 + 1
    # partnership versions are named, not modelled
    assert "Amager Partnerskab" in design.attrs["left_out"]
    assert fit.data["posterior"]["eta"].dims[0] == "alternative"
    assert fit.kind == "safety"
    assert not fit.diagnostics.passed  # fifty random draws are too few to be effective


@pytest.mark.parametrize("word", ["bydel", "District", "borough", "del"])
def test_a_part_is_modelled_whatever_its_kind_is_called_and_the_fit_says_who_is_not(
    tmp_path, random_draws, word
):
    lines = ["area,area_kind,wave,setting,response,percent,n"]
    lines += [
        f"{area},{kind},{wave},night,safe,{share},400"
        for area, kind, share in (("By", "city", 80), ("Nord", word, 75), ("Lejet", "estate", 60))
        for wave in (2022, 2023, 2024)
    ]
    (tmp_path / "safety.csv").write_text("\n".join(lines), encoding="utf-8")
    fit = fit_safety(read_input(tmp_path), draws=50)
    assert fit.data["design"]["area"].to_numpy().tolist() == ["By", "Nord"]
    assert "another kind: Lejet" in repr(fit)


def test_the_prior_only_run_knows_the_baseline_wave_alone(monkeypatch, random_draws):
    seen = []
    real = fit_module.build_model

    def watched(gaussian):
        seen.append((set(gaussian.figures.year), {t.name for t in gaussian.terms}))
        return real(gaussian)

    monkeypatch.setattr(fit_module, "build_model", watched)
    fit_safety(_frame(), draws=20)
    years = [y for y, _ in seen[::2]]
    assert [len(y) for y in years] == [3, 3, 1]
    assert ["path_drift" in names for _, names in seen[::2]] == [False, True, True]


@pytest.mark.parametrize(
    ("frame", "column", "row"),
    [
        (_frame().assign(percent=[70, 71, 172, 70, 70, 70]), "percent", 3),
        (_frame(n=[300, 0, 300, 300, 300, 300]), "n", 2),
        (pd.concat([_frame(), _frame().iloc[:1]], ignore_index=True), "area", 7),
        (_frame().assign(response=["safe"] * 5 + ["content"]), "response", 6),
    ],
)
def test_bad_data_is_refused_before_anything_is_compiled(random_draws, frame, column, row):
    with pytest.raises(InputError) as error:
        fit_safety(frame)
    assert any(fault.row == row for fault in error.value.faults)
    assert column in str(error.value) or "duplicate" in str(error.value).lower()
    assert not random_draws


def test_weights_come_from_the_latest_period_that_covers_all_parts(random_draws):
    population = pd.concat(
        [
            _population(Nord=100, Syd=300),
            pd.DataFrame({"area": ["Nord"], "period": ["2025"], "population": [900]}),
        ]
    )
    fit = fit_safety(_frame(("Byen", "Nord", "Syd")), population=population, whole="Byen", draws=20)
    assert fit.data["design"]["weight"].to_series().to_dict() == {"Nord": 0.25, "Syd": 0.75}


@pytest.mark.parametrize(
    ("inhabitants", "weighted"),
    [
        ({"Nord": 100, "Syd": 300, "Byen": 405}, 1),  # a few are registered in no part
        ({"Nord": 100, "Syd": 300, "Byen": 1000}, 0),  # the other parts were not delivered
        ({"Nord": 100, "Syd": 300, "Byen": 300}, 0),  # one lies in the other
    ],
)
def test_parts_that_are_not_the_whole_do_not_speak_for_it(random_draws, inhabitants, weighted):
    frame = _frame(("Byen", "Nord", "Syd"))
    fit = fit_safety(frame, population=_population(**inhabitants), whole="Byen", draws=20)
    assert fit.data["design"].attrs["weighted"] == weighted
    assert ("Byen" in fit.data["design"]["latent"].to_numpy()) == (not weighted)


def test_an_area_outside_the_parts_gets_a_level_of_its_own(random_draws):
    fit = fit_safety(
        _frame(("Byen", "Nord", "Syd", "Partnerskabet")),
        population=_population(Nord=100, Syd=300),
        whole="Byen",
        draws=20,
    )
    weight = fit.data["design"]["weight"].to_series()
    assert weight["Partnerskabet"] == 0
    assert "Partnerskabet" in fit.forecast(2026).draws["area"].to_numpy()


@pytest.mark.parametrize(
    ("frame", "options", "areas"),
    [
        (_frame(("Nord",)), {}, ["Nord"]),
        (_frame(("Nord",), waves=(2024,)), {}, ["Nord"]),
        (_frame(("Nord", "Byen")), {"whole": "Byen"}, ["Byen", "Nord"]),
        (_frame(settings=("night", "neighbourhood", "school")), {}, ["Nord", "Syd"]),
        (_frame(n=[300.0, np.nan, 250, 300, 310, 290]), {}, ["Nord", "Syd"]),
        (_frame(waves=(2011, 2015, 2016)), {}, ["Nord", "Syd"]),
        (_frame().drop(columns="percent").assign(count=200, n=300), {}, ["Nord", "Syd"]),
        (_frame().assign(response="unsafe", percent=12.5), {}, ["Nord", "Syd"]),
        (_frame().assign(response="neither", percent=5), {}, ["Nord", "Syd"]),
    ],
)
def test_other_cities_figures_are_as_good(random_draws, frame, options, areas):
    fit = fit_safety(frame, draws=20, **options)
    draws = fit.forecast(int(frame["wave"].max()) + 2).draws
    assert draws["area"].to_numpy().tolist() == areas
    assert draws["period"].to_numpy().tolist() == list(
        range(frame["wave"].min(), frame["wave"].max() + 3)
    )
    assert bool(np.isfinite(draws["true"]).all())
    assert float(draws["true"].min()) >= 0
    assert float(draws["published"].max()) <= 1


def test_a_whole_nobody_knows_anything_about_is_refused(random_draws):
    with pytest.raises(InputError, match="Byen"):
        fit_safety(_frame(), whole="Byen")


def test_a_spec_with_another_family_is_refused(random_draws):
    spec = load_model_spec("safety_trend")
    wrong = spec.priors["path_drift"].model_copy(update={"distribution": "StudentT"})
    spec = spec.model_copy(update={"priors": spec.priors | {"path_drift": wrong}})
    with pytest.raises(SpecError, match="path_drift"):
        fit_safety(_frame(), spec=spec)
    assert not random_draws


def test_the_seed_decides(random_draws):
    one, same, other = (fit_safety(_frame(), draws=20, seed=s) for s in (1, 1, 2))
    assert one.data["posterior"]["eta"].identical(same.data["posterior"]["eta"])
    assert not one.data["posterior"]["eta"].equals(other.data["posterior"]["eta"])
