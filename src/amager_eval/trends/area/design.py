"""Published figures of an area, its earlier versions and its siblings, as readings of blocks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from amager_eval.conventions import COMPARATORS, RESPONSES
from amager_eval.data.tables.cross_rows import OUTSIDE
from amager_eval.spec.nested import Block, Mixture, Nested
from amager_eval.spec.synonyms import folded
from amager_eval.trends.safety.covariance import ANSWERS
from amager_eval.trends.safety.design import digits_shown, rounding_region

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from amager_eval.spec.agreement import Agreement

    type Floats = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = [
    "AreaFigures",
    "area_figures",
    "delivered_shares",
    "nested_of",
    "unmeasured_blocks",
]


@dataclass(frozen=True, eq=False)
class AreaFigures:
    """Figures in order of their cell: an area, a question and a wave; two answers of it at most.

    Parameters
    ----------
    area, of : tuple of str
        Each figure's published area, and the block or mixture it is.
    setting, year, cell, sample : ndarray of int
        Indices, (figure,); a sample is an area's respondents in a wave.
    answer : ndarray
        Constant and coefficients of the safe and unsafe share, (figure, 3).
    value, low, high : ndarray
        Published share and its rounding interval, 0 to 1; the value of a bound is NaN.
    rounding : ndarray
        Variance of the rounding.
    n, deff : ndarray
        Respondents and design effect of each sample, (sample,); NaN where not published.
    """

    area: tuple[str, ...]
    of: tuple[str, ...]
    setting: Integers
    year: Integers
    cell: Integers
    sample: Integers
    answer: Floats
    value: Floats
    low: Floats
    high: Floats
    rounding: Floats
    n: Floats
    deff: Floats

    def __len__(self) -> int:
        """How many figures there are."""
        return len(self.area)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which are figures; the rest are bounds."""
        return np.isfinite(self.value)

    def none(self) -> AreaFigures:
        """Leave all out."""
        empty = {k: getattr(self, k)[:0] for k in self.__dataclass_fields__}
        return AreaFigures(**empty)


def nested_of(agreement: Agreement) -> Nested:
    """Say what an agreement's area is made of: as declared, else a block in each of its districts.

    Where no district is named, or more than two, the area is one block beside the whole.
    """
    if agreement.nested is not None:
        return agreement.nested
    districts = agreement.areas.evaluated.districts
    names = agreement.areas.evaluated.names
    if len(districts) != 2:
        district = districts[0] if len(districts) == 1 else ""
        block: tuple[Block, ...] = (Block(id="area", district=district),)
        mixture: tuple[Mixture, ...] = ()
    else:
        block = tuple(Block(id=f"in {d}", district=d) for d in districts)
        first, second = (b.id for b in block)
        mixture = (Mixture(id="area", first=first, second=second, share="halves"),)
    published = ({"area": names, "of": "area"},)
    return Nested.model_validate(
        {"area": "area", "block": block, "mixture": mixture, "published": published}
    )


def unmeasured_blocks(nested: Nested, measured: Collection[str]) -> list[str]:
    """Name the area's blocks that lie in nothing a figure was published of.

    Parameters
    ----------
    nested : Nested
        What the area is made of.
    measured : collection of str
        Blocks and mixtures with a published figure.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from amager_eval.spec.agreement import load_agreement
    >>> unmeasured_blocks(nested_of(load_agreement()), ["area_2021"])
    ['added_2025']
    """
    seen = {piece for name in measured for piece in nested.pieces(name)}
    own = nested.pieces() - seen
    return [b.id for b in nested.block if b.id in own]


