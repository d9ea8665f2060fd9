"""Days as people and programs write them: ISO or Danish, perhaps with a time after them."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["date_in", "has_zone"]

_DAY: Final = r"(?:(\d{4})[-./](\d{1,2})[-./](\d{1,2})|(\d{1,2})[-./](\d{1,2})[-./](\d{4}))"
_HOUR: Final = r"(?:[01]?\d|2[0-3])[:.][0-5]\d(?:[:.][0-5]\d(?:[.,]\d+)?)?(?:\s*[ap]m)?"
_TIME: Final = rf"(?:(?:T|\s+(?:kl\.?\s*)?){_HOUR})?"
_ZONE: Final = r"\s*(?:Z|UTC|GMT|CES?T|[+-]\d{2}(?::?\d{2})?)"
_DATE: Final = re.compile(_DAY + _TIME, re.IGNORECASE | re.ASCII)
_ZONED: Final = re.compile(_DAY + _TIME + _ZONE, re.IGNORECASE | re.ASCII)


def date_in(text: str) -> date | None:
    """Read the day of a date, a time after it passed over; None if it is none or has a zone.

    A zone is not passed over: midnight in Denmark is the day before in UTC.

    Examples
    --------
    >>> date_in("31-12-2024 kl. 23.10"), date_in("2024-12-31T23:59")
    (datetime.date(2024, 12, 31), datetime.date(2024, 12, 31))
    >>> date_in("2023-12-31T23:00:00Z") is None
    True
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    iso, danish = match.groups()[:3], match.groups()[:2:-1]
    try:
        return date(*(int(part) for part in (iso if iso[0] else danish)))
    except ValueError:
        return None


def has_zone(text: str) -> bool:
    """Whether a text is a date and time with a zone.

    Examples
    --------
    >>> has_zone("2023-12-31T23:00:00Z"), has_zone("2024-01-01 00:00:00+01:00")
    (True, True)
    """
    return _ZONED.fullmatch(text.strip()) is not None
