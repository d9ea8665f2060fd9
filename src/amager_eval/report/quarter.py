"""The working group's glance at a quarter: one page from police counts, signals alone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amager_eval.data.period import parse_period
from amager_eval.evaluation.quarter import quarter_chart
from amager_eval.figures.control_chart import ChartView, picture_control_charts
from amager_eval.figures.draw import save
from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.document import Document, Figure, Heading, Paragraph, TableBlock, pictures
from amager_eval.report.forms.datapackage import write_csv
from amager_eval.report.forms.page import render_page
from amager_eval.report.forms.pdf import write_pdf
from amager_eval.tables.table import Column, Table, build_table
from amager_eval.wording.about import bound_to
from amager_eval.wording.area import area_label
from amager_eval.wording.crime_type import type_label
from amager_eval.wording.numbers import number
from amager_eval.wording.period import period_label
from amager_eval.wording.sentences import load_wording

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.report.document import Block
    from amager_eval.spec.agreement import Agreement
    from amager_eval.wording.sentences import Wording

__all__ = ["compose_quarter", "write_quarter"]


def compose_quarter(
    chart: pd.DataFrame, agreement: Agreement, words: Wording, *, synthetic: bool
) -> Document:
    """Make the page of a chart: what signals, a picture, and the latest period's numbers."""
    words = bound_to(agreement, words)
    crime = agreement.crime
    series = [
        (type_label(crime, str(kind), str(definition), words), own.assign(at=_order(own)))
        for (kind, definition), own in chart.groupby(["crime_type", "definition"], sort=False)
    ]
    series = [(name, own.sort_values("at").reset_index(drop=True)) for name, own in series]
    latest = max((own["period"].iloc[-1] for _, own in series), key=lambda p: parse_period(str(p)))
    short = len(str(latest)) > 4
    shown = [(n, own) for n, own in series if (len(str(own["period"].iloc[-1])) > 4) == short]
    by_year = [n for n, own in series if short and len(str(own["period"].iloc[-1])) == 4]
    area = area_label(agreement, str(chart["area"].iloc[0]), words)
    finding = _finding(shown, str(latest), words)
    views = [ChartView(name, own, words) for name, own in shown]
    picture = picture_control_charts(
        views, finding, words.say("source.reports", source=crime.source), words,
        synthetic=synthetic,
    )  # fmt: skip
    title = words.say("quarter.title", name=agreement.name, period=period_label(str(latest), words))
    blocks: list[Block] = [
        Heading(words.say("quarter.heading", area=area)),
        Figure(picture, _table(series, agreement, words, latest=False)),
        TableBlock(_table(shown, agreement, words, latest=True)),
    ]
    if by_year:
        names = words.listing(by_year)
        blocks.append(Paragraph(words.say("quarter.by_year", types=names), "note"))
    blocks.append(Paragraph(words.say("quarter.note", baseline=crime.baseline_year), "note"))
    return Document(
        title=title,
        subtitle=words.say("quarter.subtitle"),
        description=title,
        blocks=tuple(blocks),
        lang=words.lang,
        year=int(str(latest)[:4]),
        synthetic=synthetic,
        draft=False,
    )


def write_quarter(
    data: Input, agreement: Agreement, out: Path, *, lang: str = "da", record: Path | None = None
) -> tuple[Path, ...]:
    """Write the page: quarter.pdf, quarter.html, quarter.csv and the figure.

    Nothing is written where anything fails. An `InputError` where there are no reports that
    can be charted.
    """
    words = load_wording(lang)
    chart = quarter_chart(data, agreement, record)
    document = compose_quarter(chart, agreement, words, synthetic=data.synthetic)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".quarter-") as name:
        folder = Path(name)
        drawn = [p for picture in pictures(document) for p in save(picture, words, folder)]
        svgs = {p.stem: p for p in drawn if p.suffix == ".svg"}
        (numbers,) = [b.numbers for b in document.blocks if isinstance(b, Figure)]
        assert numbers is not None
        write_csv(numbers, folder / "quarter.csv")
        write_pdf(document, words, svgs, (), font_folder(), folder / "quarter.pdf")
        links = (("quarter.pdf", "pdf"), ("quarter.csv", "tables"))
        page = render_page(document, words, svgs, links)
        (folder / "quarter.html").write_text(page, encoding="utf-8")
        written = sorted(folder.iterdir())
        for path in written:
            shutil.move(path, out / path.name)
    return tuple(out / path.name for path in written)


def _order(own: pd.DataFrame) -> list[Any]:
    return [parse_period(str(p)) for p in own["period"]]


def _finding(shown: list[tuple[str, pd.DataFrame]], latest: str, words: Wording) -> str:
    """Say which series signal in the latest period, and that the others do not."""
    outside = []
    for name, own in shown:
        row = own.iloc[-1]
        if row["signal"] and str(row["period"]) == latest:
            outside.append(
                words.say(
                    "quarter.signal",
                    type=name[:1].lower() + name[1:],
                    count=number(float(row["count"]), 0, words.lang),
                    expected=number(float(row["expected"]), 0, words.lang),
                )
            )
    period = period_label(latest, words)
    if not outside:
        return words.say("quarter.none", period=period, series=len(shown))
    return words.say(
        "quarter.outside",
        period=period,
        signals=words.listing(outside),
        inside=len(shown) - len(outside),
        series=len(shown),
    )


def _table(
    series: list[tuple[str, pd.DataFrame]],
    agreement: Agreement,
    words: Wording,
    *,
    latest: bool,
) -> Table:
    """List the latest period of every series, or every period."""
    say = words.say
    columns = [
        Column("crime_type", say("column.crime_type"), "text", 1.6),
        Column("period", say("column.period"), "text", 0.8, shown=not latest),
        Column("count", say("column.crime_chart_count"), "count"),
        Column("expected", say("column.crime_chart_expected"), "count"),
        Column("low", say("column.crime_chart_low"), "count"),
        Column("high", say("column.crime_chart_high"), "count"),
        Column("signal", say("column.signal"), "text", 2.2),
        Column("area", say("column.area"), "text", shown=False),
        Column("definition", say("column.definition"), "text", shown=False),
        Column("reference", say("column.reference"), "flag", shown=False),
    ]
    rows = []
    for name, own in series:
        for row in (own.tail(1) if latest else own).to_dict(orient="records"):
            signal = str(row["signal"] or "inside").replace(" ", "_")
            rows.append(
                [
                    name,
                    str(row["period"]),
                    row["count"],
                    row["expected"],
                    row["low"],
                    row["high"],
                    say(f"chart_signal.{signal}"),
                    area_label(agreement, row["area"], words),
                    row["definition"],
                    row["reference"],
                ]
            )
    stem = "latest" if latest else "all"
    return build_table(f"quarter_{stem}", say(f"quarter.table_{stem}"), columns, rows)
