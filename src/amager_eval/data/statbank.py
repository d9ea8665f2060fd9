"""Fetch tables of Statistics Denmark's StatBank; nothing is sent unless this is called.

Every reply can be kept in a folder with its provenance and used again offline. The service is
described in `docs/input.md`.
"""

from __future__ import annotations

import http.client
import json
import math
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pandas as pd

from amager_eval.data.statbank_formats import VALUE, parse_csv
from amager_eval.errors import Fault, InputError
from amager_eval.provenance import sha256_of_bytes
from amager_eval.whole_file import whole_file

__all__ = [
    "BASE_URL",
    "CELL_LIMIT",
    "Service",
    "StatbankTable",
    "TableInfo",
    "Variable",
    "fetch_table",
    "select",
    "table_info",
]

BASE_URL: Final = "https://api.statbank.dk/v1"
#: Cells of one request in a format that is not streamed.
CELL_LIMIT: Final = 1_000_000
#: Largest reply read into memory.
MOST_BYTES: Final = 256 * 1024 * 1024
_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})

#: What to do about each of the service's own error codes.
_REMEDIES: Final = {
    "EXTRACT-NOTFOUND": "Look up the table's variables and values with table_info.",
    "EXTRACT-NOTALLOWED": "Choose values for every variable, and no order for streamed formats.",
    "REQUEST-LIMIT": "Choose fewer values, or let fetch_table split the request.",
    "REQUEST-MISSING": "The request lacks a table or a format.",
    "REQUEST-EMPTY": "The request was empty.",
}


@dataclass(frozen=True)
class Service:
    """Where and how the StatBank is asked.

    Parameters
    ----------
    base_url : str
        Address of the service.
    bank : str or None
        A bank of its own below it (`s30`: København).
    timeout : float
        Seconds to wait for one reply.
    retries : int
        Attempts after the first, at growing intervals, when the service is busy or unreachable.
    cache : Path or None
        Folder that keeps every reply with its provenance.
    offline : bool
        Use the cache alone; nothing is sent.
    cell_limit : int
        Cells of one request.
    pause : callable
        Called with the seconds to wait between attempts.
    """

    base_url: str = BASE_URL
    bank: str | None = None
    timeout: float = 60.0
    retries: int = 3
    cache: Path | None = None
    offline: bool = False
    cell_limit: int = CELL_LIMIT
    pause: Callable[[float], None] = time.sleep


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
        raise InputError(
            Fault(
                f"the table {self.id} has no such variable",
                found=name,
                remedy=f"Its variables are {known}.",
            )
        )


@dataclass(frozen=True, eq=False)
class StatbankTable:
    """A fetched table with its provenance.

    Parameters
    ----------
    frame : DataFrame
        One column of codes per chosen variable, then `INDHOLD` (missing is NaN).
    info : TableInfo
        The table.
    source : str
        How to cite it.
    replies : tuple of dict
        Per reply: `url, request, retrieved, sha256`.
    """

    frame: pd.DataFrame
    info: TableInfo
    source: str
    replies: tuple[dict[str, Any], ...]


def table_info(table: str, service: Service | None = None, *, lang: str = "da") -> TableInfo:
    """Ask what a table holds.

    Parameters
    ----------
    table : str
        Code of the table (`STRAF11`).
    service : Service or None
        Where to ask; default Statistics Denmark.
    lang : {"da", "en"}
        Language of texts.

    Returns
    -------
    TableInfo

    Raises
    ------
    InputError
        The service's own error in words, or that it could not be reached.
    """
    service = Service() if service is None else service
    request = {"table": table, "lang": lang, "format": "JSON"}
    content, _ = _ask("tableinfo", request, service)
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
        raise _fault(
            f"the description of {table} cannot be understood",
            type(error).__name__,
            "The service may have changed; try again or report it.",
        ) from error


