"""The ledger: forecasts issued in one statement, kept, and scored by later ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.data.input import Input
from amager_eval.errors import InputError
from amager_eval.goals.facts import Facts, gather_facts
from amager_eval.goals.ledger import QUANTILE_LEVELS
from amager_eval.record.issue_forecasts import issue_forecasts
from amager_eval.record.record import write_record
from amager_eval.record.score_record import earlier_statements, score_record
from amager_eval.scores.crps import crps_draws
from amager_eval.trends.fit import Forecast

OWN = "Amager Partnerskab (2025)"


@pytest.fixture(scope="module")
def issued(make_statement):
    """Make the statement of 2026, the first that is kept."""
    return make_statement(own_area=True)


@pytest.fixture
def kept(issued, tmp_path):
    write_record(issued, tmp_path)
    return earlier_statements(tmp_path, issued.agreement, 2027, synthetic=True)


def later(statement, **more) -> Facts:
    """Say what is known with one more published share."""
    return gather_facts(delivered_later(statement, **more), statement.agreement)


def delivered_later(statement, area=OWN, wave=2027, percent=84.0, **more) -> Input:
    """Add one published share to what was known."""
    row = {"area": area, "wave": wave, "setting": "neighbourhood", "response": "safe",
           "percent": percent, "n": 600.0, "decimals": 0, "comparator": "="} | more  # fmt: skip
    safety = pd.concat([statement.data.safety, pd.DataFrame([row])], ignore_index=True)
    return replace(statement.data, safety=safety)


def cell(frame, **about):
    chosen = frame
    for key, value in about.items():
        chosen = chosen[chosen[key] == value]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


BY_DAY = {"area": OWN, "setting": "neighbourhood", "response": "safe", "year": 2027}


def test_a_forecast_that_came_is_scored_as_its_draws_would_be(issued, kept):
    ledger = score_record(kept, later(issued), issued.agreement, 2027)
    assert ledger.years == (2026,)
    row = cell(ledger.quantities, **BY_DAY)
    assert row["status"] == "scored"
    assert row["observed"] == 84.0
    assert row["inside_95"] == (row["low_95"] <= 84 <= row["high_95"])
    draws = 100 * issued.safety.draws["published"].sel(
        area=OWN, setting="neighbourhood", response="safe", period=2027
    )
    exact = float(crps_draws(draws.values, 84.0, fair=False))
    assert row["crps"] == pytest.approx(exact, rel=0.02)
    assert row["error_of_last"] == abs(84.0 - 84.0)  # 82, 83, 84 were published
    assert pd.isna(row["first_published"])


def test_what_has_not_come_is_pending_and_what_was_not_published_is_said(issued, kept):
    ledger = score_record(kept, later(issued), issued.agreement, 2027)
    quantities = ledger.quantities
    assert set(quantities.loc[quantities["year"] > 2027, "status"]) == {"pending"}
    night = cell(quantities, **(BY_DAY | {"setting": "night"}))
    assert night["status"] == "no_figure"
    assert np.isnan(night["crps"])
    scores = ledger.scores().set_index(["of", "form"])
    assert scores.loc[("safety", "percent"), "scored"] == 1


def test_readings_are_scored_by_brier_against_the_literal_outcome(issued, kept):
    ledger = score_record(kept, later(issued, percent=84.0), issued.agreement, 2027)
    rose = cell(ledger.events, reading="above_baseline", **BY_DAY)
    assert rose["outcome"] is True  # 82 in 2024, 84 now
    assert rose["brier"] == pytest.approx((rose["probability"] - 1) ** 2)
    every = cell(ledger.events, reading="rises_every_year", **BY_DAY)
    assert every["outcome"] is False  # 84 after 84 is no rise
    assert every["brier"] == pytest.approx(every["probability"] ** 2)
    scores = ledger.scores()
    assert set(scores.loc[scores["form"] == "event", "of"]) == {"1a"}  # 1b needs the city's


def test_a_reading_settled_in_print_is_no_forecast(issued):
    events = issued.issued.events
    failed = events[
        (events["area"] == "Amager Øst")
        & (events["setting"] == "neighbourhood")
        & (events["reading"] == "rises_every_year")
    ]
    assert failed.empty  # 84, 85, 85: nothing is left to forecast
    assert (events["year"] > 2026).all()


def test_a_revised_figure_is_scored_as_known_now_and_noted(issued, kept, make_statement, tmp_path):
    second = make_statement(
        data=delivered_later(issued, percent=84.0), year=2027, own_area=False, activities=False
    )
    write_record(second, tmp_path)
    both = earlier_statements(tmp_path, issued.agreement, 2028, synthetic=True)
    ledger = score_record(both, later(issued, percent=83.0), issued.agreement, 2028)
    row = cell(ledger.quantities, issued=2026, **BY_DAY)
    assert (row["observed"], row["first_published"]) == (83.0, 84.0)
    event = cell(ledger.events, issued=2026, reading="above_baseline", **BY_DAY)
    assert event["revised"] is True
    unrevised = score_record(both, later(issued, percent=84.0), issued.agreement, 2028)
    assert pd.isna(cell(unrevised.quantities, issued=2026, **BY_DAY)["first_published"])


def test_another_version_of_the_area_is_never_scored(issued, kept):
    changed = later(issued, area_version="2027")
    ledger = score_record(kept, changed, issued.agreement, 2027)
    row = cell(ledger.quantities, **BY_DAY)
    assert (row["status"], row["observed"]) == ("area_changed", 84.0)
    assert np.isnan(row["crps"])
    assert cell(ledger.events, reading="above_baseline", **BY_DAY)["status"] == "area_changed"


def test_where_the_agreement_has_another_area_now_the_old_forecast_is_not_scored(issued, kept):
    agreement = issued.agreement
    versions = tuple(
        v.model_copy(update={"evaluated": False}) if v.evaluated else v
        for v in agreement.areas.version
    )
    new = versions[0].model_copy(
        update={"id": "2027", "names": ("Amager Partnerskab (2027)",), "evaluated": True}
    )
    areas = agreement.areas.model_copy(update={"version": (*versions, new)})
    enlarged = agreement.model_copy(update={"areas": areas})
    data = later(issued, area="Amager Partnerskab (2027)")
    ledger = score_record(kept, data, enlarged, 2027)
    assert cell(ledger.quantities, **BY_DAY)["status"] == "area_changed"


def test_crime_forecasts_are_scored_in_their_own_definition(issued, kept):
    quantities = score_record(kept, issued.facts, issued.agreement, 2027).quantities
    crime = quantities[quantities["kind"] == "crime"]
    assert set(crime["definition"]) == {"STRAF11"}
    assert set(crime["year"]) == {2026, 2027, 2028}
    assert set(crime.loc[crime["year"] == 2026, "status"]) <= {"scored", "no_figure"}
    assert set(crime.loc[crime["year"] > 2026, "status"]) == {"pending"}


def test_the_first_year_has_an_empty_ledger(issued, tmp_path):
    assert earlier_statements(tmp_path / "new", issued.agreement, 2026, synthetic=True) == {}
    ledger = score_record({}, issued.facts, issued.agreement, 2026)
    assert ledger.recorded
    assert ledger.years == ()
    assert ledger.scores().empty


@pytest.mark.parametrize("change", ["agreement", "synthetic"])
def test_a_record_of_something_else_is_refused(issued, kept, tmp_path, change):
    agreement = issued.agreement
    if change == "agreement":
        agreement = agreement.model_copy(update={"id": "tingbjerg"})
    with pytest.raises(InputError, match=r"2026\.json"):
        earlier_statements(tmp_path, agreement, 2027, synthetic=change != "synthetic")


def test_a_changed_record_is_refused(issued, kept, tmp_path):
    path = tmp_path / "2026.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.5", "0.6"), encoding="utf-8")
    with pytest.raises(InputError, match="was changed"):
        earlier_statements(tmp_path, issued.agreement, 2027, synthetic=True)


def test_the_quantiles_kept_are_midpoints(kept):
    assert kept[2026]["forecasts"]["quantile_levels"] == list(QUANTILE_LEVELS)
    assert all(len(q["quantiles"]) == 40 for q in kept[2026]["forecasts"]["quantities"])


def test_an_estimate_is_kept_as_one_and_scored_when_a_figure_comes(make_statement, tmp_path):
    before = make_statement()  # nothing was published of the area
    rng = np.random.default_rng(5)
    periods = np.arange(2024, 2029)
    shape = (200, 2, 1, 2, len(periods))
    share = np.clip(rng.normal(0.80, 0.03, shape), 0, 1)
    dims = ("sample", "area", "setting", "response", "period")
    draws = xr.Dataset(
        {"true": (dims, share), "published": (dims, share.round(2))},
        coords={"area": ["København", OWN], "setting": ["neighbourhood"],
                "response": ["safe", "unsafe"], "period": periods},
    )  # fmt: skip
    estimated = Forecast("safety", draws, None, "0" * 64)
    issued = issue_forecasts(
        before.facts, before.agreement, 2026, before.safety, None, pd.DataFrame(),
        estimated=estimated,
    )  # fmt: skip
    write_record(replace(before, issued=issued), tmp_path)
    kept = earlier_statements(tmp_path, before.agreement, 2027, synthetic=True)
    ledger = score_record(kept, later(before), before.agreement, 2027)
    row = cell(ledger.quantities, **BY_DAY)
    assert (row["basis"], row["status"], row["observed"]) == ("estimate", "scored", 84.0)
    exact = crps_draws(100 * draws["published"].to_numpy()[:, 1, 0, 0, 3], 84.0, fair=False)
    assert row["crps"] == pytest.approx(float(exact), abs=0.1)
    # a district's own row stays a measured one, and no figure means no score
    others = ledger.quantities[ledger.quantities["area"] != OWN]
    assert set(others["basis"]) == {"measured"}
    waiting = score_record(kept, before.facts, before.agreement, 2027).quantities
    assert cell(waiting, **BY_DAY)["status"] == "no_figure"
