"""Arguments to arrays: plain numbers, arrays and Series in; an error that names what is wrong.

Every statistical function of the package takes numbers or arrays that broadcast, lets NaN pass
through to its result, and refuses what cannot be (more safe answers than respondents, a share of
1.2). The checks are said once, here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from amager_eval.errors import Fault, InputError

__all__ = [
    "Array",
    "Number",
    "broadcast",
    "check_choice",
    "check_level",
    "check_successes",
    "missing",
    "plain",
    "real",
    "real_scalar",
    "vector",
    "whole_number",
]

_PANDAS = (pd.Series, pd.DataFrame, pd.Index, pd.api.extensions.ExtensionArray)

type Array = NDArray[np.float64]
#: What a function returns: a float for numbers in, an array for arrays in.
type Number = float | Array


def _refuse(message: str, value: Array, bad: NDArray[np.bool_], remedy: str) -> InputError:
    """Make the error for the first element of `value` that is `bad`."""
    first = int(np.argmax(bad.ravel()))
    found = f"{value.ravel()[first]:.12g}"
    if value.ndim:
        found += f" at position {first}"
    return InputError(Fault(message, found=found, remedy=remedy))


def real(
    name: str,
    value: ArrayLike,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Array:
    """Turn an argument into a float array and check its range; NaN passes.

    Parameters
    ----------
    name : str
        Name of the argument, for the error.
    value : array_like
        Number, sequence, array or Series; a missing value becomes NaN.
    at_least, at_most, above, below : float or None
        Range: closed limits, and open ones.

    Returns
    -------
    ndarray
        Same shape as `value`, zero-dimensional for a number.

    Raises
    ------
    InputError
        Naming the argument and the value found.

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
    for limit, outside in (
        (at_least, np.less),
        (above, np.less_equal),
        (at_most, np.greater),
        (below, np.greater_equal),
    ):
        if limit is not None:
            bad |= outside(array, limit)
    if bad.any():
        rule = _rule(at_least, above, at_most, below)
        raise _refuse(f"{name} must {rule}", array, bad, f"Correct {name}.")
    return array


def _rule(
    at_least: float | None, above: float | None, at_most: float | None, below: float | None
) -> str:
    """Say a range in words."""
    if at_least is not None and at_most is not None:
        return f"lie between {at_least:g} and {at_most:g}"
    if above is not None and below is not None:
        return f"lie above {above:g} and below {below:g}"
    words = {"be at least": at_least, "lie above": above, "be at most": at_most, "lie below": below}
    said = [f"{word} {limit:g}" for word, limit in words.items() if limit is not None]
    return " and ".join(said)


def _to_float(name: str, value: Any) -> Array:
    try:
        if isinstance(value, _PANDAS):
            return np.asarray(value.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            Fault(
                f"{name} must be a number or an array of numbers",
                found=f"{value!r:.60}",
                remedy=f"Pass {name} as numbers.",
            )
        ) from error


def real_scalar(
    name: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Check an argument that must be one number, not NaN."""
    array = real(name, value, at_least=at_least, at_most=at_most, above=above, below=below)
    if array.ndim or np.isnan(array):
        raise InputError(
            Fault(f"{name} must be one number", found=f"{value!r:.60}", remedy=f"Correct {name}.")
        )
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
        raise InputError(Fault(message, found=f"{number:g}", remedy=f"Correct {name}."))
    return int(number)


def check_level(level: float) -> float:
    """Check a confidence level: one number above 0 and below 1."""
    return real_scalar("level", level, above=0, below=1)


def check_choice(name: str, value: str, choices: Collection[str]) -> str:
    """Check that `value` is one of `choices`."""
    if value not in choices:
        listed = ", ".join(repr(c) for c in choices)
        raise InputError(
            Fault(f"{name} must be one of {listed}", found=str(value), remedy="Choose one of them.")
        )
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
        raise InputError(
            Fault(
                f"{x_name} must not exceed {n_name}",
                found=found,
                remedy=f"Correct {x_name} or {n_name}.",
            )
        )
    return successes, respondents


def broadcast(arrays: dict[str, Array]) -> tuple[int, ...]:
    """Return the common shape of named arguments, or say which lengths do not fit."""
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError as error:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
        raise InputError(
            Fault(
                "the arguments do not have matching lengths",
                found=shapes,
                remedy="Pass numbers or arrays of one length.",
            )
        ) from error


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
    name: str,
    value: ArrayLike,
    *,
    length: int | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
) -> Array:
    """Check a one-dimensional argument; a single number is repeated when `length` is given."""
    array = real(name, value, at_least=at_least, at_most=at_most, above=above)
    if length is not None and array.ndim == 0:
        array = np.full(length, float(array))
    if array.ndim != 1 or (length is not None and len(array) != length):
        wanted = (
            f"a sequence of {length} numbers" if length is not None else "a sequence of numbers"
        )
        raise InputError(
            Fault(
                f"{name} must be {wanted}", found=f"shape {array.shape}", remedy=f"Correct {name}."
            )
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