def select(variable: Variable, patterns: Sequence[str]) -> tuple[str, ...]:
    """Expand a selection as the service does.

    Parameters
    ----------
    variable : Variable
        With its values in order.
    patterns : sequence of str
        Codes, `*`, `*K1` (or `2024*`), `>=2010K1<=2015K4`, `(-n+8)` (the last eight), `(1)`
        (the first).

    Returns
    -------
    tuple of str
        Codes in the table's order.

    Raises
    ------
    InputError
        A pattern matches nothing.

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
            raise _fault(
                f"the variable {variable.id} has no such value",
                pattern,
                f"It begins with {', '.join(variable.codes[:5])}.",
            )
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
    *,
    lang: str = "da",
) -> StatbankTable:
    """Fetch part of a table, in several requests where one would be too large.

    Parameters
    ----------
    table : str
        Code of the table.
    values : mapping of str to sequence of str
        Per variable the codes or patterns wanted, see :func:`select`. A variable that is left
        out must be one the service can sum over.
    service : Service or None
        Where and how to ask; default Statistics Denmark.
    lang : {"da", "en"}
        Language of error texts; values are always codes.

    Returns
    -------
    StatbankTable
        Every chosen cell once: a streamed reply leaves zero rows out, here they are 0.

    Raises
    ------
    InputError
        An unknown table, variable or value; an incomplete reply; the service unreachable.
    """
    service = Service() if service is None else service
    info = table_info(table, service, lang=lang)
    chosen = {info.variable(name).id: select(info.variable(name), v) for name, v in values.items()}
    for variable in info.variables:
        if variable.id not in chosen and not variable.elimination:
            raise _fault(
                f"values must be chosen for the variable {variable.id} of {table}",
                ", ".join(chosen),
                f"It begins with {', '.join(variable.codes[:5])}; '*' takes all.",
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
            "lang": lang,
            "valuePresentation": "Code",
            "delimiter": "Semicolon",
            "variables": [{"code": name, "values": list(codes)} for name, codes in part.items()],
        }
        content, reply = _ask("data", request, service)
        frames.append(_checked(parse_csv(content), part, info.id, zeros=streamed))
        replies.append(reply)
    frame = pd.concat(frames, ignore_index=True)
    place = f"statistikbanken.dk/{service.bank}/" if service.bank else "statistikbanken.dk/"
    publisher = "" if service.bank else "Danmarks Statistik, "
    source = f"Kilde: {publisher}{place}{info.id}"
    return StatbankTable(frame, info, source, tuple(replies))


def _split(chosen: dict[str, tuple[str, ...]], limit: int) -> list[dict[str, tuple[str, ...]]]:
    """Cut the longest selection until every request is within the limit."""
    cells = math.prod(len(codes) for codes in chosen.values())
    if cells <= limit:
        return [chosen]
    longest = max(chosen, key=lambda name: len(chosen[name]))
    codes = chosen[longest]
    if len(codes) == 1:
        raise _fault("the cell limit is below one cell", limit, "Give a limit of at least 1.")
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
    remedy = "The service may have changed; try again or report it."
    if set(renamed.columns) != {*chosen, VALUE}:
        raise _fault(f"the reply of {table} has other columns", list(frame.columns), remedy)
    keys = list(chosen)
    if renamed.duplicated(keys).any():
        raise _fault(f"the reply of {table} holds a cell twice", "", remedy)
    grid = pd.MultiIndex.from_product([chosen[k] for k in keys], names=keys)
    indexed = renamed.set_index(keys)[VALUE]
    if len(keys) == 1:
        indexed.index = pd.MultiIndex.from_arrays([indexed.index], names=keys)
    strange = indexed.index[~indexed.index.isin(grid)]
    if len(strange):
        raise _fault(f"the reply of {table} holds values not asked for", strange[0], remedy)
    missing = grid[~grid.isin(indexed.index)]
    if len(missing) and not zeros:
        raise _fault(
            f"the reply of {table} is incomplete: {len(missing)} of {len(grid)} cells are missing",
            missing[0],
            remedy,
        )
    full = indexed.reindex(grid) if not zeros else indexed.reindex(grid, fill_value=0.0)
    return full.reset_index()


# ---------------------------------------------------------------- asking
def _fault(message: str, found: object, remedy: str) -> InputError:
    return InputError(Fault(message, str(found)[:120], remedy))


def _ask(
    function: str, request: Mapping[str, Any], service: Service
) -> tuple[bytes, dict[str, Any]]:
    """Return a reply's bytes and its provenance, from the cache when offline."""
    base = service.base_url.rstrip("/") + (f"/{service.bank}" if service.bank else "")
    url = f"{base}/{function}"
    body = json.dumps(request, ensure_ascii=False, sort_keys=True).encode()
    key = sha256_of_bytes(url.encode() + b"\n" + body)
    if service.offline:
        return _from_cache(key, request, service)
    content = _send(url, body, service)
    reply = {
        "url": url,
        "request": dict(request),
        "retrieved": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": sha256_of_bytes(content),
    }
    if service.cache is not None:
        _to_cache(key, content, reply, service.cache)
    return content, reply


