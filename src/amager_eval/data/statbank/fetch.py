"""Fetch tables of Statistics Denmark's StatBank; nothing is sent unless this is called."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from amager_eval.data.statbank.faults import statbank_fault
from amager_eval.data.statbank.formats import VALUE, parse_csv
from amager_eval.data.statbank.service import Reply, Service, ask

__all__ = ["StatbankTable", "TableInfo", "Variable", "fetch_table", "select", "table_info"]


@dataclass(frozen=True)
class Variable:
    """A variable of a table: its code, name, whether it is time or may be left out, its values."""

    id: str
    text: str
    elimination: bool
    time: bool
    values: tuple[tuple[str, str], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the values in the table's order."""
        return tuple(code for code, _ in self.values)


@dataclass(frozen=True)
class TableInfo:
    """What a table holds: code, title, unit, when it was updated, its variables."""

    id: str
    text: str
    unit: str
    updated: str
    variables: tuple[Variable, ...]

    def variable(self, name: str) -> Variable:
        """Return a variable by code, whatever its case."""
        for variable in self.variables:
            if variable.id.casefold() == name.casefold():
                return variable
        known = ", ".join(v.id for v in self.variables)
        raise statbank_fault("no_variable", name, table=self.id, variables=known)


@dataclass(frozen=True, eq=False)
class StatbankTable:
    """A fetched table with its provenance."""

    frame: pd.DataFrame  #: One column of codes per chosen variable, then `INDHOLD` (missing is NaN)
    info: TableInfo  #: The table
    source: str  #: How to cite it
    replies: tuple[Reply, ...]  #: Per reply: `url, request, retrieved, sha256`


