"""What a fit and a forecast are: frozen results that import xarray, never PyMC."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.conventions import LEVELS
from amager_eval.errors import GateError, InputError
from amager_eval.spec.agreement import Agreement, load_agreement
from amager_eval.spec.model import ModelSpec, spec_of_record
from amager_eval.trends.datatree import arviz_tree, with_sample_numbers
from amager_eval.trends.store import read_tree, write_tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from amager_eval.data.input import Input
    from amager_eval.trends.diagnose import Diagnostics
    from amager_eval.trends.questions import Cell

__all__ = ["Fit", "Forecast", "Kind", "load_fit"]

Kind = Literal["safety", "crime"]

#: Rows of a frame that a notebook shows of a forecast.
_SHOWN: Final = 20


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
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

    kind: Kind
    draws: xr.Dataset
    prior_only: xr.Dataset | None
    spec_digest: str
    spec_changed_from: str = ""

    def probability(
        self,
        *,
        at_least: float | str | Mapping[str, Any] | None = None,
        at_most: float | str | Mapping[str, Any] | None = None,
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
            f"{self.spec_digest[:12]}{_came_from(self.spec_changed_from)}"
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


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A fitted model.

    Parameters
    ----------
    kind : {"safety", "crime"}
        Which model.
    data : xarray.DataTree
        Groups `posterior`, `sample_stats`, and `design`: every array and attribute that
        forecasting needs, so that a saved fit forecasts without its input.
    spec : ModelSpec
        The document it was fitted under.
    diagnostics : Diagnostics
        `.passed`, and why not.
    seed : int
        The seed it was sampled with.

    Examples
    --------
    >>> import amager_eval as ae
    >>> fit = ae.fit_safety(ae.published())  # doctest: +SKIP
    >>> fit.diagnostics.passed  # doctest: +SKIP
    True
    """

    kind: Kind
    data: xr.DataTree
    spec: ModelSpec
    diagnostics: Diagnostics
    seed: int

    def forecast(
        self,
        until: int | str,
        *,
        n: float | None = None,
        beside: Input | None = None,
        agreement: Agreement | None = None,
    ) -> Forecast:
        """Draw every period from the first observed through `until`, jointly.

        Parameters
        ----------
        until : int or str
            Last period: a wave or year, or `2028K4`, `2028M12`.
        n : float or None
            Respondents of a whole future wave (safety); default as the latest wave.
        beside : Input or None
            An input whose agreement's own area is put beside the others (safety), as
            :func:`amager_eval.estimate_area` reads it; the coordinate `basis` of `area` says
            `estimate` where nothing newer than the baseline was published of it.
        agreement : Agreement or None
            What that area is made of; default the Amager agreement.

        Returns
        -------
        Forecast
            Joint draws, with the figures published so far standing where they are known.

        Raises
        ------
        InputError
            `until` lies before the first period, or is no period of this fit's kind.
        GateError
            The area beside the others would rest on too few effective draws.

        Examples
        --------
        >>> import amager_eval as ae
        >>> fit = ae.fit_safety(ae.published())  # doctest: +SKIP
        >>> fit.forecast(2028).to_frame()  # doctest: +SKIP
        """
        if beside is not None:
            estimate = import_module("amager_eval.trends.area.estimate").estimate_area(
                self, beside, agreement, until=int(until), everywhere=True
            )
            if estimate.problems:
                raise GateError(list(estimate.problems))
            found: Forecast = estimate.forecast
            return found
        module = import_module(f"amager_eval.trends.{self.kind}.forecast")
        forecast: Forecast = module.forecast(self, until, n=n)
        return forecast

    def __getitem__(self, group: str) -> xr.DataTree:
        """Give a group of :meth:`to_datatree`, as ArviZ's functions ask a tree for it.

        Parameters
        ----------
        group : str
            `posterior`, `sample_stats`, `prior` and so on.

        Returns
        -------
        xarray.DataTree

        Raises
        ------
        KeyError
            There is no such group.

        Examples
        --------
        >>> import amager_eval as ae
        >>> ae.example_fit("crime")["posterior"].sizes["draw"]
        100
        """
        if group not in ("posterior", "sample_stats"):  # the others are computed
            return self._tree.children[group]
        drawn = with_sample_numbers(self.data[group].to_dataset())
        if "alternative" in drawn.dims:  # as to_datatree without a name
            drawn = drawn.sel(alternative="drift", drop=True)
        return self._arviz({group: drawn}).children[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)

    def __contains__(self, group: object) -> bool:
        return group in self._tree

    if not TYPE_CHECKING:  # a misspelt name stays an error to a type checker

        def __getattr__(self, name: str) -> Any:
            """Give a group, or what a tree has beside groups (`children`, `groups`)."""
            if name.startswith("_") or (not hasattr(xr.DataTree, name) and name not in self):
                raise AttributeError(f"a fit has no attribute '{name}'")
            return getattr(self._tree, name)

    @cached_property
    def _tree(self) -> xr.DataTree:
        return self.to_datatree()

    def to_datatree(self, alternative: str | None = None) -> xr.DataTree:
        """Give the fit as ArviZ's functions want it, with replications and priors.

        Parameters
        ----------
        alternative : str or None
            Of a safety fit, which of its models: `driftless`, or by default `drift`.

        Returns
        -------
        xarray.DataTree
            Groups `posterior` and `sample_stats` as sampled, `observed_data`, `constant_data`,
            `posterior_predictive` (replications, of observed figures too), `log_likelihood`,
            `prior`, `prior_predictive` and `log_prior`, with named dims and coordinates.

        Raises
        ------
        InputError
            The fit has no such alternative.

        Examples
        --------
        >>> import amager_eval as ae
        >>> fit = ae.fit_crime(ae.published(), definition="STRAF11")  # doctest: +SKIP
        >>> sorted(fit.to_datatree().children)[:2]  # doctest: +SKIP
        ['constant_data', 'log_likelihood']
        """
        if self.kind == "safety":
            from amager_eval.trends.safety.datatree import arviz_groups as of_safety

            return self._arviz(of_safety(self, alternative or "drift"))
        if alternative is not None:
            raise InputError(f"a {self.kind} fit has no alternatives; found '{alternative}'")
        from amager_eval.trends.crime.datatree import arviz_groups

        return self._arviz(arviz_groups(self))

    def _arviz(self, groups: Mapping[str, xr.Dataset]) -> xr.DataTree:
        # the scales of safety are weighted points of this package's own
        return arviz_tree(
            groups, self.spec, sampler="amager-eval" if self.kind == "safety" else "nutpie"
        )

    def summary(self, **how: Any) -> pd.DataFrame:
        """Summarise the parameters, with what says whether the sampler worked.

        Parameters
        ----------
        **how
            Passed to :func:`arviz_stats.summary`: `var_names`, `ci_prob`, `round_to`. By default
            every quantity without a dim of time, with equal-tailed intervals of 95 %.

        Returns
        -------
        DataFrame
            A row a parameter: `mean, sd, eti95_lb, eti95_ub, ess_bulk, ess_tail, r_hat, ...`.

        Examples
        --------
        >>> import amager_eval as ae
        >>> "r_hat" in ae.example_fit("crime").summary(var_names="innovation")
        True
        """
        import arviz as az

        posterior = with_sample_numbers(self.data["posterior"].to_dataset())
        still = [n for n, v in posterior.data_vars.items() if not {"period", "year"} & {*v.dims}]
        how = {"var_names": still, "ci_prob": 0.95, "ci_kind": "eti", "round_to": "none"} | how
        tree = xr.DataTree.from_dict({"posterior": posterior})
        with np.errstate(invalid="ignore", divide="ignore"):  # a constant has no R-hat
            return pd.DataFrame(az.summary(tree, **how))

    def __repr__(self) -> str:
        d, sizes = self.diagnostics, self.data["posterior"].sizes
        passed = "passed its gates" if d.passed else f"failed: {'; '.join(d.problems)}"
        ebfmi = "" if d.min_ebfmi is None else f", E-BFMI {d.min_ebfmi:.2f}"
        left_out = str(self.data["design"].attrs.get("left_out", ""))
        note = str(self.data.attrs.get("example", ""))
        if left_out:
            note = f"Not modelled, being areas of another kind: {left_out}. {note}".strip()
        return (
            f"Fit of {self.kind} under {self.spec.name} {self.spec.version} "
            f"({self.spec.digest[:12]}{_came_from(self.spec.changed_from)}), seed {self.seed}, "
            f"{sizes['chain']} chains of {sizes['draw']} draws: {passed}. Divergences "
            f"{d.divergences}, R-hat {d.max_rhat:.3f}, ESS {d.min_ess:.0f}{ebfmi}."
            f"{' ' + note if note else ''}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(repr(self))}</p>"

    def save(self, path: str | Path) -> None:
        """Write the fit to one NetCDF file; :func:`load_fit` reads it back.

        Parameters
        ----------
        path : str or Path
            The file; its folder must exist. An older file is replaced when the new is complete.

        Examples
        --------
        >>> import amager_eval as ae
        >>> fit = ae.fit_safety(ae.published())  # doctest: +SKIP
        >>> fit.save("safety.nc")  # doctest: +SKIP
        """
        write_tree(self.data, self.record(), Path(path))

    def record(self) -> dict[str, object]:
        """Give what a file keeps beside the draws: kind, seed, spec with its digests, diagnostics.

        Returns
        -------
        dict of str to object
            Plain values.

        Examples
        --------
        >>> import amager_eval as ae
        >>> ae.example_fit("crime").record()["kind"]
        'crime'
        """
        return {
            "kind": self.kind,
            "seed": self.seed,
            **self.spec.record(),
            "diagnostics": asdict(self.diagnostics),
        }


# ArviZ converts by class: a fit is read as the tree it gives
xr.DataTree.register(Fit)


def _came_from(digest: str) -> str:
    return f", changed from {digest[:12]}" if digest else ""


def load_fit(path: str | Path) -> Fit:
    """Read a fit that :meth:`Fit.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Fit
        Forecasts exactly as the one that was saved.

    Raises
    ------
    InputError
        The file does not exist or was not written by this package.

    Examples
    --------
    >>> load_fit("safety.nc").forecast(2028)  # doctest: +SKIP
    """
    from amager_eval.trends.diagnose import Diagnostics  # with ArviZ, which draws need not

    tree, record = read_tree(Path(path))
    for group in ("posterior", "sample_stats"):  # files of earlier versions numbered no draws
        if group in tree.children and not {"chain", "draw"} <= set(tree[group].coords):
            tree[group] = xr.DataTree(with_sample_numbers(tree[group].to_dataset()))
    spec = spec_of_record(record)
    diagnostics = Diagnostics(
        **{**record["diagnostics"], "problems": tuple(record["diagnostics"]["problems"])}
    )
    return Fit(record["kind"], tree, spec, diagnostics, record["seed"])
