"""Questions a forecast answers in one line: how probable, and which level how probably."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from amager_eval.data.period import parse_period
from amager_eval.errors import InputError
from amager_eval.spec.synonyms import folded

if TYPE_CHECKING:
    from amager_eval.trends.drawn import Drawn

__all__ = ["Cell", "level", "no_such", "probability", "select"]

#: What a question is about unless it says otherwise.
QUANTITY: Final = {"safety": "true", "crime": "rate"}
#: Units in which a number of a quantity is between 0 and 1.
_SHARES: Final = ("true", "published")

type Cell = str | int | Sequence[str] | Sequence[int] | None


def probability(
    forecast: Drawn,
    *,
    at_least: float | str | Mapping[str, str | int] | None,
    at_most: float | str | Mapping[str, str | int] | None,
    by: Cell,
    quantity: str | None,
    joint: bool | str | Sequence[str],
    prior: bool,
    cells: Mapping[str, Cell],
) -> xr.DataArray:
    """Share of draws in which something holds; see :meth:`Forecast.probability`."""
    if at_least is None and at_most is None:
        raise InputError(
            "a probability is of something: say at_least or at_most, a number or the name of an "
            "area"
        )
    chosen = select(forecast, by=by, quantity=quantity, prior=prior, cells=cells)
    if cells.get("area") is None:  # an area is not held against itself
        named = [b for b in (at_least, at_most) if isinstance(b, str)]
        others = [a for a in chosen["area"].values if a not in named]
        if not others:
            raise InputError(
                f"the forecast has no area to hold against {' and '.join(named)}; give a number, "
                'or another period: {"period": 2024}'
            )
        chosen = chosen.sel(area=others)
    holds = xr.ones_like(chosen, dtype=bool)
    for bound, sign in ((at_least, 1), (at_most, -1)):
        if bound is not None:
            against = _bound(forecast, bound, chosen, by=by, prior=prior, cells=cells)
            holds = holds & (sign * (chosen - against) >= 0)
    for dim in _joint_dims(joint, holds):
        holds = holds.all(dim)
    found: xr.DataArray = holds.mean("sample")
    return found.rename("probability").assign_attrs(
        quantity=str(chosen.name), draws=chosen.sizes["sample"]
    )


def level(
    forecast: Drawn,
    probability: float,
    *,
    at_most: bool,
    by: Cell,
    quantity: str | None,
    joint: bool | str | Sequence[str],
    prior: bool,
    cells: Mapping[str, Cell],
) -> xr.DataArray:
    """Level reached with a probability; see :meth:`Forecast.level`."""
    if not 0 < probability < 1:
        raise InputError(f"a probability lies between 0 and 1; found {probability}")
    chosen = select(forecast, by=by, quantity=quantity, prior=prior, cells=cells)
    for dim in _joint_dims(joint, chosen):
        chosen = chosen.max(dim) if at_most else chosen.min(dim)
    size = chosen.sizes["sample"]
    # a draw itself, so that at least (at most) it lie as many draws as were asked for
    spare = min(size - 1, math.floor(size * (1 - probability) + 1e-9))
    rank = size - 1 - spare if at_most else spare
    dims = [d for d in chosen.dims if d != "sample"]
    ordered = np.sort(chosen.transpose("sample", *dims).values, axis=0)
    found: xr.DataArray = chosen.isel(sample=0, drop=True).transpose(*dims).copy(data=ordered[rank])
    return found.assign_attrs(
        quantity=str(chosen.name), draws=size, probability=probability,
        side="at most" if at_most else "at least",
    )  # fmt: skip


def select(
    forecast: Drawn,
    *,
    by: Cell,
    quantity: str | None,
    prior: bool,
    cells: Mapping[str, Cell],
) -> xr.DataArray:
    """Draws of one quantity in the cells a question is about.

    Parameters
    ----------
    forecast : Drawn
        Asked.
    by : str, int, sequence of them or None
        Periods; a year of quarters or months is their sum. None is the last.
    quantity : str or None
        Variable of the draws; None is the true share, or the rate.
    prior : bool
        Whether the draws are those without the series.
    cells : mapping of str to str, sequence of str or None
        Dim to the values wanted; a single one leaves no dim, None takes all.

    Returns
    -------
    DataArray
        Dim `sample` and those with several values.

    Raises
    ------
    InputError
        A name or a period the forecast does not have, with those it has.
    """
    draws = forecast.prior_only if prior else forecast.draws
    if draws is None:
        raise InputError("this forecast has no answers without the series; leave prior out")
    name = quantity or QUANTITY[forecast.kind]
    variables = [str(n) for n, v in draws.data_vars.items() if "sample" in v.dims]
    if name not in variables:
        raise InputError(f"there is no quantity '{name}'; there are {', '.join(variables)}")
    chosen = draws[name].reset_coords(drop=True)
    for dim, wanted in cells.items():
        if wanted is None:
            continue
        if dim not in chosen.dims:
            raise InputError(f"{dim} means nothing in a forecast of {forecast.kind}; leave it out")
        known = [str(v) for v in chosen[dim].values]
        for value in [wanted] if isinstance(wanted, (str, int)) else wanted:
            if str(value) not in known:
                raise InputError(no_such(dim, str(value), known))
        chosen = chosen.sel({dim: wanted if isinstance(wanted, (str, int)) else list(wanted)})
    periods = [chosen["period"].values[-1]] if by is None else by
    if isinstance(periods, float) and periods.is_integer():  # a year out of a table
        periods = int(periods)
    if isinstance(periods, (str, int, np.integer)):
        return _period(chosen, periods)
    if not isinstance(periods, (Sequence, np.ndarray)):
        raise InputError(f"a period is written 2028 or 2028K4; found {periods!r}")
    several = [_period(chosen, p) for p in periods]
    if len(several) == 1 and by is None:
        return several[0]
    return xr.concat(several, xr.DataArray(list(periods), dims="period", name="period"))


def no_such(what: str, found: str, known: Sequence[str]) -> str:
    """Say that there is no such name, which it nearly is, and which there are.

    Examples
    --------
    >>> no_such("area", "amager ost", ["Amager Vest", "Amager Øst"])
    "there is no area 'amager ost'. Did you mean 'Amager Øst'? There are Amager Vest, Amager Øst"
    """
    spelt = {folded(name): name for name in known}
    near = get_close_matches(folded(found), spelt, n=1, cutoff=0.75)
    if near:
        return (
            f"there is no {what} '{found}'. Did you mean '{spelt[near[0]]}'? There are "
            f"{', '.join(known)}"
        )
    return f"there is no {what} '{found}'; there are {', '.join(known)}"


def _period(chosen: xr.DataArray, period: str | int | np.integer) -> xr.DataArray:
    """Draws of one period, or the sum of a year's."""
    known = [str(p) for p in chosen["period"].values]
    if str(period) in known:
        found: xr.DataArray = chosen.isel(period=known.index(str(period)))
        return found.drop_vars("period")
    parsed = [parse_period(p) for p in known]
    inside = [i for i, p in enumerate(parsed) if str(p.year) == str(period)]
    if chosen.name not in _SHARES and inside and len(inside) == parsed[0].per_year:
        return chosen.isel(period=inside).sum("period")
    raise InputError(
        f"the forecast has no period '{period}'; it runs from {known[0]} to {known[-1]}"
    )


