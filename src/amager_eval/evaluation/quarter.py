"""Chart the reports of a quarter: every type of the agreement's area against its own past."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.disclosure.mask import mask_small_counts
from amager_eval.errors import InputError
from amager_eval.evaluation.prepare import as_agreed
from amager_eval.goals.crime.monitored_types import monitored_chart
from amager_eval.record.earlier_publications import earlier_publications
from amager_eval.wording.faults import fault_of

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["quarter_chart"]

#: Roles of the types that are charted: all there are.
_ROLES: Final = ("total", "selected", "monitored")


def quarter_chart(data: Input, agreement: Agreement, record: Path | None = None) -> pd.DataFrame:
    """Chart every series of the agreement's own area, or of what there is in its stead.

    Of police counts by quarter or month, as
    :func:`amager_eval.goals.crime.monitored_types.monitored_chart`, of every type; what the
    yearly record hides or has published may give quarters away.

    Raises
    ------
    InputError
        There are no reports that can be charted.
    """
    earlier = earlier_publications(record)
    shown = mask_small_counts(as_agreed(data, agreement), agreement, earlier)
    chart = monitored_chart(shown, agreement, earlier, roles=_ROLES)
    areas = (
        *agreement.areas.evaluated.names, *agreement.areas.indicators, agreement.areas.whole,
    )  # fmt: skip
    area = next((a for a in areas if (chart["area"] == a).any()), None)
    if area is None:
        raise InputError(fault_of("no_quarters", area=agreement.areas.evaluated.names[0]))
    own = chart[chart["area"] == area]
    # a type counted in several ways is charted by the goals' own, or else the first
    goals_own = own["definition"] == agreement.crime.definition
    has_own = own["crime_type"].isin(set(own.loc[goals_own, "crime_type"]))
    first = own.groupby("crime_type")["definition"].transform("first")
    return own[goals_own | (~has_own & (own["definition"] == first))].reset_index(drop=True)
