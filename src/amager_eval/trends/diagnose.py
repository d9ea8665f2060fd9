"""Did the sampler work? Divergences, R-hat and effective sample size against the gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import arviz as az
import numpy as np
import xarray as xr

from amager_eval.trends.mixing import mixing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amager_eval.spec.model import Gates

__all__ = ["Diagnostics", "diagnose"]

#: Numbers that are judged at once.
IN_PART: Final = 1_000_000


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
    for dataset in reported:
        lost = []
        for name, variable in dataset.data_vars.items():
            finite = True
            for draws in _in_parts(variable):
                known = np.isfinite(draws).all(axis=(1, 2))
                finite = finite and bool(known.all())
                # constants, and those of a model without them, are passed over
                varying = draws[known & (draws.std(axis=(1, 2)) > 0)]
                if not len(varying):
                    continue
                rhat, ess = mixing(varying)
                if rhat.max() > worst_rhat:
                    worst_rhat, rhat_of = float(rhat.max()), str(name)
                if ess.min() < least_ess:
                    least_ess, ess_of = float(ess.min()), str(name)
            lost += [] if finite else [str(name)]
        if lost:
            problems.append(f"draws of {', '.join(lost)} are not finite")
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


def _in_parts(variable: xr.DataArray) -> Iterator[NDArray[np.float64]]:
    """Cut into blocks, dims `quantity, chain, draw`: ranks and spectra of all fill the memory."""
    draws = variable.transpose("chain", "draw", ...).values
    draws = draws.reshape(*draws.shape[:2], -1)
    size = max(1, IN_PART // (draws.shape[0] * draws.shape[1]))
    for start in range(0, draws.shape[2], size):
        block = np.moveaxis(draws[:, :, start : start + size], 2, 0)
        yield np.ascontiguousarray(block, dtype=np.float64)
