"""What is calibrated: each model on cities of its own making, and on what follows real figures."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from amager_eval.evidence.examinations.calibration.calibrate import (
    calibrate,
    judge_forecasts,
    judge_ranks,
    summarise_recovery,
    tabulate_ranks,
)
from amager_eval.evidence.examinations.job import Examination, Found, Job
from amager_eval.evidence.studies import crime_study, safety_study
from amager_eval.evidence.studies.crime_onward import CrimeOnward
from amager_eval.evidence.studies.safety_onward import SafetyOnward
from amager_eval.spec.agreement import load_agreement

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.evidence.examinations.calibration.calibrate import Calibrated
    from amager_eval.evidence.studies.replicate import Study
    from amager_eval.spec.model import Gates, ModelSpec

__all__ = ["KINDS", "calibrate_crime", "calibrate_onward", "calibrate_safety"]

#: Fits of each further kind of series; draws per chain and chains of each; and so many times the
#: draws are taken of one that missed its gates: every rank is of a fit that could be published.
FURTHER: Final = 100
PUBLISHABLE: Final = (1000, 4)
MORE: Final = (2, 4, 8)
#: From where a chain of a small fit mixed badly, not only too briefly.
POOR_RHAT: Final = 1.05
POOR_ESS: Final = 100
#: Truths drawn from the posterior of the bundled figures, and what is added: waves, quarters.
GIVEN_REAL: Final = 40
ADDED: Final = {"safety": 4, "crime": 8}
#: Draws per chain and chains of these refits; None as a fit that is published.
REFIT: Final = {"safety": (None, 4), "crime": (500, 2)}


@dataclass(frozen=True)
class _Kind:
    """A kind of series: its city, the periods forecast, the seed, whether each fit must pass."""

    city: Callable[[ModelSpec], xr.Dataset]
    ahead: int
    seed: int
    publishable: bool = False


#: Kinds of series crime is calibrated on, by the examination.
KINDS: Final = {
    "calibration": _Kind(crime_study.small_city, 4, 1),
    "calibration_few": _Kind(crime_study.few_reports, 2, 3),
    "calibration_late": _Kind(crime_study.late_years, 2, 7, publishable=True),
    "calibration_nested": _Kind(crime_study.nested_total, 4, 8, publishable=True),
    "calibration_months": _Kind(crime_study.months, 12, 9, publishable=True),
}


def calibrate_crime(name: str) -> Examination:
    """Give the calibration of crime on one kind of series."""

    def calibrated(job: Job) -> dict[str, Found]:
        kind, ending = KINDS[name], name.removeprefix("calibration")
        draws, chains = PUBLISHABLE if kind.publishable else job.small
        fits = min(job.fits, FURTHER) if kind.publishable else job.fits
        study = crime_study.CrimeStudy(
            kind.city(job.spec), job.spec, ahead=kind.ahead, draws=draws, chains=chains,
            more=MORE if kind.publishable else (), name=f"crime{ending}",
        )  # fmt: skip
        made = calibrate(
            study,
            fits=fits,
            seed=kind.seed,
            folder=job.cache / f"{name}-{chains}x{draws}",
            progress=job.told(name),
        )
        settings = {"fits": fits, "chains": chains, "draws": draws, "seed": kind.seed}
        if kind.publishable:
            times = made.replicates.groupby("fit")["times"].first()
            settings |= {"fits_sampled_again": int((times > 1).sum()),
                         "most_draws": int(times.max() * draws)}  # fmt: skip
        found = calibration_tables(made, settings, job.spec.gates)
        return {f"{table}{ending}": what for table, what in found.items()}

    return calibrated


def calibrate_safety(job: Job) -> dict[str, Found]:
    """Calibrate safety on its declared small city."""
    draws, chains = job.small
    city = safety_study.small_city(job.spec)
    made = calibrate(
        safety_study.SafetyStudy(city, job.spec, draws=draws, chains=chains),
        fits=job.fits,
        seed=1,
        folder=job.kept("calibration"),
        processes=os.cpu_count() or 1,  # nothing is compiled
        progress=job.told("calibration"),
    )
    settings = {"fits": job.fits, "chains": chains, "draws": draws, "seed": 1}
    return calibration_tables(made, settings, job.spec.gates)


def calibrate_onward(job: Job) -> dict[str, Found]:
    """Calibrate given the bundled figures: truths from their posterior, what follows, refits."""
    draws, chains = REFIT[job.kind]
    fit, added = job.bundled[0], ADDED[job.kind]
    study: Study
    if job.kind == "safety":
        areas = load_agreement().areas
        asked = (areas.whole, *areas.evaluated.districts)
        study = SafetyOnward(fit, waves=added, areas=asked, chains=chains)
    else:
        study = CrimeOnward(fit, ahead=added, draws=draws, chains=chains)
    fits = min(job.fits, GIVEN_REAL)
    kept = job.kept(f"posterior_sbc-{job.draws or 'spec'}")
    made = calibrate(study, fits=fits, seed=5, folder=kept, progress=job.told("posterior_sbc"))
    settings = {"fits": fits, "chains": chains, "draws": draws or job.spec.sampling.draws,
                "seed": 5, "added": added}  # fmt: skip
    found = calibration_tables(made, settings, job.spec.gates)
    return {
        "posterior_sbc": found["calibration"],
        "posterior_sbc_recovery": found["recovery"],
        "posterior_sbc_ranks": found["ranks"],
    }


def calibration_tables(
    made: Calibrated, settings: Mapping[str, object], gates: Gates
) -> dict[str, Found]:
    """Judge replicates: ranks, recovery, and forecasts where the study makes some."""
    ranks = judge_ranks(made.replicates)
    of_fit = made.replicates.groupby("fit")
    divergences, rhat, ess = (
        of_fit["divergences"].max(), of_fit["rhat"].max(), of_fit["ess"].min()
    )  # fmt: skip
    # judged by the gates of a fit that is published
    passed = of_fit["problems"].apply(lambda told: told.isna().all())
    beside = {
        "quantities": len(ranks),
        "outside_the_band": int((~ranks["inside"]).sum()),
        "fits_with_a_divergence": int((divergences > 0).sum()),
        "fits_past_the_gates": int(passed.sum()),
        "fits_with_r_hat_above_the_gate": int((rhat > gates.rhat_max).sum()),
        f"fits_with_r_hat_above_{POOR_RHAT}": int((rhat > POOR_RHAT).sum()),
        "largest_r_hat_median_of_fits": float(rhat.median()),
        "largest_r_hat_of_all_fits": float(rhat.max()),
        "fits_with_ess_below_the_gate": int((ess < gates.ess_min).sum()),
        f"fits_with_ess_below_{POOR_ESS}": int((ess < POOR_ESS).sum()),
        "least_ess_median_of_fits": float(ess.median()),
        "least_ess_of_all_fits": float(ess.min()),
    }
    seconds = float(of_fit["seconds"].first().sum())
    found = {
        "calibration": Found(ranks, {**settings, **beside}, seconds),
        "recovery": Found(summarise_recovery(made.replicates), settings, seconds),
        "ranks": Found(tabulate_ranks(made.replicates), settings, seconds),
    }
    if len(made.forecasts):
        found["forecast_coverage"] = Found(judge_forecasts(made.forecasts), settings, seconds)
    return found
