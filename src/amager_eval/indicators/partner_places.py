"""Where the partners of an activity are: inside the area, outside it, or both."""

from __future__ import annotations

import pandas as pd

from amager_eval.indicators.partner_share import enough_partners, partner_names

__all__ = ["PLACES", "partner_places"]

#: Where an activity's partners are; `unstated` where the list does not say.
PLACES = ("inside", "both", "outside", "unstated")


def partner_places(activities: pd.DataFrame, *, at_least: int = 2) -> pd.DataFrame:
    """Split the activities with enough partners by where those partners are.

    Parameters
    ----------
    activities : DataFrame
        `focus_area`, `partners` and, where the list says who is from outside the area,
        `outside_partners`; names separated by `;`.
    at_least : int
        Partners an activity must have to count.

    Returns
    -------
    DataFrame
        Index `focus_area`, in the order they first occur, the row `i alt` last; columns
        :data:`PLACES`: activities with enough partners whose partners are all inside, on both
        sides, all outside, or not placed because no activity of the list names one outside.

    Examples
    --------
    >>> plan = pd.DataFrame({"focus_area": ["Job", "Job"], "partners": ["SSP; fsb", "SSP"],
    ...                      "outside_partners": [None, "Museum"]})
    >>> partner_places(plan).loc["i alt"].to_dict()
    {'inside': 1, 'both': 1, 'outside': 0, 'unstated': 0}
    """
    met = activities[enough_partners(activities, at_least)]
    named = "outside_partners" in activities and bool(activities["outside_partners"].notna().any())
    counts = {a: dict.fromkeys(PLACES, 0) for a in (*activities["focus_area"], "i alt")}
    for row in met.to_dict(orient="records"):
        place = "unstated"
        if named:
            outside = partner_names(row["outside_partners"])
            inside = {k for k in partner_names(row["partners"]) if k not in outside}
            place = "both" if inside and outside else "outside" if outside else "inside"
        for area in (row["focus_area"], "i alt"):
            counts[area][place] += 1
    index = pd.Index(list(counts), name="focus_area")
    return pd.DataFrame(list(counts.values()), index=index, columns=list(PLACES))
