"""Which area of an input holds the others, and which are its disjoint parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from amager_eval.data.tables.cross_rows import Record
from amager_eval.spec.agreement import load_agreement

__all__ = ["PART_KINDS", "WHOLE_KINDS", "same_kinds", "whole_and_parts"]

#: What `area_kind` calls the area that holds the others, and its disjoint parts.
WHOLE_KINDS: Final = ("city", "whole", "by", "kommune", "helhed")
PART_KINDS: Final = ("bydel", "district", "part", "del", "borough")


def same_kinds(kinds: Iterable[str]) -> set[str]:
    """Give every word, in lower case, for the kinds of area that some words name.

    Examples
    --------
    >>> sorted(same_kinds(["bydel", "estate"]) & {"district", "estate", "city"})
    ['district', 'estate']
    """
    named = {kind.casefold() for kind in kinds}
    return named.union(*(set(words) for words in (WHOLE_KINDS, PART_KINDS) if named & {*words}))


def whole_and_parts(rows: Iterable[Record]) -> tuple[str | None, tuple[str, ...]]:
    """Find the whole and its parts.

    The rows say it themselves by `area_kind`; else areas named as in the Amager agreement are
    Copenhagen's. None where there is no whole or more than one. The rows are of all tables.

    Examples
    --------
    >>> rows = [{"area": "By", "area_kind": "city"}, {"area": "Nord", "area_kind": "bydel"}]
    >>> whole_and_parts(rows)
    ('By', ('Nord',))
    """
    seen: dict[str, str | None] = {}
    for row in rows:
        if "area" in row:
            seen[row["area"]] = row.get("area_kind") or seen.get(row["area"])
    wholes = [a for a, kind in seen.items() if kind and kind.casefold() in WHOLE_KINDS]
    parts = tuple(a for a, kind in seen.items() if kind and kind.casefold() in PART_KINDS)
    if len(wholes) == 1:
        return wholes[0], parts
    known = load_agreement().areas
    if known.whole in seen:
        return known.whole, known.parts
    return None, ()
