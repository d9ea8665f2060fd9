"""What a fit and a forecast are: frozen results that import xarray, never PyMC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.conventions import LEVELS
from amager_eval.spec.model import ModelSpec
from amager_eval.trends.store import read_tree, write_tree

if TYPE_CHECKING:
    from amager_eval.trends.diagnose import Diagnostics

__all__ = ["Fit", "Forecast", "Kind", "load_fit"]

Kind = Literal["safety", "crime"]


@dataclass(frozen=True, eq=False)
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
        Digest of the model's spec.

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

    def to_frame(self, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
        """Summarise the draws: median and equal-tailed intervals, one row per cell and quantity.

        Parameters
        ----------
        levels : sequence of float
            Interval levels between 0 and 1.

        Returns
        -------
        DataFrame
            The dims but `sample`, then `quantity, median, low_50, high_50, ...`.
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
        return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, eq=False)
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

    def forecast(self, until: int | str, *, n: float | None = None) -> Forecast:
        """Draw every period from the first observed through `until`, jointly.

        Parameters
        ----------
        until : int or str
            Last period: a wave or year, or `2028K4`, `2028M12`.
        n : float or None
            Respondents of a whole future wave (safety); default as the latest wave.

        Returns
        -------
        Forecast
            Joint draws, with the figures published so far standing where they are known.

        Raises
        ------
        InputError
            `until` lies before the first period, or is no period of this fit's kind.

        Examples
        --------
        >>> import amager_eval as ae
        >>> fit = ae.fit_safety(ae.published())  # doctest: +SKIP
        >>> fit.forecast(2028).to_frame()  # doctest: +SKIP
        """
        module = import_module(f"amager_eval.trends.{self.kind}.forecast")
        forecast: Forecast = module.forecast(self, until, n=n)
        return forecast

    def to_datatree(self) -> xr.DataTree:
        """Give the fit as ArviZ's functions want it, with replications and priors.

        Returns
        -------
        xarray.DataTree
            Groups `posterior` and `sample_stats` as sampled, `observed_data`, `constant_data`,
            `posterior_predictive` (replications, of observed figures too), `log_likelihood`,
            `prior`, `prior_predictive` and `log_prior`, with named dims and coordinates.

        Raises
        ------
        NotImplementedError
            Of a safety fit: its groups are not written yet.

        Examples
        --------
        >>> import amager_eval as ae
        >>> fit = ae.fit_crime(ae.published(), definition="STRAF11")  # doctest: +SKIP
        >>> sorted(fit.to_datatree().children)[:2]  # doctest: +SKIP
        ['constant_data', 'log_likelihood']
        """
        from amager_eval.trends.datatree import arviz_tree

        if self.kind != "crime":
            raise NotImplementedError(f"to_datatree is not written for a {self.kind} fit yet")
        from amager_eval.trends.crime.datatree import arviz_groups

        return arviz_tree(arviz_groups(self), self.spec)

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
        record = {
            "kind": self.kind,
            "seed": self.seed,
            "spec": self.spec.model_dump(mode="json"),
            "spec_digest": self.spec.digest,
            "diagnostics": asdict(self.diagnostics),
        }
        write_tree(self.data, record, Path(path))


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
    spec = ModelSpec.model_validate(record["spec"])
    spec._digest = record["spec_digest"]
    diagnostics = Diagnostics(
        **{**record["diagnostics"], "problems": tuple(record["diagnostics"]["problems"])}
    )
    return Fit(record["kind"], tree, spec, diagnostics, record["seed"])
