"""Did the sampler work? Divergences, R-hat and effective sample size against the gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import arviz as az
import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from amager_eval.spec.model import Gates

__all__ = ["Diagnostics", "diagnose"]

#: Numbers of a variable that are judged at once.
IN_PART: Final = 10_000_000


@dataclass(frozen=True)
class Diagnostics:
    """What the gates saw.

    Parameters
    ----------
    divergences : int
        Divergent transitions after warm-up, all chains.
    max_rhat : float
        Largest rank-normalised split R-hat of a reported quantity.
    min_ess : float
        Smallest effective sample size (bulk and tail) of a reported quantity.
    problems : tuple of str
        One sentence per gate that failed; empty when all passed.
    min_ebfmi : float or None
        Least E-BFMI of a chain; None of a sampler without energy: the safety model's scales are
        proposed independently of each other and weighted, and what that costs is seen in the
        effective draws.
    """

    divergences: int
    max_rhat: float
    min_ess: float
    problems: tuple[str, ...]
    min_ebfmi: float | None = None

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return not self.problems


def diagnose(sample_stats: xr.Dataset, reported: Sequence[xr.Dataset], gates: Gates) -> Diagnostics:
    """Hold a fit against its gates.

    Parameters
    ----------
    sample_stats : Dataset
        With variable `diverging`, dims `chain, draw`; of a Hamiltonian sampler `energy`; where
        draws are weighted, `effective_draws` and `least_cell_share`.
    reported : sequence of Dataset
        Everything that may be reported, dims `chain, draw, ...`; constants are passed over.
    gates : Gates
        From the model's spec.

    Returns
    -------
    Diagnostics

    Notes
    -----
    Rank-normalised split R-hat and bulk and tail ESS of Vehtari et al. (2021),
    Bayesian Analysis 16(2), and E-BFMI of Betancourt (2016), arXiv:1604.00695, as ArviZ computes
    them.
    """
    divergences = int(sample_stats["diverging"].sum())
    worst_rhat, rhat_of = 1.0, ""
    least_ess, ess_of = np.inf, ""
    problems = []
    for dataset in (part for whole in reported for part in _in_parts(whole)):
        lost = [str(n) for n, v in dataset.data_vars.items() if not np.isfinite(v).all()]
        told = f"draws of {', '.join(lost)} are not finite"
        if lost and told not in problems:
            problems.append(told)
        # constants, and those of a model without them, are passed over
        varying = dataset.map(lambda v: v.where(v.std(("chain", "draw")) > 0))
        varying = varying[[k for k, v in varying.data_vars.items() if v.notnull().any()]]
        if not varying.data_vars:
            continue
        rhat = az.rhat(varying)
        bulk = az.ess(varying, method="bulk")
        tail = az.ess(varying, method="tail", prob=(0.05, 0.95))
        for name in rhat.data_vars:
            value = float(rhat[name].max())
            if value > worst_rhat:
                worst_rhat, rhat_of = value, str(name)
            value = float(min(bulk[name].min(), tail[name].min()))
            if value < least_ess:
                least_ess, ess_of = value, str(name)
    if "effective_draws" in sample_stats:
        # draws again by weight: many may be few
        left = float(sample_stats["effective_draws"].min())
        least_ess, ess_of = min((least_ess, ess_of), (left, "the weighted draws"))
    if "least_cell_share" in sample_stats:
        share = float(sample_stats["least_cell_share"].min())
        if share < gates.cell_share_min:
            problems.append(
                f"the exact likelihood of a cell leaves {share:.2f} of the draws "
                f"(at least {gates.cell_share_min:g} wanted): the normal figures do not stand for "
                "it"
            )
    if divergences > gates.divergences_max:
        problems.append(
            f"{divergences} divergent transitions (at most {gates.divergences_max} allowed)"
        )
    if not worst_rhat <= gates.rhat_max:
        problems.append(f"R-hat {worst_rhat:.3f} of {rhat_of} exceeds {gates.rhat_max}")
    if not least_ess >= gates.ess_min:
        problems.append(
            f"effective sample size {least_ess:.0f} of {ess_of} is below {gates.ess_min:g}"
        )
    ebfmi = None
    if "energy" in sample_stats:
        tree = xr.DataTree.from_dict({"sample_stats": sample_stats[["energy"]]})
        ebfmi = float(np.min(az.bfmi(tree)["energy"]))
        if not ebfmi >= gates.ebfmi_min:
            problems.append(f"E-BFMI {ebfmi:.2f} of a chain's energy is below {gates.ebfmi_min:g}")
    return Diagnostics(divergences, worst_rhat, float(least_ess), tuple(problems), ebfmi)


def _in_parts(dataset: xr.Dataset) -> Iterator[xr.Dataset]:
    """Cut what is large along its first dim: ranks and spectra of all of it fill the memory."""
    large = [n for n, v in dataset.data_vars.items() if v.size > IN_PART]
    if rest := [n for n in dataset.data_vars if n not in large]:
        yield dataset[rest]
    for name in large:
        variable = dataset[name]
        along = next(d for d in variable.dims if d not in {"chain", "draw"})
        for at in range(variable.sizes[along]):
            yield variable.isel({along: [at]}).to_dataset()
