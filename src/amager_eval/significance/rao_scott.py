"""Are answer and group independent in weighted microdata? Rao and Scott's chi-square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from amager_eval.errors import Fault, InputError
from amager_eval.indicators.arguments import Array
from amager_eval.indicators.estimate import frame_of
from amager_eval.significance.taylor import sample_of

__all__ = ["RaoScottTest", "rao_scott_test"]


@dataclass(frozen=True)
class RaoScottTest:
    """Second-order Rao-Scott test of independence.

    Parameters
    ----------
    f, df1, df2 : float
        Statistic and its degrees of freedom.
    p_value : float
        Upper tail of the F distribution.
    chi_square : float
        Pearson's chi-square of the weighted table, scaled to the number of respondents.
    n : int
        Respondents.
    method : str
        Name of the test.

    Examples
    --------
    >>> from amager_eval import significance as sg
    >>> t = sg.rao_scott_test([1, 1, 0, 1, 0, 1, 0, 0], list("aaaabbbb"), [1, 2, 1, 2, 1, 1, 2, 1])
    >>> round(t.f, 3), round(t.p_value, 3)
    (3.458, 0.105)
    """

    f: float
    df1: float
    df2: float
    p_value: float
    chi_square: float
    n: int
    method: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with the columns of this record."""
        return frame_of(self)


def rao_scott_test(
    answers: ArrayLike, groups: ArrayLike, weights: ArrayLike, *, strata: ArrayLike | None = None
) -> RaoScottTest:
    """Test whether answers and groups are independent, allowing for the sampling design.

    Parameters
    ----------
    answers, groups : array_like, dims respondent
        Answer and group of each respondent, any labels; two or more of each.
    weights : array_like, dims respondent
        Weights above 0.
    strata : array_like or None, dims respondent
        Strata the sample was drawn in.

    Returns
    -------
    RaoScottTest
        `.f .p_value` and their degrees of freedom.

    Raises
    ------
    InputError
        If an answer or group is missing, or there is only one of them.

    Notes
    -----
    Pearson's chi-square divided by the mean of the generalised design effects, against F with
    Satterthwaite's degrees of freedom. Source: Rao & Scott (1984) Annals of Statistics 12:46;
    R's ``survey::svychisq``.

    Examples
    --------
    >>> t = rao_scott_test([1, 1, 0, 1, 0, 1, 0, 0], list("aaaabbbb"), [1, 2, 1, 2, 1, 1, 2, 1])
    >>> round(t.f, 3), round(t.p_value, 3)
    (3.458, 0.105)
    """
    rows, row_labels = pd.factorize(np.asarray(answers))
    columns, column_labels = pd.factorize(np.asarray(groups))
    sample = sample_of(np.zeros(len(rows)), weights, strata)
    if len(columns) != len(rows) or min(rows.min(), columns.min()) < 0:
        raise InputError("answers and groups must be given for every respondent; leave others out")
    if min(len(row_labels), len(column_labels)) < 2:
        raise InputError(
            Fault(
                "there must be two or more answers and groups",
                found=f"{len(row_labels)} answers, {len(column_labels)} groups",
                remedy="Pass microdata in which both vary.",
            )
        )
    n, shape = len(rows), (len(row_labels), len(column_labels))
    cell = np.ravel_multi_index((rows, columns), shape)
    indicators = np.eye(shape[0] * shape[1])[cell]
    share = sample.weights / sample.weights.sum()
    cells = share @ indicators
    influences = share[:, None] * (indicators - cells)
    covariance = sample.covariance(*influences.T)
    table = cells.reshape(shape)
    expected = np.outer(table.sum(1), table.sum(0))
    chi_square = float(n * ((table - expected) ** 2 / expected).sum())
    effects = _generalised_effects(cells, covariance, shape, n)
    trace = float(np.trace(effects))
    df1 = trace**2 / float(np.trace(effects @ effects))
    df2 = df1 * sample.degrees_of_freedom(np.ones(n, dtype=bool))
    f = chi_square / trace
    return RaoScottTest(f, df1, df2, float(fdtrc(df1, df2, f)), chi_square, n, "rao-scott")


def _generalised_effects(cells: Array, covariance: Array, shape: tuple[int, int], n: int) -> Array:
    """Design-effect matrix of the interaction contrasts."""
    row = np.repeat(np.eye(shape[0]), shape[1], axis=0)
    column = np.tile(np.eye(shape[1]), (shape[0], 1))
    main = np.column_stack([row, column[:, 1:]])
    interaction = np.column_stack(
        [row[:, [i]] * column[:, [j]] for i in range(1, shape[0]) for j in range(1, shape[1])]
    )
    fitted, *_ = np.linalg.lstsq(main, interaction)
    contrasts = interaction - main @ fitted
    inverse = np.divide(1.0, cells, out=np.zeros_like(cells), where=cells > 0)
    scaled = contrasts * inverse[:, None]
    return np.asarray(np.linalg.solve(scaled.T @ contrasts / n, scaled.T @ covariance @ scaled))
