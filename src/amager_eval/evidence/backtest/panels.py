"""The declared panels: Danish municipalities, Mexican states, Copenhagen; and any other city's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from amager_eval.data.period import parse_period
from amager_eval.data.published import bundled_frame, published
from amager_eval.errors import InputError
from amager_eval.evidence.backtest.panel import KEYS, Panel

if TYPE_CHECKING:
    from amager_eval.trends.fit import Kind

__all__ = [
    "PANELS",
    "copenhagen",
    "crime_quarterly",
    "crime_yearly",
    "envipe",
    "make_panel",
    "small_areas",
]

#: StatBank areas that are no municipality: the country, the five regions, "not stated", and
#: Christiansø, which has no municipal council and almost no reports.
_NO_MUNICIPALITY: Final = ("000", "081", "082", "083", "084", "085", "998", "411")
#: Sums of the other offence codes: not scored beside their parts.
_SUMS: Final = ("TOT", "13")
#: Respondents per Mexican state: the survey is representative per state, n is not published.
_ENVIPE_N: Final = 2_500
_LEAST_WAVES: Final = 6
_SMALL: Final = 30_000  # inhabitants
#: The city and its districts; partnership areas and estates change their borders.
_COPENHAGEN_KINDS: Final = ("city", "bydel")


def crime_quarterly() -> Panel:
    """Return offences by quarter: 98 Danish municipalities, 7 offence codes, 2016 to 2025.

    Origins 2018K4, 2021K4, 2022K4 for choices, 2023K4 held back; 1 to 8 quarters ahead.

    Source: Danmarks Statistik, statistikbanken.dk/STRAF11 and FOLK1A.

    Examples
    --------
    >>> panel = crime_quarterly()
    >>> len(panel.areas), panel.frame["crime_type"].nunique(), panel.frame["period"].nunique()
    (98, 7, 40)
    """
    return Panel(
        name="crime_quarterly",
        kind="crime",
        frame=_offences("straf11_quarterly_2016K1_2025K4.csv", "quarter", "STRAF11"),
        development=("2018K4", "2021K4", "2022K4"),
        final=("2023K4",),
        horizons=tuple(range(1, 9)),
        population=_inhabitants(),
    )


def crime_yearly() -> Panel:
    """Return offences by year: 98 Danish municipalities, 10 disjoint codes, 2015 to 2024.

    Origins 2019 to 2021 for choices, 2022 held back; 1 to 3 years ahead.

    Source: Danmarks Statistik, statistikbanken.dk/STRAF22 and FOLK1A. The total and code 13
    are sums of the others and are left out.

    Examples
    --------
    >>> panel = crime_yearly()
    >>> len(panel.areas), panel.frame["crime_type"].nunique(), panel.final
    (98, 10, ('2022',))
    """
    return Panel(
        name="crime_yearly",
        kind="crime",
        frame=_offences("straf22_annual_2015_2024.csv", "year", "STRAF22"),
        development=("2019", "2020", "2021"),
        final=("2022",),
        horizons=(1, 2, 3),
        population=_inhabitants(),
    )


def envipe() -> Panel:
    """Return the share who feel unsafe: 32 Mexican states and the nation, 2011 to 2025.

    Every origin with at least six waves, 1 to 4 waves ahead. Origins to 2020 for choices;
    2021, the last with all four horizons, and the later ones, which would show its outcomes, are
    held back.

    Source: INEGI, ENVIPE, indicator 6204327085. No n is published: 2,500 a state is assumed.

    Examples
    --------
    >>> panel = envipe()
    >>> len(panel.areas), panel.whole, panel.development
    (33, 'Nacional', (2016, 2017, 2018, 2019, 2020))
    """
    raw = bundled_frame("benchmarks/envipe_unsafe_2011_2025.csv")
    states = raw["area"].nunique() - 1
    frame = pd.DataFrame(
        {
            "area": raw["area"],
            "wave": raw["wave"],
            "setting": "state",
            "response": "unsafe",
            "percent": raw["percent_unsafe"],
            "n": (raw["area"] == "Nacional").map({True: states * _ENVIPE_N, False: _ENVIPE_N}),
            "decimals": 3,
        }
    )
    return Panel(
        name="envipe",
        kind="safety",
        frame=frame,
        development=(2016, 2017, 2018, 2019, 2020),
        final=(2021, 2022, 2023, 2024),
        horizons=(1, 2, 3, 4),
        whole="Nacional",
    )


def copenhagen() -> Panel:
    """Return Copenhagen's bundled safety figures, from every origin with at least six waves.

    Figures of later waves whose series (area, setting, response) had a figure before; 1 to
    4 years ahead. Origins to 2021 for choices, 2022 to 2025 held back. Bounds are not scored.

    Examples
    --------
    >>> panel = copenhagen()
    >>> panel.development, panel.whole
    ((2016, 2017, 2018, 2019, 2020, 2021), 'København')
    """
    data = published()
    frame = data.safety
    if frame is None:
        raise InputError("the bundled figures hold no safety figures.")
    frame = frame[frame["area_kind"].isin(_COPENHAGEN_KINDS) & (frame["response"] != "neither")]
    waves = sorted(int(w) for w in frame["wave"].unique())
    origins = tuple(w for w in waves[_LEAST_WAVES - 1 : -1])
    return Panel(
        name="copenhagen",
        kind="safety",
        frame=frame.reset_index(drop=True),
        development=tuple(w for w in origins if w <= 2021),
        final=tuple(w for w in origins if w > 2021),
        horizons=(1, 2, 3, 4),
        whole=data.whole,
        background=replace(data, crime=None, activities=None, other_frames={}),
    )


def make_panel(
    name: str,
    kind: Kind,
    frame: pd.DataFrame,
    *,
    origins: Sequence[str | int],
    horizons: Sequence[int],
    whole: str | None = None,
    population: pd.DataFrame | None = None,
) -> Panel:
    """Make a panel of any city's figures; the last origin is held back.

    The frame is tidy: `area, period, crime_type, count`, or `area, wave, setting, response,
    percent` and optional `n, decimals, comparator`; without `population` it has a column of that
    name.

    Examples
    --------
    >>> frame = pd.DataFrame({"area": "Nord", "crime_type": "theft", "count": range(6),
    ...                       "period": ["2019", "2020", "2021", "2022", "2023", "2024"]})
    >>> panel = make_panel("nord", "crime", frame, origins=["2021", "2022"], horizons=[1, 2])
    >>> panel.development, panel.final
    (('2021',), ('2022',))
    """
    needed = (*KEYS[kind], *(("period", "count") if kind == "crime" else ("wave", "percent")))
    absent = [c for c in needed if c not in frame]
    if absent:
        raise InputError(f"a {kind} panel needs the columns {', '.join(absent)}; add them.")
    frame = frame.reset_index(drop=True)
    if kind == "safety":
        frame = frame.assign(
            decimals=frame.get("decimals", 0),
            comparator=frame.get("comparator", "="),
        )
    ordered = sorted(origins, key=parse_period)
    return Panel(
        name=name,
        kind=kind,
        frame=frame,
        development=tuple(ordered[:-1]),
        final=tuple(ordered[-1:]),
        horizons=tuple(horizons),
        whole=whole,
        population=population,
    )


def small_areas(panel: Panel) -> tuple[str, ...]:
    """List the areas with fewer than 30,000 inhabitants at the first date known.

    Empty where the panel has no population.

    Examples
    --------
    >>> len(small_areas(crime_quarterly()))
    25
    """
    if panel.population is None:
        return ()
    ordered = panel.population.assign(
        start=panel.population["period"].map(lambda p: parse_period(p).start)
    ).sort_values("start")
    first = ordered.groupby("area")["population"].first()
    return tuple(a for a in panel.areas if a in first.index and first[a] < _SMALL)


def _offences(file: str, time: str, definition: str) -> pd.DataFrame:
    raw = bundled_frame(file)
    kept = raw[~raw["area"].isin(_NO_MUNICIPALITY) & ~raw["offence"].isin(_SUMS)]
    frame = kept.rename(columns={"offence": "crime_type", time: "period"})
    return frame.assign(period=frame["period"].astype(str), definition=definition)[
        ["area", "period", "crime_type", "count", "definition"]
    ].reset_index(drop=True)


def _inhabitants() -> pd.DataFrame:
    raw = bundled_frame("folk1a_1january_2016_2025.csv")
    kept = raw[~raw["area"].isin(_NO_MUNICIPALITY)]
    kept = kept.rename(columns={"quarter": "period"}).reset_index(drop=True)
    return kept.assign(period=kept["period"].str.removesuffix("K1"))  # counted on 1 January


#: Panels by name.
PANELS: Final[dict[str, Callable[[], Panel]]] = {
    "crime_quarterly": crime_quarterly,
    "crime_yearly": crime_yearly,
    "envipe": envipe,
    "copenhagen": copenhagen,
}
