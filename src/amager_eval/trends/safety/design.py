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
    """Interval of unrounded sample shares, 0 to 1, that a published share stands for.

    Decimals are of the published *percentage*. With `n`, the value is a count divided by n, and the
    interval is half a person wide on either side (continuity correction). `<` and `>` speak of the
    rounded figure: below 85 means 84 or less, so below 84.5. An open edge is beyond 0 or 1.

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
    """Lay the figures of a checked safety frame out as arrays.

    The `whole` contains the disjoint `parts`; without their `weights` in it, summing to 1, it has a
    path of its own. Walks are anchored at the wave `baseline`; where it has no figures at the last
    wave before it, and where it lies outside the data at the last of all. `rounds` have the columns
    `wave, respondents, collector`. A cell without n takes it from its neighbours in time,
    log-linearly; else an equal part of the whole's.

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
    latent = [*parts, *(a for a in present if a not in parts and a != whole)]
    if not weighted and whole in present:
        latent = [whole, *latent]
    areas = [whole, *latent] if weighted else latent
    before = figures.loc[figures["wave"] <= baseline, "wave"]
    cells = {"area": areas, "setting": settings, "response": list(RESPONSES), "wave": years}
    shown = _as_published(figures).set_index(list(cells)).to_xarray().reindex(cells)
    shown = shown.rename(wave="year").assign_coords(latent=latent)
    shown["grade"] = shown["grade"].fillna("").astype("<U1")
    own = ("area", "setting", "wave")
    deff = figures.groupby(list(own))["deff"].last().to_xarray()
    deff = deff.reindex({k: cells[k] for k in own}).sel(area=latent)
    of_cells = _sizes(shown["n"].max("response"), latent, len(parts), whole, rounds)
    of_cells["deff"] = deff.to_numpy()
    # a whole with a path of its own is a mean of its parts: it does not wander like one of them
    alone = np.array([a == whole and len(latent) > 2 for a in latent])
    return (
        shown.drop_vars("n")
        .assign({k: (("latent", "setting", "year"), v) for k, v in of_cells.items()})
        .assign(
            weight=("latent", [weights.get(a, 0.0) if weights else 0.0 for a in latent]),
            wander=("latent", np.where(alone, 1 / np.sqrt(max(len(latent) - 1, 1)), 1.0)),
            before_break=("year", _before_break(rounds, years)),
            is_wave=("year", np.isin(years, figures["wave"].to_numpy(dtype=int))),
        )
        .assign_attrs(
            whole=whole or "",
            weighted=int(weighted),
            first_wave=first,
            anchor=int(before.max()) if len(before) and baseline <= last else last,
            baseline=baseline,
        )
    )


def _as_published(figures: pd.DataFrame) -> pd.DataFrame:
    """Give edges, value (none of a bound), decimals (none of a count), n and grade of figures."""
    n, comparator = figures["n"].astype(float), figures["comparator"]
    counted = figures["count"].notna() & (n > 0)
    share = (figures["count"] / n).where(counted, figures["percent"] / 100).astype(float)
    comparator = comparator.where(comparator.isin(COMPARATORS), "=")
    decimals = digits_shown(figures)
    edges = [
        rounding_region(v, decimals=d, comparator=c, n=size if is_count else None)
        for v, d, c, size, is_count in zip(share, decimals, comparator, n, counted, strict=True)
    ]
    names = figures[["area", "setting", "response"]].assign(wave=figures["wave"].astype(int))
    grade = figures.get("source_grade", pd.Series(pd.NA, figures.index, dtype="string"))
    return names.assign(
        low=[low for low, _ in edges],
        high=[high for _, high in edges],
        value=share.where(comparator == "="),
        decimals=pd.Series(decimals, figures.index).mask(counted),
        n=n,
        grade=grade.astype("string").str[:1].astype(object),
    )


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
    if rounds is None or "collector" not in rounds or rounds["collector"].isna().all():
        return np.zeros(len(years))
    known = rounds.dropna(subset=["collector"]).sort_values("wave")
    others = known.loc[known["collector"] != known["collector"].iloc[-1], "wave"]
    first = known.loc[known["wave"] > others.max(), "wave"].min()  # NaN where there is but one
    before: Floats = (years < first).astype(float)
    return before


def _sizes(
    known: xr.DataArray,
    latent: list[str],
    parts: int,
    whole: str | None,
    rounds: pd.DataFrame | None,
) -> dict[str, Floats]:
    """Respondents per latent cell: published, assumed, or 1 where nothing is known.

    `known` is what is published, (area, setting, year).
    """
    of_whole = pd.Series(np.nan, known["year"].to_numpy())
    if whole in known["area"]:
        asked = known.sel(area=whole)
        of_whole = asked.where(asked > 0).max("setting").to_series()
    if rounds is not None and whole is not None and "respondents" in rounds:
        of_whole = of_whole.fillna(rounds.groupby("wave")["respondents"].first())
    equal = [1 if area == whole else max(parts, 1) for area in latent]
    assumed = _interpolate_log(of_whole).to_numpy() / np.array(equal)[:, None, None]
    own = known.sel(area=latent).to_numpy()
    n = _interpolate_log(pd.DataFrame(own.reshape(-1, own.shape[-1]).T)).T.to_numpy()
    n = n.reshape(own.shape)
    of_wave = np.isnan(n) & np.isfinite(assumed)
    n = np.where(of_wave, assumed, n)
    anywhere = known.to_numpy()[np.isfinite(known)]
    usual = np.exp(np.log(anywhere).mean()) if len(anywhere) else np.nan
    n = np.where(np.isfinite(n), n, usual)
    unknown = np.isnan(n)
    a_part = np.array([area != whole for area in latent])[:, None, None]
    flags = {
        "n_unknown": unknown,
        "n_from_area": np.isnan(own) & (~of_wave | a_part) & ~unknown,
        "n_from_wave": of_wave & of_whole.isna().to_numpy(),
    }
    return {"n": np.where(unknown, 1.0, n)} | {k: v.astype(float) for k, v in flags.items()}


def _interpolate_log(values: Any) -> Any:
    """Fill gaps over the rows log-linearly, with the nearest outside; all NaN stays."""
    return np.exp(np.log(values).interpolate(limit_direction="both"))
