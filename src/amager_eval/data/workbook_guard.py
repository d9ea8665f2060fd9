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
from typing import Final
from xml.etree import ElementTree as ET

from amager_eval.data.delimited import file_fault
from amager_eval.data.fault_texts import Lang

__all__ = ["MOST_CELLS", "SheetNotes", "Unpacked", "unpack"]

#: All entries together, unpacked.
MOST_UNPACKED: Final = 128 * 1024 * 1024
MOST_ENTRIES: Final = 2000
#: The rectangle a sheet spans; readers hold it whole.
MOST_CELLS: Final = 4_000_000
_OLE: Final = b"\xd0\xcf\x11\xe0"
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


@dataclass
class SheetNotes:
    """What was noticed about one sheet.

    Parameters
    ----------
    merged : list of int
        First row of each merged range.
    uncomputed : list of tuple of int and str
        Row and column letter of formulas without a stored result.
    hidden : bool
        Whether rows, columns or the sheet are hidden.
    rows, columns : int
        Last row and column with content.
    """

    merged: list[int] = field(default_factory=list)
    uncomputed: list[tuple[int, str]] = field(default_factory=list)
    hidden: bool = False
    rows: int = 0
    columns: int = 0


@dataclass(frozen=True, eq=False)
class Unpacked:
    """A workbook that may be read: its bytes packed again, and the notes by sheet name."""

    content: bytes
    notes: dict[str, SheetNotes]


def unpack(content: bytes, file: str, lang: Lang) -> Unpacked:
    """Inspect a workbook and pack its harmless part again.

    Parameters
    ----------
    content : bytes
        The file.
    file : str
        Its name.
    lang : {"en", "da"}
        Language of a fault.

    Returns
    -------
    Unpacked

    Raises
    ------
    InputError
        It is no workbook, has macros, is protected, or would unpack beyond bounds.
    """
    if content.startswith(_OLE):
        raise file_fault("unreadable", file, lang, "password-protected or the old .xls format")
    try:
        entries = _entries(content, file, lang)
        if "content.xml" in entries:
            notes = _ods_notes(entries["content.xml"])
        elif "xl/workbook.xml" in entries:
            notes = _xlsx_notes(entries)
        else:
            raise file_fault("unreadable", file, lang, "no workbook inside")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise file_fault("unreadable", file, lang, str(error)) from error
    except (ET.ParseError, KeyError, ValueError) as error:
        raise file_fault("unreadable", file, lang, f"broken XML: {error}") from error
    for note in notes.values():
        if note.rows * note.columns > MOST_CELLS:
            raise file_fault("bomb", file, lang, f"{note.rows} x {note.columns} cells")
    return Unpacked(_packed(entries), notes)


def _entries(content: bytes, file: str, lang: Lang) -> dict[str, bytes]:
    """Unpack the XML entries within bounds; whatever size the directory claims."""
    entries: dict[str, bytes] = {}
    left = MOST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_ENTRIES:
            raise file_fault("bomb", file, lang, f"{len(infos)} entries")
        for info in infos:
            name = info.filename
            if "vbaproject" in name.lower() or name.startswith("Basic/"):
                raise file_fault("macros", file, lang, name)
            if not _is_needed(name):
                continue
            if info.file_size > left:
                raise file_fault("bomb", file, lang, f"more than {MOST_UNPACKED // 1024**2} MB")
            entry = archive.read(info)  # reads no more than file_size
            if name.endswith((".xml", ".rels")) and b"<!DOCTYPE" in entry:
                raise file_fault("unreadable", file, lang, f"{name} declares entities")
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
    notes = {}
    for element in ET.fromstring(entries["xl/workbook.xml"]).iter():
        if _local(element.tag) != "sheet":
            continue
        entry = entries.get(targets.get(_attribute(element, "id") or "", ""))
        note = _xlsx_sheet(entry) if entry else SheetNotes()
        note.hidden |= element.attrib.get("state", "visible") != "visible"
        notes[element.attrib.get("name", "")] = note
    return notes


def _xlsx_sheet(xml: bytes) -> SheetNotes:
    note = SheetNotes()
    row = 0
    for event, element in _elements(xml):
        name = _local(element.tag)
        if event == "start":
            if name == "row":
                row = int(element.attrib.get("r", row + 1))
            continue
        if name == "c":
            _xlsx_cell(element, row, note)
        elif name in {"row", "col"}:
            note.hidden |= element.attrib.get("hidden") in {"1", "true"}
        elif name == "mergeCell":
            place = _PLACE.match(element.attrib.get("ref", ""))
            if place:
                note.merged.append(int(place[2]))
        if name in {"c", "row", "mergeCell"}:
            element.clear()
    return note


def _xlsx_cell(cell: ET.Element, row: int, note: SheetNotes) -> None:
    place = _PLACE.fullmatch(cell.attrib.get("r", ""))
    children = {_local(child.tag): child for child in cell}
    if place:
        row = int(place[2])
        note.columns = max(note.columns, _column_number(place[1]))
    else:
        note.columns += 1  # without an address cells follow each other
    note.rows = max(note.rows, row)
    value = children.get("v")
    if "f" in children and (value is None or value.text is None):
        note.uncomputed.append((row, place[1] if place else ""))


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


# ---------------------------------------------------------------- .ods
def _ods_notes(xml: bytes) -> dict[str, SheetNotes]:
    notes: dict[str, SheetNotes] = {}
    note = SheetNotes()
    row = column = 0
    for event, element in _elements(xml):
        name = _local(element.tag)
        repeated = int(_attribute(element, f"number-{name[6:]}s-repeated") or 1)
        if event == "start":
            if name == "table":
                note = notes.setdefault(_attribute(element, "name") or "", SheetNotes())
                row = 0
            elif name == "table-row":
                column = 0
            continue
        if name in {"table-cell", "covered-table-cell"}:
            repeated = int(_attribute(element, "number-columns-repeated") or 1)
            column += repeated
            if _attribute(element, "value-type") or len(element):
                note.columns = max(note.columns, column)
                note.rows = max(note.rows, row + 1)
            spans = ("number-rows-spanned", "number-columns-spanned")
            if any(int(_attribute(element, span) or 1) > 1 for span in spans):
                note.merged.append(row + 1)
        elif name == "table-row":
            repeated = int(_attribute(element, "number-rows-repeated") or 1)
            if note.rows == row + 1:
                note.rows += repeated - 1
            row += repeated
            element.clear()
        if name in {"table-row", "table-column"}:
            note.hidden |= _attribute(element, "visibility") in {"collapse", "filter"}
    return notes
