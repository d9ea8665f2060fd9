"""Did the district change more than the rest? A difference in change on the logit scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from amager_eval.conventions import LEVEL
from amager_eval.indicators.arguments import Array, broadcast, check_level, check_successes, real
from amager_eval.significance.contrast import Contrast, normal_contrast

__all__ = ["difference_in_change"]


def difference_in_change(
    x_before: ArrayLike,
    n_before: ArrayLike,
    x_after: ArrayLike,
    n_after: ArrayLike,
    x_rest_before: ArrayLike,
    n_rest_before: ArrayLike,
    x_rest_after: ArrayLike,
    n_rest_after: ArrayLike,
    *,
    deff: ArrayLike = 1.0,
    level: float = LEVEL,
) -> Contrast:
    """Compare the change of an area with the change of the rest, as a contrast of four logits.

    Parameters
    ----------
    x_before, n_before, x_after, n_after : float or array_like
        The area: respondents who gave the answer, and respondents, before and after.
    x_rest_before, n_rest_before, x_rest_after, n_rest_after : float or array_like
        The rest, without the area's respondents: four independent samples.
    deff : float or array_like
        Design effect of all four.
    level : float
        Confidence level, two-sided and equal-tailed.

    Returns
    -------
    Contrast
        Log of the ratio of odds ratios; positive where the area rose more. `exp` of it is by
        what factor the odds of the answer moved more in the area.

    Raises
    ------
    InputError
        If an argument cannot be; it names the argument and the value.

    Notes
    -----
    [logit p_after - logit p_before] minus the same in the rest; variance
    sum of deff / (n p (1 - p)). On the logit scale a city-wide shift that moves 60 and 90 per
    cent alike in odds is no difference, although it moves 60 by more points. Where any of the
    four shares is 0 or 1, half a success and half a failure are added to all four (Haldane 1956,
    Anscombe 1956). It describes; it does not say why.
    Source: Woolf (1955) Annals of Human Genetics 19:251, the variance of a log odds ratio.

    Examples
    --------
    >>> c = difference_in_change(252, 300, 261, 300, 3168, 3600, 3168, 3600)
    >>> round(c.estimate, 3), round(c.z, 2)
    (0.243, 0.99)
    """
    given = {
        "before": (x_before, n_before),
        "after": (x_after, n_after),
        "rest_before": (x_rest_before, n_rest_before),
        "rest_after": (x_rest_after, n_rest_after),
    }
    effect = real("deff", deff, above=0)
    level = check_level(level)
    cells: dict[str, tuple[Array, Array]] = {
        name: check_successes(f"x_{name}", x, f"n_{name}", n) for name, (x, n) in given.items()
    }
    named = {f"x_{name}": x for name, (x, _) in cells.items()}
    named |= {f"n_{name}": n for name, (_, n) in cells.items()}
    broadcast(named | {"deff": effect})
    at_edge = np.asarray(False)
    for x, n in cells.values():
        at_edge = at_edge | (x == 0) | (x == n)
    extra = np.where(at_edge, 0.5, 0.0)
    estimate = np.zeros(())
    variance = np.zeros(())
    for (x, n), sign in zip(cells.values(), (-1, 1, 1, -1), strict=True):
        yes, no = x / effect + extra, (n - x) / effect + extra
        estimate = estimate + sign * (np.log(yes) - np.log(no))
        variance = variance + 1 / yes + 1 / no
    respondents = sum((n for _, n in cells.values()), start=np.zeros(()))
    method = "logit contrast of four shares, normal"
    return normal_contrast(
        estimate, np.sqrt(variance), respondents, level, method, unit="log ratio of odds ratios"
    )
