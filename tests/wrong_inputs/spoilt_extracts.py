"""Spoilt microdata, register extracts and StatBank files, each held against a reading by hand."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path

from by_hand import read_number
from fuzz import mutate_bytes, mutate_cells

from amager_eval.data.police.extract import read_register
from amager_eval.data.statbank.formats import read_statbank_file
from amager_eval.data.survey.microdata import microdata_shares
from amager_eval.errors import InputError

type Outcome = tuple[str, str]

REGISTER = """
file = "udtraek.csv"
definition = "borgervendt"
period = "quarter"
from = 2024-01-01
until = 2024-12-31
[columns]
date = "dato"
offence = "kode"
area = "bydel"
id = "id"
[areas]
"1009" = ["Amager Øst"]
"1010" = ["Amager Vest"]
[types]
"indbrud" = ["1316", "1320"]
"total" = ["*"]
"""
MICRODATA = """
file = "svar.csv"
wave = 2026
[columns]
area = "bydel"
weight = "w"
[answers.night]
column = "q12"
safe = ["1", "2"]
neither = ["3"]
unsafe = ["4"]
missing = ["9"]
"""
PX = (
    'CHARSET="ANSI";\nTITLE="x";\nSTUB="område";\nHEADING="tid";\n'
    'VALUES("område")="København","Tårnby";\nVALUES("tid")="2024K1","2024K2","2024K3";\n'
    'CODES("område")="101","185";\nDATA=\n1 2 ".."\n4 - 6;\n'
)
JSON_STAT = {
    "dataset": {
        "dimension": {
            "OMRÅDE": {"category": {"index": {"101": 0, "147": 1}, "label": {}}},
            "Tid": {"category": {"index": {"2026K2": 0, "2026K3": 1}, "label": {}}},
            "id": ["OMRÅDE", "Tid"],
            "size": [2, 2],
        },
        "value": [670389, 670500, 105000, None],
    }
}


def _refusal(error: InputError, *names: str) -> Outcome:
    lost = [f for f in error.faults if f.file not in names or not f.message]
    return ("other", f"refused without a place: {lost[0]}") if lost else ("refused", "")


def _spoilt(rows: list[list[str]], rng: random.Random) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\n").writerows(mutate_cells(rows, rng, 1))
    content = buffer.getvalue().encode(rng.choice(["utf-8", "utf-8-sig", "cp1252"]), "replace")
    return mutate_bytes(content, rng) if rng.random() < 0.2 else content


def _records(content: bytes) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";", restval=""))


def _register(here: Path, rng: random.Random) -> Outcome:
    rows = [["id", "dato", "kode", "bydel"]]
    for i in range(rng.randint(3, 15)):
        day = date(2024, rng.randint(1, 12), rng.randint(1, 28))
        rows.append(
            [f"A{i}", str(day), rng.choice(["1316", "1320", "1252"]), rng.choice(["1009", "1010"])]
        )
    content = _spoilt(rows, rng)
    (here / "udtraek.csv").write_bytes(content)
    (here / "register.toml").write_text(REGISTER, encoding="utf-8")
    try:
        result = read_register(here / "register.toml")
    except InputError as error:
        return _refusal(error, "udtraek.csv")
    except Exception as error:  # noqa: BLE001 - the point is to see any other exception
        return "other", f"{type(error).__name__}: {error}"
    expected: Counter[tuple[str, str, str]] = Counter()
    seen = set()
    for row in _records(content):
        if not any(row.values()):
            continue
        key = row["id"].strip()
        if key and key in seen:
            continue
        seen.add(key)
        day = _day(row["dato"])
        area = {"1009": "Amager Øst", "1010": "Amager Vest"}.get(row["bydel"].strip())
        if day is None or day.year != 2024 or area is None:
            if day is None:
                return "other", f"no date, and yet accepted: {row['dato']!r}"
            continue
        quarter = f"2024K{(day.month + 2) // 3}"
        expected[area, quarter, "total"] += 1
        if row["kode"].strip() in {"1316", "1320"}:
            expected[area, quarter, "indbrud"] += 1
    crime = result.crime[result.crime["count"] > 0]
    keys = zip(crime["area"], crime["period"], crime["crime_type"], strict=True)
    found = dict(zip(keys, crime["count"], strict=True))
    return ("accepted", "") if found == expected else ("other", f"{found} is not {expected}")


def _day(text: str) -> date | None:
    text = text.strip()[:10].replace(".", "-").replace("/", "-")
    for pattern, order in (
        (r"(\d{4})-(\d\d?)-(\d\d?)", (0, 1, 2)),
        (r"(\d\d?)-(\d\d?)-(\d{4})", (2, 1, 0)),
    ):
        match = re.fullmatch(pattern, text, re.ASCII)
        if match:
            try:
                return date(*(int(match.groups()[i]) for i in order))
            except ValueError:
                return None
    return None


def _microdata(here: Path, rng: random.Random) -> Outcome:
    rows = [["bydel", "w", "q12"]]
    for _ in range(rng.randint(8, 20)):
        rows.append(
            [rng.choice(["Nord", "Syd"]), f"{rng.uniform(0.5, 2):.2f}", rng.choice("12349")]
        )
    content = _spoilt(rows, rng)
    (here / "svar.csv").write_bytes(content)
    (here / "microdata.toml").write_text(MICRODATA, encoding="utf-8")
    try:
        shares = microdata_shares(here / "microdata.toml", "en")[0]
    except InputError as error:
        return _refusal(error, "svar.csv")
    except Exception as error:  # noqa: BLE001 - the point is to see any other exception
        return "other", f"{type(error).__name__}: {error}"
    weights: defaultdict[str, Counter[str]] = defaultdict(Counter)
    n: Counter[str] = Counter()
    for row in _records(content):
        answer = {"1": "safe", "2": "safe", "3": "neither", "4": "unsafe"}.get(
            (row["q12"] or "").strip()
        )
        if answer and any(row.values()):
            area = row["bydel"].strip()
            weights[area][answer] += read_number(row["w"], ".", "weight")
            n[area] += 1
    for area, response, percent, number in zip(
        shares["area"], shares["response"], shares["percent"], shares["n"], strict=True
    ):
        share = 100 * weights[area][response] / sum(weights[area].values())
        if abs(share - percent) > 1e-5 or n[area] != number:
            return "other", f"{area}, {response}: {percent} of {number} is not {share} of {n[area]}"
    return "accepted", ""


def _statbank(here: Path, rng: random.Random) -> Outcome:
    name = rng.choice(["a.csv", "a.json", "a.px"])
    content = {
        "a.csv": "\ufeffOMRÅDE;TID;INDHOLD\r\n101;2024K1;5\r\n101;2024K2;..\r\n147;2024K1;7\r\n",
        "a.json": json.dumps(JSON_STAT, ensure_ascii=False),
        "a.px": PX,
    }[name].encode("cp1252" if name == "a.px" else "utf-8")
    content = mutate_bytes(content, rng, 2)
    (here / name).write_bytes(content)
    try:
        frame = read_statbank_file(here / name)
    except InputError as error:
        return _refusal(error, name)
    except Exception as error:  # noqa: BLE001 - the point is to see any other exception
        return "other", f"{type(error).__name__}: {error}"
    found = ["" if v != v else f"{v:g}" for v in frame["INDHOLD"]]
    if name == "a.json":
        document = json.loads(content.decode("utf-8-sig"))
        values = document.get("dataset", document)["value"]
        values = (
            values if isinstance(values, list) else [values.get(str(i)) for i in range(len(found))]
        )
        figures = [str(v) if v is not None else "" for v in values]
    elif name == "a.px":
        data = re.sub(r"[,;]", " ", content.decode("cp1252").partition("DATA=")[2])
        figures = [f.strip('"') for f in data.split()]
    else:
        text = content.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
        # a cell known twice stands once where both say the same
        figures = [r[-1] for r in dict.fromkeys(tuple(v or "" for v in r.values()) for r in rows)]
    expected = [
        ""
        if f == ":" or not f.strip(".")
        else "0"
        if f in {"-", "–"}
        else f"{float(f.replace(',', '.')):g}"
        for f in map(str.strip, figures)
    ]
    return ("accepted", "") if found == expected else ("other", f"{found} is not {expected}")


#: Kinds of input that are no table, each with the function that spoils and reads one.
SPECIAL: dict[str, Callable[[Path, random.Random], Outcome]] = {
    "microdata": _microdata,
    "register": _register,
    "statbank": _statbank,
}
