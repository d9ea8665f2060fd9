"""Arguments to arrays: plain numbers, arrays and Series in; an error that names what is wrong.

Every statistical function of the package takes numbers or arrays that broadcast, lets NaN pass
through to its result, and refuses what cannot be (more safe answers than respondents, a share of
1.2). A masked element is missing, as NaN is. Numbers are joined by their place: Series, frames and
xarray arrays whose labels differ, or stand in another order, are refused. Dates are no numbers and
are refused: a year is 2024, not a moment. The checks are said once, here.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypedDict, Unpack, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from amager_eval.errors import Fault, InputError

__all__ = [
    "COUNT",
    "INSIDE",
    "PERCENT",
    "POSITIVE",
    "SHARE",
    "Array",
    "Limits",
    "Number",
    "broadcast",
    "check_choice",
    "check_level",
    "check_successes",
    "labels_of",
    "missing",
    "numbers",
    "plain",
    "real",
    "real_scalar",
    "refused",
    "same_labels",
    "truths",
    "two_groups",
    "vector",
    "whole_number",
]

_PANDAS = (pd.Series, pd.DataFrame, pd.Index, pd.api.extensions.ExtensionArray)

type Array = NDArray[np.float64]
#: What a function returns: a float for numbers in, an array for arrays in.
type Number = float | Array


class Limits(TypedDict, total=False):
    """Range of an argument: closed limits, and open ones."""

    at_least: float
    above: float
    at_most: float
    below: float


#: Ranges an argument may have: a share, a percentage, a count, a size, a part of a whole.
SHARE: Final[Limits] = {"at_least": 0, "at_most": 1}
PERCENT: Final[Limits] = {"at_least": 0, "at_most": 100}
COUNT: Final[Limits] = {"at_least": 0}
POSITIVE: Final[Limits] = {"above": 0}
INSIDE: Final[Limits] = {"above": 0, "below": 1}


def refused(message: str, found: str, remedy: str) -> InputError:
    """Make the error of a wrong argument: what is wrong, what was found, what to do."""
    return InputError(Fault(message, found=found, remedy=remedy))


def _refuse(message: str, value: Array, bad: NDArray[np.bool_], remedy: str) -> InputError:
    """Make the error for the first element of `value` that is `bad`."""
    first = int(np.argmax(bad.ravel()))
    found = f"{value.ravel()[first]:.12g}"
    if value.ndim:
        found += f" at position {first}"
    return refused(message, found, remedy)


def real(name: str, value: ArrayLike, **limits: Unpack[Limits]) -> Array:
    """Turn an argument into a float array and check its range; NaN passes.

    Same shape as `value`, zero-dimensional for a number.

    Examples
    --------
    >>> real("weight", 0.25, above=0, below=1)
    array(0.25)
    >>> real("weight", 1.2, above=0, below=1)
    Traceback (most recent call last):
    ...
    amager_eval.errors.InputError: weight must lie above 0 and below 1; found '1.2'. ...
    """
    array = _to_float(name, value)
    bad = np.isinf(array)
    if bad.any():
        raise _refuse(f"{name} must be finite", array, bad, f"Correct {name}.")
    given = cast("Mapping[str, float]", limits)
    for rule, limit in given.items():
        bad |= _OUTSIDE[rule](array, limit)
    if bad.any():
        raise _refuse(f"{name} must {_rule(given)}", array, bad, f"Correct {name}.")
    return array


#: What lies outside a limit.
_OUTSIDE: Final = {
    "at_least": np.less, "above": np.less_equal, "at_most": np.greater, "below": np.greater_equal,
}  # fmt: skip


def _rule(limits: Mapping[str, float]) -> str:
    """Say a range in words."""
    if {"at_least", "at_most"} <= set(limits):
        return f"lie between {limits['at_least']:g} and {limits['at_most']:g}"
    if {"above", "below"} <= set(limits):
        return f"lie above {limits['above']:g} and below {limits['below']:g}"
    words = {"at_least": "be at least", "above": "lie above", "at_most": "be at most",
             "below": "lie below"}  # fmt: skip
    return " and ".join(f"{words[k]} {limits[k]:g}" for k in words if k in limits)


def _to_float(name: str, value: Any) -> Array:
    value = _masked(value)
    _refuse_dates(name, value)
    try:
        if isinstance(value, _PANDAS):
            return np.asarray(value.to_numpy(dtype=float, na_value=np.nan))
        if isinstance(value, np.ma.MaskedArray):
            return _filled(value)
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise refused(
            f"{name} must be a number or an array of numbers",
            f"{value!r:.60}",
            f"Pass {name} as numbers.",
        ) from error


def _masked(value: Any) -> Any:
    """Write NaN for the masked elements of a sequence; leave everything else."""
    if not isinstance(value, list | tuple):
        return value
    return [_filled(v) if isinstance(v, np.ma.MaskedArray) else v for v in value]


def _filled(value: Any) -> Array:
    filled: Array = np.ma.filled(value.astype(np.float64), np.nan)
    return filled


def _refuse_dates(name: str, value: Any) -> None:
    """Refuse dates, spans and periods, which as numbers would be nanoseconds, and complex ones."""
    if isinstance(value, pd.DataFrame):
        kinds = {_kind(column) for column in value.dtypes}
    elif isinstance(value, _PANDAS):
        kinds = {_kind(value.dtype)}
    else:
        # a plain list of dates never becomes numbers unnoticed
        kinds = {_kind(getattr(value, "dtype", None))}
        if isinstance(value, list | tuple):
            kinds |= {_kind(getattr(v, "dtype", None)) for v in value}
    kinds |= {_kind_of_object(v) for v in _objects(value)}
    for kind, remedy in _NO_NUMBERS.items():
        if kind in kinds:
            found = str(getattr(value, "dtype", type(value).__name__))
            message = f"{name} must be a number or an array of numbers, not {kind}"
            raise refused(message, found, remedy.format(name=name))


#: What looks like a number to NumPy and is none here, and what to pass instead.
_NO_NUMBERS = {
    "dates": "Pass years as numbers, for example {name}.year of an index or {name}.dt.year.",
    "spans of time": "Pass {name} as numbers of one unit.",
    "complex numbers": "Pass the real part.",
}


def _kind(dtype: Any) -> str:
    kind = getattr(dtype, "kind", "")
    if kind == "M" or isinstance(dtype, pd.DatetimeTZDtype | pd.PeriodDtype):
        return "dates"
    return {"m": "spans of time", "c": "complex numbers"}.get(kind, "")


def _objects(value: Any) -> list[Any]:
    """Elements of an array of objects; of other arrays the type has said everything."""
    dtype = getattr(value, "dtype", None)
    if dtype is not None and getattr(dtype, "kind", "") == "O" and not isinstance(value, list):
        return list(np.asarray(value, dtype=object).ravel())
    return []


def _kind_of_object(value: Any) -> str:
    if isinstance(value, np.datetime64 | pd.Timestamp | pd.Period | date):
        return "dates"
    if isinstance(value, np.timedelta64 | pd.Timedelta | timedelta):
        return "spans of time"
    return "complex numbers" if isinstance(value, complex) else ""


def same_labels(**arguments: Any) -> None:
    """Refuse labelled arguments whose labels differ or stand in another order.

    Examples
    --------
    >>> before = pd.Series([10, 20], index=["Øst", "Vest"])
    >>> same_labels(count1=before, count0=before * 2, exposure=[1, 2])
    >>> same_labels(count1=before, count0=before[::-1])
    Traceback (most recent call last):
    ...
    amager_eval.errors.InputError: count1 and count0 have different labels; found 'Øst and Vest...
    """
    seen: dict[int, tuple[str, Hashable, pd.Index]] = {}
    for name, value in arguments.items():
        # numbers are joined from the last axis, as NumPy joins them
        for place, (dim, index) in enumerate(reversed(_axes(value))):
            if len(index) == 1:
                continue
            if place not in seen:
                seen[place] = name, dim, index
                continue
            other, other_dim, known = seen[place]
            if dim is not None and other_dim is not None and dim != other_dim:
                found = f"{other_dim} and {dim}"
            elif index.equals(known) or len(index) != len(known):
                continue  # other lengths are told as such
            else:
                first = int(np.argmax(np.asarray(index != known)))
                found = f"{known[first]} and {index[first]} at position {first}"
            raise refused(
                f"{other} and {name} have different labels",
                found,
                f"Give {name} the labels of {other} in the same order (reindex), or "
                "pass plain arrays if the places are meant.",
            )


def _axes(value: Any) -> list[tuple[Hashable, pd.Index]]:
    """Name and labels of each axis of a labelled argument; none of others."""
    if isinstance(value, pd.Series):
        return [(None, value.index)]
    if isinstance(value, pd.DataFrame):
        return [(None, value.index), (None, value.columns)]
    if hasattr(value, "dims") and hasattr(value, "indexes"):  # an xarray array
        sizes = value.sizes
        return [(d, value.indexes.get(d, pd.RangeIndex(sizes[d]))) for d in value.dims]
    return []


def truths(name: str, value: Any, length: int) -> NDArray[np.bool_]:
    """Check an argument that must be true or false for each respondent, none missing.

    Examples
    --------
    >>> truths("part", pd.Series([True, False], dtype="boolean"), 2)
    array([ True, False])
    """
    given: Any = value
    if isinstance(value, np.ma.MaskedArray):
        given = _objects_of_masked(value)
    elif isinstance(value, _PANDAS):
        given = value.to_numpy()
    mask = np.asarray(given)
    if mask.dtype == object and all(isinstance(v, bool | np.bool_) for v in mask.ravel()):
        mask = mask.astype(bool)
    if mask.shape != (length,) or mask.dtype != bool:
        raise refused(
            f"{name} must be true or false for each of {length} respondents",
            f"shape {mask.shape}, {mask.dtype}",
            f"Pass {name} as a comparison, for example district == 'Amager Øst'.",
        )
    return mask


def labels_of(value: Any) -> NDArray[Any]:
    """Labels as an array of objects, None where masked.

    Examples
    --------
    >>> labels_of(np.ma.array(["a", "b"], mask=[False, True])).tolist()
    ['a', None]
    """
    if isinstance(value, list | tuple):
        value = [None if v is np.ma.masked else v for v in value]
    if isinstance(value, np.ma.MaskedArray):
        return _objects_of_masked(value)
    return np.asarray(value)


def _objects_of_masked(value: Any) -> NDArray[Any]:
    objects = np.array(value.data, dtype=object)
    objects[np.ma.getmaskarray(value)] = None
    return objects


def real_scalar(name: str, value: float, **limits: Unpack[Limits]) -> float:
    """Check an argument that must be one number, not NaN."""
    array = real(name, value, **limits)
    if array.ndim or np.isnan(array):
        raise refused(f"{name} must be one number", f"{value!r:.60}", f"Correct {name}.")
    return float(array)


def whole_number(name: str, value: float, *, at_least: float, at_most: float) -> int:
    """Check an argument that must be one whole number.

    Examples
    --------
    >>> whole_number("decimals", 0.5, at_least=0, at_most=6)
    Traceback (most recent call last):
    ...
    amager_eval.errors.InputError: decimals must be a whole number; found '0.5'. Correct decimals.
    """
    number = real_scalar(name, value, at_least=at_least, at_most=at_most)
    if number % 1:
        message = f"{name} must be a whole number"
        raise refused(message, f"{number:g}", f"Correct {name}.")
    return int(number)


def check_level(level: float) -> float:
    """Check a confidence level: one number above 0 and below 1."""
    return real_scalar("level", level, above=0, below=1)


def check_choice(name: str, value: str, choices: Collection[str]) -> str:
    """Check that `value` is one of `choices`."""
    if value not in choices:
        listed = ", ".join(repr(c) for c in choices)
        raise refused(f"{name} must be one of {listed}", str(value), "Choose one of them.")
    return value


def check_successes(x_name: str, x: ArrayLike, n_name: str, n: ArrayLike) -> tuple[Array, Array]:
    """Check counts of successes among respondents: n above 0, x from 0 to n.

    Examples
    --------
    >>> check_successes("x1", 80, "n1", 70)
    Traceback (most recent call last):
    ...
    amager_eval.errors.InputError: x1 must not exceed n1; found '80 of 70'. Correct x1 or n1.
    """
    successes = real(x_name, x, at_least=0)
    respondents = real(n_name, n, above=0)
    broadcast({x_name: successes, n_name: respondents})
    bad = successes > respondents
    if bad.any():
        wide_x, wide_n = np.broadcast_arrays(successes, respondents)
        first = int(np.argmax(bad.ravel()))
        found = f"{wide_x.ravel()[first]:.12g} of {wide_n.ravel()[first]:.12g}"
        if bad.ndim:
            found += f" at position {first}"
        raise refused(
            f"{x_name} must not exceed {n_name}",
            found,
            f"Correct {x_name} or {n_name}.",
        )
    return successes, respondents


def broadcast(arrays: dict[str, Array]) -> tuple[int, ...]:
    """Return the common shape of named arguments, or say which lengths do not fit."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise refused(
            "the arguments do not have matching lengths",
            shapes,
            "Pass numbers or arrays of one length.",
        ) from error


