"""A share against a stated value, exactly: small numbers, a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincc

from amager_eval.indicators.arguments import (
    Number,
    broadcast,
    check_successes,
    missing,
    plain,
    real,
)
from amager_eval.indicators.estimate import frame_of

__all__ = ["ExactShareTest", "exact_share_test"]


@dataclass(frozen=True)
class ExactShareTest:
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

    def to_frame(self) -> pd.DataFrame:
        """Return one row per element with the columns of this record."""
        return frame_of(self)


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
