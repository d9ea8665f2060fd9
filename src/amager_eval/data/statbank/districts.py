"""Inhabitants of København's districts, from the municipality's own bank in the StatBank.

The area variable of KKBEF1 holds several levels at once, told apart by their codes: the city
(1000), ten districts (1001 to 1010, among them 1009 Amager Øst and 1010 Amager Vest), twelve
local committees (2001 to 2012), quarters (five digits), and at each level the people outside any
of its areas (1099, 2099, 29999). All values are taken from one level, so that they are disjoint.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.data.statbank.faults import statbank_fault
from amager_eval.data.statbank.fetch import StatbankTable, TableInfo, fetch_table, table_info
from amager_eval.data.statbank.formats import VALUE
from amager_eval.data.statbank.service import Service
from amager_eval.spec.agreement import Agreement

__all__ = ["DistrictPopulation", "fetch_districts"]

_BANK: Final = "s30"
_TABLE: Final = "KKBEF1"
#: A district of the coarser level that holds the second, which the survey counts on its own.
_HOLDS: Final = {"Indre By": "Christianshavn"}
_BEFORE_NAME: Final = re.compile(r"^(?:\d+|bydel|lokaludvalg)\b[\s:.-]*", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class DistrictPopulation:
    """Inhabitants of the parts that the bank names."""

    table: StatbankTable  #: The table as fetched
    frame: pd.DataFrame  #: `area, area_kind, period, population, source`
    without: tuple[str, ...]  #: Parts the bank has no figure for; nothing is made up for them


def fetch_districts(agreement: Agreement, since: int, service: Service) -> DistrictPopulation:
    """Fetch the inhabitants of the agreement's parts.

    The agreement's indicator districts must be among those found.
    """
    own = replace(service, bank=_BANK)
    info = table_info(_TABLE, own)
    parts = agreement.areas.parts
    variable, names = _area_variable(info, parts)
    without = tuple(part for part in parts if part not in names.values())
    needed = [part for part in agreement.areas.indicators if part in without]
    if needed:
        found = ", ".join(v.id for v in info.variables)
        raise statbank_fault("parts", found, table=info.id, parts=", ".join(needed))
    time = next((v for v in info.variables if v.time), None)
    if time is None:
        raise statbank_fault("no_time", table=info.id)
    wanted = [code for code in time.codes if parse_period(code).year >= since]
    table = fetch_table(_TABLE, {variable: list(names), time.id: wanted}, own)
    table = replace(table, source=f"Københavns Kommune, {table.source}")
    frame = pd.DataFrame(
        {
            "area": table.frame[variable].map(names),
            "area_kind": "district",
            "period": [str(parse_period(t)) for t in table.frame[time.id]],
            "population": table.frame[VALUE],
            "source": table.source,
        }
    )
    return DistrictPopulation(table, frame.dropna(subset="population"), without)


def _area_variable(info: TableInfo, parts: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Find the variable and level that name most parts; its code, and value code to part."""
    best: tuple[str, dict[str, str]] = ("", {})
    for variable in info.variables:
        levels: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
        for code, text in variable.values:
            name = _name(text)
            level = levels[len(code), code[:1]]
            if name in parts and name not in level.values():
                level[code] = name
        for level in levels.values():
            named = set(level.values())
            disjoint = {c: n for c, n in level.items() if n not in _HOLDS or _HOLDS[n] in named}
            if len(disjoint) > len(best[1]):
                best = variable.id, disjoint
    return best


def _name(text: str) -> str:
    """Take the name of an area alone.

    Examples
    --------
    >>> _name(" 1009 Amager Øst"), _name("Bydel - Kongens Enghave")
    ('Amager Øst', 'Kgs. Enghave')
    """
    return _BEFORE_NAME.sub("", text.strip()).replace("Kongens ", "Kgs. ")
