"""What a fit is: a frozen result that imports xarray, never PyMC."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.errors import GateError, InputError
from amager_eval.spec.model import spec_of_record
from amager_eval.trends.datatree import arviz_tree, with_sample_numbers
from amager_eval.trends.drawn import Fitted, Kind, came_from
from amager_eval.trends.forecast import Forecast
from amager_eval.trends.store import read_tree, write_tree

if TYPE_CHECKING:
    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["Fit", "Forecast", "Kind", "load_fit"]


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Fitted):
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
            from amager_eval.trends.area.estimate import estimate_area

            estimate = estimate_area(self, beside, agreement, until=int(until), everywhere=True)
            if estimate.problems:
                raise GateError(list(estimate.problems))
            return estimate.forecast
        if self.kind == "safety":
            from amager_eval.trends.safety.forecast import forecast as of_safety

            return of_safety(self, until, n=n)
        from amager_eval.trends.crime.forecast import forecast

        return forecast(self, until, n=n)

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
            f"({self.spec.digest[:12]}{came_from(self.spec.changed_from)}), seed {self.seed}, "
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
