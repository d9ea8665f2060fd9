"""Page one's picture: a line a goal part: then, last, now, what it is held against, the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from amager_eval.figures.drawing.picture import Picture
from amager_eval.figures.drawing.style import CITY, GOAL, axes_or_new, is_narrow, style
from amager_eval.goals.crime.context import crime_context
from amager_eval.goals.verdict import Verdict
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.figure import figure_text, part_label
from amager_eval.wording.numbers import number, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from amager_eval.goals.standing import Figure, Standing
    from amager_eval.goals.statement import Statement
    from amager_eval.wording.sentences import Wording

__all__ = ["StandingLine", "StandingsView", "picture_standings", "plot_standings"]

_COLOUR = "#0072B2"

type _Verdicts = dict[tuple[str, str | None], list[tuple[str, str]]]


@dataclass(frozen=True)
class StandingLine:
    """One line: positions on the panel's axis, and the words at its end."""

    label: str  #: What the line is about
    value: str  #: The latest figure, at the line's end
    said: str  #: The figures in words, where there is room, and for those who cannot see it
    #: Positions.
    now: float | None
    last: float | None
    baseline: float | None
    #: What it is held against: the whole, the baseline's level or the threshold.
    against: float | None
    #: The band of the target year.
    low: float | None = None
    high: float | None = None
    #: Kind and part of the goals it is about; None for an indicator.
    about: tuple[str, str | None] | None = None


@dataclass(frozen=True)
class StandingsView:
    """A panel of lines on one axis."""

    title: str  #: Heading of the panel
    lines: tuple[StandingLine, ...]  #: From the top
    axis: Literal["percent", "index"]  #: Shares in percent, or the baseline year = 100
    key: tuple[str, ...]  #: Words of the marks: then, last, now, what it is held against, band
    words: Wording  #: Language
    key_at: float = 0.01  #: Where the key begins, as a share of the figure's width


def plot_standings(view: StandingsView, ax: Axes | None = None) -> Axes:
    """Draw the lines of a panel."""
    with style():
        ax = axes_or_new(ax)
        slim = is_narrow(ax)
        ax.set_title(view.title)
        positions = [
            v
            for line in view.lines
            for v in (line.now, line.last, line.baseline, line.against, line.low, line.high)
            if v is not None
        ]
        low, high = min(positions), max(positions)
        pad = max(0.06 * (high - low), 1.0)
        ax.set_xlim(low - pad, high + pad)
        for rank, line in enumerate(view.lines):
            _draw_line(ax, -rank, line)
            annotate = partial(
                ax.annotate, xycoords=ax.get_yaxis_transform(), textcoords="offset points"
            )
            if slim:
                annotate(f"{line.label}: {line.said}", (0, -rank), xytext=(0, 9), size=7)
            else:
                annotate(line.value, (1, -rank), xytext=(4, 0), va="center", size=7,
                         annotation_clip=False)  # fmt: skip
        ax.set_ylim(-len(view.lines) + 0.4, 0.6)
        ticks = [-r for r in range(len(view.lines))]
        ax.set_yticks(ticks, ["" if slim else line.label for line in view.lines])
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x", color="#e4e4e4", linewidth=0.6)
        ax.set_axisbelow(True)
        if view.axis == "percent":
            ax.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))
            ax.xaxis.set_major_formatter(lambda v, _: percent(v / 100, 0, view.words.lang))
        else:
            ax.axvline(100, color=GOAL, linestyle="-.", linewidth=1.2, zorder=1)
            ax.xaxis.set_major_formatter(lambda v, _: number(v, 0, view.words.lang))
        # room for the key below; the key itself must not narrow the panel
        ax.set_xlabel("\n\n", fontsize=6.4)
        figure = ax.get_figure(root=True)
        assert figure is not None
        key = ax.legend(
            handles=_key(view), loc="upper left", bbox_to_anchor=(0.01 if slim else view.key_at, 0),
            bbox_transform=blended_transform_factory(figure.transFigure, ax.transAxes),
            ncols=3, frameon=False, fontsize=6.4, handletextpad=0.4, columnspacing=1.0,
            borderaxespad=2.6,
        )  # fmt: skip
        key.set_in_layout(False)
    return ax


def _draw_line(ax: Axes, y: float, line: StandingLine) -> None:
    if line.low is not None and line.high is not None:
        ax.add_patch(
            Rectangle(
                (line.low, y - 0.2), line.high - line.low, 0.4, facecolor="#cfe3f1",
                edgecolor=_COLOUR, linewidth=0.5, zorder=1,
            )
        )  # fmt: skip
    if line.baseline is not None and line.now is not None:
        ax.plot([line.baseline, line.now], [y, y], color=_COLOUR, linewidth=1.4, zorder=2)
    if line.baseline is not None:
        ax.plot(
            line.baseline, y, "o", color="white", markeredgecolor=_COLOUR, markersize=6, zorder=4
        )
    if line.last is not None:
        ax.plot(line.last, y, "|", color=_COLOUR, markersize=9, markeredgewidth=1.6, zorder=3)
    if line.against is not None:
        ax.plot(line.against, y, CITY.marker, color=CITY.colour, markersize=5.5, zorder=5)
    if line.now is not None:
        ax.plot(line.now, y, "o", color=_COLOUR, markersize=8, zorder=6)


