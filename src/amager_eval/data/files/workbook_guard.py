"""Look into a workbook before it is read: size, macros, merged cells, formulas never computed.

A workbook is a zip file of XML. The entries that hold cells are unpacked here within bounds and
packed again, so that the reader sees exactly what was inspected and nothing else.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from amager_eval.data.tables.fault_texts import file_fault
from amager_eval.data.tables.number_text import is_error_text
from amager_eval.wording.sentences import Lang

__all__ = ["MOST_CELLS", "Cells", "SheetNotes", "Unpacked", "unpack"]

#: All entries together, unpacked.
MOST_UNPACKED: Final = 128 * 1024 * 1024
MOST_ENTRIES: Final = 2000
#: The rectangle a sheet spans; readers hold it whole.
MOST_CELLS: Final = 2_000_000
_OLE: Final = b"\xd0\xcf\x11\xe0"
_SHEET = re.compile(rb"<(?:\w+:)?worksheet[\s>]")
#: Bounds of the format itself; an address outside them is broken.
_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
#: Text of a number format that is shown as it stands.
_LITERAL = re.compile(r'"[^"]*"|\\.')
_RANGE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})(?::([A-Z]{1,3})([1-9]\d{0,6}))?", re.ASCII)


class Cells(NamedTuple):
    """A block of equal cells: its first row and column, from 1 on, and how many of each."""

    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass
class SheetNotes:
    """What was noticed about one sheet."""

    merged: list[int] = field(default_factory=list)  #: First row of each merged range
    #: Row and column letter of formulas without a stored result.
    uncomputed: list[tuple[int, str]] = field(default_factory=list)
    hidden: bool = False  #: Whether rows, columns or the sheet are hidden
    #: Cells of formulas that failed, and what a spreadsheet shows there; readers give them as
    #: empty.
    errors: list[tuple[Cells, str]] = field(default_factory=list)
    #: Cells whose number is shown as a percentage.
    percents: list[Cells] = field(default_factory=list)
    #: Last row and column with content.
    rows: int = 0
    columns: int = 0


@dataclass(frozen=True, eq=False)
class Unpacked:
    """A workbook that may be read: its bytes packed again, and the notes by sheet name."""

    content: bytes
    notes: dict[str, SheetNotes]


def unpack(content: bytes, file: str, lang: Lang) -> Unpacked:
    """Inspect a workbook and pack its harmless part again.

    An `InputError` where it is no workbook, has macros, is protected, or would unpack beyond
    bounds.
    """
    if content.startswith(_OLE):
        raise file_fault("unreadable", file, lang, why="protected")
    try:
        entries = _entries(content, file, lang)
        if "content.xml" in entries:
            notes = _ods_notes(entries["content.xml"])
        elif "xl/workbook.xml" in entries:
            notes = _xlsx_notes(entries)
        else:
            raise file_fault("unreadable", file, lang, why="no_workbook")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise file_fault("unreadable", file, lang, str(error)) from error
    except (ET.ParseError, LookupError, ValueError) as error:  # also an encoding nobody knows
        raise file_fault("unreadable", file, lang, why="broken_xml", error=error) from error
    for note in notes.values():
        if note.rows * note.columns > MOST_CELLS:
            raise file_fault("bomb", file, lang, why="grid", rows=note.rows, columns=note.columns)
    return Unpacked(_packed(entries), notes)


def _entries(content: bytes, file: str, lang: Lang) -> dict[str, bytes]:
    """Unpack the XML entries within bounds; whatever size the directory claims."""
    entries: dict[str, bytes] = {}
    left = MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_ENTRIES:
            raise file_fault("bomb", file, lang, why="entries", count=len(infos))
        for info in infos:
            name = info.filename
            if "vbaproject" in name.lower() or name.startswith("Basic/"):
                raise file_fault("macros", file, lang, name)
            if not _is_needed(name):
                continue
            if info.file_size > left:
                raise file_fault(
                    "bomb", file, lang, why="over", limit=f"{MOST_UNPACKED // 1024**2} MB"
                )
            entry = archive.read(info)  # reads no more than file_size
            if b"<!DOCTYPE" in entry or b"<!ENTITY" in entry:
                raise file_fault("unreadable", file, lang, why="entities", name=name)
            if b"\x00" in entry[:200]:  # UTF-16 would hide from the checks
                raise file_fault("unreadable", file, lang, why="no_utf8", name=name)
            left -= len(entry)
            entries[name] = entry
    return entries


def _is_needed(name: str) -> bool:
    """Cells, their strings and formats; no links to elsewhere, pictures or scripts."""
    if "externallink" in name.lower() or ".." in name or name.startswith("/"):
        return False
    return name == "mimetype" or name.endswith((".xml", ".rels"))


def _packed(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return buffer.getvalue()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attribute(element: ET.Element, name: str) -> str | None:
    """Value of an attribute whatever its namespace."""
    for key, value in element.attrib.items():
        if _local(key) == name:
            return value
    return None


def _elements(xml: bytes) -> Iterator[tuple[str, ET.Element]]:
    """Events `start` and `end` of an entry; what is done with is dropped by the caller."""
    return iter(ET.iterparse(io.BytesIO(xml), events=("start", "end")))


# ---------------------------------------------------------------- .xlsx
def _xlsx_notes(entries: dict[str, bytes]) -> dict[str, SheetNotes]:
    targets = {}
    relations = entries.get("xl/_rels/workbook.xml.rels", b"<none/>")
    for relation in ET.fromstring(relations):
        target = relation.attrib.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        targets[relation.attrib.get("Id", "")] = posixpath.normpath(path)
    # every sheet is inspected, named by the workbook or not: the reader may find it all the same
    percent = _percent_styles(entries.get("xl/styles.xml", b"<none/>"))
    sheets = {
        name: _xlsx_sheet(xml, percent) for name, xml in entries.items() if _SHEET.search(xml)
    }
    for name, xml in entries.items():
        if name.startswith("xl/") and name.endswith(".xml") and name not in sheets:
            ET.fromstring(xml)  # a sheet cut off at its first tag would be read as an empty one
    notes = {}
    for element in ET.fromstring(entries["xl/workbook.xml"]).iter():
        if _local(element.tag) != "sheet":
            continue
        entry = targets.get(_attribute(element, "id") or "", "")
        if entry in entries and entry not in sheets:
            continue  # a chart has a sheet of its own but no cells
        if entry not in sheets:
            raise ValueError(f"the sheet {element.attrib.get('name', '')[:40]} is not there")
        note = sheets[entry]
        note.hidden |= element.attrib.get("state", "visible") != "visible"
        notes[element.attrib.get("name", "")] = note
    return notes


def _percent_styles(xml: bytes) -> frozenset[str]:
    """Numbers of the cell styles that show a number as a percentage."""
    formats = {"9": "0%", "10": "0.00%"}  # what the format itself numbers so
    styles = []
    inside = False
    for event, element in _elements(xml):
        name = _local(element.tag)
        if name == "cellXfs":
            inside = event == "start"
        elif event == "start" and name == "numFmt":
            formats[element.attrib.get("numFmtId", "")] = element.attrib.get("formatCode", "")
        elif event == "start" and name == "xf" and inside:
            styles.append(formats.get(element.attrib.get("numFmtId", "0"), ""))
    return frozenset(str(i) for i, code in enumerate(styles) if "%" in _LITERAL.sub("", code))


def _xlsx_sheet(xml: bytes, percent: frozenset[str]) -> SheetNotes:
    note = SheetNotes()
    row = following = 0
    for event, element in _elements(xml):
        name = _local(element.tag)
        if event == "start":
            if name == "row":
                row = _bounded(element.attrib.get("r", str(row + 1)), _MOST_ROWS)
                following = 0
            continue
        if name == "c":
            following = _xlsx_cell(element, row, following + 1, note, percent)
        elif name == "dimension":
            _check_range(element.attrib.get("ref", "A1"))
        elif name in {"row", "col", "sheetFormatPr"}:
            flags = {element.attrib.get(flag) for flag in ("hidden", "zeroHeight")}
            heights = {element.attrib.get(size) for size in ("ht", "width")}
            note.hidden |= bool(flags & {"1", "true"} or heights & {"0", "0.0"})
        elif name == "mergeCell":
            place = _PLACE.match(element.attrib.get("ref", ""))
            if place:
                note.merged.append(int(place[2]))
        if name in {"c", "row", "mergeCell"}:
            element.clear()
    return note


def _bounded(text: str, most: int) -> int:
    """Read a row number; what the format does not allow is broken."""
    if not re.fullmatch(r"[1-9]\d{0,6}", text, re.ASCII) or int(text) > most:
        raise ValueError(f"row {text[:20]}")
    return int(text)


def _check_range(text: str) -> None:
    """Refuse a declared extent that no sheet can have."""
    match = _RANGE.fullmatch(text)
    ends = [match[i] for i in (1, 3) if match[i]] if match else []
    rows = [int(match[i]) for i in (2, 4) if match[i]] if match else []
    if not ends or max(rows) > _MOST_ROWS or max(map(_column_number, ends)) > _MOST_COLUMNS:
        raise ValueError(f"extent {text[:30]}")


def _xlsx_cell(
    cell: ET.Element, row: int, column: int, note: SheetNotes, percent: frozenset[str]
) -> int:
    """Note one cell; without an address it follows the one before. Return its column."""
    address = cell.attrib.get("r")
    letters = ""
    if address is not None:
        place = _PLACE.fullmatch(address)
        if not place:
            raise ValueError(f"cell {address[:20]}")
        letters, row = place[1], _bounded(place[2], _MOST_ROWS)
        column = _column_number(letters)
    if column > _MOST_COLUMNS:
        raise ValueError(f"column {column}")
    note.columns = max(note.columns, column)
    note.rows = max(note.rows, row)
    children = {_local(child.tag): child for child in cell}
    value = children.get("v")
    kind = cell.attrib.get("t", "n")
    if kind == "e":
        shown = None if value is None else value.text
        note.errors.append((Cells(row, column), (shown or "#N/A").strip()))
    elif value is not None and value.text is not None:
        _check_value(kind, value.text)
        if kind == "n" and cell.attrib.get("s", "0") in percent:
            note.percents.append(Cells(row, column))
    if "f" in children and (value is None or value.text is None):
        note.uncomputed.append((row, letters))
    return column


def _check_value(kind: str, text: str) -> None:
    """Refuse a number or a place among the strings that is none; a reader may pass over it."""
    if kind == "s" and not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError(f"string {text[:20]}")
    if kind == "n":
        float(text)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


# ---------------------------------------------------------------- .ods
def _repeated(element: ET.Element, name: str) -> int:
    """How often a row or cell is repeated; once where it does not say."""
    text = _attribute(element, name) or "1"
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError(f"{name} {text[:20]}")
    return int(text)


def _ods_notes(xml: bytes) -> dict[str, SheetNotes]:
    notes: dict[str, SheetNotes] = {}
    note = SheetNotes()
    row = column = 0
    pending: list[tuple[Cells, str | None]] = []
    hidden = _ods_hidden_styles(xml)
    for event, element in _elements(xml):
        name = _local(element.tag)
        if event == "start":
            if name == "table":
                note = notes.setdefault(_attribute(element, "name") or "", SheetNotes())
                note.hidden |= _attribute(element, "style-name") in hidden
                row = 0
            elif name == "table-row":
                column = 0
            elif name in {"table-row-group", "table-column-group"}:
                note.hidden |= _attribute(element, "display") == "false"
            continue
        if name in {"table-row", "table-column"}:
            note.hidden |= _attribute(element, "visibility") in {"collapse", "filter"}
        if name in {"table-cell", "covered-table-cell"}:
            repeated = _repeated(element, "number-columns-repeated")
            place = Cells(row + 1, column + 1, 1, repeated)
            column += repeated
            if _attribute(element, "value-type") or len(element):
                note.columns = max(note.columns, column)
                note.rows = max(note.rows, row + 1)
                _ods_cell(element, place, pending)
            spans = ("number-rows-spanned", "number-columns-spanned")
            if any(_repeated(element, span) > 1 for span in spans):
                note.merged.append(row + 1)
        elif name == "table-row":
            repeated = _repeated(element, "number-rows-repeated")
            if note.rows == row + 1:
                note.rows += repeated - 1
            for place, error in pending:
                cells = place._replace(rows=repeated)
                if error is None:
                    note.percents.append(cells)
                else:
                    note.errors.append((cells, error))
            pending.clear()
            row += repeated
            element.clear()
    return notes


def _ods_hidden_styles(xml: bytes) -> set[str]:
    """Names of the table styles that show nothing: sheets with one of them are hidden."""
    hidden = set()
    style = ""
    for event, element in _elements(xml):
        name = _local(element.tag)
        if event == "start" and name == "style":
            style = _attribute(element, "name") or ""
        elif name == "table-properties" and _attribute(element, "display") == "false":
            hidden.add(style)
        elif name == "body":
            break
    return hidden


def _ods_cell(cell: ET.Element, place: Cells, pending: list[tuple[Cells, str | None]]) -> None:
    """Note a cell whose formula failed, or whose number is shown as a percentage (no error)."""
    kinds = {value for key, value in cell.attrib.items() if _local(key) == "value-type"}
    shown = "".join(text for part in cell if _local(part.tag) == "p" for text in part.itertext())
    if "error" in kinds or is_error_text(shown):
        pending.append((place, shown.strip() or "#N/A"))
    elif "percentage" in kinds:
        pending.append((place, None))
