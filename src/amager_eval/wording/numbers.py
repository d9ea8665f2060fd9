"""Write numbers, shares and dates as the language does; the only place that calls Babel."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal

__all__ = [
    "MISSING",
    "NBSP",
    "as_typed",
    "date",
    "decimals_of",
    "number",
    "percent",
    "percent_change",
    "signed",
    "unbroken",
]

#: Shown where there is no number.
MISSING: Final = "–"
#: Keeps a number and its unit on one line.
NBSP: Final = "\u00a0"
_LOCALES: Final = {"da": "da_DK", "en": "en_GB"}


def number(value: float | None, decimals: int = 0, lang: str = "da") -> str:
    """Write a number with the language's separators, half rounded away from zero.

    None and NaN give an en dash; U+2212 for minus and never a negative zero.

    Examples
    --------
    >>> number(1313), number(22.25, 1), number(-0.04, 1), number(-3, lang="en")
    ('1.313', '22,3', '0,0', '−3')
    """
    return MISSING if value is None or value != value else _written(float(value), decimals, lang)


@lru_cache(maxsize=4096)  # the numbers of an axis are asked for at every pass of its layout
def _written(value: float, decimals: int, lang: str) -> str:
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text: str = format_decimal(abs(rounded), format=pattern, locale=_LOCALES[lang])
    return f"\u2212{text}" if rounded < 0 else text


def decimals_of(value: float) -> int:
    """Count the decimals a published figure is printed with: one where it has any."""
    return int(value != round(value))


def as_typed[T](value: T, lang: str = "da") -> T | str:
    """Write a number as one types it into a cell, without separators of thousands.

    Anything but a float is returned as it is: a text of the input stands as it stood there.

    Examples
    --------
    >>> as_typed(16.84), as_typed(611.0), as_typed(16.84, "en"), as_typed("1.313")
    ('16,84', '611', '16.84', '1.313')
    """
    if not isinstance(value, float):
        return value
    text = f"{value:.10g}"
    return text.replace(".", ",") if lang == "da" else text


def signed(value: float | None, decimals: int = 0, lang: str = "da") -> str:
    """Write a number with its sign, also where it is positive.

    Examples
    --------
    >>> signed(2.4, 1), signed(-2.4), signed(0)
    ('+2,4', '−2', '0')
    """
    text = number(value, decimals, lang)
    positive = value is not None and value == value and value > 0
    return f"+{text}" if positive and text.strip("0.,") else text


def percent_change(share: float, lang: str = "da") -> str:
    """Write a change, a share of what it is a change of, in whole percent with its sign.

    Examples
    --------
    >>> percent_change(0.042, "en"), percent_change(-0.3, "en"), percent_change(0.001, "en")
    ('+4%', '−30%', '0%')
    """
    text = percent(share, 0, lang)
    return f"+{text}" if share > 0 and not text.startswith("0") else text


def percent(share: float | None, decimals: int = 0, lang: str = "da") -> str:
    """Write a share as a percentage, in Danish with a non-breaking space before the sign.

    Examples
    --------
    >>> percent(0.87) == "87" + NBSP + "%", percent(0.871, 1, "en")
    (True, '87.1%')
    """
    if share is None or share != share:
        return MISSING
    hundred = float(Decimal(repr(float(share))) * 100)
    return number(hundred, decimals, lang) + (f"{NBSP}%" if lang == "da" else "%")


def unbroken(text: str) -> str:
    """Keep a number and its sign together in a text from elsewhere, an agreement's say.

    Examples
    --------
    >>> unbroken("Mindst 75 % af aktiviteterne") == f"Mindst 75{NBSP}% af aktiviteterne"
    True
    """
    return re.sub(r"(?<=\d) %", f"{NBSP}%", text)


def date(day: dt.date, lang: str = "da") -> str:
    """Write a date in full.

    Examples
    --------
    >>> import datetime
    >>> date(datetime.date(2026, 3, 1)), date(datetime.date(2026, 3, 1), "en")
    ('1. marts 2026', '1 March 2026')
    """
    text: str = format_date(day, format="long", locale=_LOCALES[lang])
    return text
