"""Which published figure is read as which block, and what a delivery of residents says."""

import numpy as np
import pandas as pd
import pytest

import amager_eval as ae
from amager_eval.errors import SpecError
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.documents import models_folder
from amager_eval.spec.nested import Nested
from amager_eval.trends.area.design import (
    area_figures,
    delivered_shares,
    nested_of,
)

SETTINGS = ["neighbourhood", "night"]


def test_the_bundled_figures_are_the_eleven_that_were_published():
    nested = nested_of(load_agreement())
    found = area_figures(
        ae.published().safety, nested, settings=SETTINGS, years=np.arange(2009, 2030)
    )
    rows = zip(found.of, found.year.tolist(), found.value.tolist(), strict=True)
    printed = sorted((of, 2009 + year, round(100 * share)) for of, year, share in rows)
    assert printed == [
        ("area_2013", 2014, 16), ("area_2013", 2014, 34), ("area_2013", 2019, 13),
        ("area_2013", 2020, 15), ("area_2013", 2020, 29), ("area_2021", 2021, 17),
        ("area_2021", 2021, 27), ("folehaven", 2019, 19), ("folehaven", 2020, 16),
        ("tingbjerg_husum", 2014, 22), ("tingbjerg_husum", 2016, 13),
    ]  # fmt: skip
    assert np.isnan(found.n).all()
    # day and night of a wave were asked of the same people
    assert len(found.n) == 8


def test_what_no_agreement_declares_is_a_block_in_each_district():
    bare = load_agreement().model_copy(update={"nested": None})
    nested = nested_of(bare)
    assert [b.district for b in nested.block] == ["Amager Vest", "Amager Øst"]
    assert nested.mixture[0].share == "halves"
    alone = load_agreement("folehaven").model_copy(update={"nested": None})
    assert [b.district for b in nested_of(alone).block] == ["Valby"]


def test_an_area_is_made_of_what_its_mixtures_hold():
    nested = nested_of(load_agreement())
    assert nested.pieces() >= {"area_2025", "area_2021", "area_2013", "Amager Vest"}
    assert not nested.pieces() & {"folehaven", "tingbjerg_husum"}
    weights = nested.weights({m.id: 0.5 for m in nested.mixture})["area_2025"]
    assert sum(weights.values()) == pytest.approx(1)
    assert weights["area_2013"] == pytest.approx(0.125)
    assert weights["Amager Øst"] == pytest.approx(0.25)


def test_residents_say_the_shares_of_halves_and_of_departments():
    residents = pd.DataFrame(
        [
            ("Amager Vest", "Hørgården", 2000.0),
            ("amager vest", "Urbanplanen", 4000.0),
            ("Amager Vest", "Uden for afdelingerne", 2000.0),
            ("Amager Øst", "Støberigården", 500.0),
            ("Amager Øst", "Uden for afdelingerne", 1500.0),
        ],
        columns=["area_half", "department", "residents"],
    )
    found = delivered_shares(residents, nested_of(load_agreement()))
    assert found == {"old_half": 0.75, "new_half": 0.25, "area_2025": 0.8}
    west = delivered_shares(residents.iloc[:3], nested_of(load_agreement()))
    # one half alone says nothing of how large it is beside the other
    assert west == {"old_half": 0.75}


def test_a_mixture_of_what_is_not_declared_is_refused_with_its_line(tmp_path):
    path = tmp_path / "own.toml"
    text = (models_folder() / "agreements" / "template.toml").read_text("utf-8")
    path.write_text(text.replace('second = "Harbour"', 'second = "Moon"'), encoding="utf-8")
    with pytest.raises(SpecError, match=r"own.toml, line \d+, key nested.mixture.0.second.*Moon"):
        load_agreement(path)


def test_an_area_of_an_unknown_block_is_refused():
    with pytest.raises(ValueError, match="moon is not known here"):
        Nested.model_validate({"area": "moon", "block": [{"id": "a"}]})
