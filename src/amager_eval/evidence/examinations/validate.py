"""Examine a model and keep what was found as evidence of its version."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from platformdirs import user_cache_path

from amager_eval.data.published import published
from amager_eval.errors import InputError
from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.groups import own_by_group
from amager_eval.evidence.backtest.own import stored_comparison
from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.panels import PANELS, crime_quarterly
from amager_eval.evidence.backtest.run import run_backtest
from amager_eval.evidence.backtest.stored import (
    evidence_folder,
    read_own_record,
    read_own_scores,
)
from amager_eval.evidence.document import Evidence, write_evidence
from amager_eval.evidence.examinations.answer_alternatives import answer_alternatives
from amager_eval.evidence.examinations.area_coverage import FEW, area_coverage
from amager_eval.evidence.examinations.area_left_out import area_left_out, summarise_left_out
from amager_eval.evidence.examinations.area_prior_sensitivity import (
    area_alternatives,
    area_prior_sensitivity,
)
from amager_eval.evidence.examinations.area_takes_over import area_takes_over
from amager_eval.evidence.examinations.calibrate import (
    Calibrated,
    calibrate,
    judge_forecasts,
    judge_ranks,
    summarise_recovery,
    tabulate_ranks,
)
from amager_eval.evidence.examinations.compare_blocks import compare_blocks
from amager_eval.evidence.examinations.crime_sensitivity import (
    city_alone,
    crime_prior_sensitivity,
    made_up_area,
)
from amager_eval.evidence.examinations.posterior_predictive import crime_posterior_predictive
from amager_eval.evidence.examinations.prior_predictive import (
    GATED,
    RARE,
    crime_prior_predictive,
    safety_prior_predictive,
)
from amager_eval.evidence.examinations.prior_sensitivity import safety_prior_sensitivity
from amager_eval.evidence.examinations.safety_predictive import safety_posterior_predictive
from amager_eval.evidence.quote import renew_card
from amager_eval.evidence.studies import crime_known, crime_study, safety_known, safety_study
from amager_eval.evidence.studies.crime_onward import CrimeOnward
from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.evidence.studies.safety_gates import judge_seeds, judge_simulated
from amager_eval.evidence.studies.safety_onward import SafetyOnward
from amager_eval.provenance import sha256_of_bytes, sha256_of_code
from amager_eval.scores.ratio import score_ratios
from amager_eval.spec.agreement import load_agreement
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.spec.model import Gates, ModelSpec, load_model_spec
from amager_eval.trends.crime.fit import begin_design, fit_crime
from amager_eval.trends.safety.fit import design_safety, fit_safety
from amager_eval.trends.safety.link import link_check

if TYPE_CHECKING:
    import xarray as xr

    from amager_eval.evidence.studies.replicate import Study
    from amager_eval.trends.fit import Fit, Kind

__all__ = ["EXAMINATIONS", "FITS", "OF_AREA", "Job", "validate"]

#: Simulated data sets, or made-up cities, of an examination that is kept beside the model.
FITS: Final = {"safety": 1000, "crime": 200, "area": 200}
#: Of the fits of simulated data: draws per chain, chains; None as a fit that is published.
SMALL: Final = {"safety": (None, 4), "crime": (1000, 2)}
#: Cities drawn from the priors.
PRIOR_DRAWS: Final = 2000
#: From where a chain of a small fit mixed badly, not only too briefly.
POOR_RHAT: Final = 1.05
POOR_ESS: Final = 100
#: Truths drawn from the posterior of the bundled figures, and what is added: waves, quarters.
GIVEN_REAL: Final = 40
ADDED: Final = {"safety": 4, "crime": 8}
#: Fits of each further kind of series; draws per chain and chains of each; and so many times the
#: draws are taken of one that missed its gates: every rank is of a fit that could be published.
FURTHER: Final = 100
PUBLISHABLE: Final = (1000, 4)
MORE: Final = (2, 4, 8)
#: Draws per chain and chains of these refits; None as a fit that is published.
REFIT: Final = {"safety": (None, 4), "crime": (500, 2)}
#: Seeds whose fits of the bundled figures are tabled, chosen before they were run.
SEEDS: Final = (1, 2, 3, 4, 5)
#: Simulated small cities whose fits are tabled.
CITIES: Final = 10
#: Last wave of the fit that predicts the later figures of the areas.
ORIGIN: Final = 2020
#: Areas of the fits whose time is compared.
SIZES: Final = (7, 14, 28, 56, 98)

#: What finished fits of simulated data come out of beside a forecast's own code.
STUDY_CODE: Final = (
    "evidence.examinations.calibrate",
    "evidence.studies",
    "scores",
)

#: Called with the examination, what is done and what there is in all.
type Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Job:
    """One model to examine.

    Parameters
    ----------
    kind : {"safety", "crime", "area"}
        Which; `area` is the estimate of an area that was not measured.
    spec : ModelSpec
        Its document; of `area` the safety model's, whose districts it rests on.
    fits : int
        Simulated data sets that are fitted.
    draws : int or None
        Per chain of fits of the bundled figures; default the spec's.
    cache : Path
        Where finished fits of simulated data are kept; a stopped run continues.
    progress : callable or None
        Called now and then.
    """

    kind: str
    spec: ModelSpec
    fits: int
    draws: int | None
    cache: Path
    progress: Progress | None = None

    def kept(self, name: str) -> Path:
        """Folder of the finished fits of simulated data of this size."""
        draws, chains = SMALL[self.kind]
        return self.cache / f"{name}-{chains}x{draws or self.spec.sampling.draws}"

    @cached_property
    def bundled(self) -> tuple[Fit, float]:
        """The safety model's fit of the bundled figures, once a run, and the seconds it took."""
        started = time.perf_counter()
        told = self.told("bundled")
        fit = fit_safety(published(), spec=self.spec, draws=self.draws, seed=1, progress=told)
        return fit, time.perf_counter() - started

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
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: Where fits were kept from an earlier run, what they took then, NaN if that was not
    #: recorded; None: it is measured.
    seconds: float | None = None


