"""The register: a changed or unregistered document is refused."""

import re
import shutil

import pytest

import amager_eval as ae
from amager_eval.errors import SpecError
from amager_eval.evidence.backtest.own import backtest_own
from amager_eval.evidence.backtest.panels import crime_yearly
from amager_eval.evidence.examinations.validate import validate
from amager_eval.provenance import sha256_of_file
from amager_eval.spec import documents, model, register
from amager_eval.spec.documents import models_folder


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
    for p in [
        *models_folder().glob("*/spec.toml"),
        *models_folder().glob("agreements/*.toml"),
        models_folder() / "assumptions.toml",
        models_folder() / "sensitivity.toml",
    ]
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


def test_an_entry_that_calls_the_same_bytes_another_version_is_refused(models):
    path = models / "REGISTER.toml"
    newest = register.load_register().current("safety_trend/spec.toml")
    text = path.read_text(encoding="utf-8")
    registered = f'version = "{newest.version}"\nsha256 = "{newest.sha256}"'
    assert text.count(registered) == 1
    path.write_text(text.replace(registered, f'version = "7.7.7"\nsha256 = "{newest.sha256}"'))
    with pytest.raises(SpecError, match=rf"calls itself version {newest.version}.*says 7\.7\.7"):
        ae.load_model_spec("safety_trend")


@pytest.mark.parametrize("version", ["", 'version = "1"\n', "version = 1\n"])
def test_a_document_without_a_version_is_known_by_its_digest_alone(models, version):
    own = models / "own.toml"
    own.write_text(f"{version}x = 1\n", encoding="utf-8")
    with (models / "REGISTER.toml").open("a", encoding="utf-8") as file:
        file.write(
            f'\n[[entry]]\ndocument = "own.toml"\nversion = "1"\nsha256 = "{sha256_of_file(own)}"\n'
            'date = 2099-01-01\nreason = "a reason long enough"\n'
        )
    register.hold_against_register(own)


def entry(version, date="2026-01-01", document="a/spec.toml", **more):
    made = {"document": document, "version": version, "sha256": "0" * 64, "date": date}
    return made | {"reason": "a reason long enough"} | more


def test_the_newest_entry_counts():
    entries = [entry("1"), entry("1", document="b/spec.toml"), entry("2", supersedes="1")]
    made = register.Register(entry=entries)
    assert made.current("a/spec.toml").version == "2"
    assert made.current("b/spec.toml").version == "1"
    assert made.current("c/spec.toml") is None


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([entry("1"), entry("1", supersedes="1")], "version of a/spec.toml is registered above"),
        ([entry("1"), entry("2")], "entry above of a/spec.toml is version 1; write that one"),
        ([entry("1"), entry("2", supersedes="nonsense")], "is version 1; write that one"),
        ([entry("1", supersedes="0")], "first entry of a/spec.toml; leave the key out"),
        (
            [entry("1", document="b/spec.toml"), entry("2", supersedes="1")],
            "first entry of a/spec.toml",
        ),
        ([entry("1"), entry("2", "2025-12-31", supersedes="1")], "entry above is of 2026-01-01"),
    ],
)
def test_entries_that_do_not_follow_each_other_are_refused(entries, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        register.Register(entry=entries)


def test_a_nonsensical_entry_is_refused_with_its_line_whatever_asks(models):
    path = models / "REGISTER.toml"
    text = path.read_text(encoding="utf-8")
    wrong = text.replace('supersedes = "0.2.1"', 'supersedes = "nonsense"')
    line = wrong.splitlines().index('supersedes = "nonsense"') + 1
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(SpecError, match=rf"REGISTER\.toml, line {line}, .*found 'nonsense'"):
        ae.load_model_spec("safety_trend")


def test_what_is_not_registered_is_found_with_its_problem(changed):
    name = "amager_2025_2028"
    path = changed / "agreements" / f"{name}.toml"
    digest = sha256_of_file(path)
    specs = {"safety_trend/spec.toml", "crime_trend/spec.toml", "area_estimate/spec.toml"}
    assert set(register.unregistered_documents(name, digest)) == specs
    # a changed copy that lies elsewhere goes by the registered name; another name does not
    both = register.unregistered_documents(name, "1" * 64)
    assert set(both) == {*specs, f"agreements/{name}.toml"}
    assert "is not the registered one" in str(both[f"agreements/{name}.toml"])
    assert set(register.unregistered_documents("another_city", "1" * 64)) == specs
    for document in ("assumptions.toml", "sensitivity.toml", f"agreements/{name}.toml"):
        own = changed / document
        own.write_text(own.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        assert "differs from" in str(register.unregistered_documents(name, digest)[document])


def test_as_it_stands_everything_is_registered():
    name = "amager_2025_2028"
    digest = sha256_of_file(models_folder() / "agreements" / f"{name}.toml")
    assert register.unregistered_documents(name, digest) == {}


def test_a_changed_agreement_by_a_registered_name_is_refused_wherever_it_lies():
    entry = register.load_register().current("agreements/amager_2025_2028.toml")
    for digest in (entry.sha256, ""):
        register.hold_agreement_against_register("amager_2025_2028", digest)
    register.hold_agreement_against_register("another_city", "1" * 64)
    with pytest.raises(SpecError, match=r"is not the registered one.*id of its own"):
        register.hold_agreement_against_register("amager_2025_2028", "1" * 64)
