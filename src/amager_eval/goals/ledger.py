"""What a statement forecasts, and the ledger of earlier forecasts beside what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pandas as pd

__all__ = [
    "ENDS",
    "EVENT_COLUMNS",
    "FIGURE_KEYS",
    "FORECAST_COLUMNS",
    "LEDGER_EVENT_COLUMNS",
    "LEDGER_QUANTITY_COLUMNS",
    "QUANTILE_LEVELS",
    "Issued",
    "Ledger",
]

#: What a figure is about; `year` is a wave (safety) or a calendar year (crime).
FIGURE_KEYS: Final = (
    "kind", "area", "area_version", "setting", "response", "crime_type", "definition", "form",
    "year",
)  # fmt: skip
#: Midpoints of 40 equal parts: the CRPS is scored from the quantiles at these.
QUANTILE_LEVELS: Final = tuple(round((i + 0.5) / 40, 4) for i in range(40))
#: Quantiles a reader is shown, by name.
ENDS: Final = {"low_95": 0.025, "low_80": 0.1, "median": 0.5, "high_80": 0.9, "high_95": 0.975}
FORECAST_COLUMNS: Final = (*FIGURE_KEYS, "basis", "last", *ENDS, "quantiles")
EVENT_COLUMNS: Final = ("goal", "reading", *FIGURE_KEYS[1:], "probability")
_SCORES: Final = (
    "observed", "first_published", "inside_80", "inside_95", "crps", "error_of_last", "status",
)  # fmt: skip
LEDGER_QUANTITY_COLUMNS: Final = (
    "issued",
    *(c for c in FORECAST_COLUMNS if c != "quantiles"),
    *_SCORES,
)
LEDGER_EVENT_COLUMNS: Final = ("issued", *EVENT_COLUMNS, "outcome", "revised", "brier", "status")


@dataclass(frozen=True, eq=False)
class Issued:
    """The forecasts of one statement, and the figures that were known when they were made."""

    #: Columns :data:`FORECAST_COLUMNS`: forecasts of figures that are still to be published, in
    #: percent (safety), reports (`count`) or reports per 1,000 (`rate`); `last` is the latest
    #: figure published by then, `quantiles` a list at :data:`QUANTILE_LEVELS`; `basis` is
    #: `estimate` where no figure of the area was published, else `measured`.
    quantities: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(FORECAST_COLUMNS))
    )
    #: Columns :data:`EVENT_COLUMNS`: probability that published figures will literally meet a
    #: declared reading in a wave or year; readings that are settled already are left out.
    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EVENT_COLUMNS)))
    #: From :func:`amager_eval.record.known_figures.known_figures`.
    figures: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=[*FIGURE_KEYS, "value"])
    )


@dataclass(frozen=True, eq=False)
class Ledger:
    """Earlier forecasts beside what came.

    Notes
    -----
    Forecasts of one statement are correlated, so few years say little about coverage. Published
    figures are rounded or whole counts, so an interval may cover more than its nominal share.
    """

    recorded: bool = False  #: Whether a record folder was given at all
    years: tuple[int, ...] = ()  #: Statements that were scored, first to last
    #: One row per forecast figure: `issued`, what it is about, `last` (latest figure when it was
    #: issued), `median, low_80, high_80, low_95, high_95`; `observed` (as known now),
    #: `first_published` where that was another figure, `inside_80, inside_95` (ends included),
    #: `crps` and `error_of_last` (the CRPS of saying "as last time") in the figure's unit;
    #: `status`: `scored`, `pending`, `no_figure` or `area_changed`.
    quantities: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(LEDGER_QUANTITY_COLUMNS))
    )
    #: One row per reading and year: `probability`, `outcome` (whether published figures met it),
    #: `revised` (whether a figure it rests on was revised), `brier`, `status`.
    events: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(LEDGER_EVENT_COLUMNS))
    )

    def scores(self) -> pd.DataFrame:
        """Mean scores of what has been scored.

        `of` (`safety`, `crime` or a goal's id), `form` (`percent`, `count`, `rate`, or `event`),
        `scored`, `inside_80, inside_95` (shares), `crps`, `error_of_last`, `brier`; what does not
        apply is NaN.
        """
        columns = ["of", "form", "scored", "inside_80", "inside_95", "crps", "error_of_last"]
        rows: list[dict[str, object]] = []
        quantities = self.quantities[self.quantities["status"] == "scored"]
        for (kind, form), group in quantities.groupby(["kind", "form"], sort=False):
            means = group[columns[3:]].astype(float).mean()
            rows.append({"of": kind, "form": form, "scored": len(group), **means})
        events = self.events[self.events["status"] == "scored"]
        for goal, group in events.groupby("goal", sort=False):
            mean = float(group["brier"].astype(float).mean())
            rows.append({"of": goal, "form": "event", "scored": len(group), "brier": mean})
        return pd.DataFrame(rows, columns=[*columns, "brier"])
