"""Mutate good inputs at random and sort what the reader does with them.

Every outcome must be one of two: refused with a message that names the file, or accepted with
the frame that an independent reading of the same cells gives. Anything else counts as `other`.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import pandas as pd

from amager_eval.data.read import read_input
from amager_eval.errors import InputError

NASTY = [
    "", " ", "-", "..", "NaN", "nan", "inf", "-inf", "1e308", "1e309", "-1", "0", "0.5", "101",
    "1.313", "1,313", "1.313,5", "84 %", "٣", "²", "½", "0x10", "1_000", "--5", "+", "TRUE",
    "=1+1", "@SUM(A1)", "+cmd", "#DIV/0!", "2024K5", "2024-13", "24", "2024.0", "20240101",
    "safe", "utryg", "night", "<", ">", "≥", "a" * 5000, "\u202e", "\ufeff", "\x07", "æøå", "É",
    '"', "'", ";", ",", "\t", "København", "DROP TABLE", "../../x", "NULL", "None", "[]", "{}",
]  # fmt: skip
NUMERIC = ("percent", "n", "count", "population", "respondents")


def mutate_cells(rows: list[list[str]], rng: random.Random) -> list[list[str]]:
    """Change, drop, double or shuffle cells, rows and columns."""
    rows = [list(r) for r in rows]
    for _ in range(rng.randint(1, 3)):
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


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Flip, cut, double or insert bytes."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
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


def plausible(frame: pd.DataFrame) -> bool:
    """Whether every number of an accepted frame is one the table may hold."""
    if "percent" in frame and not frame["percent"].dropna().between(0, 100).all():
        return False
    for column in NUMERIC:
        if column in frame and (frame[column].dropna() < 0).any():
            return False
    if "wave" in frame and not frame["wave"].between(1900, 2200).all():
        return False
    return not frame.isin([float("inf"), float("-inf")]).any(axis=None)


def as_read_by_hand(rows: list[list[str]], frame: pd.DataFrame) -> bool:
    """Whether the numbers of an accepted frame are those of the cells, read independently."""
    header = [h.strip().strip("\ufeff").lower() for h in rows[0]]
    body = [r for r in rows[1:] if any(c.strip() for c in r)]
    body = [r for r in body if not r[0].strip().upper().startswith(("EKSEMPEL", "EXAMPLE"))]
    if len(body) != len(frame):
        return False
    for column in NUMERIC:
        if column not in frame or header.count(column) != 1:
            continue
        place = header.index(column)
        for row, value in zip(body, frame[column], strict=True):
            text = row[place].strip() if place < len(row) else ""
            try:
                expected = float(text)
            except ValueError:
                continue  # another way to write a number: read by the number tests
            if (
                expected == expected
                and expected != value
                and text.replace(".", "") != f"{value:.0f}"
            ):
                return False
    return True


def outcome(path: Path, rows: list[list[str]] | None = None) -> tuple[str, str]:
    """Read one input and name what happened."""
    try:
        data = read_input(path)
    except InputError as error:
        if all(f.file for f in error.faults) and all(f.message for f in error.faults):
            return "refused", ""
        return "other", f"refused without a place: {error}"
    except Exception as error:  # noqa: BLE001 - the point is to see any other exception
        return "other", f"{type(error).__name__}: {error}"
    for name in ("safety", "survey_rounds", "crime", "population", "activities"):
        frame = getattr(data, name)
        if frame is not None and not plausible(frame):
            return "other", f"implausible {name}"
        if frame is not None and rows is not None and not as_read_by_hand(rows, frame):
            return "other", f"{name} is not what the cells say"
    return "accepted", ""


def run(
    folder: Path, good: dict[str, bytes], tries: int, seed: int
) -> tuple[Counter[str], list[str]]:
    """Try so many mutated inputs; return the count of each outcome and what was `other`.

    `good` holds CSV files and workbooks by file name.
    """
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    others: list[str] = []
    names = sorted(good)
    for trial in range(tries):
        name = rng.choice(names)
        here = folder / f"{trial}"
        here.mkdir()
        rows = None
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(good[name].decode())))
            rows = mutate_cells(rows[: rng.randint(3, 12)], rng)
            content = write_csv(rows, rng)
            if rng.random() < 0.3:
                content, rows = mutate_bytes(content, rng), None
            (here / name).write_bytes(content)
            path = here
        else:
            path = here / name
            path.write_bytes(mutate_workbook(good[name], rng))
        found, why = outcome(path, rows)
        seen[found] += 1
        if found == "other":
            others.append(f"trial {trial} of seed {seed}, {name}: {why}")
        shutil.rmtree(here)
    return seen, others