def area_figures(
    frame: pd.DataFrame | None,
    nested: Nested,
    *,
    settings: list[str],
    years: Any,
    leave_out: Collection[Any] = (),
) -> AreaFigures:
    """List what was published of the blocks and mixtures.

    Parameters
    ----------
    frame : DataFrame or None
        Checked safety frame.
    nested : Nested
        Which published area is which.
    settings : list of str
        Questions, in the order of the draws.
    years : ndarray of int
        Years of the draws; figures of others are left out.
    leave_out : collection
        Index labels of rows that do not count.

    Returns
    -------
    AreaFigures
    """
    of = {name: p.of for p in nested.published for name in p.area}
    cells: dict[tuple[str, str, int], dict[str, Any]] = {}
    if frame is not None and len(frame):
        shown = frame["percent"].notna() | frame["count"].notna()
        rows = frame[shown & frame["area"].isin(of) & ~frame.index.isin(list(leave_out))]
        rows = rows[rows["setting"].isin(settings) & rows["wave"].astype(int).isin(years)]
        digits = digits_shown(rows)
        for row, decimals in zip(rows.to_dict("records"), digits, strict=True):
            key = (str(row["area"]), str(row["setting"]), int(row["wave"]))
            cells.setdefault(key, {})[str(row["response"])] = row | {"digits": decimals}
    made: list[tuple[Any, ...]] = []
    samples: dict[tuple[str, int], list[float]] = {}
    for c, ((area, setting, wave), answers) in enumerate(cells.items()):
        there = [r for r in ("safe", "unsafe", "neither") if r in answers]
        for response in there[:2]:
            row, n = answers[response], float(answers[response]["n"])
            counted = n > 0 and row["count"] == row["count"]
            value = float(row["count"]) / n if counted else float(row["percent"]) / 100
            sign = row["comparator"] if row["comparator"] in COMPARATORS else "="
            low, high = rounding_region(
                value, decimals=row["digits"], comparator=sign, n=n if counted else None
            )
            width = 0.0 if counted else 10.0 ** -row["digits"] / 100
            sizes = samples.setdefault((area, wave), [np.nan, np.nan])
            for i, found in enumerate((n, float(row["deff"]))):
                sizes[i] = sizes[i] if sizes[i] == sizes[i] else found
            made.append((area, setting, wave, c, RESPONSES.index(response),
                         value if sign == "=" else np.nan, low, high, width**2 / 12))  # fmt: skip
    return AreaFigures(
        area=tuple(m[0] for m in made),
        of=tuple(of[m[0]] for m in made),
        setting=np.array([settings.index(m[1]) for m in made], dtype=int),
        year=np.array([m[2] - int(years[0]) for m in made], dtype=int),
        cell=np.array([m[3] for m in made], dtype=int),
        sample=np.array([list(samples).index((m[0], m[2])) for m in made], dtype=int),
        answer=np.array([ANSWERS[RESPONSES[m[4]]] for m in made]).reshape(-1, 3),
        value=np.array([m[5] for m in made], dtype=float),
        low=np.array([m[6] for m in made], dtype=float),
        high=np.array([m[7] for m in made], dtype=float),
        rounding=np.array([m[8] for m in made], dtype=float),
        n=np.array([n for n, _ in samples.values()], dtype=float),
        deff=np.array([deff for _, deff in samples.values()], dtype=float),
    )


def delivered_shares(residents: pd.DataFrame | None, nested: Nested) -> dict[str, float]:
    """Take the parts' shares of the residents from a delivery, where one says them.

    Parameters
    ----------
    residents : DataFrame or None
        `area_half, department, residents`; what lives outside the departments says so.
    nested : Nested
        Which delivery says which share.

    Returns
    -------
    dict of str to float
        Mixture to the first's part of it; those that nothing was delivered for are left out.
    """
    if residents is None or residents.empty:
        return {}
    half = residents["area_half"].astype(str).map(folded)
    people = residents["residents"].astype(float)
    outside = residents["department"].astype(str).str.contains(OUTSIDE)
    found: dict[str, float] = {}
    for mixture in nested.mixture:
        if mixture.residents is None:
            continue
        here = half == folded(mixture.residents.half)
        of = people[here].sum()
        whole = people.sum() if mixture.residents.of == "area" else of
        first = of if mixture.residents.of == "area" else people[here & ~outside].sum()
        # one half alone says nothing of how large it is beside the other
        told = whole > of or mixture.residents.of == "half"
        if of > 0 and told:
            found[mixture.id] = float(first / whole)
    return found
