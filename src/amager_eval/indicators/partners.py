"""Activities with several partners: a count of a complete list, no inference."""

from __future__ import annotations

from typing import Final

import pandas as pd

from amager_eval.errors import Fault, InputError

__all__ = [
    "PLACES",
    "TOTAL",
    "partner_names",
    "partner_places",
    "partner_share",
]

#: Where an activity's partners are; `unstated` where the list does not say.
PLACES = ("inside", "both", "outside", "unstated")


#: Row of all focus areas.
TOTAL: Final = "i alt"


def partner_names(cell: object) -> dict[str, str]:
    """List the different partners of a cell `A; B; A`; an empty cell has none.

    Keys are names folded for comparison, values the name as it was first written.

    Examples
    --------
    >>> partner_names("SSP; fsb; ssp")
    {'ssp': 'SSP', 'fsb': 'fsb'}
    """
    names: dict[str, str] = {}
    if isinstance(cell, str):
        for name in (part.strip() for part in cell.split(";")):
            if name:
                names.setdefault(name.casefold(), name)
    return names


def enough_partners(activities: pd.DataFrame, at_least: int) -> pd.Series[bool]:
    """Whether each activity has enough partners, those named in either column counted once."""
    inside = activities["partners"].map(partner_names)
    if "outside_partners" not in activities:
        return inside.map(len) >= at_least
    outside = activities["outside_partners"].map(partner_names)
    return pd.Series(
        [len(a | b) >= at_least for a, b in zip(inside, outside, strict=True)],
        index=activities.index,
        dtype=bool,
    )


def partner_share(activities: pd.DataFrame, *, at_least: int = 2) -> pd.DataFrame:
    """Count the activities that involve several partners, per focus area and in all.

    Parameters
    ----------
    activities : DataFrame
        `focus_area` and `partners`, names separated by `;`; one row per activity. A name that
        occurs twice in a row counts once; `outside_partners`, if there, are partners too.
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
    enough = enough_partners(activities, at_least)
    table = (
        enough.groupby(activities["focus_area"], sort=False, dropna=False)
        .agg(["size", "sum"])
        .reset_index()
        .set_axis(columns[:3], axis=1)
    )
    total = pd.DataFrame([[TOTAL, len(enough), int(enough.sum())]], columns=columns[:3])
    table = pd.concat([table, total], ignore_index=True)
    table["share"] = table["with_two_or_more"] / table["activities"]
    return table


def partner_places(activities: pd.DataFrame, *, at_least: int = 2) -> pd.DataFrame:
    """Split the activities with enough partners by where those partners are.

    Index `focus_area`, in the order they first occur, the row `i alt` last; columns
    :data:`PLACES`: activities with enough partners whose partners are all inside, on both sides,
    all outside, or not placed because no activity of the list names one outside.

    Examples
    --------
    >>> plan = pd.DataFrame({"focus_area": ["Job", "Job"], "partners": ["SSP; fsb", "SSP"],
    ...                      "outside_partners": [None, "Museum"]})
    >>> partner_places(plan).loc["i alt"].to_dict()
    {'inside': 1, 'both': 1, 'outside': 0, 'unstated': 0}
    """
    met = activities[enough_partners(activities, at_least)]
    named = "outside_partners" in activities and bool(activities["outside_partners"].notna().any())
    counts = {a: dict.fromkeys(PLACES, 0) for a in (*activities["focus_area"], TOTAL)}
    for row in met.to_dict(orient="records"):
        place = "unstated"
        if named:
            outside = partner_names(row["outside_partners"])
            inside = {k for k in partner_names(row["partners"]) if k not in outside}
            place = "both" if inside and outside else "outside" if outside else "inside"
        for area in (row["focus_area"], TOTAL):
            counts[area][place] += 1
    index = pd.Index(list(counts), name="focus_area")
    return pd.DataFrame(list(counts.values()), index=index, columns=list(PLACES))
