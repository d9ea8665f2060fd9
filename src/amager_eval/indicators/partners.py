"""Activities with several partners: a count of a complete list, no inference."""

from __future__ import annotations

import pandas as pd

from amager_eval.errors import Fault, InputError

__all__ = ["partner_share"]

_TOTAL = "i alt"


def _number_of_partners(names: object) -> int:
    """Count the different partners in a cell `A; B; A`; an empty cell has none."""
    if not isinstance(names, str):
        return 0
    return len({name.strip().casefold() for name in names.split(";") if name.strip()})


def partner_share(activities: pd.DataFrame, *, at_least: int = 2) -> pd.DataFrame:
    """Count the activities that involve several partners, per focus area and in all.

    Parameters
    ----------
    activities : DataFrame
        `focus_area` and `partners`, names separated by `;`; one row per activity. A name that
        occurs twice in a cell counts once.
    at_least : int
        Partners an activity must have to count.

    Returns
    -------
    DataFrame
        `focus_area, activities, with_two_or_more, share` (0 to 1), focus areas in the order
        they first occur, the row `i alt` last. `with_two_or_more` counts activities with
        `at_least` partners. Empty for an empty list.

    Notes
    -----
    The list is a census of what was planned: the share is what it is and has no interval.

    Examples
    --------
    >>> plan = pd.DataFrame({"focus_area": ["Job", "Job", "By"],
    ...                      "partners": ["SSP; fsb", "SSP", "HAB;VIBO;DOMEA"]})
    >>> partner_share(plan)["share"].round(2).tolist()
    [0.5, 1.0, 0.67]
    """
    columns = ["focus_area", "activities", "with_two_or_more", "share"]
    lacking = [name for name in ("focus_area", "partners") if name not in activities.columns]
    if lacking:
        raise InputError(
            Fault(
                "the list of activities lacks a column",
                found=", ".join(lacking),
                remedy="Add the column.",
                column=lacking[0],
            )
        )
    if activities.empty:
        return pd.DataFrame(columns=columns)
    enough = activities["partners"].map(_number_of_partners) >= at_least
    table = (
        enough.groupby(activities["focus_area"], sort=False, dropna=False)
        .agg(["size", "sum"])
        .reset_index()
        .set_axis(columns[:3], axis=1)
    )
    total = pd.DataFrame([[_TOTAL, len(enough), int(enough.sum())]], columns=columns[:3])
    table = pd.concat([table, total], ignore_index=True)
    table["share"] = table["with_two_or_more"] / table["activities"]
    return table
