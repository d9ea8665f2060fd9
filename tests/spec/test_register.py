"""The register: a changed or unregistered document is refused."""

import re
import shutil

import pytest

import amager_eval as ae
from amager_eval.errors import SpecError
from amager_eval.evidence.validate import validate
from amager_eval.provenance import sha256_of_file
from amager_eval.spec import documents, model, register
from amager_eval.spec.documents import models_folder
from amager_eval.trends.backtest_own import backtest_own
from amager_eval.trends.backtest_panels import crime_yearly


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Copy models/ to a place where it may be changed."""
    copy = tmp_path / "models"
    shutil.copytree(models_folder(), copy)
    monkeypatch.setattr(documents, "models_folder", lambda: copy)
    monkeypatch.setattr(register, "models_folder", lambda: copy)
    monkeypatch.setattr(model, "models_folder", lambda: copy)
    return copy


DOCUMENTS = sorted(
    p.relative_to(models_folder()).as_posix()
    for p in [*models_folder().glob("*/spec.toml"), *models_folder().glob("agreements/*.toml")]
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_is_registered_as_it_stands(document):
    register.hold_against_register(models_folder() / document)


def test_a_change_is_refused_with_both_digests(models):
    path = models / "safety_trend" / "spec.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    with pytest.raises(SpecError, match=re.escape(sha256_of_file(path)[:12])):
        register.hold_against_register(path)


@pytest.fixture
def changed(models):
    """Change both models' documents where no reader of them would notice."""
    for path in models.glob("*/spec.toml"):
        path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    return models


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(lambda: ae.load_model_spec("safety_trend"), id="load_model_spec"),
        pytest.param(lambda: ae.fit_safety(ae.published()), id="fit_safety"),
        pytest.param(lambda: ae.fit_crime(ae.published(), definition="STRAF11"), id="fit_crime"),
        pytest.param(lambda: validate("crime", only=["prior_predictive"]), id="validate"),
        pytest.param(lambda: backtest_own(crime_yearly()), id="backtest"),
        pytest.param(lambda: ae.evaluate(ae.published()), id="evaluate"),
    ],
)
def test_whatever_rests_on_a_changed_spec_is_refused(changed, asked):
    with pytest.raises(SpecError, match="differs from its registered version"):
        asked()


def test_a_draft_loads_a_changed_spec_and_a_copy_elsewhere_is_the_users_own(changed, tmp_path):
    document = changed / "crime_trend" / "spec.toml"
    assert ae.load_model_spec("crime_trend", draft=True).digest == sha256_of_file(document)
    own = tmp_path / "candidate.toml"
    shutil.copy(document, own)
    assert ae.load_model_spec(own).digest == sha256_of_file(document)


def test_an_unregistered_document_is_refused(models):
    path = models / "agreements" / "new.toml"
    path.write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"new\.toml is not in models/REGISTER\.toml"):
        register.hold_against_register(path)


def test_a_file_outside_models_is_the_users_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("x = 1\n", encoding="utf-8")
    register.hold_against_register(path)


def test_the_newest_entry_counts():
    entries = [
        register.Entry(
            document="a/spec.toml",
            version=v,
            sha256=v * 64,
            date="2026-01-01",
            reason="a reason long enough",
        )
        for v in ("1", "2")
    ]
    assert register.Register(entry=tuple(entries)).current("a/spec.toml").version == "2"
    assert register.Register(entry=tuple(entries)).current("b/spec.toml") is None


def test_a_changed_agreement_by_a_registered_name_is_refused_wherever_it_lies():
    entry = register.load_register().current("agreements/amager_2025_2028.toml")
    for digest in (entry.sha256, ""):
        register.hold_agreement_against_register("amager_2025_2028", digest)
    register.hold_agreement_against_register("another_city", "1" * 64)
    with pytest.raises(SpecError, match=r"is not the registered one.*id of its own"):
        register.hold_agreement_against_register("amager_2025_2028", "1" * 64)
