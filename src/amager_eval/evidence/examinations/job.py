"""What an examination is told, and what it finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from amager_eval.data.published import published
from amager_eval.trends.crime.fit import fit_crime
from amager_eval.trends.safety.fit import fit_safety

if TYPE_CHECKING:
    from amager_eval.spec.model import ModelSpec
    from amager_eval.trends.fit import Fit

__all__ = ["Examination", "Found", "Job", "beside_districts", "of_bundled", "of_fit", "timed"]

#: Of the fits of simulated data: draws per chain, chains; None as a fit that is published.
SMALL: Final = {"safety": (None, 4), "crime": (1000, 2)}

#: Called with the examination, what is done and what there is in all.
type Progress = Callable[[str, int, int], None]
#: From a job to tables by the name they are kept under.
type Examination = Callable[[Job], Mapping[str, Found]]


@dataclass(frozen=True)
class Job:
    """One model to examine."""

    #: Which; `area` is the estimate of an area that was not measured.
    kind: str
    #: Its document; of `area` the safety model's, whose districts it rests on.
    spec: ModelSpec
    #: Simulated data sets that are fitted.
    fits: int
    #: Per chain of fits of the bundled figures; default the spec's.
    draws: int | None
    #: Where finished fits of simulated data are kept; a stopped run continues.
    cache: Path
    #: Called now and then.
    progress: Progress | None = None

    @property
    def small(self) -> tuple[int, int]:
        """Draws per chain, and chains, of the fits of simulated data."""
        draws, chains = SMALL[self.kind]
        return draws or self.spec.sampling.draws, chains

    def kept(self, name: str) -> Path:
        """Folder of the finished fits of simulated data of this size."""
        draws, chains = self.small
        return self.cache / f"{name}-{chains}x{draws}"

    @cached_property
    def bundled(self) -> tuple[Fit, float]:
        """The fit of the bundled figures, once a run, and the seconds it took."""
        if self.kind == "crime":
            return timed(
                fit_crime, published(), spec=self.spec, draws=self.draws, seed=1,
                definition="STRAF11", progress=self.told("bundled"),
            )  # fmt: skip
        return timed(
            fit_safety, published(), spec=self.spec, draws=self.draws, seed=1,
            progress=self.told("bundled"),
        )  # fmt: skip

    def told(self, name: str) -> Callable[[int, int], None] | None:
        """Progress of one examination."""
        if self.progress is None:
            return None
        progress = self.progress
        return lambda done, total: progress(name, done, total)


@dataclass(frozen=True)
class Found:
    """A table and the numbers beside it."""

    table: pd.DataFrame
    settings: Mapping[str, object] = field(default_factory=dict)
    #: What it took; None: as long as the examination. Where fits were kept from an earlier run,
    #: what they took then, NaN if that was not recorded.
    seconds: float | None = None


def timed[T](function: Callable[..., T], *args: Any, **given: Any) -> tuple[T, float]:
    """Call a function; what it gives and the seconds it took."""
    started = time.perf_counter()
    found = function(*args, **given)
    return found, time.perf_counter() - started


def of_bundled(examine: Callable[[Job, Fit], Mapping[str, Found]]) -> Examination:
    """Examine the fit of the bundled figures, whose time counts though it is made once a run."""

    def examined(job: Job) -> Mapping[str, Found]:
        fit, spent = job.bundled
        found, own = timed(examine, job, fit)
        return {
            name: replace(f, seconds=spent + (own if f.seconds is None else f.seconds))
            for name, f in found.items()
        }

    return examined


def of_fit(fit: Fit) -> dict[str, object]:
    """Say of a fit what stands beside every table that rests on it."""
    return {"seed": fit.seed, "gates_passed": fit.diagnostics.passed}


def beside_districts(job: Job, fit: Fit) -> dict[str, object]:
    """Say which districts' draws an examination of the area rests on."""
    return {"districts": f"{job.spec.name} {job.spec.version}"} | of_fit(fit)
