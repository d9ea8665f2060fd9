"""How much a forecast loses by not knowing the scales: held against one that knows them."""

from __future__ import annotations

import pandas as pd

from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.evidence.studies import crime_known, crime_study, safety_known, safety_study
from amager_eval.scores.ratio import score_ratios, score_sets

__all__ = ["compare_with_known"]


def compare_with_known(job: Job) -> dict[str, Found]:
    """Score both answers on sets the small city makes, by score and area or by quantity."""
    draws, chains = job.small
    sets = max(10, job.fits // 5)
    of_safety = job.kind == "safety"
    study, known = (safety_study, safety_known) if of_safety else (crime_study, crime_known)
    scores = score_sets(
        known.score_both(study.small_city(job.spec), job.spec, draws=draws, chains=chains),
        sets=sets,
        seed=2,
        folder=job.kept("known" if of_safety else "known_truth"),
        progress=job.told("known_truth"),
    )
    if of_safety:
        ratios = score_ratios(scores, by="quantity")
    else:
        ratios = pd.concat(
            score_ratios(scores[scores["score"] == name], by="area").assign(score=name)
            for name in crime_known.SCORES
        )
    diverged = [c for c in scores if str(c).endswith("_divergences")]  # crime alone is NUTS
    of_set = scores.groupby("set")[[*diverged, "seconds"]].first()
    settings = {"sets": sets, "chains": chains, "draws": draws, "seed": 2}
    settings |= {str(name): int(of_set[name].sum()) for name in diverged}
    # one set without its time makes the sum unknown
    return {"known_truth": Found(ratios, settings, float(of_set["seconds"].sum(min_count=sets)))}
