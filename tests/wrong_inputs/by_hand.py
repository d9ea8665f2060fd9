"""Read tables a second time, by other means than the package's, to hold its reading against.

Nothing here is imported from the package: only the file formats and the documented rules of the
input are known (which headings there are, how a number may be written, what stays empty).
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

#: Column to its English and Danish heading, lower case, per table.
HEADINGS = {
    "safety": {
        "area": "område", "wave": "undersøgelsesår", "setting": "tidspunkt", "response": "svar",
        "percent": "procent", "count": "antal", "n": "antal svar (uvægtet)",
        "decimals": "decimaler", "deff": "designeffekt", "comparator": "tegn (=, <, >)",
        "source": "kilde", "source_grade": "kildens sikkerhed (a, b, c)", "area_kind": "områdetype",
        "area_version": "områdeversion",
    },
    "survey_rounds": {
        "wave": "undersøgelsesår", "invited": "inviterede", "respondents": "antal svar",
        "response_rate_percent": "svarprocent", "fieldwork_start": "feltperiode start",
        "fieldwork_end": "feltperiode slut", "collector": "indsamler", "source": "kilde",
    },
    "crime": {
        "area": "område", "period": "periode", "crime_type": "gerningstype", "count": "antal",
        "definition": "definition", "per_1000": "pr. 1.000 indbyggere", "source": "kilde",
        "source_grade": "kildens sikkerhed (a, b, c)", "area_kind": "områdetype",
        "area_version": "områdeversion",
    },
    "population": {
        "area": "område", "period": "periode", "population": "indbyggere", "source": "kilde",
        "area_kind": "områdetype", "area_version": "områdeversion",
    },
    "activities": {
        "activity": "aktivitet", "focus_area": "indsatsområde", "partners": "partnere",
        "outside_partners": "partnere udefra", "indicator": "indikator",
        "budget_dkk": "budget (kr.)", "start": "start", "end": "slut", "note": "bemærkning",
        "source": "kilde",
    },
}  # fmt: skip
NUMBERS = {
    "percent", "count", "n", "decimals", "deff", "invited", "respondents", "population",
    "response_rate_percent", "per_1000", "budget_dkk", "wave",
}  # fmt: skip
DATES = {"fieldwork_start", "fieldwork_end", "start", "end"}
WORDS = {
    "dagtimer": "neighbourhood", "neighbourhood": "neighbourhood", "night": "night",
    "aften- og nattetimer": "night", "tryg": "safe", "safe": "safe", "utryg": "unsafe",
    "unsafe": "unsafe", "hverken/eller": "neither", "neither": "neither",
    "=": "=", "<": "<", ">": ">",
}  # fmt: skip
#: Columns whose numbers never are in thousands, and those that never have three decimals.
FACTORS = {"percent", "deff", "decimals", "response_rate_percent", "per_1000", "weight"}
WHOLE = {"count", "population", "budget_dkk"}
EMPTY = {"", "-", "–", "—", "…", "na", "n/a", "nan", "null", "none", "<na>"}
EMPTY |= {"." * k for k in range(1, 7)}

#: Names of areas that are known in whatever case.
AREAS = {
    name.casefold(): name
    for name in (
        "København", "Amager Vest", "Amager Øst", "Bispebjerg", "Brønshøj-Husum", "Christianshavn",
        "Indre By", "Indre Nørrebro", "Kgs. Enghave", "Valby", "Vanløse", "Vesterbro",
        "Ydre Nørrebro", "Østerbro", "Amager Partnerskab", "Amager Partnerskab (2025)",
        "Amager Partnerskab (udvidet område fra 2021)",
    )
}  # fmt: skip

type Rows = list[list[Any]]


# ---------------------------------------------------------------- files to cells
def csv_rows(content: bytes) -> Rows | None:
    """Cells of a CSV file; None where no encoding fits."""
    for encoding in (["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else []) + [
        "utf-8-sig",
        "cp1252",
    ]:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return None
    first = text.lstrip("\r\n").split("\n")[0]
    unquoted = re.sub(r'"[^"]*("|$)', "", first)
    separator = max(";\t,", key=unquoted.count) if any(c in unquoted for c in ";\t,") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def xlsx_sheets(content: bytes) -> dict[str, Rows]:
    """Cells of every sheet of an .xlsx file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        book = ET.fromstring(archive.read("xl/workbook.xml"))
        relations = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        target = {
            r.get("Id"): r.get("Target", "").lstrip("/").removeprefix("xl/") for r in relations
        }
        strings = []
        if "xl/sharedStrings.xml" in names:
            for item in ET.fromstring(archive.read("xl/sharedStrings.xml")):
                strings.append("".join(t.text or "" for t in item.iter() if _is(t, "t")))
        sheets = {}
        for sheet in (e for e in book.iter() if _is(e, "sheet")):
            key = next(v for k, v in sheet.attrib.items() if k.endswith("}id"))
            xml = ET.fromstring(archive.read("xl/" + target[key]))
            sheets[sheet.get("name", "")] = _xlsx_rows(xml, strings)
    return sheets