def _bound(
    forecast: Drawn,
    bound: float | str | Mapping[str, str | int],
    chosen: xr.DataArray,
    *,
    by: Cell,
    prior: bool,
    cells: Mapping[str, Cell],
) -> xr.DataArray | float:
    """Give a number as it is, or the draws of another cell in the same sample."""
    if isinstance(bound, (bool, np.bool_)):
        raise InputError(f"at_least and at_most are a number or the name of an area; found {bound}")
    if isinstance(bound, (int, float, np.number)):
        if chosen.name in _SHARES and not 0 <= bound <= 1:
            raise InputError(f"shares are between 0 and 1; found {bound}. Write 85 % as 0.85")
        return float(bound)
    where = {"area": bound} if isinstance(bound, str) else bound
    if not isinstance(where, Mapping):
        raise InputError(
            f"at_least and at_most are a number, the name of an area or what names another cell; "
            f"found {bound!r}. Ask for several levels one by one"
        )
    unknown = set(where) - {*cells, "period"}
    if unknown:
        raise InputError(
            f"a cell is named by {', '.join((*cells, 'period'))}; found {', '.join(unknown)}"
        )
    elsewhere = {**cells, **{d: v for d, v in where.items() if d != "period"}}
    return select(
        forecast, by=where.get("period", by), quantity=str(chosen.name), prior=prior,
        cells=elsewhere,
    )  # fmt: skip


def _joint_dims(joint: bool | str | Sequence[str], holds: xr.DataArray) -> list[str]:
    """Dims over which everything must hold at once."""
    dims = [str(d) for d in holds.dims if d != "sample"]
    if isinstance(joint, bool):
        return dims if joint else []
    wanted = [joint] if isinstance(joint, str) else list(joint)
    missing = [d for d in wanted if d not in dims]
    if missing:
        raise InputError(
            f"joint names {', '.join(missing)}; several are asked about of "
            f"{', '.join(dims) or 'nothing'}"
        )
    return wanted
