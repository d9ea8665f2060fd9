"""Small numbers, exactly: a share against a stated value, two shares as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc, chdtrc

from amager_eval.indicators.arguments import (
    Array,
    Number,
    broadcast,
    check_choice,
    check_successes,
    missing,
    plain,
    real,
    refused,
    same_labels,
    two_groups,
)
from amager_eval.indicators.estimate import Shown

__all__ = [
    "ExactShareTest",
    "IndependenceTest",
    "exact_share_test",
    "independence_test",
]


@dataclass(frozen=True)
class ExactShareTest(Shown):
    """Exact binomial tests of a share against a stated value.

    Parameters
    ----------
    estimate : float or ndarray
        Observed share.
    p_less, p_greater : float or ndarray
        Probability of so few, and of so many, successes if the share is the stated one.
    p_value : float or ndarray
        Two-sided, central: twice the smaller, at most 1.
    probability_at_least : float or ndarray
        Posterior probability that the share is at least the stated one, Jeffreys prior.
    share, n : float or ndarray
        The stated share and the respondents.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.exact_share_test(18, 20, 0.75)
    >>> round(t.p_value, 4), round(t.p_greater, 4)
    (0.1825, 0.0913)
    """

    estimate: Number
    p_less: Number
    p_greater: Number
    p_value: Number
    probability_at_least: Number
    share: Number
    n: Number
    method: str


def exact_share_test(x: ArrayLike, n: ArrayLike, share: ArrayLike) -> ExactShareTest:
    """Test a share against a stated value with the exact binomial distribution.

    Parameters
    ----------
    x, n : float or array_like
        Successes and trials.
    share : float or array_like
        The stated share, above 0 and below 1.

    Returns
    -------
    ExactShareTest
        `.p_value .p_greater .p_less` and the chance of so many.

    Raises
    ------
    InputError
        If x exceeds n, n is not above 0 or share not between 0 and 1.

    Notes
    -----
    For a sample. A complete list (the partnership's activities) has the share it has, and needs
    no test. Binomial tails are incomplete Beta functions; the posterior is
    Beta(x + 1/2, n - x + 1/2). Sources: Clopper & Pearson (1934) Biometrika 26:404; Brown, Cai &
    DasGupta (2001) Statistical Science 16:101.

    Examples
    --------
    >>> t = exact_share_test(18, 20, 0.75)
    >>> round(t.p_greater, 4), round(t.probability_at_least, 4)
    (0.0913, 0.9498)
    """
    same_labels(x=x, n=n, share=share)
    successes, trials = check_successes("x", x, "n", n)
    stated = real("share", share, above=0, below=1)
    broadcast({"x": successes, "n": trials, "share": stated})
    failures = trials - successes
    greater = np.where(
        successes == 0, 1.0, betainc(np.where(successes == 0, 1.0, successes), failures + 1, stated)
    )
    less = np.where(
        failures == 0, 1.0, betaincc(successes + 1, np.where(failures == 0, 1.0, failures), stated)
    )
    gaps = missing(successes, trials, stated)
    return ExactShareTest(
        estimate=plain(successes / trials + gaps),
        p_less=plain(less + gaps),
        p_greater=plain(greater + gaps),
        p_value=plain(np.minimum(1, 2 * np.minimum(less, greater)) + gaps),
        probability_at_least=plain(betaincc(successes + 0.5, failures + 0.5, stated)),
        share=plain(stated),
        n=plain(trials),
        method="exact binomial",
    )


@dataclass(frozen=True)
class IndependenceTest(Shown):
    """A test that two shares are the same.

    Parameters
    ----------
    statistic : float or ndarray
        Chi-square on one degree of freedom; NaN for Fisher's test, which has none.
    p_value : float or ndarray
        Two-sided.
    n : float or ndarray
        Respondents in all.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.independence_test(6, 7, 2, 7)
    >>> round(t.p_value, 4), t.method
    (0.1026, 'fisher')
    """

    statistic: Number
    p_value: Number
    n: Number
    method: str


def independence_test(
    x1: ArrayLike,
    n1: ArrayLike,
    x2: ArrayLike,
    n2: ArrayLike,
    *,
    method: Literal["fisher", "pearson", "yates"] = "fisher",
) -> IndependenceTest:
    """Test whether two independent shares are the same, as a two-by-two table.

    Parameters
    ----------
    x1, n1, x2, n2 : int or array_like of int
        Whole counts; for samples of a few tens, where the normal tests of :func:`difference`
        are strained.
    method : {"fisher", "pearson", "yates"}
        Fisher's exact test (default), Pearson's chi-square without and with Yates's correction.

    Returns
    -------
    IndependenceTest
        `.p_value` and the method it comes from.

    Raises
    ------
    InputError
        If x exceeds n, n is not above 0, or Fisher's test is asked of counts that are not whole.

    Notes
    -----
    Fisher: hypergeometric, two-sided by summing tables no more likely than the observed one
    (SciPy, R). It is conservative; a weighted sample has no exact test. Pearson's chi-square is
    the square of `difference(...).z`. Source: Fisher (1935) JRSS 98:39; Yates (1934) JRSS
    Supplement 1:217.

    Examples
    --------
    >>> round(independence_test(6, 7, 2, 7).p_value, 4)
    0.1026
    """
    x1, n1, x2, n2 = two_groups(x1, n1, x2, n2)
    check_choice("method", method, ("fisher", "pearson", "yates"))
    if method == "fisher":
        p_value = _fisher(x1, n1, x2, n2)
        statistic = np.full(p_value.shape, np.nan)
    else:
        statistic = _chi_square(x1, n1, x2, n2, corrected=method == "yates")
        statistic = statistic + missing(x1, n1, x2, n2)
        p_value = np.asarray(chdtrc(1, statistic))
    return IndependenceTest(plain(statistic), plain(p_value), plain(n1 + n2), method)


def _chi_square(x1: Array, n1: Array, x2: Array, n2: Array, *, corrected: bool) -> Array:
    total = n1 + n2
    cross = np.abs(x1 * (n2 - x2) - x2 * (n1 - x1))
    if corrected:
        cross = np.maximum(cross - total / 2, 0)
    yes, no = x1 + x2, total - x1 - x2
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = total * cross**2 / (n1 * n2 * yes * no)
    return np.where((yes == 0) | (no == 0), 0.0, statistic)


def _fisher(x1: Array, n1: Array, x2: Array, n2: Array) -> Array:
    from scipy.stats import fisher_exact

    def one(a: float, m: float, b: float, k: float) -> float:
        if np.isnan([a, m, b, k]).any():
            return np.nan
        table = np.array([[a, m - a], [b, k - b]])
        if (table != np.rint(table)).any():
            raise refused(
                "Fisher's test needs whole counts",
                f"{a:g} of {m:g} and {b:g} of {k:g}",
                "Pass whole counts, or use difference() for weighted ones.",
            )
        return float(fisher_exact(table.astype(int)).pvalue)

    return np.asarray(np.vectorize(one, otypes=[float])(x1, n1, x2, n2))
