"""Write the whole appendix of a statement to a folder, all or nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amager_eval.errors import InputError
from amager_eval.figures.draw import save, save_slide
from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.compose import compose, compose_annex, open_data
from amager_eval.report.document import pictures
from amager_eval.report.forms.datapackage import write_csv, write_datapackage
from amager_eval.report.forms.excel_csv import write_excel_csv
from amager_eval.report.forms.page import render_page
from amager_eval.report.forms.pdf import Attachment, write_pdf
from amager_eval.report.forms.word import write_word
from amager_eval.report.forms.workbook import for_people, write_workbook
from amager_eval.report.letterhead import Letterhead
from amager_eval.wording.faults import fault_of
from amager_eval.wording.sentences import load_wording

if TYPE_CHECKING:
    from amager_eval.figures.drawing.picture import Picture
    from amager_eval.goals.statement import Statement
    from amager_eval.tables.table import Table
    from amager_eval.wording.sentences import Wording

__all__ = ["downloads", "replace_folder", "write_appendix"]

#: What the page links to where it lies beside it, and what each is called in the catalogue.
_DOWNLOADS: Final = (
    ("appendix.pdf", "pdf"),
    ("method.pdf", "annex"),
    ("appendix.docx", "word"),
    ("tables.xlsx", "workbook"),
    ("tables/", "tables"),
    ("slides/", "slides"),
    ("statement.json", "data"),
)

_BLANK: Final = Letterhead()


def write_appendix(
    statement: Statement,
    out: Path,
    *,
    lang: str = "da",
    letterhead: Letterhead = _BLANK,
    slides: bool = False,
) -> tuple[Path, ...]:
    """Write the appendix: PDF, page, Word document, figures, tables, workbook and open data.

    Parameters
    ----------
    statement : Statement
        What it is a view of.
    out : Path
        Folder to write; an existing one is replaced once everything is written.
    lang : {"da", "en"}
        Language.
    letterhead : Letterhead
        Case number and date it is sent under; the agreement names who sends it.
    slides : bool
        Also write every figure as a slide, in `slides/`.

    Returns
    -------
    tuple of Path
        Every file written, inside `out`.

    Raises
    ------
    InputError
        `out` is a file, or there is no wording for `lang`.

    Examples
    --------
    >>> import amager_eval as ae
    >>> statement = ae.evaluate(ae.published())  # doctest: +SKIP
    >>> paths = write_appendix(statement, Path("build/appendix-2026"))  # doctest: +SKIP
    """
    words, out = load_wording(lang), Path(out)
    if out.exists() and not out.is_dir():
        raise InputError(fault_of("out_is_a_file", path=out))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        folder = Path(name) / out.name
        folder.mkdir()
        written = _write_all(statement, folder, words, letterhead, slides=slides)
        relative = [path.relative_to(folder) for path in written]
        replace_folder(folder, out, Path(name) / "before")
    return tuple(out / path for path in relative)


def replace_folder(new: Path, out: Path, before: Path) -> None:
    """Put the new folder where the old one was; if that fails, put the old one back."""
    if not out.exists():
        new.rename(out)
        return
    out.rename(before)
    try:
        new.rename(out)
    except OSError:
        before.rename(out)
        raise
    shutil.rmtree(before)


def _write_all(
    statement: Statement, folder: Path, words: Wording, letterhead: Letterhead, *, slides: bool
) -> list[Path]:
    document = compose(statement, words, letterhead)
    shown = _slides(pictures(document), folder, words) if slides else []
    figures = _figures(pictures(document), folder, words)
    svgs, pngs = ({p.stem: p for p in figures if p.suffix == kind} for kind in (".svg", ".png"))
    data = open_data(statement, document, words)
    csvs = _csv(data, folder)
    excel = _excel_csv(data, folder, words) if words.lang == "da" else []
    record = folder / "statement.json"
    record.write_text(statement.to_json(), encoding="utf-8")
    package = write_datapackage(statement, document, data, folder, words)
    book = folder / "tables.xlsx"
    write_workbook(document, for_people(data), words, pngs, book)
    word = folder / "appendix.docx"
    write_word(statement, document, words, pngs, letterhead, word)
    pdf = folder / "appendix.pdf"
    write_pdf(document, words, svgs, _attachments(record, package, csvs, words), font_folder(), pdf)
    annex = folder / "method.pdf"
    write_pdf(compose_annex(statement, words), words, svgs, (), font_folder(), annex)
    html = folder / "appendix.html"  # last: it links to what there is
    page = render_page(document, words, svgs, downloads(folder))
    html.write_text(page, encoding="utf-8")
    return [pdf, annex, html, record, book, word, package, *figures, *shown, *csvs, *excel]


def downloads(folder: Path) -> list[tuple[str, str]]:
    """List the files beside the page that it links to, and what each is."""
    return [(name, key) for name, key in _DOWNLOADS if (folder / name).exists()]


def _attachments(record: Path, package: Path, csvs: list[Path], words: Wording) -> list[Attachment]:
    """Say what travels inside the PDF."""
    say = words.say
    return [
        Attachment(record, "application/json", say("document.attachment_statement"), "data"),
        Attachment(package, "application/json", say("document.attachment_package"), "supplement"),
        *(Attachment(p, "text/csv", say("document.attachment_table"), "data") for p in csvs),
    ]


def _figures(every: tuple[Picture, ...], folder: Path, words: Wording) -> list[Path]:
    target = folder / "figures"
    target.mkdir()
    return [path for picture in every for path in save(picture, words, target)]


def _slides(every: tuple[Picture, ...], folder: Path, words: Wording) -> list[Path]:
    target = folder / "slides"
    target.mkdir()
    return [path for picture in every for path in save_slide(picture, words, target)]


def _csv(every: tuple[Table, ...], folder: Path) -> list[Path]:
    target = folder / "tables"
    target.mkdir()
    paths = []
    for table in every:
        path = target / f"{table.id}.csv"
        write_csv(table, path)
        paths.append(path)
    return paths


def _excel_csv(every: tuple[Table, ...], folder: Path, words: Wording) -> list[Path]:
    """Write the same tables for Excel beside the machine's, which the data package describes."""
    target = folder / "tables" / "excel"
    target.mkdir()
    paths = [target / f"{table.id}.csv" for table in every]
    for table, path in zip(every, paths, strict=True):
        write_excel_csv(table, path, words)
    return paths