def _key(view: StandingsView) -> list[Line2D | Patch]:
    """Explain only the marks that are drawn."""
    then, last, now, against, band = view.key
    lines = view.lines
    handles: list[Line2D | Patch] = []

    def mark(label: str, marker: str, **looks: Any) -> None:
        handles.append(Line2D([], [], linestyle="", marker=marker, label=label, **looks))

    if any(line.baseline is not None for line in lines):
        mark(then, "o", color="white", markeredgecolor=_COLOUR, markersize=6)
    if any(line.last is not None for line in lines):
        mark(last, "|", color=_COLOUR, markersize=9, markeredgewidth=1.6)
    mark(now, "o", color=_COLOUR, markersize=7)
    if any(line.against is not None for line in lines):
        mark(against, CITY.marker, color=CITY.colour, markersize=5.5)
    if any(line.low is not None for line in lines):
        handles.append(Patch(facecolor="#cfe3f1", edgecolor=_COLOUR, linewidth=0.5, label=band))
    return handles


def picture_standings(statement: Statement, words: Wording) -> Picture | None:
    """Show how every goal part stands; None where there is no figure at all."""
    standings = statement.standings
    verdicts = _verdicts(standings)
    own = [s for s in standings if s.kind == "safety" and s.known]
    safety = list({s.part: s for s in reversed(own)}.values())[::-1]
    districts = not safety
    if districts:
        safety = list(statement.districts)
    shares = [_safety_line(s, statement, words, named=districts) for s in safety]
    shares += [
        _partner_line(s, words) for s in standings if s.kind == "partners" and s.latest is not None
    ]
    indexed = [
        line
        for s in standings
        if s.kind == "crime" and (line := _crime_line(s, statement, words)) is not None
    ]
    context = not indexed
    if context:
        indexed = _context_lines(statement, words)
    say, agreement = words.say, statement.agreement
    target, crime = agreement.safety.target_wave, agreement.crime
    views = []
    if shares:
        against = "against_whole" if districts else "against"
        key = tuple(say(f"figure.standings.{k}") for k in ("last", "now", against))
        views.append(
            StandingsView(
                words.say_of(
                    agreement.response,
                    "figure.standings.districts" if districts else "figure.standings.safety",
                ),
                tuple(shares), "percent",
                (str(agreement.safety.baseline_wave), *key,
                 say("figure.standings.band", year=target)),
                words,
            )
        )  # fmt: skip
    if indexed:
        key = tuple(say(f"figure.standings.{k}") for k in ("last", "now", "against_baseline"))
        views.append(
            StandingsView(
                say("figure.standings.context" if context else "figure.standings.crime",
                    year=crime.baseline_year),
                tuple(indexed), "index",
                (str(crime.baseline_year), *key,
                 say("figure.standings.band", year=crime.target_year)),
                words,
                0.5 if shares else 0.01,
            )
        )  # fmt: skip
    if not views:
        return None
    spoken = [_with_verdicts(x, verdicts, words, "verdict") for v in views for x in v.lines]
    alt = " ".join(say("figure.standings.alt", label=x.label, said=x.said) for x in spoken)
    views = [
        replace(v, lines=tuple(_with_verdicts(x, verdicts, words) for x in v.lines)) for v in views
    ]
    marked = any(line.about in verdicts for view in views for line in view.lines)
    captions = [say("figure.standings.caption_marks")] if marked else []
    captions += [say("figure.standings.caption" + ("_context" if context and indexed else ""))]
    if any(f is not None and f.grade == "C" for s in safety for f in (s.latest, s.whole)):
        captions.append(say("figure.standings.caption_c"))
    tallest = max(len(v.lines) for v in views)
    return Picture(
        id="standings",
        title=_finding(standings, statement.year, words)
        if marked
        else say("figure.standings.title_context", year=statement.year),
        alt=alt,
        caption=" ".join(captions),
        source=say("source.models", survey=agreement.safety.survey),
        panels=tuple(partial(plot_standings, view) for view in views),
        columns=len(views),
        height=30 + 5.1 * tallest,
        narrow_height=12 + sum(26 + 9.5 * len(v.lines) for v in views) + tallest,
        synthetic=statement.synthetic,
    )


