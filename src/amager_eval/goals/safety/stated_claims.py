"""What the model says of a worsening the agreement claims, once its word is taken as evidence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from amager_eval.trends.safety.stated import condition_on_stated_fall

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Fit

__all__ = ["stated_claims"]


def stated_claims(fit: Fit, agreement: Agreement) -> pd.DataFrame:
    """Condition on every stated significant fall of the safe share that has no figure before it.

    Parameters
    ----------
    fit : Fit
        Safety.
    agreement : Agreement
        Its claims and settings.

    Returns
    -------
    DataFrame
        A row per claim and setting whose later share is published and whose earlier one is not:
        `area, setting, before, after` and those of
        :class:`~amager_eval.trends.safety.stated.Conditioned`. A claim with both figures needs no
        word of anybody's; one about another answer is not conditioned on.
    """
    design = fit.data["design"].to_dataset()
    published = design["value"].sel(response="safe").notnull()  # noqa: PD004 (xarray)
    rows: list[dict[str, Any]] = []
    for claim in agreement.claim:
        if claim.response != "safe" or claim.area not in published["area"].to_numpy():
            continue
        if not {claim.before, claim.after} <= set(published["year"].to_numpy().tolist()):
            continue
        about: dict[str, Any] = {"area": claim.area, "before": claim.before, "after": claim.after}
        of_area = published.sel(area=claim.area)
        for setting in agreement.safety.settings:
            if setting not in published["setting"].to_numpy():
                continue
            known = of_area.sel(setting=setting)
            if bool(known.sel(year=claim.after)) and not bool(known.sel(year=claim.before)):
                found = condition_on_stated_fall(fit, setting=setting, **about)
                rows.append(about | {"setting": setting} | asdict(found))
    return pd.DataFrame(rows)
