"""Mutate good inputs at random and sort what the reader does with them.

Every outcome must be one of two: refused with a message that says where, or accepted with what an
independent reading of the same bytes gives (`by_hand`). Anything else counts as `other`.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from amager_eval.data.read import read_input
from amager_eval.errors import Fault, InputError
from amager_eval.wording.sentences import load_wording

sys.path.insert(0, str(Path(__file__).parent))
from by_hand import csv_rows, differences, ods_sheets, xlsx_sheets

NASTY = [
    "", " ", "-", "..", "NaN", "nan", "inf", "-inf", "1e308", "1e309", "-1", "0", "0.5", "101",
    "1.313", "1,313", "1.313,5", "84 %", "٣", "²", "½", "0x10", "1_000", "--5", "+", "TRUE",
    "=1+1", "@SUM(A1)", "+cmd", "#DIV/0!", "2024K5", "2024-13", "24", "2024.0", "20240101",
    "safe", "utryg", "night", "<", ">", "≥", "a" * 5000, "\u202e", "\ufeff", "\x07", "æøå", "É",
    '"', "'", ";", ",", "\t", "København", "DROP TABLE", "../../x", "NULL", "None", "[]", "{}",
]  # fmt: skip
TABLES = ("safety", "survey_rounds", "crime", "population", "activities")
SHEETS = {
    "tryghed": "safety", "undersøgelser": "survey_rounds", "anmeldelser": "crime",
    "befolkning": "population", "aktiviteter": "activities",
} | {t: t for t in TABLES}  # fmt: skip
#: What can be wrong with a file or sheet as a whole, so that there is no row or column to name.
OF_A_WHOLE = (
    "path_kind", "macros", "nothing_to_read", "table_twice", "unreadable", "outside_folder",
    "too_large", "bomb", "nul", "broken_csv", "empty_table",
)  # fmt: skip


def mutate_cells(rows: list[list[str]], rng: random.Random, most: int = 3) -> list[list[str]]:
    """Change, drop, double or shuffle cells, rows and columns."""
    rows = [list(r) for r in rows]
    for _ in range(rng.randint(1, most)):
        kind = rng.randrange(7)
        i = rng.randrange(len(rows))
        if kind <= 2:
            rows[i][rng.randrange(len(rows[i]))] = rng.choice(NASTY)
        elif kind == 3:
            rows.insert(i, list(rows[i]))
        elif kind == 4 and len(rows) > 2:
            del rows[i]
        elif kind == 5:
            j = rng.randrange(len(rows[0]))
            for row in rows:
                if j < len(row):
                    del row[j]
            if not rows[0]:
                return [["x"]]
        else:
            rows[i].append(rng.choice(NASTY))
        rows = [r or [""] for r in rows]
    return rows


def write_csv(rows: list[list[str]], rng: random.Random) -> bytes:
    """Write rows in one of the ways spreadsheets do."""
    buffer = io.StringIO()
    csv.writer(
        buffer, delimiter=rng.choice(",;\t"), lineterminator=rng.choice(["\n", "\r\n"])
    ).writerows(rows)
    text = buffer.getvalue()
    encoding = rng.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    return text.encode(encoding, errors="replace")


def mutate_bytes(content: bytes, rng: random.Random, most: int = 6) -> bytes:
    """Flip, cut, double or insert bytes."""
    data = bytearray(content)
    for _ in range(rng.randint(1, most)):
        if not data:
            break
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randint(1, 200)]
        elif kind == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
        elif kind == 3:
            data[at:at] = data[at : at + rng.randint(1, 300)]
        else:
            data = data[:at]
    return bytes(data)


def mutate_workbook(content: bytes, rng: random.Random) -> bytes:
    """Mutate one entry of a workbook and pack it again, or the packed bytes themselves."""
    if rng.random() < 0.3:
        return mutate_bytes(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {n: archive.read(n) for n in archive.namelist()}
    name = rng.choice([n for n in entries if n.startswith("xl/") or n == "content.xml"])
    kind = rng.randrange(3)
    if kind == 0:
        entries[name] = mutate_bytes(entries[name], rng)
    elif kind == 1:
        del entries[name]
    else:
        text = entries[name].decode("utf-8", errors="replace")
        places = [i for i, c in enumerate(text) if c.isdigit()]
        if places:
            at = rng.choice(places)
            text = (
                text[:at]
                + rng.choice(["", "-1", "1e308", "NaN", "999999999", "x"])
                + text[at + 1 :]
            )
        entries[name] = text.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, body in entries.items():
            archive.writestr(entry, body)
    return buffer.getvalue()


def located(fault: Fault, name: str, rows: int | None) -> bool:
    """Whether a fault names the file and, unless it is one of the whole file, row or column."""
    if not fault.message or fault.file not in {name, Path(name).stem}:
        return False
    if fault.row is not None:
        return fault.row >= 1 and (rows is None or fault.row <= rows)
    if fault.column is not None:
        return True
    whole = [
        load_wording("en").sentences[f"fault.{c}.problem"].partition("{")[0] for c in OF_A_WHOLE
    ]
    return any(fault.message.startswith(text) for text in whole)


def tables_by_hand(path: Path) -> dict[str, list[list[object]]]:
    """Read the tables of an input a second time."""
    content = path.read_bytes()
    if path.suffix == ".csv":
        return {path.stem: csv_rows(content) or []}
    sheets = ods_sheets(content) if path.suffix == ".ods" else xlsx_sheets(content)
    named = {SHEETS.get(name.casefold().strip()): rows for name, rows in sheets.items()}
    # a sheet with a header alone was not filled in
    filled = {
        t: sum(any(c not in (None, "") for c in r) for r in rows) for t, rows in named.items()
    }
    return {t: rows for t, rows in named.items() if t and filled[t] > 1}


def outcome(file: Path) -> tuple[str, str]:
    """Read one input, a CSV file alone in its folder or a workbook, and name what happened."""
    try:
        data = read_input(file.parent if file.suffix == ".csv" else file)
    except InputError as error:
        lines = None
        if file.suffix == ".csv":
            lines = max(1, len(file.read_bytes().splitlines()) + 1)
        lost = [f for f in error.faults if not located(f, file.name, lines)]
        return ("other", f"refused without a place: {lost[0]}") if lost else ("refused", "")
    except Exception as error:  # noqa: BLE001 - the point is to see any other exception
        return "other", f"{type(error).__name__}: {error}"
    try:
        expected = tables_by_hand(file)
    except Exception as error:  # noqa: BLE001 - what no one else can read must not be accepted
        return "other", f"accepted, but not readable by hand: {type(error).__name__}: {error}"
    for table in TABLES:
        frame = getattr(data, table)
        if (frame is not None) != bool(expected.get(table)):
            return "other", f"{table} is in one reading and not in the other"
        why = differences(expected[table], table, frame) if frame is not None else ""
        if why:
            return "other", f"{table}: {why}"
    return "accepted", ""


def run(
    folder: Path,
    good: dict[str, bytes],
    tries: int,
    seed: int,
    special: dict[str, Callable[[Path, random.Random], tuple[str, str]]] | None = None,
) -> tuple[Counter[str], list[str]]:
    """Try so many mutated inputs; return the count of each outcome and what was `other`.

    Parameters
    ----------
    good : dict of str to bytes
        CSV files and workbooks by file name; a name may have a folder before it.
    special : dict of str to callable
        Other kinds of input by name: writes one into the folder and names what happened.
    """
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    others: list[str] = []
    names = sorted(good) + sorted(special or {})
    for trial in range(tries):
        key = rng.choice(names)
        here = folder / f"{trial}"
        here.mkdir()
        if special and key in special:
            try:
                found, why = special[key](here, rng)
            except Exception as error:  # noqa: BLE001 - what no one else can read must not pass
                found, why = "other", f"not readable by hand: {type(error).__name__}: {error}"
        else:
            file = here / Path(key).name
            file.write_bytes(mutated(good[key], file.suffix, rng))
            found, why = outcome(file)
        seen[found] += 1
        seen[f"{Path(key).suffix or key} {found}"] += 1
        if found == "other":
            others.append(f"trial {trial} of seed {seed}, {key}: {why}")
        shutil.rmtree(here)
    return seen, others


def mutated(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """Mutate cells, or bytes, or both."""
    if suffix != ".csv":
        return mutate_workbook(content, rng)
    rows = list(csv.reader(io.StringIO(content.decode())))
    content = write_csv(mutate_cells(rows[: rng.randint(3, 12)], rng), rng)
    return mutate_bytes(content, rng) if rng.random() < 0.3 else content