def validate(
    kind: str,
    *,
    only: Iterable[str] = (),
    fits: int | None = None,
    draws: int | None = None,
    cache: Path | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Run examinations of a model, keep each as evidence, and renew the card that quotes them.

    Finished fits are kept in `cache` (default the user's) under the digests of documents and of the
    code they come out of: what changes starts afresh. Fewer fits, or other draws than the spec's,
    are a trial, which must name another folder than `models/`. The model's document must be the
    registered one: evidence belongs to registered versions.

    Returns the files written.
    """
    if kind not in FITS:
        raise InputError(f"the model must be safety, crime or area, found '{kind}'")
    examinations = OF_AREA if kind == "area" else EXAMINATIONS
    chosen = list(only) or list(examinations)
    for name in chosen:
        if name not in examinations:
            raise InputError(
                f"there is no examination '{name}'; there are {', '.join(examinations)}"
            )
    fits = FITS[kind] if fits is None else fits
    if folder is None and (draws is not None or fits < FITS[kind]):
        raise InputError(
            f"fewer fits than {FITS[kind]}, or draws other than the spec's, are a trial: name a "
            "folder for what it finds (--out), or the evidence of the model would be lost"
        )
    job = _job(kind, fits=fits, draws=draws, cache=cache, progress=progress)
    spec = load_area_spec() if kind == "area" else job.spec
    paths = []
    for name in chosen:
        started = time.perf_counter()
        for title, found in examinations[name](job).items():
            evidence = Evidence(
                name=title,
                model=spec.name,
                spec_version=spec.version,
                spec_digest=spec.digest,
                command=f"amager-eval validate {kind} --only {name}",
                date=datetime.now(UTC).date().isoformat(),
                seconds=time.perf_counter() - started if found.seconds is None else found.seconds,
                settings=found.settings,
                rows=[
                    {str(k): v for k, v in row.items()} for row in found.table.to_dict("records")
                ],
            )
            paths.append(write_evidence(evidence, folder=folder))
    renew_card(spec, folder=folder)
    return paths


def _job(
    kind: str,
    *,
    fits: int = 0,
    draws: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Job:
    spec = load_model_spec("safety_trend" if kind == "area" else f"{kind}_trend")
    place = cache or user_cache_path("amager_eval") / "validate"
    model = OwnModel("crime" if kind == "crime" else "safety")  # an area rests on safety's draws
    made_by = sha256_of_bytes(f"{model.identity} {sha256_of_code(STUDY_CODE)}".encode())
    kept = place / f"{spec.name}-{spec.digest[:12]}-{made_by[:12]}"
    return Job(kind, spec, fits, draws, kept, progress)


def _prior_predictive(job: Job) -> dict[str, Found]:
    predict = safety_prior_predictive if job.kind == "safety" else crime_prior_predictive
    table = predict(job.spec, draws=PRIOR_DRAWS, seed=1)
    settings: dict[str, object] = {"cities": PRIOR_DRAWS, "seed": 1}
    if job.kind == "safety":
        beyond = float(table.loc[table["quantity"] == GATED, "beyond_10"].iloc[0])
        settings |= {
            "probability_of_a_jump": beyond, "allowed": RARE, "gate": _passed(beyond < RARE)
        }  # fmt: skip
    return {"prior_predictive": Found(table, settings)}


def _passed(held: bool) -> str:
    return "passed" if held else "NOT passed"


def _calibration(job: Job) -> dict[str, Found]:
    draws, chains = SMALL[job.kind]
    study: Study
    processes = 1  # what crime has compiled stays in this one
    if job.kind == "safety":
        city = safety_study.small_city(job.spec)
        study = safety_study.SafetyStudy(city, job.spec, draws=draws, chains=chains)
        processes = os.cpu_count() or 1
    else:
        city = crime_study.small_city(job.spec)
        study = crime_study.CrimeStudy(city, job.spec, draws=draws, chains=chains)
    made = calibrate(
        study,
        fits=job.fits,
        seed=1,
        folder=job.kept("calibration"),
        processes=processes,
        progress=job.told("calibration"),
    )
    count = draws or job.spec.sampling.draws
    settings = {"fits": job.fits, "chains": chains, "draws": count, "seed": 1}
    return calibration_tables(made, settings, job.spec.gates)


def _calibration_few(job: Job) -> dict[str, Found]:
    """Calibrate on years of few reports (crime only)."""
    if job.kind == "safety":
        return {}
    draws, chains = SMALL[job.kind]
    town = crime_study.few_reports(job.spec)
    study = crime_study.CrimeStudy(
        town, job.spec, ahead=2, draws=draws, chains=chains, name="crime_few"
    )
    told, kept = job.told("calibration_few"), job.kept("calibration_few")
    made = calibrate(study, fits=job.fits, seed=3, folder=kept, progress=told)
    settings = {"fits": job.fits, "chains": chains, "draws": draws, "seed": 3}
    found = calibration_tables(made, settings, job.spec.gates)
    return {f"{name}_few": table for name, table in found.items()}


@dataclass(frozen=True)
class _Kind:
    """A kind of series that is calibrated apart: its city, the periods forecast, the seed."""

    city: Callable[[ModelSpec], xr.Dataset]
    ahead: int
    seed: int


#: Kinds of series beside the quarters and the years of few reports.
KINDS: Final = {
    "late": _Kind(crime_study.late_years, 2, 7),
    "nested": _Kind(crime_study.nested_total, 4, 8),
    "months": _Kind(crime_study.months, 12, 9),
}


def _calibration_of(name: str) -> Callable[[Job], dict[str, Found]]:
    """Give the calibration of one kind of series (crime only)."""

    def calibrated(job: Job) -> dict[str, Found]:
        if job.kind == "safety":
            return {}
        kind, (draws, chains) = KINDS[name], PUBLISHABLE
        study = crime_study.CrimeStudy(
            kind.city(job.spec), job.spec, ahead=kind.ahead, draws=draws, chains=chains,
            more=MORE, name=f"crime_{name}",
        )  # fmt: skip
        title = f"calibration_{name}"
        fits = min(job.fits, FURTHER)
        made = calibrate(
            study,
            fits=fits,
            seed=kind.seed,
            folder=job.cache / f"{title}-{chains}x{draws}",
            progress=job.told(title),
        )
        times = made.replicates.groupby("fit")["times"].first()
        settings = {
            "fits": fits, "chains": chains, "draws": draws, "seed": kind.seed,
            "fits_sampled_again": int((times > 1).sum()), "most_draws": int(times.max() * draws),
        }  # fmt: skip
        found = calibration_tables(made, settings, job.spec.gates)
        return {f"{table}_{name}": what for table, what in found.items()}

    return calibrated


def _posterior_sbc(job: Job) -> dict[str, Found]:
    """Calibrate given the bundled figures: truths from their posterior, what follows, refits."""
    draws, chains = REFIT[job.kind]
    study: Study
    if job.kind == "safety":
        areas = load_agreement().areas
        asked = (areas.whole, *areas.evaluated.districts)
        study = SafetyOnward(job.bundled[0], waves=ADDED["safety"], areas=asked, chains=chains)
    else:
        fit = fit_crime(published(), spec=job.spec, draws=job.draws, seed=1, definition="STRAF11")
        study = CrimeOnward(fit, ahead=ADDED["crime"], draws=draws, chains=chains)
    fits = min(job.fits, GIVEN_REAL)
    kept = job.kept(f"posterior_sbc-{job.draws or 'spec'}")
    told = job.told("posterior_sbc")
    made = calibrate(study, fits=fits, seed=5, folder=kept, progress=told)
    settings = {"fits": fits, "chains": chains, "draws": draws or job.spec.sampling.draws,
                "seed": 5, "added": ADDED[job.kind]}  # fmt: skip
    found = calibration_tables(made, settings, job.spec.gates)
    return {
        "posterior_sbc": found["calibration"],
        "posterior_sbc_recovery": found["recovery"],
        "posterior_sbc_ranks": found["ranks"],
    }


def calibration_tables(
    made: Calibrated, settings: Mapping[str, Any], gates: Gates
) -> dict[str, Found]:
    """Judge replicates: ranks, recovery, and forecasts where the study makes some."""
    ranks = judge_ranks(made.replicates)
    of_fit = made.replicates.groupby("fit")
    divergences, rhat = of_fit["divergences"].max(), of_fit["rhat"].max()
    ess = of_fit["ess"].min()
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
    seconds = float(made.replicates.groupby("fit")["seconds"].first().sum())
    found = {
        "calibration": Found(ranks, {**settings, **beside}, seconds),
        "recovery": Found(summarise_recovery(made.replicates), settings, seconds),
        "ranks": Found(tabulate_ranks(made.replicates), settings, seconds),
    }
    if len(made.forecasts):
        found["forecast_coverage"] = Found(judge_forecasts(made.forecasts), settings, seconds)
    return found


def _known_truth(job: Job) -> dict[str, Found]:
    draws, chains = SMALL[job.kind]
    sets = max(10, job.fits // 5)
    of_safety = job.kind == "safety"
    city = (safety_study if of_safety else crime_study).small_city(job.spec)
    scores = (safety_known if of_safety else crime_known).compare_with_known(
        city,
        job.spec,
        sets=sets,
        seed=2,
        folder=job.kept("known" if of_safety else "known_truth"),
        draws=draws,
        chains=chains,
        progress=job.told("known_truth"),
    )
    if of_safety:
        ratios = score_ratios(scores, by="quantity")
    else:
        ratios = pd.concat(
            [
                score_ratios(scores[scores["score"] == name], by="area").assign(score=name)
                for name in crime_known.SCORES
            ]
        )
    settings = {"sets": sets, "chains": chains, "draws": draws or job.spec.sampling.draws}
    settings |= {"seed": 2}
    diverged = [c for c in scores if str(c).endswith("_divergences")]  # crime alone is NUTS
    of_set = scores.groupby("set")[diverged].first()
    settings |= {str(name): int(count) for name, count in of_set.sum().items()}
    # one set without its time makes the sum unknown
    seconds = float(scores.groupby("set")["seconds"].first().sum(min_count=sets))
    return {"known_truth": Found(ratios, settings, seconds)}


def _backtests(job: Job) -> dict[str, Found]:
    """Quote the stored scores: `amager-eval backtest PANEL --keep` makes them.

    The table `backtests` has every declared panel, those without scores of this version too.
    """
    found = {}
    rows: list[dict[str, object]] = []
    missed: list[dict[str, str]] = []
    for name, make in PANELS.items():
        panel = make()
        if panel.kind != job.kind:
            continue
        scored = (evidence_folder(panel) / f"own_{name}.toml").is_file()
        rows.append({"panel": name, "scored": scored})
        if not scored:
            continue
        result = stored_comparison(panel)
        found[f"differences_{name}"] = Found(result.differences)
        own = result.differences.query("subset == 'all'").set_index("versus")
        league = result.league.copy()
        # the interval over areas crossed with periods, the wider one
        for column in ("difference", "low_crossed", "high_crossed"):
            league[column.removesuffix("_crossed")] = league["forecaster"].map(own[column])
        coverage = result.coverage[result.coverage["forecaster"] == result.forecaster]
        units = read_own_record(panel)
        rows[-1] |= {
            "rank": int(league.query("forecaster == @result.forecaster")["rank"].iloc[0]),
            "forecasters": len(league),
            "origins": len(result.origins),
            "fits": units["units"],
            "fits_past_their_gates": units["units_past_their_gates"],
            "seconds_forecasting": units["seconds_forecasting"],
        }
        for fit, problems in units.get("missed_gates", {}).items():
            missed.append({"panel": name, "fit": fit, "problems": problems})
        found[f"league_{name}"] = Found(league)
        for origins, ending in (("all", ""), ("before_covid", "_before_covid")):
            groups = own_by_group(result.groups, result.forecaster, origins=origins)
            if len(groups):
                led = {
                    "groups": len(groups),
                    "first_in": int((groups["rank"] == 1).sum()),
                    "first_in_by_log_score": int((groups["rank_log_score"] == 1).sum()),
                }
                found[f"groups_{name}{ending}"] = Found(groups, led)
        found[f"origins_{name}"] = Found(result.origin_ranks)
        found[f"pit_{name}"] = Found(result.pit)
        found[f"coverage_{name}"] = Found(coverage.drop(columns="forecaster"))
        if result.events is not None:
            found[f"events_{name}"] = Found(result.events)
        if result.gaps is not None:
            found[f"gaps_{name}"] = Found(result.gaps)
    if missed:
        found["missed_gates"] = Found(pd.DataFrame(missed))
    return {"backtests": Found(pd.DataFrame(rows))} | found


def _prior_sensitivity(job: Job) -> dict[str, Found]:
    """Scale the priors; crime's for the bundled city, and for an area in a made-up one."""
    if job.kind == "safety":
        table = safety_prior_sensitivity(job.spec, draws=job.draws, seed=1)
        return {"prior_sensitivity": Found(table, _scaled(table))}
    found = {}
    for title, lay_out, figures in (
        ("prior_sensitivity", city_alone, "published"),
        ("prior_sensitivity_area", made_up_area, "SYNTHETIC"),
    ):
        started = time.perf_counter()
        table, seen = crime_prior_sensitivity(lay_out(job.spec), job.spec, draws=job.draws, seed=1)
        beside = {"figures": figures, "gates_passed": seen.passed}
        seconds = time.perf_counter() - started
        found[title] = Found(table, _scaled(table) | beside, seconds)
    return found


def _predictive(job: Job) -> dict[str, Found]:
    """Hold the bundled figures against figures made by the model fitted to them."""
    if job.kind == "safety":
        fit, seconds = job.bundled
        started = time.perf_counter()
        table = safety_posterior_predictive(fit, seed=1)
        settings = _of_fit(fit) | {
            "rows": len(table),
            "outside_same": int(table["outside_same"].sum()),
            "outside_new": int(table["outside_new"].sum()),
        }
        seconds += time.perf_counter() - started
        return {"posterior_predictive": Found(table, settings, seconds)}
    fit = fit_crime(published(), spec=job.spec, draws=job.draws, seed=1, definition="STRAF11")
    table = crime_posterior_predictive(fit, seed=1)
    settings = {
        "seed": 1,
        "gates_passed": fit.diagnostics.passed,
        "rows": len(table),
        "outside_same": int(table["outside_same"].sum()),
        "outside_new": int(table["outside_new"].sum()),
    }
    return {"posterior_predictive": Found(table, settings)}


def _link(job: Job) -> dict[str, Found]:
    """Hold every cell published in both answers against the shared link (safety only)."""
    if job.kind == "crime":
        return {}
    fit, seconds = job.bundled
    started = time.perf_counter()
    table = link_check(fit, seed=1)
    beside = (table["implied_gap"] < table["low_95"]) | (table["implied_gap"] > table["high_95"])
    settings = _of_fit(fit) | {
        "cells": len(table),
        "outside_the_95": int(beside.sum()),
        "outside_expected": 0.05 * len(table),
        "least_p_value": float(table["p_value"].min()),
    }
    seconds += time.perf_counter() - started
    return {"link_check": Found(table.assign(outside=beside), settings, seconds)}


def _of_fit(fit: Fit) -> dict[str, object]:
    return {"seed": fit.seed, "gates_passed": fit.diagnostics.passed}


def _scaled(table: pd.DataFrame) -> dict[str, object]:
    """Numbers beside a table of scaled priors."""
    return {
        "seed": 1,
        "notable": int(table["notable"].sum()),
        "largest_pareto_k": float(table["pareto_k"].max()),
    }


def _gates(job: Job) -> dict[str, Found]:
    """Fit the bundled figures from several seeds, and the small city drawn several times."""
    if job.kind == "safety":
        bundled = design_safety(published(), population=None, whole=None, spec=job.spec, parts=None)
        told = job.told("gates")
        seeds = judge_seeds(bundled, seeds=SEEDS, progress=told, spec=job.spec, draws=job.draws)
        city, told = safety_study.small_city(job.spec), job.told("gates, simulated")
        cities = judge_simulated(city, sets=CITIES, progress=told, spec=job.spec, draws=job.draws)
        return {"gates": Found(seeds), "gates_simulated": Found(cities)}
    figures = published()
    judged = [
        _judged(seed, lambda s: fit_crime(figures, spec=job.spec, draws=job.draws, seed=s,
                                          definition="STRAF11"), job, "gates", len(SEEDS))
        for seed in SEEDS
    ]  # fmt: skip
    place = crime_study.small_city(job.spec)

    def simulated(seed: int) -> Fit:
        made = simulate_crime(place, seed).design
        return begin_design(made, job.spec, draws=job.draws, seed=seed)()

    drawn = [
        _judged(seed, simulated, job, "gates, simulated", CITIES) for seed in range(1, CITIES + 1)
    ]
    return {
        "gates": Found(pd.DataFrame(judged)),
        "gates_simulated": Found(pd.DataFrame(drawn)),
    }


def _judged(
    seed: int, fitted: Callable[[int], Fit], job: Job, name: str, total: int
) -> dict[str, object]:
    """One fit and what its gates saw; seeds are counted from 1."""
    started = time.perf_counter()
    found = fitted(seed).diagnostics
    if job.progress is not None:
        job.progress(name, seed, total)
    return {
        "seed": seed,
        "divergences": found.divergences,
        "max_rhat": found.max_rhat,
        "min_ess": found.min_ess,
        "passed": found.passed,
        "seconds": time.perf_counter() - started,
    }


def _scaling(job: Job) -> dict[str, Found]:
    """Time fits of more and more areas of the quarterly panel (crime only)."""
    if job.kind == "safety":
        return {}
    panel = crime_quarterly()
    rows = []
    for areas in SIZES:
        unit = next(split(panel, origins=panel.origins[:1], block_size=areas))
        model = OwnModel("crime", draws=job.draws)
        spent = []
        for _ in range(2):  # the second knows the compiled model
            started, cpu = time.perf_counter(), time.process_time()
            model(unit.task)
            spent.append(time.perf_counter() - started)
            busy = time.process_time() - cpu  # beside other work the clock says little
        series = unit.task.training.groupby(["area", "crime_type"], observed=True).ngroups
        rows.append({"areas": areas, "series": series, "first": spent[0], "seconds": spent[1],
                     "cpu_seconds": busy, "seconds_per_area": spent[1] / areas,
                     "cpu_seconds_per_area": busy / areas})  # fmt: skip
        if job.progress is not None:
            job.progress("scaling", len(rows), len(SIZES))
    return {"scaling": Found(pd.DataFrame(rows))}


def _joint(job: Job) -> dict[str, Found]:
    """Score one fit of all municipalities against the stored blocks (crime only)."""
    if job.kind == "safety":
        return {}
    panel, told = crime_quarterly(), job.told("joint")
    joint = run_backtest(
        panel,
        OwnModel("crime", draws=job.draws),
        cache=job.cache / "joint",
        progress=None if told is None else lambda done, total, _: told(done, total),
    )
    table = compare_blocks(panel, read_own_scores(panel), joint)
    settings = {
        "areas": len(panel.areas),
        "seed": 1,
        "origins": ", ".join(map(str, panel.development)),
    }
    return {"joint": Found(table, settings, float(joint.units["seconds"].sum()))}


def _alternatives(job: Job) -> dict[str, Found]:
    """Tabulate what the bundled figures answer under every declared other assumption."""
    kind: Kind = "safety" if job.kind == "safety" else "crime"
    table, settings = answer_alternatives(kind, draws=job.draws, progress=job.told("alternatives"))
    return {"alternatives": Found(table, settings)}


def _left_out(job: Job) -> dict[str, Found]:
    """Predict the published figures of the areas without them, and the last from earlier waves."""
    fit, seconds = job.bundled
    started = time.perf_counter()
    data = published()
    assert data.safety is not None
    known = replace(data, safety=data.safety[data.safety["wave"] <= ORIGIN])
    then = job.spec.with_options(baseline=min(ORIGIN, int(job.spec.options["baseline"])))
    earlier = fit_safety(known, spec=then, draws=job.draws, seed=1)
    table = area_left_out(fit, data, load_agreement(), earlier=earlier, origin=ORIGIN,
                          progress=job.told("left_out"))  # fmt: skip
    beside = _of_districts(job, fit) | {
        "origin_of_later_waves": ORIGIN,
        "gates_passed_at_origin": earlier.diagnostics.passed,
        "least_effective_draws": float(table["effective"].min()),
    }
    seconds += time.perf_counter() - started
    return {
        "left_out": Found(table, beside, seconds),
        "left_out_means": Found(summarise_left_out(table), beside, seconds),
    }


def _coverage(job: Job) -> dict[str, Found]:
    """Count how often the bands of the area hold the truth of made-up cities."""
    fit, seconds = job.bundled
    started = time.perf_counter()
    table = area_coverage(fit, published(), load_agreement(), cities=job.fits, seed=1,
                          progress=job.told("coverage"))  # fmt: skip
    beside = _of_districts(job, fit) | {"figures": "SYNTHETIC", "enough_effective_draws": FEW}
    seconds += time.perf_counter() - started
    return {"coverage": Found(table, beside, seconds)}


def _area_priors(job: Job) -> dict[str, Found]:
    """Scale every prior of the area's estimate, and estimate it under the declared others."""
    fit, seconds = job.bundled
    data, agreement = published(), load_agreement()
    started = time.perf_counter()
    scaled = area_prior_sensitivity(fit, data, agreement, seed=1)
    middle = time.perf_counter()
    others = area_alternatives(fit, data, agreement, progress=job.told("prior_sensitivity"))
    ended = time.perf_counter()
    beside = _of_districts(job, fit)
    return {
        "prior_sensitivity": Found(scaled, beside, seconds + middle - started),
        "prior_alternatives": Found(others, beside, seconds + ended - middle),
    }


def _takes_over(job: Job) -> dict[str, Found]:
    """Hold the estimate against what made-up figures of the area would leave of it."""
    fit, seconds = job.bundled
    started = time.perf_counter()
    table = area_takes_over(fit, published(), load_agreement(), job.spec)
    beside = _of_districts(job, fit) | {"figures_of_the_area": "SYNTHETIC"}
    return {"takes_over": Found(table, beside, seconds + time.perf_counter() - started)}


def _of_districts(job: Job, fit: Fit) -> dict[str, object]:
    """Say which districts' draws an examination of the area rests on."""
    return {"districts": f"{job.spec.name} {job.spec.version}"} | _of_fit(fit)


#: What can be examined; the cheap first.
EXAMINATIONS: Final[Mapping[str, Callable[[Job], dict[str, Found]]]] = {
    "prior_predictive": _prior_predictive,
    "backtests": _backtests,
    "prior_sensitivity": _prior_sensitivity,
    "predictive": _predictive,
    "link": _link,
    "gates": _gates,
    "alternatives": _alternatives,
    "scaling": _scaling,
    "joint": _joint,
    "known_truth": _known_truth,
    "calibration": _calibration,
    "calibration_few": _calibration_few,
    **{f"calibration_{name}": _calibration_of(name) for name in KINDS},
    "posterior_sbc": _posterior_sbc,
}
#: What can be examined of the estimate of an area.
OF_AREA: Final[Mapping[str, Callable[[Job], dict[str, Found]]]] = {
    "left_out": _left_out,
    "prior_sensitivity": _area_priors,
    "takes_over": _takes_over,
    "coverage": _coverage,
}
