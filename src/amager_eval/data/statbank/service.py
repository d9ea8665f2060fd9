"""Ask the StatBank service: one request, one reply, kept with its provenance if wanted.

Nothing is sent unless a table is fetched. The service is described in `docs/input.md`.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypedDict
from urllib.parse import urlsplit

from amager_eval.data.statbank.faults import statbank_fault
from amager_eval.errors import InputError
from amager_eval.provenance import sha256_of_bytes
from amager_eval.whole_file import whole_file

__all__ = ["BASE_URL", "CELL_LIMIT", "Reply", "Service", "ask"]

BASE_URL: Final = "https://api.statbank.dk/v1"
#: Cells of one request in a format that is not streamed.
CELL_LIMIT: Final = 1_000_000
#: Largest reply read into memory.
MOST_BYTES: Final = 256 * 1024 * 1024
_RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})

#: Those of the service's own error codes about which there is more to say.
_REFUSED: Final = {
    "EXTRACT-NOTFOUND": "refused_not_found",
    "EXTRACT-NOTALLOWED": "refused_not_allowed",
    "REQUEST-LIMIT": "refused_limit",
    "REQUEST-MISSING": "refused_missing",
    "REQUEST-EMPTY": "refused_empty",
}


class Reply(TypedDict):
    """Where a reply is from: address, request, time (ISO, UTC) and digest of its bytes."""

    url: str
    request: dict[str, object]
    retrieved: str
    sha256: str


@dataclass(frozen=True)
class Service:
    """Where and how the StatBank is asked."""

    base_url: str = BASE_URL  #: Address of the service
    bank: str | None = None  #: A bank of its own below it (`s30`: København)
    timeout: float = 60.0  #: Seconds to wait for one reply
    #: Attempts after the first, at growing intervals, when the service is busy or unreachable.
    retries: int = 3
    cache: Path | None = None  #: Folder that keeps every reply with its provenance
    offline: bool = False  #: Use the cache alone; nothing is sent
    cell_limit: int = CELL_LIMIT  #: Cells of one request
    pause: Callable[[float], None] = time.sleep  #: Called with the seconds to wait between attempts


def ask(function: str, request: Mapping[str, object], service: Service) -> tuple[bytes, Reply]:
    """Return a reply's bytes and its provenance, from the cache when offline."""
    base = service.base_url.rstrip("/") + (f"/{service.bank}" if service.bank else "")
    url = f"{base}/{function}"
    body = json.dumps(request, ensure_ascii=False, sort_keys=True).encode()
    key = sha256_of_bytes(url.encode() + b"\n" + body)
    if service.offline:
        return _from_cache(key, request, service)
    content = _send(url, body, service)
    reply: Reply = {
        "url": url,
        "request": dict(request),
        "retrieved": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": sha256_of_bytes(content),
    }
    if service.cache is not None:
        _to_cache(key, content, reply, service.cache)
    return content, reply


def _from_cache(key: str, request: Mapping[str, object], service: Service) -> tuple[bytes, Reply]:
    table = request.get("table", "")
    if service.cache is None:
        raise statbank_fault("offline_cache", table)
    try:
        content = (service.cache / f"{key}.body").read_bytes()
        reply: Reply = json.loads((service.cache / f"{key}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise statbank_fault("not_cached", table) from error
    except (OSError, ValueError) as error:
        raise statbank_fault("cache_unreadable", table) from error
    if not isinstance(reply, dict) or reply.get("sha256") != sha256_of_bytes(content):
        raise statbank_fault("cache_changed", table)
    return content, reply


def _to_cache(key: str, content: bytes, reply: Reply, cache: Path) -> None:
    """Keep a reply; no half reply is ever kept."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        text = json.dumps(reply, ensure_ascii=False, indent=1).encode()
        for name, kept in ((f"{key}.body", content), (f"{key}.json", text)):
            with whole_file(cache / name) as unfinished:
                unfinished.write_bytes(kept)
    except OSError as error:
        raise statbank_fault("cache_unwritable", error.strerror) from error


def _send(url: str, body: bytes, service: Service) -> bytes:
    """POST a request; try again when the service is busy or unreachable."""
    if urlsplit(url).scheme not in {"https", "http"}:
        raise statbank_fault("https", url)
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
    raise statbank_fault("unreachable", problem, attempts=service.retries + 1)


def _read_within(response: Any, url: str) -> bytes:
    content: bytes = response.read(MOST_BYTES + 1)
    # a bounded read does not say itself that the connection broke off
    if response.length and len(content) <= MOST_BYTES:
        raise http.client.IncompleteRead(content, response.length)
    if len(content) > MOST_BYTES:
        limit = f"{MOST_BYTES // 1024**2} MB"
        raise statbank_fault("reply_large", url, limit=limit)
    return content


def _service_error(error: urllib.error.HTTPError) -> InputError:
    """Put the service's own error body into words."""
    try:
        body = json.loads(error.read(100_000).decode("utf-8-sig"))
        code, message = str(body["errorTypeCode"]), str(body["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return statbank_fault("refused", error.reason, why=f"HTTP {error.code}")
    return statbank_fault(_REFUSED.get(code, "refused"), code, why=message.rstrip("."))
