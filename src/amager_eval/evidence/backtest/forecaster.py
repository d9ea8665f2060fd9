"""Who takes part in a back-test: anything that turns a task into draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pandas as pd
import xarray as xr

from amager_eval.data.period import parse_period
from amager_eval.provenance import sampler_versions, sha256_of_code
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.spec.model import ModelSpec, load_model_spec
from amager_eval.trends.crime.effects import first_day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.evidence.backtest.panel import Task
    from amager_eval.trends.fit import Fit, Kind

__all__ = ["FORECAST_CODE", "Forecaster", "OwnModel", "Predicted", "among_all", "at_origin"]


#: What the draws of a model's forecast come out of; scores are kept as long as it stays as it is.
#: A module that is missing here would leave stale scores: the tests follow the imports.
FORECAST_CODE: Final[dict[Kind, tuple[str, ...]]] = {
    "crime": (
        "data.period",
        "trends.by_address",
        "trends.crime.arrays",
        "trends.crime.cost",
        "trends.crime.design",
        "trends.crime.disjoint",
        "trends.crime.effects",
        "trends.crime.fit",
        "trends.crime.forecast",
        "trends.crime.gather",
        "trends.crime.geometry",
        "trends.crime.model",
        "trends.crime.options",
        "trends.crime.own_effects",
        "trends.crime.posterior",
        "trends.crime.prior",
        "trends.crime.walk",
        "trends.by_address",
        "trends.diagnose",
        "trends.drawn",
        "trends.mixing",
        "trends.fit",
        "trends.forecast",
        "trends.independence",
        "trends.prior_draws",
        "trends.prior_families",
        "trends.sample",
    ),
    "safety": (
        "data.period",
        "trends.blocks",
        "trends.by_address",
        "trends.diagnose",
        "trends.drawn",
        "trends.mixing",
        "trends.fit",
        "trends.forecast",
        "trends.independence",
        "trends.linear_normal",
        "trends.prior_families",
        "trends.safety.covariance",
        "trends.safety.design",
        "trends.safety.draws",
        "trends.safety.fit",
        "trends.safety.forecast",
        "trends.safety.likelihood",
        "trends.safety.model",
        "trends.safety.own_effects",
        "trends.safety.point",
        "trends.sample",
    ),
}


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a forecaster returns for a task."""

    #: Predictive draws of what is published (reports; shares 0 to 1), dims `sample, cell` in the
    #: order of `task.targets`; joint where the forecaster knows how cells move together.
    draws: NDArray[np.float64]
    #: Cells where it could not forecast and something simpler stands in, dims `cell`.
    fallback: NDArray[np.bool_] | None = None
    #: Whether the fit passed its gates; None where it has none.
    passed: bool | None = None
    #: Why not, or what else to know.
    problems: str = ""


class Forecaster(Protocol):
    """Turns a task into draws. Must be picklable to run on a cluster.

    `identity` is text that changes whenever the draws could: versions, settings, the digest of a
    spec. Cached scores are kept under it.
    """

    @property
    def name(self) -> str:
        """Name in league tables and file names: letters, digits, underscores."""

    @property
    def identity(self) -> str:
        """Everything its draws depend on but the task."""

    def __call__(self, task: Task) -> Predicted:
        """Forecast every target of the task."""


