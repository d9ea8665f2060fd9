"""Did reports move next door? Change since the baseline, here, next door and in controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.conventions import LEVEL
from amager_eval.goals.crime.quantities import annual_levels
from amager_eval.significance import weighted_displacement_difference
from amager_eval.significance.contrast import normal_contrast

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement
    from amager_eval.trends.fit import Forecast

__all__ = ["DISPLACEMENT_COLUMNS", "Places", "displacement", "places_of_agreement"]

DISPLACEMENT_COLUMNS: Final = (
    "crime_type", "definition", "year", "part", "reports_before", "reports_after", "estimate",
    "low_95", "high_95", "p_value",
)  # fmt: skip

#: A place as a signed sum of areas, such as a district less the partnership area in it.
type Place = Mapping[str, int]


@dataclass(frozen=True)
class Places:
    """Four places that are compared, each a signed sum of areas.

    Examples
    --------
    >>> ring = {"Amager Vest": 1, "Amager Partnerskab (2025)": -1}
    >>> Places({"Amager Partnerskab (2025)": 1}, {"Valby": 1}, ring, {"Valby": 1}).areas
    ('Amager Partnerskab (2025)', 'Valby', 'Amager Vest')
    """

    #: Where something was done, and a place it is held against: area to 1 (added) or -1 (taken
    #: out).
    area: Place
    control: Place
    #: The place beside it and what that is held against; may be `control` itself.
    next_door: Place
    next_door_control: Place

    @property
    def four(self) -> tuple[Place, Place, Place, Place]:
        """The places in the order of the test's arguments."""
        return self.area, self.control, self.next_door, self.next_door_control

    @property
    def areas(self) -> tuple[str, ...]:
        """Every area that reports are needed of."""
        return tuple(dict.fromkeys(area for place in self.four for area in place))


def places_of_agreement(agreement: Agreement, areas: Sequence[str]) -> Places | None:
    """Name the agreement's own area, the rest of its districts, and the rest of the whole.

    Next door is what the districts that the area lies in hold outside it; both are held against the
    whole without those districts. Nothing more has to be declared. None where the area, one of its
    districts or the whole has no reports, or where the area is a district or is made of whole
    districts: then nothing is known of what lies beside.

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> known = ["København", "Amager Vest", "Amager Øst", "Amager Partnerskab (2025)"]
    >>> found = places_of_agreement(load_agreement(), known)
    >>> found.next_door
    {'Amager Vest': 1, 'Amager Øst': 1, 'Amager Partnerskab (2025)': -1}
    """
    version, whole = agreement.areas.evaluated, agreement.areas.whole
    own = next((name for name in version.names if name in areas), None)
    needed = {whole, *version.districts}
    if own is None or own in needed or not version.districts or not needed <= set(areas):
        return None
    districts = dict.fromkeys(version.districts, 1)
    control = {whole: 1} | dict.fromkeys(version.districts, -1)
    return Places({own: 1}, control, districts | {own: -1}, control)


def displacement(forecast: Forecast | xr.Dataset, places: Places, *, baseline: int) -> pd.DataFrame:
    """Weighted displacement difference per type: the latest published year against the baseline.

    Published reports alone are compared, never predicted ones. `crime_type, definition, year, part,
    reports_before, reports_after, estimate, low_95, high_95, p_value`. Part `local` is the area's
    change less its control's, `displacement` the same next door (positive: reports moved there;
    negative: a benefit that spread), `total` their sum; reports per 1,000 inhabitants a year, 95 %
    interval. `reports_before` and `reports_after` are those of the area, of next door and of both.
    Types without published reports of every area in the baseline year and a later one are left out.

    Notes
    -----
    Wheeler & Ratcliffe (2018), Crime Science 7:11, with inhabitants as sizes. Variances are
    Poisson, so that large counts seem surer than they are. Where one place is the control of
    both, its variance counts four times in the total, not twice.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_crime(ae.read_input("delivery"), definition="police")  # doctest: +SKIP
    >>> places = Places({"A": 1}, {"B": 1}, {"C": 1}, {"D": 1})
    >>> displacement(fit.forecast(2028), places, baseline=2024)  # doctest: +SKIP
    """
    levels = annual_levels(forecast)
    if not set(places.areas) <= set(levels["area"].values):
        return pd.DataFrame(columns=list(DISPLACEMENT_COLUMNS))
    rows: list[dict[str, object]] = []
    for kind in levels["crime_type"].values:
        of = levels.sel(crime_type=kind, area=list(places.areas))
        seen = of["observed"].all("area")
        years = [int(y) for y in seen["year"].values[seen.values]]
        if baseline not in years or years[-1] <= baseline:
            continue
        chosen = of.sel(year=[baseline, years[-1]]).isel(sample=0)
        head = {"crime_type": str(kind), "definition": str(levels.attrs["definition"])}
        rows += [head | {"year": years[-1]} | row for row in _compared(chosen, places)]
    return pd.DataFrame(rows, columns=list(DISPLACEMENT_COLUMNS))


def _compared(chosen: xr.Dataset, places: Places) -> list[dict[str, object]]:
    """Return the rows of one type; none where a signed sum of reports is negative."""

    def summed(name: str, place: Place) -> list[float]:
        signs = xr.DataArray(list(place.values()), dims="area", coords={"area": list(place)})
        return [float(v) for v in (chosen[name] * signs).sum("area").values]

    counts = [summed("reports", place) for place in places.four]
    people = [float(np.mean(summed("inhabitants", place))) for place in places.four]
    if min(min(c) for c in counts) < 0 or min(people) <= 0:
        return []  # areas that overlap otherwise than the agreement says
    found = weighted_displacement_difference(*counts, areas=people, level=LEVEL)
    total = found.total
    if places.control == places.next_door_control:
        shared = 2 * sum(counts[1]) / people[1] ** 2
        se = np.sqrt(np.asarray(total.se) ** 2 + shared)
        total = normal_contrast(
            np.asarray(total.estimate), se, np.asarray(total.n), LEVEL, total.method, "events"
        )
    here, beside = counts[0], counts[2]
    both = [a + b for a, b in zip(here, beside, strict=True)]
    parts = {
        "local": (here, found.local),
        "displacement": (beside, found.displacement),
        "total": (both, total),
    }
    return [
        {
            "part": part,
            "reports_before": before,
            "reports_after": after,
            "estimate": float(contrast.estimate),
            "low_95": float(contrast.low),
            "high_95": float(contrast.high),
            "p_value": float(contrast.p_value),
        }
        for part, ((before, after), contrast) in parts.items()
    ]
