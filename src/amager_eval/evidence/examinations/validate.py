"""Examine a model and keep what was found as evidence of its version."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_cache_path

from amager_eval.errors import InputError
from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.document import Evidence, write_evidence
from amager_eval.evidence.examinations.answer_alternatives import answer_alternatives
from amager_eval.evidence.examinations.area.coverage import examine_coverage
from amager_eval.evidence.examinations.area.left_out import examine_left_out
from amager_eval.evidence.examinations.area.prior_sensitivity import examine_area_priors
from amager_eval.evidence.examinations.area.takes_over import examine_take_over
from amager_eval.evidence.examinations.calibration.calibrations import (
    KINDS,
    calibrate_crime,
    calibrate_onward,
    calibrate_safety,
)
from amager_eval.evidence.examinations.calibration.gates import judge_crime, judge_safety
from amager_eval.evidence.examinations.calibration.known_truth import compare_with_known
from amager_eval.evidence.examinations.compare_blocks import score_jointly
from amager_eval.evidence.examinations.crime_sensitivity import examine_crime_priors
from amager_eval.evidence.examinations.job import Examination, Job, of_bundled
from amager_eval.evidence.examinations.link import examine_link
from amager_eval.evidence.examinations.posterior_predictive import remake_crime
from amager_eval.evidence.examinations.prior_predictive import predict_from_prior
from amager_eval.evidence.examinations.prior_sensitivity import examine_safety_priors
from amager_eval.evidence.examinations.quote_backtests import quote_backtests
from amager_eval.evidence.examinations.safety_predictive import remake_safety
from amager_eval.evidence.examinations.scaling import time_areas
from amager_eval.evidence.quote import renew_card
from amager_eval.provenance import sha256_of_bytes, sha256_of_code
from amager_eval.spec.area_estimate import load_area_spec
from amager_eval.spec.model import load_model_spec

if TYPE_CHECKING:
    from amager_eval.evidence.examinations.job import Progress

__all__ = ["EXAMINATIONS", "FITS", "validate"]

#: Simulated data sets, or made-up cities, of an examination that is kept beside the model.
FITS: Final = {"safety": 1000, "crime": 200, "area": 200}
#: What finished fits of simulated data come out of beside a forecast's own code.
STUDY_CODE: Final = (
    "evidence.examinations.calibration.calibrate",
    "evidence.studies",
    "scores",
)
#: What can be examined, of which models; the cheap first.
EXAMINATIONS: Final[Mapping[str, Mapping[str, Examination]]] = {
    "prior_predictive": {"safety": predict_from_prior, "crime": predict_from_prior},
    "backtests": {"safety": quote_backtests, "crime": quote_backtests},
    "left_out": {"area": of_bundled(examine_left_out)},
    "prior_sensitivity": {
        "safety": examine_safety_priors,
        "crime": examine_crime_priors,
        "area": of_bundled(examine_area_priors),
    },
    "predictive": {"safety": of_bundled(remake_safety), "crime": of_bundled(remake_crime)},
    "link": {"safety": of_bundled(examine_link)},
    "takes_over": {"area": of_bundled(examine_take_over)},
    "coverage": {"area": of_bundled(examine_coverage)},
    "gates": {"safety": judge_safety, "crime": judge_crime},
    "alternatives": {"safety": answer_alternatives, "crime": answer_alternatives},
    "scaling": {"crime": time_areas},
    "joint": {"crime": score_jointly},
    "known_truth": {"safety": compare_with_known, "crime": compare_with_known},
    "calibration": {"safety": calibrate_safety, "crime": calibrate_crime("calibration")},
    **{name: {"crime": calibrate_crime(name)} for name in KINDS if name != "calibration"},
    "posterior_sbc": {"safety": calibrate_onward, "crime": calibrate_onward},
}


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

    An examination that is not of this model finds nothing. Finished fits are kept in `cache`
    (default the user's) under the digests of documents and of the code they come out of: what
    changes starts afresh. Fewer fits, or other draws than the spec's, are a trial, which must name
    another folder than `models/`. The model's document must be the registered one: evidence
    belongs to registered versions.

    Returns the files written.
    """
    if kind not in FITS:
        raise InputError(f"the model must be safety, crime or area, found '{kind}'")
    chosen = list(only) or list(EXAMINATIONS)
    for name in chosen:
        if name not in EXAMINATIONS:
            of_kind = ", ".join(n for n, models in EXAMINATIONS.items() if kind in models)
            raise InputError(f"there is no examination '{name}'; there are {of_kind}")
    fits = FITS[kind] if fits is None else fits
    if folder is None and (draws is not None or fits < FITS[kind]):
        raise InputError(
            f"fewer fits than {FITS[kind]}, or draws other than the spec's, are a trial: name a "
            "folder for what it finds (--out), or the evidence of the model would be lost"
        )
    job = make_job(kind, fits=fits, draws=draws, cache=cache, progress=progress)
    spec = load_area_spec() if kind == "area" else job.spec
    paths = []
    for name in (n for n in chosen if kind in EXAMINATIONS[n]):
        started = time.perf_counter()
        for title, found in EXAMINATIONS[name][kind](job).items():
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


def make_job(
    kind: str,
    *,
    fits: int = 0,
    draws: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Job:
    """Put together what examinations of a model are told."""
    spec = load_model_spec("safety_trend" if kind == "area" else f"{kind}_trend")
    place = cache or user_cache_path("amager_eval") / "validate"
    model = OwnModel("crime" if kind == "crime" else "safety")  # an area rests on safety's draws
    made_by = sha256_of_bytes(f"{model.identity} {sha256_of_code(STUDY_CODE)}".encode())
    kept = place / f"{spec.name}-{spec.digest[:12]}-{made_by[:12]}"
    return Job(kind, spec, fits, draws, kept, progress)