def _finding(standings: Sequence[Standing], year: int, words: Wording) -> str:
    """Say how many parts of the goals are reached this year, and how many nobody measured."""
    judged = [s.verdict for s in standings]
    left = judged.count(Verdict.NOT_MEASURED)
    return words.say(
        "figure.standings.title_open" if left else "figure.standings.title",
        year=year, met=judged.count(Verdict.REACHED), of=len(judged), left=left,
    )  # fmt: skip


def _verdicts(standings: Sequence[Standing]) -> _Verdicts:
    """Collect every goal's verdict this year by the figures it is about."""
    found: _Verdicts = {}
    for s in standings:
        found.setdefault((s.kind, s.part), []).append((s.goal, s.verdict))
    return found


def _with_verdicts(
    line: StandingLine, verdicts: _Verdicts, words: Wording, marks: str = "figure_symbol"
) -> StandingLine:
    """Put the verdicts of the goals a line is about behind its figure; an indicator has none."""
    said = [
        words.say("figure.standings.verdict", goal=goal, symbol=words.say(f"{marks}.{verdict}"))
        for goal, verdict in (verdicts.get(line.about, []) if line.about is not None else [])
    ]
    if not said:
        return line
    value, in_words = (
        words.say("figure.standings.value", value=text, verdicts=" ".join(said))
        for text in (line.value, line.said)
    )
    return replace(line, value=value, said=in_words)


def _at(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def _safety_line(s: Standing, statement: Statement, words: Wording, *, named: bool) -> StandingLine:
    label = part_label(s.kind, s.part, statement.agreement, words)
    if named:
        area = area_label(statement.agreement, s.area, words)
        label = words.say("table.area_part", area=area, part=label)
    last = s.last if s.last is not None and s.last != s.baseline else None
    said = words.say(
        "figure.standings.said" if s.whole is not None else "figure.standings.said_alone",
        now=figure_text(s.latest, s.unit, words),
        year="" if s.latest is None else s.latest.year,
        city=figure_text(s.whole, s.unit, words),
    )
    band = s.outlook
    return StandingLine(
        label, figure_text(s.latest, s.unit, words), said,
        _at(s.latest), _at(last), _at(s.baseline), _at(s.whole),
        None if band is None else band.low, None if band is None else band.high,
        None if named else (s.kind, s.part),
    )  # fmt: skip


def _partner_line(s: Standing, words: Wording) -> StandingLine:
    said = words.say(
        "figure.standings.said_threshold",
        now=figure_text(s.latest, s.unit, words),
        threshold="" if s.threshold is None else percent(s.threshold / 100, 0, words.lang),
    )
    value = figure_text(s.latest, s.unit, words)
    label = words.say("figure.standings.partners")
    return StandingLine(
        label, value, said, _at(s.latest), None, None, s.threshold, about=(s.kind, s.part)
    )


def _crime_line(s: Standing, statement: Statement, words: Wording) -> StandingLine | None:
    """Draw a series with the baseline year as 100; None without a baseline to hold it against."""
    if s.baseline is None or s.latest is None or not s.baseline.value or s.since_baseline is None:
        return None
    base = s.baseline.value
    last = s.last if s.last is not None and s.last != s.baseline else None
    value, said = _against(s.latest, s.baseline, s.unit, words)
    band = s.outlook
    return StandingLine(
        part_label(s.kind, s.part, statement.agreement, words), value, said,
        100 * s.latest.value / base,
        None if last is None else 100 * last.value / base, 100.0, None,
        None if band is None else 100 * band.low / base,
        None if band is None else 100 * band.high / base, about=(s.kind, s.part),
    )  # fmt: skip


def _context_lines(statement: Statement, words: Wording) -> list[StandingLine]:
    """Draw the city's types and the districts' totals, each with the baseline year as 100."""
    lines = []
    for r in crime_context(statement):
        unit: Literal["rate", "count"] = "rate" if r.rate and r.rate_baseline else "count"
        now, then = (r.rate, r.rate_baseline) if unit == "rate" else (r.count, r.count_baseline)
        if now is None or then is None or not then.value:
            continue
        area = area_label(statement.agreement, r.area, words)
        total = r.crime_type in {t.id for t in statement.agreement.crime.type if t.role == "total"}
        part = words.say("table.total")
        if not total:
            part = type_label(statement.agreement.crime, r.crime_type, r.definition, words)
        value, said = _against(now, then, unit, words)
        label = words.say("table.area_part", area=area, part=part[:1].lower() + part[1:])
        index = 100 * now.value / then.value
        lines.append(StandingLine(label, value, said, index, None, 100.0, None))
    return lines


def _against(now: Figure, then: Figure, unit: str, words: Wording) -> tuple[str, str]:
    """Say a figure of reports beside the baseline's: short, and in words."""
    cells = figure_text(now, unit, words), figure_text(then, unit, words)
    return (
        words.say("table.pair", after=cells[0], before=cells[1]),
        words.say(f"figure.standings.said_{unit}", now=cells[0], then=cells[1]),
    )
