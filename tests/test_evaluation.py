"""What the chain takes from the input and from the agreement before anything is fitted."""

from dataclasses import replace

import pandas as pd
import pytest

from amager_eval import evaluation
from amager_eval.data.input import Input
from amager_eval.data.published import published
from amager_eval.errors import InputError, SpecError
from amager_eval.spec.agreement import load_agreement

AGREEMENT = load_agreement()
AREA = AGREEMENT.areas.evaluated.names[0]


@pytest.fixture(scope="module")
def data():
    return published()


def test_the_agreements_own_area_is_modelled_whatever_its_kind_is_called(data):
    own = data.safety[data.safety["area"] == "Amager Øst"].assign(
        area=AREA, area_kind="partnership"
    )
    given = replace(data, safety=pd.concat([data.safety, own], ignore_index=True))
    agreed = evaluation._as_agreed(given, AGREEMENT).safety
    assert agreed.loc[agreed["area"] == AREA, "area_kind"].isna().all()
    earlier = agreed["area"] == "Amager Partnerskab"
    assert earlier.any()
    assert (agreed.loc[earlier, "area_kind"] == "partnership").all()


def test_whole_and_parts_come_from_the_agreement(data):
    agreed = evaluation._as_agreed(replace(data, whole=None, parts=()), AGREEMENT)
    assert agreed.whole == "København"
    assert set(agreed.parts) == set(AGREEMENT.areas.parts)


def test_nothing_later_than_the_statement_is_seen(data):
    cut = evaluation._until(data, 2024)
    assert cut.safety["wave"].max() == 2024
    assert cut.crime["period"].str[:4].astype(int).max() == 2023


def test_a_wave_that_is_not_there_is_refused(data):
    with pytest.raises(InputError, match="wave 2031 is not in the input"):
        evaluation._until(data, 2031)


def test_the_goals_own_definition_is_fitted_where_it_is_delivered(data):
    assert evaluation.crime_definition_to_fit(data, AGREEMENT) == "STRAF11"
    assert evaluation.crime_definition_to_fit(Input(), AGREEMENT) is None
    own = pd.DataFrame(
        {
            "area": AREA,
            "period": ["2023", "2024"],
            "crime_type": "total",
            "count": [500.0, 510.0],
            "definition": "borgervendt",
        }
    )
    given = replace(data, crime=pd.concat([data.crime, own], ignore_index=True))
    assert evaluation.crime_definition_to_fit(given, AGREEMENT) == "borgervendt"


def test_an_input_with_nothing_to_judge_is_refused():
    with pytest.raises(InputError, match="none of the frames"):
        evaluation.evaluate(Input(), draft=True)


def test_an_unregistered_spec_is_refused_outside_drafts(data, monkeypatch):
    def refuse(_path):
        raise SpecError("differs from its registered version")

    monkeypatch.setattr(evaluation, "hold_against_register", refuse)
    with pytest.raises(SpecError, match="registered version"):
        evaluation.evaluate(data)