@dataclass(frozen=True)
class OwnModel:
    """The package's own model as a forecaster.

    Examples
    --------
    >>> OwnModel("crime").name
    'amager_eval'
    """

    #: Which model.
    kind: Kind
    #: Its document; default the one in `models/`.
    spec: str | Path | None = None
    #: Kept draws per chain; default the spec's for a back-test (crime), or its own.
    draws: int | None = None
    #: Number of chains; default the back-test's in the spec (crime), or 4.
    chains: int | None = None
    #: Name in league tables.
    name: str = "amager_eval"

    @property
    def identity(self) -> str:
        """Digests of documents and of the model's code, samplers' versions, draws and chains."""
        spec = load_model_spec(self.spec or f"{self.kind}_trend")
        documents = f"{spec.digest} {load_assumptions().digest}"
        code = f"{sha256_of_code(FORECAST_CODE[self.kind])} {sampler_versions()}"
        return f"{documents} {code} {self.draws} {self.chains} together"

    def __call__(self, task: Task) -> Predicted:
        """Fit on the task's training figures and forecast its targets jointly."""
        spec = at_origin(load_model_spec(self.spec or f"{self.kind}_trend"), task)
        fit = self._fit(task, spec)
        periods = [parse_period(p) for p in task.targets["period"]]
        last = max(periods)
        forecast = fit.forecast(last.year if last.unit == "Y" else str(last))
        variable = forecast.draws["count" if self.kind == "crime" else "published"]
        return Predicted(
            draws=_pick(variable, task),
            passed=fit.diagnostics.passed,
            problems="; ".join(fit.diagnostics.problems),
        )

    def _fit(self, task: Task, spec: ModelSpec) -> Fit:
        if self.kind == "crime":
            return _fit_crime(among_all(task), spec, self.draws, self.chains)
        from amager_eval.trends.safety.fit import fit_safety

        return fit_safety(
            task.training if task.background is None else task.background,
            whole=task.whole if task.background is None else None,
            spec=spec,
            draws=self.draws,
            chains=self.chains or 4,
            seed=task.seed,
        )


def _fit_crime(task: Task, spec: ModelSpec, draws: int | None, chains: int | None) -> Fit:
    """Fit a task's counts: blocks of one origin share what is compiled."""
    from amager_eval.trends.crime.design import crime_design
    from amager_eval.trends.crime.fit import begin_design
    from amager_eval.trends.crime.options import crime_options

    declared = crime_options(spec).backtest
    settings = {"tune": declared.tune, "target_accept": declared.target_accept}
    spec = spec.model_copy(update={"sampling": spec.sampling.model_copy(update=settings)})
    design = crime_design(
        task.training, spec, population=task.population, whole=task.whole, parts=task.parts
    )
    return begin_design(
        design,
        spec,
        draws=draws or declared.draws,
        chains=chains or declared.chains,
        seed=task.seed,
        forecast_only=True,
    )()


def among_all(task: Task) -> Task:
    """Put a block of areas inside all areas of the panel, so that it shares their movements.

    It gets all areas together as its whole, but where it has a whole already or the panel's areas
    never report together.
    """
    if task.whole is not None or task.together is None or task.together.empty:
        return task
    name = "all areas"
    training = pd.concat([task.training, task.together.assign(area=name)], ignore_index=True)
    population = task.population
    if population is not None and task.together_population is not None:
        everyone = task.together_population.assign(area=name)
        population = pd.concat([population, everyone], ignore_index=True)
    return replace(task, training=training, population=population, whole=name)


def at_origin(spec: ModelSpec, task: Task) -> ModelSpec:
    """Take out of a spec what nobody knew at the origin.

    A baseline after the origin moves to the origin's year: the walks are anchored there, and an
    anchor among periods not yet seen would be a forecast. Declared steps dated after the origin's
    last day go. Nothing else of the spec changes.
    """
    key = "baseline_year" if task.kind == "crime" else "baseline"
    origin = parse_period(task.origin)
    latest, after = origin.year, first_day(origin.shift(1))
    options = dict(spec.options)
    if options.get(key, latest) > latest:
        options[key] = latest
    if "steps" in options and task.kind == "crime":
        options["steps"] = [s for s in options["steps"] if s["date"].toordinal() < after]
    return spec if options == spec.options else spec.model_copy(update={"options": options})


def _pick(variable: xr.DataArray, task: Task) -> NDArray[np.float64]:
    """Draws of the targets, dims `sample, cell`."""
    chosen = {}
    for dim in (str(d) for d in variable.dims if d != "sample"):
        labels = task.targets[dim]
        if dim == "period":
            periods = [parse_period(p) for p in labels]
            labels = pd.Series([p.year if p.unit == "Y" else str(p) for p in periods])
        chosen[dim] = xr.DataArray(labels.to_numpy(), dims="cell")
    picked = variable.sel(chosen).transpose("sample", "cell")
    return np.asarray(picked.to_numpy(), dtype=np.float64)
