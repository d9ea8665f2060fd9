"""A saved fit is the fit."""

from dataclasses import replace

import pandas as pd
import pytest

from amager_eval.errors import InputError
from amager_eval.spec.documents import models_folder
from amager_eval.spec.prior import Prior
from amager_eval.trends.fit import load_fit
from amager_eval.trends.safety.fit import fit_safety


@pytest.fixture
def fit(random_draws):
    frame = pd.DataFrame(
        {
            "area": ["Nørre", "Syd"] * 3, "wave": [2022, 2022, 2024, 2024, 2025, 2025],
            "setting": "night", "response": "safe", "percent": 80.0,
        }
    )  # fmt: skip
    return fit_safety(frame, draws=30, seed=4)


def test_a_loaded_fit_forecasts_as_the_saved_one(fit, tmp_path):
    fit.save(tmp_path / "fit.nc")
    loaded = load_fit(tmp_path / "fit.nc")
    one, two = fit.forecast(2028), loaded.forecast(2028)
    assert one.draws.identical(two.draws)
    assert one.prior_only.identical(two.prior_only)
    assert loaded.diagnostics == fit.diagnostics
    assert loaded.spec == fit.spec
    assert loaded.spec.digest == fit.spec.digest != ""
    assert (loaded.kind, loaded.seed) == ("safety", 4)
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


def test_a_changed_prior_travels_under_its_own_digest(fit, tmp_path):
    other = fit.spec.with_prior("path_sd", Prior("Exponential", lam=10), reason="Tried in a test.")
    changed = replace(fit, spec=other)
    changed.save(tmp_path / "fit.nc")
    loaded = load_fit(tmp_path / "fit.nc")
    forecast = loaded.forecast(2026)
    for spec_digest, changed_from in (
        (loaded.spec.digest, loaded.spec.changed_from),
        (forecast.spec_digest, forecast.spec_changed_from),
    ):
        assert (spec_digest, changed_from) == (other.digest, fit.spec.digest)
    assert loaded.spec.priors["path_sd"].reason == "Tried in a test."


def test_a_fit_keeps_its_documents_digest_when_models_hold_another_version(
    fit, tmp_path, monkeypatch
):
    fit.save(tmp_path / "fit.nc")
    folder = tmp_path / "models" / "safety_trend"
    folder.mkdir(parents=True)
    text = (models_folder() / "safety_trend" / "spec.toml").read_text(encoding="utf-8")
    (folder / "spec.toml").write_text(text.replace('"2.0.0"', '"9.0.0"'), encoding="utf-8")
    monkeypatch.setattr("amager_eval.spec.model.models_folder", lambda: tmp_path / "models")
    loaded = load_fit(tmp_path / "fit.nc").spec
    assert (loaded.digest, loaded.changed_from) == (fit.spec.digest, "")


def test_what_is_no_fit_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_fit(tmp_path / "nothing.nc")
    text = tmp_path / "text.nc"
    text.write_text("not a fit")
    with pytest.raises(InputError, match=r"text\.nc"):
        load_fit(text)
    other = tmp_path / "other.nc"
    pd.DataFrame({"x": [1.0]}).to_xarray().to_netcdf(other, engine="h5netcdf")
    with pytest.raises(InputError, match="no fit of this package"):
        load_fit(other)
