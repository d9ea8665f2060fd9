"""Priors of the area's estimate scaled: all are in, and what is drawn anew is drawn right."""

from types import SimpleNamespace

import numpy as np
import pytest

import amager_eval as ae
from amager_eval.evidence.examinations.area import prior_sensitivity as module
from amager_eval.evidence.examinations.area.prior_sensitivity import area_prior_sensitivity
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.trends.area.blocks import block_terms

YEARS = np.arange(2020, 2029)


def test_centres_and_directions_drawn_given_prior_blocks_come_from_their_priors():
    draws, spec = 4000, load_area_spec()
    one = np.ones(draws)
    terms = block_terms(
        spec, {"block_sd": 0.3 * one, "block_correlation": 0.5 * one, "walk_sd": 0.1 * one},
        years=YEARS, anchor=2024, last=2026, drift=True, fade=0.8 * one, correlation=0.4 * one,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    off = terms.draw(rng, 5, 2)
    study = SimpleNamespace(years=YEARS, anchor=2024)
    found = module._integrated(study, terms, off, rng)
    for name, count in (("centre", 1), ("setting_centre", 2), ("drift", 10)):
        sigma = spec.priors[name]["sigma"]
        expected = count * (-0.5 - np.log(sigma * np.sqrt(2 * np.pi)))
        error = np.sqrt(0.5 * count / draws)
        assert found[name].mean() == pytest.approx(expected, abs=4 * error)


def test_every_prior_of_the_shown_step_is_scaled(monkeypatch):
    monkeypatch.setattr(module, "_SETS", 4)
    table = area_prior_sensitivity(
        ae.example_fit("safety"), ae.published(), load_agreement(), draws=150
    )
    priors = set(load_area_spec().priors) - set(module._OF_ESTATES)
    # a uniform prior is the same to any power: its ends are among the declared other ones
    assert set(table["prior"]) == priors - {"follows_district"}
    assert set(table["quantity"]) == {"neighbourhood", "night"}
    for column in ("probability", "probability_weaker", "probability_stronger"):
        assert table[column].between(0, 1).all()
