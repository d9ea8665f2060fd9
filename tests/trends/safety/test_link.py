"""Predictive check of the link on cells published in both answers."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from amager_eval.trends.safety.fit import fit_safety
from amager_eval.trends.safety.link import link_check


def _fit(random_draws, safe, unsafe, *, gap):
    frame = pd.DataFrame(
        {"area": "Nord", "wave": 2024, "setting": "night", "response": ["safe", "unsafe"],
         "percent": [safe, unsafe], "n": 1000.0}
    )  # fmt: skip
    fit = fit_safety(frame, draws=300)
    posterior = fit.data["posterior"].to_dataset()
    known = {"eta": np.log(safe / (100 - safe)), "response_gap": gap, "log_deff": 0.0}
    settled = {k: xr.full_like(posterior[k], v) for k, v in known.items()}
    fit.data["posterior"] = xr.DataTree(posterior.assign(settled))
    return fit


def test_figures_the_link_made_pass_and_others_do_not(random_draws):
    implied = -np.log(0.14 / 0.86) - np.log(0.78 / 0.22)
    good = link_check(_fit(random_draws, 78.0, 14.0, gap=implied)).iloc[0]
    assert good["implied_gap"] == pytest.approx(implied)
    assert good["low_95"] < implied < good["high_95"]
    assert good["p_value"] > 0.5
    bad = link_check(_fit(random_draws, 78.0, 21.0, gap=implied)).iloc[0]
    assert bad["p_value"] < 0.01
    assert (bad["safe"], bad["unsafe"], bad["wave"]) == (78, 21, 2024)
