"""What is known of the evaluated area, its districts and the city: gathered once, asked by all.

Goals and views ask these facts and never the input, so that a figure is looked up in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from amager_eval.data.annual_figures import annual_of_rows, inhabitants_of_years
from amager_eval.goals.partners.count import PartnerCount, count_partners
from amager_eval.goals.safety.published_shares import (
    PublishedShare,
    Respondents,
    assumed_respondents,
    shares_by_cell,
)

if TYPE_CHECKING:
    from amager_eval.data.input import Input, Masked, Replaced, SourceFile
    from amager_eval.spec.agreement import Agreement

__all__ = [
    "Facts",
    "ReportedYear",
    "Source",
    "SurveyFigure",
    "evaluated_area",
    "gather_facts",
    "published_areas",
]

type Cell = tuple[str, str, str]  # area, setting, response
type Series = tuple[str, str, str]  # area, crime type, definition

#: Frames whose rows name the source of each figure.
_SOURCED: Final = ("safety", "survey_rounds", "crime", "population")


@dataclass(frozen=True)
class SurveyFigure:
    """A figure of a survey as it was published, bounds (`< 85`) among them."""

    #: What it is of.
    area: str
    setting: str
    response: str
    wave: int  #: Survey wave
    #: 0 to 100, and respondents; None where not published.
    percent: float | None
    n: float | None
    comparator: str  #: `=`, or which way a bound goes
    #: Of where it was read.
    grade: str | None
    source: str | None
    area_kind: str = ""  #: What kind of area it is; empty where none is named
    survey: str = ""  #: Name of another survey; empty for the one the goals are about


@dataclass(frozen=True)
class ReportedYear:
    """Reports of one calendar year of one area, type and definition."""

    #: Reports, and reports per 1,000 inhabitants; either may be unknown.
    count: float | None
    rate: float | None
    inhabitants: float | None = None  #: Whom a count is divided by
    hidden: bool = False  #: Whether a small count is hidden
    #: Of where it was read: the worst grade, the first source.
    grade: str | None = None
    source: str | None = None
    #: Version of the area, of the year's first period; empty where it is not marked.
    version: str = ""


@dataclass(frozen=True)
class Source:
    """A source, without the word, and how many figures of a kind (a frame's name) it gave."""

    kind: str
    name: str
    figures: int


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known.

    Examples
    --------
    >>> import amager_eval as ae
    >>> facts = gather_facts(ae.published(), ae.load_agreement())
    >>> facts.shares("Amager Øst", "night", "safe")[2024].percent
    70.0
    """

    area: str  #: The evaluated area, as the figures call it
    whole: str | None = None  #: The area that contains the others
    parts: tuple[str, ...] = ()  #: The areas that make up the whole
    figures: tuple[SurveyFigure, ...] = ()  #: Every published survey figure, other surveys' last
    #: Published respondents by area and wave.
    answers: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    #: Wave and who collected it, in order; empty where unknown.
    collectors: tuple[tuple[int, str], ...] = ()
    #: Share of the whole's inhabitants who live in an area, 0 to 1.
    weights: Mapping[str, float] = field(default_factory=dict)
    #: Exact shares by area, setting and response, then wave.
    cells: Mapping[Cell, Mapping[int, PublishedShare]] = field(default_factory=dict)
    #: Reports by area, type and definition, then year; of the areas of :func:`published_areas`
    #: alone.
    series: Mapping[Series, Mapping[int, ReportedYear]] = field(default_factory=dict)
    #: Version that the latest figures of an area are marked with, by kind and area.
    versions: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: Definitions of which counts were delivered, whatever the area.
    counted: frozenset[str] = frozenset()
    #: The list of activities held against the partner goal; None without a list or a goal.
    partners: PartnerCount | None = None
    synthetic: bool = False  #: Whether the figures were made up
    #: What is hidden, what replaced a published figure, and where everything is from.
    masked: tuple[Masked, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    files: tuple[SourceFile, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def survey(self) -> tuple[SurveyFigure, ...]:
        """Figures of the survey the goals are about."""
        return tuple(f for f in self.figures if not f.survey)

    @property
    def surveyed(self) -> frozenset[str]:
        """Areas with any figure of that survey."""
        return frozenset(f.area for f in self.survey)

    def shares(self, area: str, setting: str, response: str) -> Mapping[int, PublishedShare]:
        """Return every exactly published share of an area, setting and response, by wave."""
        return self.cells.get((area, setting, response), {})

    def reports(self, area: str, crime_type: str, definition: str) -> Mapping[int, ReportedYear]:
        """Return reports of a series by calendar year; definitions are never joined."""
        return self.series.get((area, crime_type, definition), {})

    def inhabitants(self, area: str, year: int) -> float | None:
        """Whom the area's counts of a year are divided by; None where no count or none is known."""
        of_year = (y.get(year) for (name, _, _), y in self.series.items() if name == area)
        return next((r.inhabitants for r in of_year if r is not None and r.inhabitants), None)

    def respondents(self, area: str, wave: int) -> Respondents | None:
        """How many respondents an area's figures of a wave rest on.

        Published n first (the figure's own, then the survey round's for the whole). Else the n of
        the nearest wave with one; for an area without any, the whole's, split evenly over the
        parts, and marked as assumed. None where no n is known at all.
        """
        own = self.answers.get(area, {})
        if wave in own:
            return Respondents(own[wave], own[wave], own[wave], assumed=False)
        if own:
            return assumed_respondents(own[min(own, key=lambda w: (abs(w - wave), w))])
        if self.whole is None or not self.parts or area == self.whole:
            return None
        whole = self.respondents(self.whole, wave)
        return assumed_respondents(whole.n / len(self.parts)) if whole else None

    def collected_since(self, wave: int) -> int:
        """Return the first wave collected as `wave` was; 0 where collectors are unknown.

        A wave without a row of its own is taken to be collected as the last one before it.
        """
        known = [(w, name) for w, name in self.collectors if w <= wave]
        others = [w for w, name in known if name != known[-1][1]]
        return min(w for w, _ in known if w > max(others)) if others else 0


def evaluated_area(data: Input, agreement: Agreement) -> str:
    """Name of the agreement's own area: as the input calls it, else the agreement's first name."""
    names = agreement.areas.evaluated.names
    present: set[str] = set()
    for frame in (data.safety, data.crime):
        if frame is not None:
            present |= set(frame["area"])
    return next((n for n in names if n in present), names[0])


def published_areas(agreement: Agreement) -> tuple[str, ...]:
    """Name the areas whose reports are published: the agreement's own, its districts, the whole."""
    areas = agreement.areas
    return tuple(dict.fromkeys((*areas.evaluated.names, *areas.indicators, areas.whole)))


def gather_facts(data: Input, agreement: Agreement) -> Facts:
    """Look up everything that goals and views ask of an input."""
    goal = next((g for g in agreement.goal if g.kind == "partners"), None)
    listed = data.activities is not None and not data.activities.empty
    crime = data.crime
    return Facts(
        area=evaluated_area(data, agreement),
        whole=data.whole,
        parts=data.parts,
        figures=(
            *_figures(data.safety, ""),
            *_figures(data.other_frames.get("other_surveys"), "survey"),
        ),
        answers=_answers(data),
        collectors=_collectors(data.survey_rounds),
        weights=_weights(data),
        cells={} if data.safety is None else shares_by_cell(data.safety),
        series={} if crime is None else _series(data, crime, published_areas(agreement)),
        versions=_versions(data.safety, "safety", "wave") | _versions(crime, "crime", "period"),
        counted=frozenset()
        if crime is None
        else frozenset(crime.loc[crime["count"].notna(), "definition"].astype(str)),
        partners=count_partners(data.activities, goal)
        if goal is not None and data.activities is not None and listed
        else None,
        synthetic=data.synthetic,
        masked=data.masked,
        replaced=data.replaced,
        files=data.files,
        sources=_sources(data),
    )


def _figures(frame: pd.DataFrame | None, survey_column: str) -> list[SurveyFigure]:
    """Rows of a survey's frame; the name of another survey stands in a column of its own."""
    if frame is None:
        return []
    return [
        SurveyFigure(
            str(row["area"]), str(row["setting"]), str(row["response"]), int(row["wave"]),
            _known(row["percent"]), _known(row.get("n")), _text(row.get("comparator")) or "=",
            _text(row.get("source_grade")), _text(row.get("source")),
            _text(row.get("area_kind")) or "",
            str(row[survey_column]) if survey_column else "",
        )
        for row in frame.to_dict(orient="records")
    ]  # fmt: skip


def _known(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def _answers(data: Input) -> dict[str, dict[int, float]]:
    """Collect published n by area and wave; a figure's own before the round's."""
    known: dict[str, dict[int, float]] = {}
    rounds = data.survey_rounds
    if rounds is not None and data.whole is not None:
        rounds = rounds.dropna(subset=["respondents"])
        known[data.whole] = {
            int(w): float(n) for w, n in zip(rounds["wave"], rounds["respondents"], strict=True)
        }
    if data.safety is not None:
        rows = data.safety[data.safety["n"].notna()]
        for area, wave, n in zip(rows["area"], rows["wave"], rows["n"], strict=True):
            known.setdefault(str(area), {})[int(wave)] = float(n)
    return known


def _collectors(rounds: pd.DataFrame | None) -> tuple[tuple[int, str], ...]:
    if rounds is None or "collector" not in rounds:
        return ()
    known = rounds.dropna(subset=["collector"]).sort_values("wave")
    return tuple((int(w), str(c)) for w, c in zip(known["wave"], known["collector"], strict=True))


def _weights(data: Input) -> dict[str, float]:
    """Share of the whole's inhabitants in each area of it.

    From the latest period for which the area's population is known together with that of the
    whole, or of every part of it.
    """
    if data.population is None or data.whole is None:
        return {}
    table = data.population.assign(period=data.population["period"].astype(str)).pivot_table(
        index="period", columns="area", values="population", aggfunc="sum"
    )
    parts = [p for p in data.parts if p in table]
    whole = pd.Series(float("nan"), index=table.index)
    if data.parts and len(parts) == len(data.parts):
        whole = table[parts].sum(axis=1, min_count=len(parts))
    if data.whole in table:
        whole = whole.fillna(table[data.whole])
    found = {}
    for area in table.columns.drop(data.whole, errors="ignore"):
        weights = (table[area] / whole).dropna().sort_index()
        if len(weights) and 0 < weights.iloc[-1] < 1:
            found[str(area)] = float(weights.iloc[-1])
    return found


def _series(
    data: Input, crime: pd.DataFrame, areas: tuple[str, ...]
) -> dict[Series, dict[int, ReportedYear]]:
    """Sum the areas' reports to years, each with its inhabitants, its grade and its source."""
    hidden = {(m.area, m.what, m.definition, m.period) for m in data.masked if m.table == "crime"}
    chosen = crime[crime["area"].isin(areas)]
    years = sorted({int(str(period)[:4]) for period in chosen["period"].unique()})
    inhabitants = {area: inhabitants_of_years(data, area, years) for area in areas}
    found: dict[Series, dict[int, ReportedYear]] = {}
    for key, rows in chosen.groupby(["area", "crime_type", "definition"], sort=False):
        area, kind, definition = (str(k) for k in key)
        grades, sources, versions = (
            _by_year(rows, name) for name in ("source_grade", "source", "area_version")
        )
        found[area, kind, definition] = {
            year: ReportedYear(
                figure.count,
                figure.rate,
                None if figure.count is None else figure.inhabitants,
                (area, kind, definition, year) in hidden,
                max(grades.get(year, ()), default=None),
                next(iter(sources.get(year, ())), None),
                next(iter(versions.get(year, ())), ""),
            )
            for year, figure in annual_of_rows(rows, inhabitants[area]).items()
        }
    return found


def _versions(frame: pd.DataFrame | None, kind: str, period: str) -> dict[tuple[str, str], str]:
    """Version of the latest row of each area, where it is marked."""
    if frame is None or "area_version" not in frame:
        return {}
    ordered = frame.assign(order=frame[period].astype(str)).sort_values("order")
    latest = ordered.drop_duplicates("area", keep="last").dropna(subset=["area_version"])
    return {
        (kind, str(area)): str(version)
        for area, version in zip(latest["area"], latest["area_version"], strict=True)
    }


def _by_year(rows: pd.DataFrame, column: str) -> dict[int, list[str]]:
    """Texts of a column by calendar year, in order."""
    found: dict[int, list[str]] = {}
    if column in rows:
        for period, value in zip(rows["period"].astype(str), rows[column], strict=True):
            if not pd.isna(value):
                found.setdefault(int(period[:4]), []).append(str(value))
    return found


def _sources(data: Input) -> tuple[Source, ...]:
    frames = {kind: getattr(data, kind) for kind in _SOURCED}
    return tuple(  # a delivery may say the word that the page says before it
        Source(kind, str(source).removeprefix("Kilde: "), int(count))
        for kind, frame in frames.items()
        if frame is not None and "source" in frame
        for source, count in frame["source"].dropna().value_counts(sort=True).items()
    )