def _from_cache(
    key: str, request: Mapping[str, Any], service: Service
) -> tuple[bytes, dict[str, Any]]:
    table = request.get("table", "")
    if service.cache is None:
        raise _fault("offline needs a cache folder", table, "Name the folder of an earlier fetch.")
    try:
        content = (service.cache / f"{key}.body").read_bytes()
        reply = json.loads((service.cache / f"{key}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _fault(
            "this request is not in the cache", table, "Fetch it once without offline."
        ) from error
    except (OSError, ValueError) as error:
        raise _fault("the cache cannot be read", table, "Fetch again without offline.") from error
    if not isinstance(reply, dict) or reply.get("sha256") != sha256_of_bytes(content):
        raise _fault("a kept reply was changed after it was fetched", table, "Fetch it again.")
    return content, reply


def _to_cache(key: str, content: bytes, reply: dict[str, Any], cache: Path) -> None:
    """Keep a reply; no half reply is ever kept."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        text = json.dumps(reply, ensure_ascii=False, indent=1).encode()
        for name, kept in ((f"{key}.body", content), (f"{key}.json", text)):
            with whole_file(cache / name) as unfinished:
                unfinished.write_bytes(kept)
    except OSError as error:
        raise _fault(
            "the reply cannot be kept", error.strerror, "Name a cache folder you may write to."
        ) from error


def _send(url: str, body: bytes, service: Service) -> bytes:
    """POST a request; try again when the service is busy or unreachable."""
    if urlsplit(url).scheme not in {"https", "http"}:
        raise _fault("the service's address must be https", url, "Give an https address.")
    problem = ""
    for attempt in range(service.retries + 1):
        if attempt:
            service.pause(2.0 ** (attempt - 1))
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/json; charset=utf-8"}
        )
        try:
            with urllib.request.urlopen(request, timeout=service.timeout) as response:
                return _read_within(response, url)
        except urllib.error.HTTPError as error:
            if error.code not in _RETRIED:
                raise _service_error(error) from error
            problem = f"HTTP {error.code}"
        except (urllib.error.URLError, TimeoutError, OSError, http.client.HTTPException) as error:
            problem = str(getattr(error, "reason", "") or type(error).__name__)
    raise _fault(
        f"the StatBank could not be reached in {service.retries + 1} attempts",
        problem,
        "Check the network and try later, or use what was fetched before with offline.",
    )


def _read_within(response: Any, url: str) -> bytes:
    content: bytes = response.read(MOST_BYTES + 1)
    # a bounded read does not say itself that the connection broke off
    if response.length and len(content) <= MOST_BYTES:
        raise http.client.IncompleteRead(content, response.length)
    if len(content) > MOST_BYTES:
        limit = f"{MOST_BYTES // 1024**2} MB"
        raise _fault(f"the reply is larger than {limit}", url, "Choose fewer values.")
    return content


def _service_error(error: urllib.error.HTTPError) -> InputError:
    """Put the service's own error body into words."""
    try:
        body = json.loads(error.read(100_000).decode("utf-8-sig"))
        code, message = str(body["errorTypeCode"]), str(body["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return _fault(
            f"the StatBank refused the request (HTTP {error.code})",
            error.reason,
            "Check the table, its variables and its values.",
        )
    remedy = _REMEDIES.get(code, "Check the table, its variables and its values.")
    return _fault(f"the StatBank refused the request: {message.rstrip('.')}", code, remedy)
