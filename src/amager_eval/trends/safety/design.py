"""Published safety figures to the arrays the model, its forecast and a saved fit are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.conventions import COMPARATORS, RESPONSES, SETTINGS
from amager_eval.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Floats = NDArray[np.float64]

__all__ = ["ABOVE", "BELOW", "build_design", "digits_shown", "rounding_region"]

#: Edges that stand for no edge at all, on the share scale: hundreds of standard deviations away.
BELOW: Final = -10.0
ABOVE: Final = 11.0


def rounding_region(
    value: float, *, decimals: float, comparator: str = "=", n: float | None = None
) -> tuple[float, float]:
    """Interval of unrounded sample shares that a published figure stands for.

    Parameters
    ----------
    value : float
        The published share, 0 to 1.
    decimals : float
        Decimals of the published *percentage*; ignored when `n` is given.
    comparator : {"=", "<", ">"}
        `<` and `>` speak of the rounded figure: below 85 means 84 or less, so below 84.5.
    n : float or None
        Respondents, when `value` is a count divided by n: the interval is half a person wide on
        either side (continuity correction).

    Returns
    -------
    tuple of float
        Lower and upper edge, 0 to 1; beyond 0 and 1 when the edge is open.

    Examples
    --------
    >>> tuple(round(edge, 4) for edge in rounding_region(0.84, decimals=0))
    (0.835, 0.845)
    >>> tuple(round(edge, 4) for edge in rounding_region(0.85, decimals=0, comparator="<"))
    (-10.0, 0.845)
    """
    half = 0.5 / n if n is not None else 0.5 * 10.0**-decimals / 100
    if comparator == "<":
        return BELOW, value - half
    if comparator == ">":
        return value + half, ABOVE
    low = value - half if value - half > 0 else BELOW
    high = value + half if value + half < 1 else ABOVE
    return low, high


def build_design(
    frame: pd.DataFrame,
    *,
    whole: str | None,
    parts: Sequence[str],
    weights: Mapping[str, float] | None,
    baseline: int,
    rounds: pd.DataFrame | None = None,
) -> xr.Dataset:
    """Lay the figures out as arrays.

    Parameters
    ----------
    frame : DataFrame
        Checked safety frame (`area, wave, setting, response, percent | count, n, decimals, deff,
        comparator`).
    whole : str or None
        The area that contains the parts.
    parts : sequence of str
        Disjoint areas that make up the whole.
    weights : mapping of str to float, or None
        Weight of each part in the whole, summing to 1; None gives the whole a path of its own.
    baseline : int
        Wave the walks are anchored at; where it has no figures the last wave before it, and where
        it lies outside the data the last of all.
    rounds : DataFrame or None
        Survey rounds: `wave, respondents, collector`.

    Returns
    -------
    Dataset
        Dims `area` (every area of the output), `latent` (areas with a level of their own),
        `setting, response, year` (every calendar year from the first wave to the last; for
        one wave alone also the year before).
        `low, high, value, decimals, grade` per figure; `n` (respondents, published or assumed),
        `n_unknown` (nothing is known of them: 1 stands for the unknown size), `n_from_area` and
        `n_from_wave` (which assumption stands for a published n) and `deff` per latent cell;
        `weight` per latent area, and `wander`, how wide its gap moves; `before_break, is_wave` per
        year. Attributes `whole, weighted, first_wave, anchor, baseline`.

    Notes
    -----
    Where a cell has no n: its neighbours in time, log-linearly; else an equal part of the whole's.
    """
    figures = frame[frame["percent"].notna() | frame["count"].notna()]
    if figures.empty:
        raise InputError("the safety frame holds no figure: supply `percent`, or `count` with `n`")
    first, last = int(figures["wave"].min()), int(figures["wave"].max())
    # a walk has a step at least: one wave alone is given the year before it
    years = np.arange(first if last > first else first - 1, last + 1)
    present = list(dict.fromkeys(figures["area"]))
    settings = [s for s in SETTINGS if s in set(figures["setting"])]
    settings += [s for s in dict.fromkeys(figures["setting"]) if s not in settings]
    weighted = weights is not None and whole is not None
    parts = list(parts) if weighted else [a for a in present if a != whole]
    extras = [a for a in present if a not in parts and a != whole]
    latent = [*parts, *extras]
    if not weighted and whole is not None and whole in present:
        latent = [whole, *latent]
    areas = [whole, *latent] if weighted and whole is not None else latent

    shape = (len(areas), len(settings), len(RESPONSES), len(years))
    tables = {k: np.full(shape, np.nan) for k in ("low", "high", "value", "decimals", "n")}
    deff = np.full((len(areas), len(settings), len(years)), np.nan)
    digits = digits_shown(figures)
    first_year = int(years[0])
    for row, shown in zip(figures.to_dict("records"), digits, strict=True):
        at = (
            areas.index(row["area"]),
            settings.index(row["setting"]),
            RESPONSES.index(row["response"]),
            int(row["wave"]) - first_year,
        )
        n = float(row["n"])
        counted = n > 0 and row["count"] == row["count"]
        value = float(row["count"]) / n if counted else float(row["percent"]) / 100
        comparator = row["comparator"] if row["comparator"] in COMPARATORS else "="
        tables["low"][at], tables["high"][at] = rounding_region(
            value, decimals=shown, comparator=comparator, n=n if counted else None
        )
        tables["value"][at] = value if comparator == "=" else np.nan
        tables["decimals"][at] = np.nan if counted else shown
        tables["n"][at] = n
        if row["deff"] == row["deff"]:
            deff[at[0], at[1], at[3]] = row["deff"]

    grade = np.full(shape, "", dtype="<U1")
    if "source_grade" in figures:
        graded = figures[figures["source_grade"].notna()]
        for row in graded.to_dict("records"):
            who, where = areas.index(row["area"]), settings.index(row["setting"])
            what, when = RESPONSES.index(row["response"]), int(row["wave"]) - first_year
            grade[who, where, what, when] = str(row["source_grade"])[:1]

    n_known = np.nanmax(np.where(np.isnan(tables["n"]), -np.inf, tables["n"]), axis=2)
    n_known[~np.isfinite(n_known)] = np.nan
    sizes = _sizes(n_known, areas, latent, parts, whole, years, rounds)
    rows = [areas.index(a) for a in latent]
    weight = np.array([weights.get(a, 0.0) if weights else 0.0 for a in latent])
    before = figures.loc[figures["wave"] <= baseline, "wave"]
    anchor = int(before.max()) if len(before) and baseline <= last else last
    dims4 = ("area", "setting", "response", "year")
    dims3 = ("latent", "setting", "year")
    return xr.Dataset(
        {
            **{k: (dims4, tables[k]) for k in ("low", "high", "value", "decimals")},
            "grade": (dims4, grade),
            **{k: (dims3, v) for k, v in sizes.items()},
            "deff": (dims3, deff[rows]),
            "weight": (("latent",), weight),
            "wander": (("latent",), _wander(latent, whole)),
            "before_break": (("year",), _before_break(rounds, years)),
            "is_wave": (("year",), np.isin(years, figures["wave"].to_numpy(dtype=int))),
        },
        coords={
            "area": areas,
            "latent": latent,
            "setting": settings,
            "response": list(RESPONSES),
            "year": years,
        },
        attrs={
            "whole": whole or "",
            "weighted": int(weighted),
            "first_wave": first,
            "anchor": anchor,
            "baseline": baseline,
        },
    )


def _wander(latent: list[str], whole: str | None) -> Floats:
    """How wide each area's gap to the common path moves, in units of the common scale.

    A whole with a path of its own is a mean of its parts: it does not wander like one of them.
    """
    parts = len(latent) - 1
    return np.array([1 / np.sqrt(parts) if a == whole and parts > 1 else 1.0 for a in latent])


def digits_shown(figures: pd.DataFrame) -> Floats:
    """Decimals of each percentage; where not declared, those the whole table needs (at most 6)."""
    declared = figures["decimals"].to_numpy(dtype=float).copy()
    missing = np.isnan(declared) & figures["percent"].notna().to_numpy()
    if missing.any():
        values = figures["percent"].to_numpy(dtype=float)[missing]
        needed = next(
            (d for d in range(6) if np.allclose(values, values.round(d), rtol=0, atol=1e-9)), 6
        )
        declared[missing] = needed
    return declared


def _before_break(rounds: pd.DataFrame | None, years: Any) -> Floats:
    """1 for waves before the first wave of the latest collector, else 0."""
    if rounds is None or "collector" not in rounds or rounds["collector"].notna().sum() == 0:
        return np.zeros(len(years))
    known = rounds[rounds["collector"].notna()].sort_values("wave")
    latest = known["collector"].iloc[-1]
    others = known.loc[known["collector"] != latest, "wave"]
    first = known.loc[known["wave"] > others.max(), "wave"].min() if len(others) else years[0]
    before: Floats = (years < first).astype(float)
    return before


def _sizes(
    n_known: Floats,
    areas: list[str],
    latent: list[str],
    parts: list[str],
    whole: str | None,
    years: Any,
    rounds: pd.DataFrame | None,
) -> dict[str, Floats]:
    """Respondents per latent cell: published, assumed, or 1 where nothing is known."""
    of_whole = np.full(len(years), np.nan)
    if whole is not None and whole in areas:
        of_whole = n_known[areas.index(whole)].max(
            axis=0, initial=-np.inf, where=n_known[areas.index(whole)] > 0
        )
        of_whole[~np.isfinite(of_whole)] = np.nan
    if rounds is not None and whole is not None and "respondents" in rounds:
        for wave, n in zip(rounds["wave"], rounds["respondents"], strict=True):
            if (
                pd.notna(n)
                and years[0] <= wave <= years[-1]
                and np.isnan(of_whole[wave - years[0]])
            ):
                of_whole[int(wave) - years[0]] = n
    no_wave = np.isnan(of_whole)
    of_whole = _interpolate_log(of_whole)
    anywhere = n_known[np.isfinite(n_known)]
    usual = np.exp(np.log(anywhere).mean()) if len(anywhere) else np.nan
    n = np.array([[_interpolate_log(row) for row in n_known[areas.index(a)]] for a in latent])
    known = np.isfinite(np.array([n_known[areas.index(a)] for a in latent]))
    from_area, from_wave = ~known, np.zeros_like(known)
    for i, area in enumerate(latent):
        assumed = of_whole / (1 if area == whole else max(len(parts), 1))
        of_wave = ~np.isfinite(n[i]) & np.isfinite(assumed)
        n[i] = np.where(of_wave, assumed, n[i])
        from_wave[i] = of_wave & no_wave
        from_area[i] &= ~of_wave | (area != whole)
    n = np.where(np.isfinite(n), n, usual)
    unknown = ~np.isfinite(n)
    flags = {"n_unknown": unknown, "n_from_area": from_area & ~unknown, "n_from_wave": from_wave}
    return {"n": np.where(unknown, 1.0, n)} | {k: v.astype(float) for k, v in flags.items()}


def _interpolate_log(values: Floats) -> Floats:
    """Fill gaps log-linearly between neighbours, with the nearest outside; all NaN stays."""
    return np.exp(pd.Series(np.log(values)).interpolate(limit_direction="both").to_numpy())
