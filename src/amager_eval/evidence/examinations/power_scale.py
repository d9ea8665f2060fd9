"""How much does each prior decide? Power-scaling: every prior weakened and strengthened in turn."""

from __future__ import annotations

from typing import Final

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["beside_scaled", "power_scale"]

#: A prior's density to this power: 1.25 strengthens it, 0.8 weakens it.
POWERS: Final = (0.8, 1.25)
#: Sensitivity from which the reference calls a prior informative.
NOTABLE: Final = 0.05


def power_scale(quantities: xr.Dataset, events: xr.Dataset, log_priors: xr.Dataset) -> pd.DataFrame:
    """Reweight a fit to weaker and stronger priors, one at a time.

    One row per prior and quantity: `prior, quantity`, `sensitivity` (gradient of the
    cumulative Jensen-Shannon distance), `notable` (.05 or more), `probability`,
    `probability_weaker` (prior to the power .8), `probability_stronger` (1.25), and `pareto_k`, the
    worse of the two: above .7 the reweighted numbers are not to be trusted.

    Kallioinen, Paananen, Bürkner and Vehtari (2024), Statistics and Computing 34, 57; weights
    are Pareto-smoothed. Nothing is fitted again.
    """
    # a tree takes no slash in a name, crime types have them
    plain = {name: f"q{k}" for k, name in enumerate(quantities.data_vars)}
    rows = []
    for prior in log_priors.data_vars:
        values = log_priors[prior].transpose("chain", "draw")
        tree = xr.DataTree.from_dict(
            {"posterior": quantities.rename(plain), "log_prior": log_priors[[str(prior)]]}
        )
        sensitivity = az.psense(tree, group="prior")
        weights, shapes = zip(*(_weights(values, power) for power in POWERS), strict=True)
        for name in quantities.data_vars:
            happened = events[name].transpose("chain", "draw").to_numpy().ravel()
            weaker, stronger = (float(w @ happened) for w in weights)
            found = float(sensitivity[plain[name]])
            rows.append(
                {
                    "prior": str(prior),
                    "quantity": str(name),
                    "sensitivity": found,
                    "notable": found >= NOTABLE,
                    "probability": float(happened.mean()),
                    "probability_weaker": weaker,
                    "probability_stronger": stronger,
                    "pareto_k": max(shapes),
                }
            )
    return pd.DataFrame(rows)


def beside_scaled(table: pd.DataFrame) -> dict[str, object]:
    """Numbers beside a table of scaled priors."""
    return {
        "seed": 1,
        "notable": int(table["notable"].sum()),
        "largest_pareto_k": float(table["pareto_k"].max()),
    }


def _weights(log_prior: xr.DataArray, power: float) -> tuple[np.ndarray, float]:
    """Smoothed, normalised weights of all draws and the Pareto shape of their tail."""
    # psislw takes log likelihoods, which it turns round itself
    smoothed, shape = ((1 - power) * log_prior).azstats.psislw(dim=list(log_prior.dims))
    weights = np.exp(smoothed - smoothed.max()).to_numpy().ravel()
    return weights / weights.sum(), float(shape)