def table_info(table: str, service: Service | None = None) -> TableInfo:
    """Ask what a table holds, in Danish."""
    service = Service() if service is None else service
    request = {"table": table, "lang": "da", "format": "JSON"}
    content, _ = ask("tableinfo", request, service)
    try:
        document = json.loads(content.decode("utf-8-sig"))
        variables = tuple(
            Variable(
                id=str(v["id"]),
                text=str(v.get("text", "")),
                elimination=bool(v.get("elimination", False)),
                time=bool(v.get("time", False)),
                values=tuple((str(x["id"]), str(x.get("text", ""))) for x in v["values"]),
            )
            for v in document["variables"]
        )
        return TableInfo(
            id=str(document["id"]),
            text=str(document.get("text", "")),
            unit=str(document.get("unit", "")),
            updated=str(document.get("updated", "")),
            variables=variables,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise statbank_fault("description", type(error).__name__, table=table) from error


def select(variable: Variable, patterns: Sequence[str]) -> tuple[str, ...]:
    """Expand a selection as the service does.

    Codes, `*`, `*K1` (or `2024*`), `>=2010K1<=2015K4`, `(-n+8)` (the last eight), `(1)` (the
    first), in the table's order; an `InputError` where one matches nothing.

    Examples
    --------
    >>> time = Variable("Tid", "tid", False, True, tuple((f"20{y}K1", "") for y in range(16, 26)))
    >>> select(time, ["(-n+2)"]), select(time, [">=2018K1<2020K1"])
    (('2024K1', '2025K1'), ('2018K1', '2019K1'))
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = _matches(variable.codes, pattern)
        if not found:
            first = ", ".join(variable.codes[:5])
            raise statbank_fault("no_such_value", pattern, variable=variable.id, values=first)
        chosen |= found
    return tuple(code for code in variable.codes if code in chosen)


def _matches(codes: Sequence[str], pattern: str) -> set[str]:
    last = re.fullmatch(r"\(-n\+(\d+)\)", pattern)
    if last:
        return set(codes[-int(last[1]) :]) if int(last[1]) else set()
    nth = re.fullmatch(r"\((\d+)\)", pattern)
    if nth:
        return set(codes[int(nth[1]) - 1 : int(nth[1])])
    bounds = re.fullmatch(r"(?:(>=?)([^<>=]+))?(?:(<=?)([^<>=]+))?", pattern)
    if bounds and (bounds[1] or bounds[3]):
        low, high = bounds[2], bounds[4]
        return {
            c
            for c in codes
            if (low is None or c > low or (bounds[1] == ">=" and c == low))
            and (high is None or c < high or (bounds[3] == "<=" and c == high))
        }
    if "*" in pattern or "?" in pattern:
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        return {c for c in codes if re.fullmatch(expression, c)}
    return {pattern} & set(codes)


def fetch_table(
    table: str,
    values: Mapping[str, Sequence[str]],
    service: Service | None = None,
) -> StatbankTable:
    """Fetch part of a table, in several requests where one would be too large.

    `values` gives the codes or patterns wanted by variable, see :func:`select`; a variable that is
    left out must be one the service can sum over. Every chosen cell once: a streamed reply leaves
    zero rows out, here they are 0.
    """
    service = Service() if service is None else service
    info = table_info(table, service)
    chosen = {info.variable(name).id: select(info.variable(name), v) for name, v in values.items()}
    for variable in info.variables:
        if variable.id not in chosen and not variable.elimination:
            raise statbank_fault(
                "choose",
                ", ".join(chosen),
                variable=variable.id,
                table=table,
                values=", ".join(variable.codes[:5]),
            )
    # a streamed format has no limit but wants every variable named
    streamed = len(chosen) == len(info.variables)
    form: Literal["BULK", "CSV"] = "BULK" if streamed else "CSV"
    parts = [chosen] if streamed else _split(chosen, service.cell_limit)
    frames, replies = [], []
    for part in parts:
        request = {
            "table": info.id,
            "format": form,
            "lang": "da",
            "valuePresentation": "Code",
            "delimiter": "Semicolon",
            "variables": [{"code": name, "values": list(codes)} for name, codes in part.items()],
        }
        content, reply = ask("data", request, service)
        frames.append(_checked(parse_csv(content), part, info.id, zeros=streamed))
        replies.append(reply)
    frame = pd.concat(frames, ignore_index=True)
    place = f"statistikbanken.dk/{service.bank}/" if service.bank else "statistikbanken.dk/"
    publisher = "" if service.bank else "Danmarks Statistik, "
    source = f"{publisher}{place}{info.id}"
    return StatbankTable(frame, info, source, tuple(replies))


def _split(chosen: dict[str, tuple[str, ...]], limit: int) -> list[dict[str, tuple[str, ...]]]:
    """Cut the longest selection until every request is within the limit."""
    cells = math.prod(len(codes) for codes in chosen.values())
    if cells <= limit:
        return [chosen]
    longest = max(chosen, key=lambda name: len(chosen[name]))
    codes = chosen[longest]
    if len(codes) == 1:
        raise statbank_fault("cell_limit", limit)
    half = len(codes) // 2
    return [
        part
        for piece in (codes[:half], codes[half:])
        for part in _split(chosen | {longest: piece}, limit)
    ]


def _checked(
    frame: pd.DataFrame, chosen: Mapping[str, Sequence[str]], table: str, *, zeros: bool
) -> pd.DataFrame:
    """Put the reply on the grid of what was asked; say what is too much or missing."""
    names = {name.upper(): name for name in chosen}
    renamed = frame.rename(columns={c: names.get(c.upper(), c) for c in frame.columns})
    if set(renamed.columns) != {*chosen, VALUE}:
        raise statbank_fault("reply_columns", ", ".join(frame.columns), table=table)
    keys = list(chosen)
    renamed = renamed.drop_duplicates()  # a cell that is known twice and says the same
    if renamed.duplicated(keys).any():
        raise statbank_fault("reply_twice", table=table)
    grid = pd.MultiIndex.from_product([chosen[k] for k in keys], names=keys)
    indexed = renamed.set_index(keys)[VALUE]
    if len(keys) == 1:
        indexed.index = pd.MultiIndex.from_arrays([indexed.index], names=keys)
    strange = indexed.index[~indexed.index.isin(grid)]
    if len(strange):
        raise statbank_fault("reply_strange", strange[0], table=table)
    missing = grid[~grid.isin(indexed.index)]
    if len(missing) and not zeros:
        raise statbank_fault(
            "reply_incomplete", missing[0], table=table, count=len(missing), cells=len(grid)
        )
    full = indexed.reindex(grid) if not zeros else indexed.reindex(grid, fill_value=0.0)
    return full.reset_index()
