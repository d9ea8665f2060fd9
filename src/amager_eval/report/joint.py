"""Several partnerships in one status: who stands where, then each one's page one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amager_eval.errors import InputError
from amager_eval.figures.draw import save
from amager_eval.figures.drawing.style import font_folder
from amager_eval.report.document import (
    Bullets,
    Document,
    Figure,
    Heading,
    Paragraph,
    TableBlock,
    pictures,
)
from amager_eval.report.forms.page import render_page
from amager_eval.report.forms.pdf import write_pdf
from amager_eval.report.letterhead import Letterhead
from amager_eval.report.parts.lead import lead
from amager_eval.report.parts.summary import summary
from amager_eval.report.write import replace_folder, write_appendix
from amager_eval.tables.goals import goals_table
from amager_eval.tables.table import Column, Table, build_table
from amager_eval.wording.about import bound_to
from amager_eval.wording.sentences import load_wording

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.report.document import Block
    from amager_eval.wording.sentences import Wording

__all__ = ["compose_joint", "write_joint"]

_BLANK: Final = Letterhead()
#: What the overview takes of each partnership's own table of goals, and how wide it is.
_KEPT: Final = {
    "what": 3.4, "latest_text": 1.9, "since_last_text": 0.8, "distance_text": 1.3, "status": 1.4,
}  # fmt: skip


def compose_joint(statements: Sequence[Statement], words: Wording) -> Document:
    """Make one document of several partnerships' statuses.

    A sentence a partnership and every goal in one table, then each one's page one. An
    `InputError` where the statements are not of the same year, or a partnership comes twice.
    """
    years, names = {s.year for s in statements}, [s.agreement.id for s in statements]
    if len(years) != 1 or len(set(names)) != len(names):
        raise InputError(
            f"a joint status is of different agreements in one year, found {names} in "
            f"{sorted(years)}; name each agreement once and give --year"
        )
    (year,) = years
    leads = [
        words.say("joint.lead", name=s.agreement.name, said=said)
        for s in statements
        for said in lead(s, bound_to(s.agreement, words))[:1]
    ]
    blocks: list[Block] = [
        Heading(words.say("joint.heading")),
        Bullets(tuple(leads)),
        TableBlock(_overview(statements, words)),
        Paragraph(words.say("joint.note"), "note"),
    ]
    for statement in statements:
        blocks.append(Heading(statement.agreement.name, new_page=True))
        # the heading of its page one is the partnership's name
        blocks += [_own(b, statement) for b in summary(statement, words)[1:]]
    partners = words.listing([s.agreement.name for s in statements])
    return Document(
        title=words.say("joint.title", number=words.name("number_word", str(len(statements)))),
        subtitle=words.say("document.subtitle", wave=year, crime_year=year - 1),
        description=words.say("document.description", agreement=partners),
        blocks=tuple(b for b in blocks if not (isinstance(b, TableBlock) and b.table.frame.empty)),
        lang=words.lang,
        year=year,
        synthetic=any(s.synthetic for s in statements),
        draft=any(s.draft for s in statements),
        unregistered=tuple(dict.fromkeys(d for s in statements for d in s.unregistered)),
    )


def write_joint(
    statements: Sequence[Statement],
    out: Path,
    *,
    lang: str = "da",
    letterhead: Letterhead = _BLANK,
    slides: bool = False,
) -> tuple[Path, ...]:
    """Write every partnership's whole appendix in a folder of its own, and the joint status.

    An existing folder is replaced once everything is written.
    """
    words = load_wording(lang)
    document = compose_joint(statements, words)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        folder = Path(name) / out.name
        figures = folder / "figures"
        figures.mkdir(parents=True)
        for statement in statements:
            own = folder / statement.agreement.id
            write_appendix(statement, own, lang=lang, letterhead=letterhead, slides=slides)
        drawn = [p for picture in pictures(document) for p in save(picture, words, figures)]
        svgs = {p.stem: p for p in drawn if p.suffix == ".svg"}
        write_pdf(document, words, svgs, (), font_folder(), folder / "appendix.pdf")
        links = (("appendix.pdf", "pdf"),)
        page = render_page(document, words, svgs, links)
        (folder / "appendix.html").write_text(page, encoding="utf-8")
        written = [p.relative_to(folder) for p in sorted(folder.rglob("*")) if p.is_file()]
        replace_folder(folder, out, Path(name) / "before")
    return tuple(out / path for path in written)


def _own(block: Block, statement: Statement) -> Block:
    """Give a block's table and picture names of the partnership's own."""
    prefix = statement.agreement.id
    match block:
        case TableBlock(table, where):
            return TableBlock(replace(table, id=f"{prefix}_{table.id}"), where)
        case Figure(picture, numbers):
            own = None if numbers is None else replace(numbers, id=f"{prefix}_{numbers.id}")
            return Figure(replace(picture, id=f"{prefix}_{picture.id}"), own)
    return block


def _overview(statements: Sequence[Statement], words: Wording) -> Table:
    """Every partnership's goals in words, one below the other, with this year's status."""
    found = [goals_table(s, bound_to(s.agreement, words)) for s in statements]
    rows: list[dict[str, object]] = []
    for statement, table in zip(statements, found, strict=True):
        own = table.frame.to_dict(orient="records")
        rows += [{"partnership": statement.agreement.name} | {str(k): v for k, v in row.items()}
                 for row in own]  # fmt: skip
    kept = {c.key: c for table in found for c in table.columns if c.key in _KEPT}
    columns = [
        Column("partnership", words.say("column.partnership"), "text", 2.2),
        *(
            replace(kept[key], width=width, data=True)
            for key, width in _KEPT.items()
            if any(row.get(key) for row in rows)
        ),
    ]
    cells = [[row.get(c.key, "") for c in columns] for row in rows]
    note = words.say("joint.table_note")
    return build_table("joint_overview", words.say("joint.table"), columns, cells, note)