def numbers(**arguments: tuple[ArrayLike, Limits]) -> list[Array]:
    """Check arguments that are joined: their labels, each in its range, lengths that fit.

    Examples
    --------
    >>> numbers(share=(0.8, SHARE), n=([300, 400], POSITIVE))
    [array(0.8), array([300., 400.])]
    """
    same_labels(**{name: value for name, (value, _) in arguments.items()})
    arrays = {name: real(name, value, **limits) for name, (value, limits) in arguments.items()}
    broadcast(arrays)
    return list(arrays.values())


def two_groups(
    x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, **more: tuple[ArrayLike, Limits]
) -> list[Array]:
    """Check the successes among the respondents of two groups, and arguments joined with them."""
    same_labels(x1=x1, n1=n1, x2=x2, n2=n2, **{name: value for name, (value, _) in more.items()})
    arrays = dict(zip(("x1", "n1"), check_successes("x1", x1, "n1", n1), strict=True))
    arrays |= dict(zip(("x2", "n2"), check_successes("x2", x2, "n2", n2), strict=True))
    arrays |= {name: real(name, value, **limits) for name, (value, limits) in more.items()}
    broadcast(arrays)
    return list(arrays.values())


def missing(*arrays: Array) -> Array:
    """NaN where any of the arrays is, else 0, in their common shape: added, it passes NaN on.

    Examples
    --------
    >>> missing(np.array([0.8, np.nan]), np.array(300.0))
    array([ 0., nan])
    """
    absent = np.isnan(arrays[0])
    for array in arrays[1:]:
        absent = absent | np.isnan(array)
    return np.where(absent, np.nan, 0.0)


def vector(
    name: str, value: ArrayLike, *, length: int | None = None, **limits: Unpack[Limits]
) -> Array:
    """Check a one-dimensional argument; a single number is repeated when `length` is given."""
    array = real(name, value, **limits)
    if length is not None and array.ndim == 0:
        array = np.full(length, float(array))
    if array.ndim != 1 or (length is not None and len(array) != length):
        wanted = (
            f"a sequence of {length} numbers" if length is not None else "a sequence of numbers"
        )
        raise refused(
            f"{name} must be {wanted}",
            f"shape {array.shape}",
            f"Correct {name}.",
        )
    return array


def plain(value: ArrayLike) -> Number:
    """Turn a zero-dimensional array into a float; leave other arrays.

    Examples
    --------
    >>> plain(np.float64(0.5)), plain(np.array([0.5]))
    (0.5, array([0.5]))
    """
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array