def _is(element: ET.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name


def _xlsx_rows(xml: ET.Element, strings: list[str]) -> Rows:
    cells: dict[tuple[int, int], Any] = {}
    number = 0
    for row in (e for e in xml.iter() if _is(e, "row")):
        number = int(row.get("r", number + 1))
        column = 0
        for cell in (e for e in row if _is(e, "c")):
            column += 1
            at = number
            if cell.get("r"):
                letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "")).groups()
                at, column = int(digits), 0
                for letter in letters:
                    column = 26 * column + ord(letter) - 64
            cells[at, column] = _xlsx_cell(cell, strings)
    return _rectangle(cells)


def _xlsx_cell(cell: ET.Element, strings: list[str]) -> Any:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter() if _is(t, "t"))
    value = next((v.text for v in cell if _is(v, "v")), None)
    if value is None:
        return None
    if kind == "s":
        return strings[int(value)]
    if kind == "b":
        return value != "0"
    return float(value) if kind == "n" else value


def ods_sheets(content: bytes) -> dict[str, Rows]:
    """Cells of every sheet of an .ods file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = ET.fromstring(archive.read("content.xml"))
    sheets = {}
    for table in (e for e in xml.iter() if _is(e, "table")):
        cells: dict[tuple[int, int], Any] = {}
        at = 1
        for row in (e for e in table if _is(e, "table-row")):
            rows, column = int(_get(row, "number-rows-repeated") or 1), 1
            for cell in (c for c in row if _is(c, "table-cell") or _is(c, "covered-table-cell")):
                columns = int(_get(cell, "number-columns-repeated") or 1)
                value = _ods_cell(cell)
                if value is not None:
                    for i in range(rows):
                        for j in range(columns):
                            cells[at + i, column + j] = value
                column += columns
            at += rows
        sheets[_get(table, "name") or ""] = _rectangle(cells)
    return sheets


def _get(element: ET.Element, name: str) -> str | None:
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), None)


def _ods_cell(cell: ET.Element) -> Any:
    kind = _get(cell, "value-type")
    if kind in {"float", "percentage", "currency"}:
        return float(_get(cell, "value") or "nan")
    if kind == "date":
        return (_get(cell, "date-value") or "")[:10]
    if kind == "boolean":
        return _get(cell, "boolean-value") == "true"
    return "\n".join("".join(p.itertext()) for p in cell if _is(p, "p")) or None


def _rectangle(cells: dict[tuple[int, int], Any]) -> Rows:
    rows = max((r for r, _ in cells), default=0)
    columns = max((c for _, c in cells), default=0)
    return [[cells.get((r, c)) for c in range(1, columns + 1)] for r in range(1, rows + 1)]


# ---------------------------------------------------------------- cells to values
def differences(rows: Rows, table: str, frame: pd.DataFrame) -> str:
    """Say where an accepted frame is not what the cells say; empty where it is."""
    known = {h: c for c, danish in HEADINGS[table].items() for h in (c.replace("_", " "), danish)}
    headings = [[known.get(_heading(c)) for c in row] for row in rows[:10]]
    filled = [i for i, row in enumerate(rows[:10]) if any(not _blank(c) for c in row)]
    several = [i for i in filled if len({c for c in headings[i] if c}) >= 2]
    start = next((i for i in (*several, *filled[:1]) if any(headings[i])), None)
    if start is None:
        return "no header, and yet accepted"
    header = headings[start]
    body = [r for r in rows[start + 1 :] if any(not _blank(c) for c in r)]
    first = [str(next(c for c in r if not _blank(c))).strip().upper() for r in body]
    pairs = zip(body, first, strict=True)
    body = [r for r, f in pairs if not f.startswith(("EKSEMPEL", "EXAMPLE"))]
    if len(body) != len(frame):
        return f"{len(body)} rows in the file, {len(frame)} in the frame"
    for column in frame.columns:
        places = [i for i, c in enumerate(header) if c == column]
        cells = [r[places[0]] if places and places[0] < len(r) else None for r in body]
        values = frame[column].tolist()
        if column in {"partners", "outside_partners"}:  # told apart with a warning
            cells, values = ([_partners(v) for v in side] for side in (cells, values))
        # a file has one decimal mark: one of the two must explain every number of a column
        readings = [[_expected(c, column, mark) for c in cells] for mark in ".,"]
        if not any(all(map(_same, r, values)) for r in readings):
            return f"{column}: cells {cells}, frame {values}"
    return ""


def _heading(cell: Any) -> str:
    text = unicodedata.normalize("NFC", str("" if cell is None else cell)).casefold()
    return " ".join(re.sub(r"[\s_]+", " ", text.replace("\ufeff", "")).split()).strip(" .:*")


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _same(expected: Any, value: Any) -> bool:
    missing = value is None or value != value
    if expected is None or expected != expected:
        return missing
    if isinstance(expected, float) and not missing:
        return math.isclose(expected, float(value), rel_tol=1e-12)
    return not missing and expected == value


def _expected(cell: Any, column: str, mark: str) -> Any:
    if column in NUMBERS:
        return read_number(cell, mark, column)
    text = _text(cell)
    if text is None:
        return None
    if column == "area":
        return AREAS.get(text.casefold(), text)
    if column in {"setting", "response", "comparator"}:
        return WORDS.get(" ".join(text.casefold().split()), f"unknown: {text}")
    if column == "period":
        found = re.fullmatch(
            r"(\d{4})(?:([KkQqMm])(\d\d?)|-(\d\d))?", re.sub(r"^(\d)[.,](\d{3})$", r"\1\2", text)
        )
        if not found:
            return f"no period: {text}"
        year, letter, index, month = found.groups()
        if month or (letter and letter in "Mm"):
            return f"{year}M{int(month or index):02d}"
        return f"{year}K{index}" if letter else year
    if column in DATES:
        danish = re.fullmatch(r"(\d\d?)[./-](\d\d?)[./-](\d{4})", text)
        if danish:
            return f"{danish[3]}-{int(danish[2]):02d}-{int(danish[1]):02d}"
        iso = re.match(r"(\d{4})-(\d\d?)-(\d\d?)", text[:10])
        return f"{iso[1]}-{int(iso[2]):02d}-{int(iso[3]):02d}" if iso else text
    return text


def _partners(cell: Any) -> str | None:
    """Partners of a cell, however they are separated."""
    if not isinstance(cell, str):
        return None if cell != cell else cell
    parts = (p.strip() for p in re.split(r"[;,/+&\n]|\s(?:og|and)\s", cell))
    nobody = {*EMPTY, "", "?", "ingen", "none"}
    return "; ".join(dict.fromkeys(p for p in parts if p.casefold() not in nobody)) or None


def _text(cell: Any) -> str | None:
    if _blank(cell):
        return None
    if isinstance(cell, float):
        cell = int(cell) if cell.is_integer() else cell
    return unicodedata.normalize("NFC", str(cell)).replace("\u00a0", " ").strip() or None


def read_number(cell: Any, mark: str, column: str) -> Any:
    if isinstance(cell, bool):
        return f"no number: {cell}"
    if isinstance(cell, float) or cell is None:
        return cell
    if cell.strip().casefold() in EMPTY:
        return None
    text = re.sub(r"\s", "", cell).removesuffix("%").replace("\u2212", "-")
    if column == "wave" and re.fullmatch(r"\d[.,]\d{3}", text):
        return float(re.sub("[.,]", "", text))
    if not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?", text, re.ASCII):
        return f"no number: {cell}"
    separators = [c for c in text if c in ".,"]
    if len(set(separators)) == 2:  # the last one is the decimal mark
        decimal = separators[-1]
    elif len(separators) > 1:
        decimal = ""  # one sign several times: groups
    elif separators and re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        decimal = separators[0] if column in FACTORS else "" if column in WHOLE else mark
    else:
        decimal = "".join(separators)
    plain = "".join("." if c == decimal else "" if c in ".," else c for c in text)
    try:
        return float(plain)
    except ValueError:
        return f"no number: {cell}"
