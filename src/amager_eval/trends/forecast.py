"""What a forecast is: frozen joint draws and what they answer; imports xarray, never PyMC."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.conventions import LEVELS
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.trends.drawn import Drawn, came_from

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.trends.questions import Cell

__all__ = ["Forecast"]

#: Rows of a frame that a notebook shows of a forecast.
_SHOWN: Final = 20


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(Drawn):
    """Joint draws of every area, type or question and period, observed and future.

    Parameters
    ----------
    kind : {"safety", "crime"}
        Which model made it.
    draws : xarray.Dataset
        Safety: `true`, `published` (shares 0 to 1), dims `sample, area, setting, response,
        period`. Crime: `rate` (per 1,000 per period), `count`, dims `sample, area, crime_type,
        period`. Coordinate `observed` (bool over cells) marks what has a published figure.
    prior_only : xarray.Dataset or None
        The same from the baseline period's data alone with every other parameter from its
        prior: what one would have said without the series.
    spec_digest : str
        Digest of the model's spec, of its content.
    spec_changed_from : str
        Digest of the spec that one is a changed copy of; empty where it is none.

    Examples
    --------
    >>> draws = xr.Dataset(
    ...     {"count": (("sample", "period"), [[3.0, 4.0], [5.0, 8.0]])},
    ...     coords={"period": ["2027", "2028"]},
    ... )
    >>> Forecast("crime", draws, None, "0" * 64).to_frame(levels=(0.8,))["median"].tolist()
    [4.0, 6.0]
    """

    def probability(
        self,
        *,
        at_least: float | str | Mapping[str, str | int] | None = None,
        at_most: float | str | Mapping[str, str | int] | None = None,
        by: Cell = None,
        area: Cell = None,
        setting: Cell = None,
        response: Cell = None,
        crime_type: Cell = None,
        quantity: str | None = None,
        joint: bool | str | Sequence[str] = False,
        prior: bool = False,
    ) -> xr.DataArray:
        """How probable it is that something is reached, or not exceeded.

        Parameters
        ----------
        at_least, at_most : float, str, mapping or None
            A number in the quantity's unit; the name of an area, which stands for its draw in the
            same setting, answer, type and period; or what else names another cell, such as
            `{"period": 2024}` or `{"area": "København", "period": 2024}`. Both: between.
        by : int, str, sequence of them or None
            The period it is about; several are asked one by one. Of quarters and months a year is
            their sum. None is the last of the forecast.
        area, setting, response, crime_type : str, sequence of str or None
            Which; None is all.
        quantity : str or None
            Variable of :attr:`draws`; None is the true share (`true`), or the rate (`rate`).
        joint : bool, str or sequence of str
            Dims over which it must hold everywhere at once; True is all of them.
        prior : bool
            What one would have said without the series.

        Returns
        -------
        DataArray
            Probabilities; a dim for each of which several were asked, none where one was. The
            attributes name the quantity and the number of draws: a probability p of n draws has
            a Monte-Carlo error of about sqrt(p (1 - p) / n).

        Raises
        ------
        InputError
            A name or a period the forecast does not have, with those it has.

        Examples
        --------
        >>> draws = xr.Dataset(
        ...     {"rate": (("sample", "area", "period"), [[[3.0, 4], [2, 5]], [[5.0, 8], [6, 7]]])},
        ...     coords={"area": ["Nord", "Byen"], "period": [2027, 2028]},
        ... )
        >>> forecast = Forecast("crime", draws, None, "0" * 64)
        >>> float(forecast.probability(at_most="Byen", by=2028, area="Nord"))
        0.5
        >>> forecast.probability(at_least={"period": 2027}, by=2028).values.tolist()
        [1.0, 1.0]
        """
        from amager_eval.trends.questions import probability

        cells = self._cells(area, setting, response, crime_type)
        return probability(
            self, at_least=at_least, at_most=at_most, by=by, quantity=quantity, joint=joint,
            prior=prior, cells=cells,
        )  # fmt: skip

    def level(
        self,
        probability: float,
        *,
        at_most: bool = False,
        by: Cell = None,
        area: Cell = None,
        setting: Cell = None,
        response: Cell = None,
        crime_type: Cell = None,
        quantity: str | None = None,
        joint: bool | str | Sequence[str] = False,
        prior: bool = False,
    ) -> xr.DataArray:
        """Which level is reached with a probability: the inverse of :meth:`probability`.

        Parameters
        ----------
        probability : float
            Between 0 and 1.
        at_most : bool
            Whether the level is one not exceeded with that probability, instead of one reached.
        by : int, str, sequence of them or None
            As of :meth:`probability`.
        area, setting, response, crime_type : str, sequence of str or None
            As of :meth:`probability`.
        quantity : str or None
            As of :meth:`probability`.
        joint : bool, str or sequence of str
            Dims over which all reach it (or none exceeds it) at once.
        prior : bool
            As of :meth:`probability`.

        Returns
        -------
        DataArray
            The highest (`at_most`: lowest) of the draws for which the probability is at least the
            one asked for; in the quantity's unit.

        Raises
        ------
        InputError
            As of :meth:`probability`.

        Examples
        --------
        >>> draws = xr.Dataset(
        ...     {"true": (("sample", "area", "period"), np.linspace(0.5, 0.9, 5)[:, None, None])},
        ...     coords={"area": ["Nord"], "period": [2028]},
        ... )
        >>> forecast = Forecast("safety", draws, None, "0" * 64)
        >>> round(float(forecast.level(0.8, by=2028, area="Nord")), 2)
        0.6
        >>> round(float(forecast.level(0.8, at_most=True, area="Nord")), 2)
        0.8
        """
        from amager_eval.trends.questions import level

        cells = self._cells(area, setting, response, crime_type)
        return level(
            self, probability, at_most=at_most, by=by, quantity=quantity, joint=joint, prior=prior,
            cells=cells,
        )  # fmt: skip

    def _cells(
        self, area: Cell, setting: Cell, response: Cell, crime_type: Cell
    ) -> dict[str, Cell]:
        of_kind: dict[str, Cell] = {"setting": setting, "response": response}
        if self.kind == "crime":
            of_kind = {"crime_type": crime_type}
        misplaced = {"setting": setting, "response": response, "crime_type": crime_type}
        named = {d: v for d, v in misplaced.items() if v is not None}
        return {"area": area, **of_kind, **named}

    def summary(self, by: int | str | None = None, *, quantity: str | None = None) -> pd.DataFrame:
        """Say what is expected in one period: a row a cell.

        Parameters
        ----------
        by : int, str or None
            The period; None is the last.
        quantity : str or None
            As of :meth:`probability`.

        Returns
        -------
        DataFrame
            The dims but `sample` and `period`, then `median, low_50, high_50, ... high_95`;
            equal-tailed intervals; and `basis` as of :meth:`to_frame`.

        Raises
        ------
        InputError
            As of :meth:`probability`.

        Examples
        --------
        >>> import amager_eval as ae
        >>> ae.example_fit("crime").forecast("2028K4").summary(2028)["area"].unique().tolist()
        ['København']
        """
        from amager_eval.trends.questions import select

        cells = self._cells(None, None, None, None)
        chosen = select(self, by=by, quantity=quantity, prior=False, cells=cells)
        one = Forecast(self.kind, chosen.to_dataset(name=str(chosen.name)), None, self.spec_digest)
        return self._with_basis(one.to_frame().drop(columns="quantity"))

    def targets(
        self,
        agreement: Agreement | str | Path | None = None,
        *,
        area: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """List every target an agreement sets each area, as a level and with its probability.

        Parameters
        ----------
        agreement : Agreement, str, Path or None
            The agreement or its document; None is the bundled one.
        area : str, sequence of str or None
            Which; None is all but the whole.

        Returns
        -------
        DataFrame
            A row for each area, goal, declared reading and setting (or crime type): `area, goal,
            reading, primary, setting, response | crime_type, form, definition, by, target,
            expected, probability, prior_probability`. `target` is the median of the true share (or
            yearly reports, or their rate per 1,000) that is asked for, NaN where a course is asked
            for and no level; `expected` that of the area itself then. Of crime, `definition` is the
            forecast's: only the agreement's own makes it the goal. And `basis` as of
            :meth:`to_frame`.

        Raises
        ------
        InputError
            The forecast ends before the agreement's target, or has none of what it names.

        Examples
        --------
        >>> import amager_eval as ae
        >>> table = ae.example_fit("crime").forecast("2028K4").targets()
        >>> table.loc[table["primary"], "crime_type"].tolist()
        ['total', 'indbrud', 'tyveri/røveri', 'vold/våben']
        """
        if not isinstance(agreement, Agreement):
            agreement = load_agreement(*([] if agreement is None else [agreement]))
        # a floor above: looked up when one is asked for, imported by nothing here
        asked = [area] if isinstance(area, str) else area
        module = import_module("amager_eval.goals.targets")
        return self._with_basis(module.targets_of(self, agreement, areas=asked))

    def plot(self, area: str | None = None, **cell: Any) -> Axes:
        """Draw the course of one cell with bands of 50, 80 and 95 %.

        Parameters
        ----------
        area : str or None
            Which; needed where there are several.
        **cell
            `setting` and `response`, or `crime_type`; `quantity`; `ax`, axes to draw on; `targets`,
            a table of :meth:`targets`, whose levels for this cell are drawn. What is left out is
            the first there is.

        Returns
        -------
        matplotlib.axes.Axes
            The course, a figure of its own unless `ax` was given.

        Raises
        ------
        InputError
            A name the forecast does not have.

        Examples
        --------
        >>> import amager_eval as ae
        >>> forecast = ae.example_fit("crime").forecast("2028K4")
        >>> forecast.plot("København", crime_type="indbrud").get_ylabel()
        'reports per 1,000 inhabitants per quarter'
        """
        # a view stands floors above: looked up when one is asked for, imported by nothing here
        drawn: Axes = import_module("amager_eval.figures.course").plot_course(
            self, area=area, **cell
        )
        return drawn

    def to_datatree(self) -> xr.DataTree:
        """Give the draws as ArviZ's functions want them.

        Returns
        -------
        xarray.DataTree
            `posterior_predictive`: :attr:`draws` with dims `chain` (one), `draw` and the cells';
            `prior_predictive` likewise where there is one; `constant_data`: `observed`, True where
            a draw is a published figure repeated and nothing to check a model against
            (:meth:`Fit.to_datatree` holds true replications).

        Examples
        --------
        >>> import amager_eval as ae
        >>> tree = ae.example_fit("crime").forecast("2028K4").to_datatree()
        >>> bool(tree["constant_data"]["observed"].sel(period="2028K4").any())
        False
        """
        from amager_eval.trends.datatree import forecast_tree

        return forecast_tree(self)

    def __repr__(self) -> str:
        last = self.draws["period"].values[-1]
        return (
            f"Forecast of {self.kind} to {last}: {self.draws.sizes['sample']:,} joint draws; spec "
            f"{self.spec_digest[:12]}{came_from(self.spec_changed_from)}"
        )

    def _repr_html_(self) -> str:
        head = (
            f"<p>{html.escape(repr(self))}. Expected in the last period, medians and equal-tailed "
            "intervals; the draws of published figures are these figures.</p>"
        )
        table = (
            self.summary().head(_SHOWN).to_html(index=False, border=0, float_format="{:.3g}".format)
        )
        return head + str(table)

    def to_frame(self, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """Summarise the draws: median and equal-tailed intervals, one row per cell and quantity.

        Parameters
        ----------
        levels : sequence of float
            Interval levels between 0 and 1.

        Returns
        -------
        DataFrame
            The dims but `sample`, then `quantity, median, low_50, high_50, ...`; and `basis` where
            an area may be estimated (:meth:`Fit.forecast`).
        """
        probabilities = [0.5, *(p for level in levels for p in ((1 - level) / 2, (1 + level) / 2))]
        labels = ["median"]
        labels += [f"{side}_{100 * level:g}" for level in levels for side in ("low", "high")]
        frames = []
        for name in self.draws.data_vars:
            if "sample" not in self.draws[name].dims:
                continue
            quantiles = self.draws[name].quantile(probabilities, dim="sample")
            dims = [str(d) for d in quantiles.dims if d != "quantile"]
            stacked = quantiles.transpose("quantile", *dims)
            index = pd.MultiIndex.from_product([stacked[d].values for d in dims], names=dims)
            frame = pd.DataFrame(
                np.asarray(stacked).reshape(len(labels), -1).T, index=index, columns=labels
            ).reset_index()
            frame.insert(len(dims), "quantity", str(name))
            frames.append(frame)
        return self._with_basis(pd.concat(frames, ignore_index=True))

    def _with_basis(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Say in every row what is an estimate: it is no measurement."""
        if "basis" in self.draws.coords:
            known = zip(self.draws["area"].values, self.draws["basis"].values, strict=True)
            frame["basis"] = frame["area"].map(dict(known))
        return frame
