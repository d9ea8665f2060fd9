"""Whether quarters or months may be shown where hiding went by calendar year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from amager_eval.data.annual_figures import inhabitants_of_year
from amager_eval.data.period import parse_period
from amager_eval.disclosure.containment import Cell, area_schemes, declared_total, instances
from amager_eval.disclosure.earlier import EarlierFigures, Key

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["short_periods_may_be_shown"]

_PER_1000: Final = 1000.0
_NOTHING: Final[Mapping[Key, EarlierFigures]] = MappingProxyType({})


def short_periods_may_be_shown(
    data: Input,
    agreement: Agreement,
    areas: Sequence[str],
    crime_type: str,
    definition: str,
    before: Mapping[Key, EarlierFigures] = _NOTHING,
) -> bool:
    """Whether a type's quarters or months show no small count and give none away.

    Hiding goes by calendar year, so quarters of a year that is shown may be small. They may be
    shown for all the areas or for none: none where anything of the type is hidden or was, or where
    in any period a count of an area, or what is left between areas that contain each other, is
    below the threshold, or was so before a revision: a year published earlier, less the other
    quarters of now, is what a quarter counted then. How types add up is not looked at, so a total
    is not shown. True for a series of years: those are hidden already.
    """
    assert data.crime is not None
    own = data.crime[
        (data.crime["crime_type"] == crime_type)
        & (data.crime["definition"] == definition)
        & data.crime["area"].isin(areas)
    ]
    if all(parse_period(p).per_year == 1 for p in own["period"].unique()):
        return True
    if any((m.what, m.definition) == (crime_type, definition) for m in data.masked):
        return False
    series = {k: f for k, f in before.items() if (k[0], k[2]) == (definition, crime_type)}
    if any(f.hidden for f in series.values()):
        return False
    if crime_type == declared_total().type:
        return False  # the types of a period, shown and not, would follow from it
    # calendar years beside them are hidden already
    known = own[own["count"].notna() & (own["period"].astype(str).str.len() > 4)]
    periods: dict[str, dict[Cell, float]] = {}
    for area, period, count in zip(known["area"], known["period"], known["count"], strict=True):
        periods.setdefault(str(period), {})[str(area), crime_type] = float(count)
    revised = _revisions(data, periods, series, definition)
    limit = agreement.disclosure.threshold
    if any(min(c.values()) < limit for c in periods.values()):
        return False
    if any(
        0 <= count + by < limit
        for period, counts in periods.items()
        for cell, count in counts.items()
        for by in revised.get((cell, period[:4]), ())
    ):
        return False
    for scheme in area_schemes(data, agreement):
        found = [(p, i) for p, c in periods.items() for i in instances(c, "area", scheme)]
        if all(abs(rest) < 1e-6 for _, (_, _, rest) in found):
            continue  # the parts are the whole: no rest
        if any(
            0 <= earlier < limit
            for period, instance in found
            for earlier in _earlier_rests(instance, period[:4], revised)
        ):
            return False
    return bool(periods)


def _revisions(
    data: Input,
    periods: Mapping[str, Mapping[Cell, float]],
    series: Mapping[Key, EarlierFigures],
    definition: str,
) -> dict[tuple[Cell, str], set[float]]:
    """Find by how much years that were published before differed from what their periods give now.

    One period alone may have been revised, and then counted that much more.
    """
    now: dict[tuple[Cell, str], list[float]] = {}
    of_year = {p[:4]: parse_period(p).per_year for p in periods}
    for period, counts in periods.items():
        for cell, count in counts.items():
            now.setdefault((cell, period[:4]), []).append(count)
    revised: dict[tuple[Cell, str], set[float]] = {}
    for (cell, year), parts in now.items():
        earlier = series.get((definition, *cell, int(year)))
        if earlier is None or len(parts) < of_year[year]:
            continue
        then = set(earlier.counts)
        if earlier.rates and not then:
            then = _counts_of(earlier.rates, data, cell[0], year)
        revised[cell, year] = {n - sum(parts) for n in then} - {0.0}
    return revised


def _counts_of(rates: Sequence[float], data: Input, area: str, year: str) -> set[float]:
    """Whole reports of yearly rates per 1,000; none where the inhabitants were not delivered."""
    people = inhabitants_of_year(data, area, int(year))
    return set() if people is None else {float(round(r * people / _PER_1000)) for r in rates}


def _earlier_rests(
    instance: tuple[list[Cell], list[Cell], float],
    year: str,
    revised: Mapping[tuple[Cell, str], set[float]],
) -> Iterator[float]:
    """Yield what is left of a whole after its parts, now and before any revision."""
    whole, parts, rest = instance
    cells = [(c, 1.0) for c in whole] + [(c, -1.0) for c in parts]
    for by in product(*((0.0, *revised.get((c, year), ())) for c, _ in cells)):
        yield rest + sum(sign * b for (_, sign), b in zip(cells, by, strict=True))
