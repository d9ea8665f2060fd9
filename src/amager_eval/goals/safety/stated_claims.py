"""What the model says of a worsening the agreement claims, before and after taking its word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from amager_eval.conventions import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement, Claim
    from amager_eval.trends.fit import Forecast

__all__ = ["CLAIM_COLUMNS", "stated_claims"]

CLAIM_COLUMNS: Final = (
    "area", "response", "setting", "before", "after", "published_before", "probability",
    "probability_of_verdict", "probability_given_verdict", "effective_draws",
)  # fmt: skip


def stated_claims(facts: Facts, forecast: Forecast | None, agreement: Agreement) -> pd.DataFrame:
    """Hold every worsening the agreement claims against the draws of the true shares.

    A row per claim and setting the draws have: what it is about, `published_before` (whether the
    earlier share is published), `probability` that the true share became worse. Where the earlier
    share is not published and the later one is, also the probability, from the figures alone, that
    a survey would have found the change significant (`probability_of_verdict`), the probability of
    a worsening given that it did (`probability_given_verdict`), and the draws behind that
    (`effective_draws`).

    Notes
    -----
    A claim without its figure is a censored observation of the share a survey would have
    published: whatever it was, the pooled z test against the later figure came out significant.
    Draws of that share in which it does are kept; this is exact conditioning, as far as enough
    draws are left. The test is taken to have used n without a design effect; the share itself
    varies with it.
    """
    if forecast is None or not facts.survey:
        return pd.DataFrame(columns=list(CLAIM_COLUMNS))
    draws = forecast.draws
    there = {dim: set(draws[dim].to_numpy()) for dim in ("area", "setting", "response", "period")}
    rows = [
        _row(facts, draws, claim, setting)
        for claim in agreement.claim
        for setting in agreement.safety.settings
        if claim.area in there["area"]
        and claim.response in there["response"]
        and setting in there["setting"]
        and {claim.before, claim.after} <= there["period"]
    ]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _row(facts: Facts, draws: Any, claim: Claim, setting: str) -> dict[str, object]:
    cell = draws.sel(area=claim.area, setting=setting, response=claim.response)
    worse = -1.0 if claim.response == "safe" else 1.0
    true = worse * cell["true"]
    worsened = (true.sel(period=claim.after) > true.sel(period=claim.before)).to_numpy()
    figures = facts.shares(claim.area, setting, claim.response)
    row: dict[str, object] = {
        "area": claim.area,
        "response": claim.response,
        "setting": setting,
        "before": claim.before,
        "after": claim.after,
        "published_before": claim.before in figures,
        "probability": float(worsened.mean()),
    }
    sizes = [facts.respondents(claim.area, wave) for wave in (claim.before, claim.after)]
    if claim.before in figures or claim.after not in figures or None in sizes:
        return row
    n0, n1 = (size.n for size in sizes if size is not None)
    earlier = cell["published"].sel(period=claim.before).to_numpy()
    found = worse * _pooled_z(earlier, figures[claim.after].percent / 100, n0, n1)
    kept = found > ndtri(0.5 + LEVEL / 2)
    return row | {
        "probability_of_verdict": float(kept.mean()),
        "probability_given_verdict": float(worsened[kept].mean()) if kept.any() else np.nan,
        "effective_draws": int(kept.sum()),
    }


def _pooled_z(
    earlier: NDArray[np.float64], later: float, n0: float, n1: float
) -> NDArray[np.float64]:
    """Return z of the pooled test of later against earlier shares."""
    pooled = (n0 * earlier + n1 * later) / (n0 + n1)
    sd = np.sqrt(np.maximum(pooled * (1 - pooled), np.finfo(float).tiny) * (1 / n0 + 1 / n1))
    return np.asarray((later - earlier) / sd)
