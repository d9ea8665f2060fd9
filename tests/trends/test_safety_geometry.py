"""Coordinates of the sampler."""

import numpy as np
import pytest
import xarray as xr

from amager_eval.trends.safety_geometry import (
    level_basis,
    setting_contrasts,
    slope_coefficients,
    walk_basis,
)


def test_the_walk_has_the_variance_of_its_distance_from_the_anchor():
    years = [2009, 2010, 2013, 2014, 2024, 2026]
    basis = walk_basis(years, 2014)
    assert np.diag(basis.T @ basis) == pytest.approx([5, 4, 1, 0, 10, 12])
    # independent on either side of the anchor, shared on the same side
    cov = basis.T @ basis
    assert cov[0, 5] == pytest.approx(0)
    assert cov[0, 1] == pytest.approx(4)


def test_the_coefficients_are_principal_components():
    basis = walk_basis(range(2009, 2027), 2024)
    products = basis @ basis.T
    assert products == pytest.approx(np.diag(np.diag(products)), abs=1e-9)


@pytest.mark.parametrize("anchor", [2018, 2021, 2024])
def test_a_straight_line_lies_in_the_walk(anchor):
    years = np.array([2018, 2019, 2021, 2024])
    line = slope_coefficients(years, anchor) @ walk_basis(years, anchor)
    assert line == pytest.approx(years - anchor)


@pytest.mark.parametrize("settings", [1, 2, 3, 5])
def test_contrasts_of_equally_correlated_settings_are_independent(settings):
    contrasts = setting_contrasts(settings)
    assert contrasts @ contrasts.T == pytest.approx(np.eye(settings))
    cov = np.full((settings, settings), 0.3) + 0.7 * np.eye(settings)
    variances = [1 + 0.3 * (settings - 1)] + [0.7] * (settings - 1)
    assert contrasts @ cov @ contrasts.T == pytest.approx(np.diag(variances))


@pytest.mark.parametrize("weight", [[0.2, 0.3, 0.5], [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0, 0, 0]])
def test_levels_of_the_parts_sum_to_zero_and_other_areas_are_free(weight):
    basis = level_basis(xr.Dataset({"weight": ("latent", np.array(weight))}))
    inside = np.count_nonzero(weight) or 3
    assert basis[:inside].sum(axis=0) == pytest.approx([0, 0])
    assert basis.T @ basis == pytest.approx(np.eye(2))
    assert basis[inside:, inside - 1 :] == pytest.approx(np.eye(3 - inside))
