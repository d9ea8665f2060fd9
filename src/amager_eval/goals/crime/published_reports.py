"""Every count and rate of reported crime that a statement publishes, of every series and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from amager_eval.goals.facts import Facts

__all__ = ["REPORT_COLUMNS", "published_reports"]

REPORT_COLUMNS: Final = ("area", "crime_type", "definition", "period", "count", "rate")


def published_reports(facts: Facts, chart: pd.DataFrame | None = None) -> pd.DataFrame:
    """List what is published of reported crime, for later years to know what cannot be taken back.

    Columns :data:`REPORT_COLUMNS`: `period` is text, a calendar year or a shorter period, those of
    the chart included; `count` in reports, `rate` in reports per 1,000 inhabitants a year, None
    where unknown.

    Examples
    --------
    >>> import amager_eval as ae
    >>> from amager_eval.goals.facts import gather_facts
    >>> reports = published_reports(gather_facts(ae.published(), ae.load_agreement()))
    >>> sorted(reports["definition"].unique())
    ['STRAF11', 'borgervendt', 'straffelov']
    """
    rows: list[dict[str, object]] = []
    for (area, kind, definition), years in facts.series.items():
        for year, figure in years.items():
            if figure.count is not None or figure.rate is not None:
                rate = None if figure.rate is None else round(figure.rate, 4)
                rows.append(_row(area, kind, definition, str(year), figure.count, rate))
    for r in [] if chart is None else chart.to_dict(orient="records"):
        if len(str(r["period"])) > 4:  # years are listed already
            series = (r["area"], r["crime_type"], r["definition"])
            rows.append(_row(*series, str(r["period"]), r["count"], None))
    frame = pd.DataFrame(rows, columns=list(REPORT_COLUMNS), dtype=object)
    return frame.where(frame.notna(), None)


def _row(*values: Any) -> dict[str, object]:
    return dict(zip(REPORT_COLUMNS, values, strict=True))
