"""What may be done to an input without changing what it says, each held against the untouched one.

Every rule writes an input, does something to it that means nothing (rows in another order, the same
number in another notation) or that must be noticed (a row twice, a year beside its quarters), and
compares what is read. The outcome is `accepted` where the figures are the same, `refused` where a
fault is told with its place, and `other` where figures changed in silence.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from amager_eval.data.annual_figures import annual_figures
from amager_eval.data.check import check_input
from amager_eval.data.input import Input
from amager_eval.data.read import read_input
from amager_eval.data.statbank.saved import input_of_saved
from amager_eval.data.tables.number_text import is_error_text
from amager_eval.errors import InputError

type Outcome = tuple[str, str]
type Rows = list[list[str]]

AREAS = ("Amager Øst", "Amager Vest")
CRIME = ["area", "period", "crime_type", "count", "definition"]
POPULATION = ["area", "period", "population"]
SAFETY = ["area", "wave", "setting", "response", "percent", "n", "deff"]
ACTIVITIES = ["activity", "focus_area", "partners", "budget_dkk"]


# ---------------------------------------------------------------- inputs and what they say
def tables(rng: random.Random) -> dict[str, Rows]:
    """Make a small input up: quarters of two years, inhabitants, one wave, a list of activities."""
    crime = [CRIME]
    crime += [
        [area, f"{year}K{k}", "indbrud", str(rng.randint(5, 1500)), "borgervendt"]
        for area in AREAS
        for year in (2024, 2025)
        for k in (1, 2, 3, 4)
    ]
    population = [POPULATION]
    population += [
        [area, str(year), str(rng.randint(50_000, 70_000))]
        for area in AREAS
        for year in range(2023, 2027)
    ]
    # numbers of one reading, so that the file's decimal mark is known
    safety = [SAFETY]
    safety += [
        [area, str(wave), setting, "safe", f"{rng.randint(500, 990) / 10:.1f}", str(n), "1.25"]
        for area in AREAS
        for wave in (2024, 2025)
        for setting, n in (("neighbourhood", rng.randint(100, 900)), ("night", 500))
    ]
    activities = [ACTIVITIES]
    activities += [
        [f"Aktivitet {i}", "Aktive byrum", "; ".join(rng.sample(["HAB", "SSP", "3B"], k)), "150000"]
        for i, k in enumerate((1, 2, 3, 2))
    ]
    return {"crime": crime, "population": population, "safety": safety, "activities": activities}


def said(data: Input) -> dict[tuple[Any, ...], Any]:
    """What an input says that a verdict rests on."""
    found: dict[tuple[Any, ...], Any] = {}
    for area in AREAS:
        for year, figure in annual_figures(data, area, "indbrud", "borgervendt").items():
            rate = None if figure.rate is None else round(figure.rate, 9)
            found["crime", area, year] = (figure.count, rate)
    for row in [] if data.safety is None else data.safety.to_dict(orient="records"):
        cell = (row["area"], row["wave"], row["setting"], row["response"])
        figures = tuple(round(row[c], 9) for c in ("percent", "n", "deff"))
        found["safety", *cell] = figures
    for row in [] if data.activities is None else data.activities.to_dict(orient="records"):
        partners = sorted(str(row["partners"]).split("; "))
        found["activities", row["activity"]] = (partners, row["budget_dkk"])
    return found


def write(here: Path, named: dict[str, Rows], separator: str = ",") -> Path:
    """Write tables as CSV files."""
    here.mkdir(parents=True, exist_ok=True)
    for name, rows in named.items():
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=separator, lineterminator="\n").writerows(rows)
        (here / f"{name}.csv").write_text(buffer.getvalue(), encoding="utf-8")
    return here


def held(before: Path, after: Path, *, told: str = "") -> Outcome:
    """Compare what two inputs say; `told` are words a warning must say where they differ."""
    expected = said(read_input(before))
    try:
        found = said(read_input(after))
    except InputError as error:
        lost = [f for f in error.faults if f.file is None or not f.message]
        return ("other", f"refused without a place: {lost[0]}") if lost else ("refused", "")
    if found == expected:
        return "accepted", ""
    if told and any(told in fault.message for fault in check_input(after)):
        return "refused", ""
    changed = {k: (expected.get(k), found.get(k)) for k in expected | found}
    return "other", f"in silence: {[c for c in changed.items() if c[1][0] != c[1][1]][:3]}"


def _changed(
    change: Callable[[dict[str, Rows], random.Random], None], *, told: str = ""
) -> Callable[[Path, random.Random], Outcome]:
    """Make a rule of a change to the tables of a folder."""

    def rule(here: Path, rng: random.Random) -> Outcome:
        named = tables(rng)
        before = write(here / "before", named)
        named = {name: [list(row) for row in rows] for name, rows in named.items()}
        separator = rng.choice(",;\t")
        change(named, rng)
        return held(before, write(here / "after", named, separator), told=told)

    return rule


# ---------------------------------------------------------------- changes to tables
def reorder_rows(named: dict[str, Rows], rng: random.Random) -> None:
    for rows in named.values():
        body = rows[1:]
        rng.shuffle(body)
        rows[1:] = body


def reorder_columns(named: dict[str, Rows], rng: random.Random) -> None:
    for name, rows in named.items():
        order = list(range(len(rows[0])))
        rng.shuffle(order)
        named[name] = [[row[i] for i in order] for row in rows]


def double_a_row(named: dict[str, Rows], rng: random.Random) -> None:
    rows = named[rng.choice(sorted(named))]
    rows.insert(rng.randint(1, len(rows)), list(rng.choice(rows[1:])))


def _series(named: dict[str, Rows], rng: random.Random) -> tuple[str, str, Rows]:
    area, year = rng.choice(AREAS), rng.choice(["2024", "2025"])
    return area, year, [r for r in named["crime"][1:] if r[0] == area and r[1].startswith(year)]


def delete_a_period(named: dict[str, Rows], rng: random.Random) -> None:
    _, _, rows = _series(named, rng)
    named["crime"].remove(rng.choice(rows))


def split_a_period(named: dict[str, Rows], rng: random.Random) -> None:
    """Give one quarter, or all of a year, in months."""
    _, year, rows = _series(named, rng)
    for row in rows if rng.random() < 0.5 else [rng.choice(rows)]:
        total, first = int(row[3]), 3 * int(row[1][-1]) - 2
        parts = [total // 3, total // 3, total - 2 * (total // 3)]
        named["crime"].remove(row)
        named["crime"] += [
            [row[0], f"{year}M{first + i:02d}", row[2], str(part), row[4]]
            for i, part in enumerate(parts)
        ]


def join_periods(named: dict[str, Rows], rng: random.Random) -> None:
    """Give a year as a whole, in place of its quarters, beside them, or beside some of them."""
    area, year, rows = _series(named, rng)
    total = sum(int(row[3]) for row in rows)
    removed = rng.choice([0, 0, 1, 2, 4, 4])
    for row in rng.sample(rows, removed):
        named["crime"].remove(row)
    if removed < len(rows) and rng.random() < 0.2:  # a year so far
        total -= int(rows[-1][3])
    row = [area, year, "indbrud", str(total), "borgervendt"]
    named["crime"].insert(rng.randint(1, len(named["crime"])), row)


def add_a_month(named: dict[str, Rows], rng: random.Random) -> None:
    area, year, rows = _series(named, rng)
    if rng.random() < 0.5:
        named["crime"].remove(rows[-1])
    named["crime"].append([area, f"{year}M{rng.randint(10, 12)}", "indbrud", "7", "borgervendt"])


def _notation(text: str, kind: str, rng: random.Random) -> str:
    """Write a number in another way of the same meaning."""
    grouped = f"{int(text):,}" if text.isdigit() else text
    ways = [text, f" {text} "]
    if kind == "whole":
        ways += [grouped, grouped.replace(",", "."), grouped.replace(",", "\u00a0"), f"{text},0"]
    elif kind == "size":
        ways += [grouped.replace(",", "\u00a0"), f"{text}.0"]
    elif kind == "percent":
        ways += [text.replace(".", ","), f"{text} %", f"{text}00", f"{text}%".replace(".", ",")]
    else:
        ways += [text.replace(".", ","), f"{text}0", f"{text}0".replace(".", ",")]
    return rng.choice(ways)


_KINDS = {"count": "whole", "population": "whole", "budget_dkk": "whole", "n": "size",
          "percent": "percent", "deff": "factor"}  # fmt: skip


def write_numbers_otherwise(named: dict[str, Rows], rng: random.Random) -> None:
    for rows in named.values():
        for place, column in enumerate(rows[0]):
            if kind := _KINDS.get(column):
                for row in rows[1:]:
                    row[place] = _notation(row[place], kind, rng)


ERRORS = ["#N/A", "#I/T", "#REF!", "#DIVISION/0!", "#VÆRDI!", "Err:502"]


def spoil_with_an_error(named: dict[str, Rows], rng: random.Random) -> None:
    rows = named[rng.choice(sorted(named))]
    row = rng.choice(rows[1:])
    row[rng.randrange(len(row))] = rng.choice(ERRORS)
    assert any(is_error_text(cell) for cell in row)


def write_partners_otherwise(named: dict[str, Rows], rng: random.Random) -> None:
    """Separate the partners of every activity by something else than semicolons."""
    for row in named["activities"][1:]:
        marks = [";", ", ", "/", " og ", " & ", " + ", " | ", "\n", ",\n", "  ", ";\n", ", \n"]
        mark, other = rng.sample(marks, 2)
        names = row[2].split("; ")
        ends = ["", "\n", " "] if len(names) > 1 else ["", "\n", " ", ";"]
        row[2] = mark.join(names[:2]) + (other if len(names) > 2 else "") + other.join(names[2:])
        row[2] += rng.choice(ends)


# ---------------------------------------------------------------- the register
REGISTER = """
file = "udtraek.csv"
definition = "borgervendt"
period = "{period}"
from = {first}
until = {last}
keep_status = ["anmeldt"]
[columns]
date = "dato"
offence = "kode"
area = "bydel"
id = "id"
status = "st"
[areas]
"1009" = ["Amager Øst"]
"1010" = ["Amager Vest"]
[types]
"indbrud" = ["1316", "1320"]
"""


def _extract(rng: random.Random) -> Rows:
    days = pd.date_range("2024-01-01", "2025-12-31")
    rows = [["id", "dato", "kode", "bydel", "st", "tekst"]]
    rows += [
        [f"A{i}", str(rng.choice(days).date()), rng.choice(["1316", "1320", "1252"]),
         rng.choice(["1009", "1010"]), rng.choice(["anmeldt", "anmeldt", "afvist"]), "tekst"]
        for i in range(rng.randint(20, 60))
    ]  # fmt: skip
    return rows


def _register(here: Path, rows: Rows, *, text: str | None = None, last: str = "2025-12-31") -> Path:
    write(here, {"udtraek": rows}, ";")
    if text is not None:
        (here / "udtraek.csv").write_text(text, encoding="utf-8", newline="")
    mapping = REGISTER.format(period="year", first="2024-01-01", last=last)
    (here / "register.toml").write_text(mapping, encoding="utf-8")
    return here


def _day(text: str, rng: random.Random) -> str:
    year, month, day = text.split("-")
    danish = f"{int(day)}-{int(month)}-{year}"
    plain = [text, danish, danish.replace("-", "."), f"{day}/{month}/{year}"]
    return rng.choice(plain) + rng.choice(["", " 23:59", "T00:00:00", " kl. 07.30"])


def register_otherwise(here: Path, rng: random.Random) -> Outcome:
    """Write an extract in another order and notation, with rows doubled by their id."""
    rows = _extract(rng)
    before = _register(here / "before", rows)
    header, *body = [list(row) for row in rows]
    body += [list(row) for row in rng.sample(body, 3)]
    rng.shuffle(body)
    for row in body:
        row[1] = _day(row[1], rng)
        row[4] = rng.choice([str.upper, str.title, str.lower, lambda s: f" {s}"])(row[4])
    buffer = io.StringIO()
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    csv.writer(buffer, delimiter=";", quoting=quoting).writerows([header, *body])
    start = rng.choice(["", "sep=;\r\n", "\r\n\r\n"])
    return held(before, _register(here / "after", rows, text=start + buffer.getvalue()))


def register_twice(here: Path, rng: random.Random) -> Outcome:
    """Give one report of an extract a second time, on another day, of another kind or place."""
    rows = _extract(rng)
    before = _register(here / "before", rows)
    header, *body = rows
    again = list(rng.choice([row for row in body if row[4] == "anmeldt"]))
    place, value = rng.choice([(1, "2024-02-29"), (2, "9999"), (3, "1011")])
    again[place] = "2025-02-28" if again[place] == value else value
    body.append(again)
    rng.shuffle(body)
    return held(before, _register(here / "after", [header, *body]))


def register_until(here: Path, rng: random.Random) -> Outcome:
    """End an extract inside a year: that year is left out, told, and the other stays."""
    rows = _extract(rng)
    before = _register(here / "before", rows)
    day = str(rng.choice(pd.date_range("2025-01-01", "2025-12-30")).date())
    after = _register(here / "after", [r for r in rows if r[1] <= day or r[1] == "dato"], last=day)
    full, found = said(read_input(before)), said(read_input(after))
    if found != {k: v for k, v in full.items() if k[2] == 2024}:
        return "other", f"{found} beside {full}"
    told = any("only in part" in fault.message for fault in check_input(after))
    return ("refused", "") if told else ("other", "a year left out in silence")


def register_quotes(here: Path, rng: random.Random) -> Outcome:
    """Open a quotation mark somewhere and never close it, or close it rows further on."""
    rows = _extract(rng)
    before = _register(here / "before", rows)
    lines = (before / "udtraek.csv").read_text(encoding="utf-8").splitlines()
    for at in rng.sample(range(1, len(lines)), rng.randint(1, 3)):
        cells = lines[at].split(";")
        place = rng.randrange(len(cells))
        cells[place] = '"' + cells[place]
        lines[at] = ";".join(cells)
    return held(before, _register(here / "after", rows, text="\n".join(lines) + "\n"))


def register_zone(here: Path, rng: random.Random) -> Outcome:
    rows = _extract(rng)
    before = _register(here / "before", rows)
    rows = [list(row) for row in rows]
    row = rng.choice(rows[1:])
    row[1] += rng.choice(["T23:00:00Z", " 23:30:00+00:00", "T00:00+0100", " 22:00 UTC"])
    return held(before, _register(here / "after", rows))


# ---------------------------------------------------------------- microdata
MICRODATA = """
file = "svar.csv"
wave = 2026
[columns]
area = "bydel"
weight = "w"
[areas]
"1" = "Amager Øst"
"2" = "Amager Vest"
[answers.night]
column = "q12"
safe = ["1", "2"]
neither = ["3"]
unsafe = ["4", "5"]
"""


def _survey(here: Path, rows: Rows, separator: str = ",") -> Path:
    write(here, {"svar": rows}, separator)
    (here / "microdata.toml").write_text(MICRODATA, encoding="utf-8")
    return here


def microdata_otherwise(here: Path, rng: random.Random) -> Outcome:
    """Write respondents in another order, weights and no answer in another notation."""
    rows = [["bydel", "w", "q12"]]
    rows += [
        [rng.choice("12"), f"{rng.randint(200, 3000) / 1000:.3f}", rng.choice(["1", "3", "5", ""])]
        for _ in range(rng.randint(12, 30))
    ]
    rows += [[area, "1.000", answer] for area in "12" for answer in "1355"]
    before = _survey(here / "before", rows)
    header, *body = [list(row) for row in rows]
    rng.shuffle(body)
    for row in body:
        row[1] = rng.choice([row[1], row[1].replace(".", ",")])
        row[2] = row[2] or rng.choice(["", " ", ".", "NA", "NaN", ".a", "-"])
    return held(before, _survey(here / "after", [header, *body], rng.choice(";\t")))


# ---------------------------------------------------------------- the StatBank
CODES = ["TOT", "1316", "1320", "1332", "1336", "12", "3410", "3210"]
QUARTERS = ["2024K1", "2024K2", "2024K3"]


def _px(cells: dict[tuple[str, str], str], rng: random.Random) -> str:
    space = rng.choice([" ", ",", "\t", " ; ", "\n"])
    quoted = '"' + '","'.join(QUARTERS) + '"'
    end = rng.choice(["\n", "\r\n", "\r", ""])
    return end.join([
        'CHARSET="ANSI";', 'NOTE="Se DATA=1;";', 'STUB="område","overtrædelsens art";',
        'HEADING="tid";', 'VALUES("område")="København";',
        'VALUES("overtrædelsens art")="' + '","'.join(CODES) + '";',
        f'VALUES("tid")={quoted};', "DATA=",
        "\n".join(space.join(
            f'"{f}"' if set(f) == {"."} else f for f in (cells[c, q] for q in QUARTERS)
        ) for c in CODES) + ";",
    ])  # fmt: skip


def _csv(cells: dict[tuple[str, str], str], rng: random.Random) -> str:
    between = rng.choice(";\t,")
    dots = rng.choice(["..", ""])  # a blank is missing too
    lines = [
        between.join([rng.choice(["101", "København"]), c, q, dots if set(v) == {"."} else v])
        for (c, q), v in cells.items()
    ]
    lines += rng.sample(lines, rng.randint(0, 5))  # downloads that overlap
    rng.shuffle(lines)
    header = between.join(["OMRÅDE", "OVERTRÆD", "TID", "INDHOLD"])
    return "\n".join(["\ufeff" + header, *lines]) + "\n"


def statbank_otherwise(here: Path, rng: random.Random) -> Outcome:
    """Save one table as PX and as CSV, in any layout; figures may be missing."""
    cells = {
        (c, q): rng.choice(["..", ".....", "-"]) if rng.random() < 0.1 else str(rng.randint(0, 99))
        for c in CODES
        for q in QUARTERS
    }
    here.mkdir(parents=True, exist_ok=True)
    (here / "a.px").write_bytes(_px(cells, rng).encode(rng.choice(["cp1252", "utf-8"])))
    text = _csv(cells, rng)
    spoilt = rng.random() < 0.3
    if spoilt:  # one cell is known twice and differs
        (code, quarter), value = rng.choice(list(cells.items()))
        other = f"{value if value.isdigit() else ''}1"
        between = text[text.index("OMRÅDE") + len("OMRÅDE")]
        text += between.join(["101", code, quarter, other]) + "\n"
    (here / "a.csv").write_text(text, encoding="utf-8")
    frames = []
    for name in ("a.px", "a.csv"):
        try:
            folder = input_of_saved(here / name.replace(".", "_"), [here / name])
        except InputError:
            return ("refused", "") if spoilt and name == "a.csv" else ("other", f"{name} refused")
        frame = pd.read_csv(folder / "crime.csv", dtype="str")
        keys = ["crime_type", "period", "count"]
        frames.append(frame[keys].sort_values(keys).to_numpy().tolist())
    if frames[0] != frames[1]:
        return "other", f"{frames}"
    return "accepted", ""


def _must_be_told(rule: Callable[[Path, random.Random], Outcome]) -> Any:
    """Make a rule of which nothing may pass without a fault."""

    def strict(here: Path, rng: random.Random) -> Outcome:
        found, why = rule(here, rng)
        return ("other", "not told") if found == "accepted" else (found, why)

    return strict


#: Rules by name, each with the outcomes that occur when it holds.
RULES: dict[str, tuple[Callable[[Path, random.Random], Outcome], Sequence[str]]] = {
    "rows in another order": (_changed(reorder_rows), ["accepted"]),
    "columns in another order": (_changed(reorder_columns), ["accepted"]),
    "a row twice": (_must_be_told(_changed(double_a_row)), ["refused"]),
    "a period left out": (
        _must_be_told(_changed(delete_a_period, told="missing")), ["refused"]
    ),
    "a period in months": (_changed(split_a_period), ["accepted"]),
    "a year beside quarters": (_changed(join_periods), ["accepted", "refused"]),
    "a month among quarters": (_must_be_told(_changed(add_a_month)), ["refused"]),
    "numbers in another notation": (
        _changed(write_numbers_otherwise), ["accepted"]
    ),
    "partners in another notation": (_changed(write_partners_otherwise), ["accepted"]),
    "an error cell": (_must_be_told(_changed(spoil_with_an_error)), ["refused"]),
    "an extract in another notation": (register_otherwise, ["accepted"]),
    "an extract with two of one report": (_must_be_told(register_twice), ["refused"]),
    "an extract that ends inside a year": (register_until, ["refused"]),
    "an extract with a quotation mark": (register_quotes, ["refused"]),
    "an extract with a time zone": (_must_be_told(register_zone), ["refused"]),
    "respondents in another notation": (microdata_otherwise, ["accepted"]),
    "a table of the StatBank in another form": (statbank_otherwise, ["accepted", "refused"]),
}  # fmt: skip
