"""The baseline: filled once, frozen, and held against new input."""

import json
from datetime import date

import pandas as pd
import pytest

from amager_eval.conventions import BASELINE_FILE
from amager_eval.data.input import Input
from amager_eval.errors import InputError, SpecError
from amager_eval.record.baseline import (
    baseline_entries,
    freeze_baseline,
    hold_against_baseline,
    load_baseline,
)
from amager_eval.record.record import MANIFEST
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder

AGREEMENT = load_agreement()
AREA = "Amager Partnerskab (2025)"
TODAY = date(2026, 3, 1)


def delivery(definition="borgervendt", **counts: int) -> Input:
    names = {"indbrud": "indbrud", "tyveri": "tyveri/røveri", "vold": "vold/våben"}
    crime = pd.DataFrame(
        {
            "area": AREA,
            "period": "2024",
            "crime_type": [names.get(k, k) for k in counts],
            "count": [float(v) for v in counts.values()],
            "definition": definition,
            "per_1000": float("nan"),
        }
    )
    population = pd.DataFrame(
        {"area": AREA, "period": ["2024", "2025"], "population": [20_000.0, 20_000.0]}
    )
    return Input(crime=crime, population=population)


def test_count_rate_population_and_version():
    entries = baseline_entries(delivery(total=500, indbrud=40), AGREEMENT)
    assert [(e.crime_type, e.count, e.rate) for e in entries] == [
        ("total", 500.0, 25.0),
        ("indbrud", 40.0, 2.0),
    ]
    assert {(e.population, e.area_version) for e in entries} == {(20_000.0, "2025")}


def test_another_definition_is_never_substituted(tmp_path):
    with pytest.raises(InputError, match="no borgervendt reports of 2024"):
        freeze_baseline(delivery("straffelov", total=500), AGREEMENT, tmp_path, on=TODAY)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_agreement_by_a_registered_name_freezes_nothing(tmp_path):
    text = (models_folder() / "agreements" / f"{AGREEMENT.id}.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(f"{text}\n# changed\n", encoding="utf-8")
    data, record = delivery(total=500), tmp_path / "record"
    with pytest.raises(SpecError, match="is not the registered one"):
        freeze_baseline(data, load_agreement(own), record, on=TODAY)
    assert not record.exists()
    # under a name of its own it is the user's
    named = text.replace(f'id = "{AGREEMENT.id}"', 'id = "another_city"')
    own.write_text(named, encoding="utf-8")
    assert freeze_baseline(data, load_agreement(own), record, on=TODAY)


def test_freezing_twice_changes_nothing(tmp_path):
    data = delivery(total=500, indbrud=40)
    frozen = freeze_baseline(data, AGREEMENT, tmp_path / "record", on=TODAY)
    before = (tmp_path / "record" / BASELINE_FILE).read_bytes()
    assert freeze_baseline(data, AGREEMENT, tmp_path / "record", on=date(2027, 1, 1)) == frozen
    assert (tmp_path / "record" / BASELINE_FILE).read_bytes() == before
    assert load_baseline(tmp_path / "record", AGREEMENT) == frozen


def test_a_differing_baseline_is_an_error_that_shows_both(tmp_path):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    changed = delivery(total=510)
    for attempt in (
        lambda: hold_against_baseline(changed, AGREEMENT, tmp_path),
        lambda: freeze_baseline(changed, AGREEMENT, tmp_path, on=TODAY),
    ):
        with pytest.raises(InputError, match=r"510 in the input, 500 frozen"):
            attempt()


def test_a_revision_needs_a_reason_and_keeps_the_old(tmp_path):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    new = freeze_baseline(
        delivery(total=510), AGREEMENT, tmp_path, on=date(2026, 5, 2), revise="ti sager rettet"
    )
    assert new[0].count == 510
    kept = json.loads((tmp_path / BASELINE_FILE).read_text(encoding="utf-8"))
    assert kept["reason"] == "ti sager rettet"
    assert [r["entries"][0]["count"] for r in kept["revisions"]] == [500.0]
    hold_against_baseline(delivery(total=510), AGREEMENT, tmp_path)


def test_without_a_frozen_baseline_every_input_passes(tmp_path):
    hold_against_baseline(delivery(total=1), AGREEMENT, tmp_path)
    assert load_baseline(tmp_path, AGREEMENT) is None


def test_a_changed_or_undigested_baseline_is_refused(tmp_path):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    path = tmp_path / BASELINE_FILE
    original = path.read_text(encoding="utf-8")
    path.write_text(original.replace("500.0", "490.0"), encoding="utf-8")
    for attempt in (
        lambda: load_baseline(tmp_path, AGREEMENT),
        lambda: hold_against_baseline(delivery(total=490), AGREEMENT, tmp_path),
        lambda: freeze_baseline(delivery(total=490), AGREEMENT, tmp_path, on=TODAY, revise="x"),
    ):
        with pytest.raises(InputError, match=r"baseline\.json: a kept file was changed"):
            attempt()
    path.write_text(original, encoding="utf-8")
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(InputError, match="without a digest"):
        load_baseline(tmp_path, AGREEMENT)


def test_a_baseline_that_was_taken_out_is_not_one_that_never_was(tmp_path):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    (tmp_path / BASELINE_FILE).unlink()
    lower = delivery(total=300)
    for attempt in (
        lambda: load_baseline(tmp_path, AGREEMENT),
        lambda: hold_against_baseline(lower, AGREEMENT, tmp_path),
        lambda: freeze_baseline(lower, AGREEMENT, tmp_path, on=TODAY),
        lambda: freeze_baseline(lower, AGREEMENT, tmp_path, on=TODAY, revise="x"),
    ):
        with pytest.raises(InputError, match=r"baseline\.json: a kept file is missing.*archive"):
            attempt()
    assert not (tmp_path / BASELINE_FILE).exists()


def test_another_agreements_baseline_is_refused(tmp_path):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    other = AGREEMENT.model_copy(update={"id": "another_one"})
    for attempt in (
        lambda: load_baseline(tmp_path, other),
        lambda: hold_against_baseline(delivery(total=500), other, tmp_path),
        lambda: freeze_baseline(delivery(total=400), other, tmp_path, on=TODAY, revise="x"),
    ):
        with pytest.raises(InputError, match="amager_2025_2028 frozen, another_one asked for"):
            attempt()


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_blanks_are_no_reason(tmp_path, reason):
    freeze_baseline(delivery(total=500), AGREEMENT, tmp_path, on=TODAY)
    before = (tmp_path / BASELINE_FILE).read_bytes()
    with pytest.raises(InputError, match=r"510 in the input, 500 frozen"):
        freeze_baseline(delivery(total=510), AGREEMENT, tmp_path, on=TODAY, revise=reason)
    assert (tmp_path / BASELINE_FILE).read_bytes() == before
