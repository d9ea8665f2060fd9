"""Evidence belongs to one version of a spec and is quoted by inclusion."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from amager_eval.errors import InputError, SpecError
from amager_eval.evidence.backtest.panels import PANELS
from amager_eval.evidence.backtest.stored import evidence_folder, read_own_scores
from amager_eval.evidence.document import (
    Evidence,
    evidence_path,
    read_evidence,
    write_evidence,
)
from amager_eval.evidence.quote import quote_evidence
from amager_eval.spec.area_estimate import AreaSpec, load_area_spec
from amager_eval.spec.model import ModelSpec, load_model_spec

CARD = "# Card\n\n<!-- evidence calibration quantity coverage_80 -->\nold\n<!-- end -->\n\nText.\n"

MODELS = ["safety_trend", "crime_trend", "area_estimate"]


def document(name: str) -> ModelSpec | AreaSpec:
    return load_area_spec() if name == "area_estimate" else load_model_spec(name)


@pytest.fixture
def spec() -> ModelSpec:
    return load_model_spec("safety_trend")


@pytest.fixture
def evidence(spec: ModelSpec) -> Evidence:
    return Evidence(
        name="calibration",
        model=spec.name,
        spec_version=spec.version,
        spec_digest=spec.digest,
        command="amager-eval validate safety",
        date="2026-11-23",
        seconds=12.34,
        settings={"fits": 200},
        rows=[
            {"quantity": "path_sd", "coverage_80": 0.8123456, "inside": True, "lost": float("nan")}
        ],
    )


def test_written_evidence_is_read_back(tmp_path: Path, spec: ModelSpec, evidence: Evidence) -> None:
    path = write_evidence(evidence, folder=tmp_path)
    assert path == evidence_path(spec.name, "calibration", folder=tmp_path)
    kept = read_evidence(spec, "calibration", folder=tmp_path)
    assert kept.rows == [
        {"quantity": "path_sd", "coverage_80": 0.81235, "inside": True, "lost": None}
    ]
    assert kept.packages["python"]
    assert [p.stem for p in tmp_path.rglob("*.json")] == ["calibration"]
    assert not list(tmp_path.rglob("*.part"))


def test_evidence_of_another_version_is_refused(
    tmp_path: Path, spec: ModelSpec, evidence: Evidence
) -> None:
    write_evidence(replace(evidence, spec_digest="0" * 64, spec_version="0.9"), folder=tmp_path)
    with pytest.raises(SpecError, match=r"version 0\.9 .*validate safety"):
        read_evidence(spec, "calibration", folder=tmp_path)


def test_a_card_says_what_was_not_made_again(
    tmp_path: Path, spec: ModelSpec, evidence: Evidence
) -> None:
    write_evidence(replace(evidence, spec_digest="0" * 64, spec_version="0.9"), folder=tmp_path)
    card = quote_evidence(CARD, spec, folder=tmp_path)
    assert "Not made again yet: calibration.json belongs to version 0.9" in card
    assert "0.812" not in card


def test_an_area_estimates_evidence_names_its_own_command(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"Run: amager-eval validate area$"):
        read_evidence(load_area_spec(), "coverage", folder=tmp_path)


def test_missing_and_damaged_evidence_are_errors(tmp_path: Path, spec: ModelSpec) -> None:
    with pytest.raises(SpecError, match="no evidence 'calibration'"):
        read_evidence(spec, "calibration", folder=tmp_path)
    path = evidence_path(spec.name, "calibration", folder=tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(SpecError, match="no piece of evidence"):
        read_evidence(spec, "calibration", folder=tmp_path)


def test_a_card_quotes_by_inclusion(tmp_path: Path, spec: ModelSpec, evidence: Evidence) -> None:
    write_evidence(evidence, folder=tmp_path)
    card = quote_evidence(CARD, spec, folder=tmp_path)
    assert "| path_sd | 0.812 |" in card
    assert "old" not in card
    assert card.endswith("\n\nText.\n")
    assert quote_evidence(card, spec, folder=tmp_path) == card
    beside = CARD.replace("quantity coverage_80", "settings")
    assert "| fits | 200 |" in quote_evidence(beside, spec, folder=tmp_path)
    some = CARD.replace("quantity coverage_80", "settings fits")
    assert "| fits | 200 |" in quote_evidence(some, spec, folder=tmp_path)
    with pytest.raises(SpecError, match="no number 'sets'"):
        quote_evidence(some.replace("settings fits", "settings sets"), spec, folder=tmp_path)
    nested = replace(evidence, settings={"inputs": {"a.csv": "00"}, "run": {"divergences": 6}})
    write_evidence(nested, folder=tmp_path)
    table = quote_evidence(beside, spec, folder=tmp_path)
    assert "| run divergences | 6 |" in table
    assert "a.csv" not in table
    two = replace(evidence, rows=[*evidence.rows, {"quantity": "gap_sd", "coverage_80": 0.7}])
    write_evidence(two, folder=tmp_path)
    one = CARD.replace("calibration quantity", "calibration quantity=gap_sd")
    assert "| coverage 80 |\n|---|\n| 0.7 |\n\n" in quote_evidence(one, spec, folder=tmp_path)
    with pytest.raises(SpecError, match="has no row of"):
        quote_evidence(one.replace("gap_sd", "drift"), spec, folder=tmp_path)
    absent = quote_evidence(CARD.replace("evidence calibration", "evidence scaling"), spec,
                            folder=tmp_path)  # fmt: skip
    assert "Not run yet (`scaling`): `amager-eval validate safety`." in absent
    assert "old" not in absent
    with pytest.raises(SpecError, match="no column 'missing'"):
        quote_evidence(CARD.replace("coverage_80", "missing"), spec, folder=tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_every_kept_piece_belongs_to_the_spec_as_it_is(name: str) -> None:
    spec = document(name)
    for piece in (p.stem for p in evidence_path(name, "x").parent.glob("*.json")):
        assert read_evidence(spec, piece).rows


@pytest.mark.parametrize("name", sorted(PANELS))
def test_the_stored_scores_belong_to_the_spec_as_it_is(name: str, tmp_path: Path) -> None:
    panel = PANELS[name]()
    if not (evidence_folder(panel) / f"own_{name}.toml").is_file():
        # a new version of a model has no scores yet: then the card says so
        card = evidence_path(f"{panel.kind}_trend", "x").parents[1] / "EVIDENCE.md"
        assert f"Not run yet (`league_{name}`)" in card.read_text(encoding="utf-8")
        return
    assert len(read_own_scores(panel))
    copy = shutil.copytree(evidence_folder(panel), tmp_path / "evidence")
    record = copy / f"own_{name}.toml"
    digest = load_model_spec(f"{panel.kind}_trend").digest
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    with pytest.raises(InputError, match="belong to version"):
        read_own_scores(panel, copy)


@pytest.mark.parametrize("name", MODELS)
def test_the_card_and_its_pages_say_what_the_evidence_says(name: str) -> None:
    spec = document(name)
    pages = list(evidence_path(name, "x").parents[1].glob("*.md"))
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<!-- evidence" in text
        assert quote_evidence(text, spec) == text


@pytest.mark.parametrize("name", MODELS)
def test_a_card_is_two_pages_for_a_person(name: str) -> None:
    card = evidence_path(name, "x").parents[1] / "CARD.md"
    text = re.sub(r"<!--.*?-->", "", card.read_text(encoding="utf-8"))
    assert len(text.splitlines()) <= 125
    assert len([word for word in text.split() if word.strip("|-")]) < 1100
