"""What the published figures answer under every declared other assumption; as a table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from amager_eval.data.published import published
from amager_eval.evaluation.evaluate import evaluate
from amager_eval.evidence.examinations.job import Found, Job
from amager_eval.goals.sensitivity import USED

__all__ = ["answer_alternatives"]


def answer_alternatives(job: Job) -> dict[str, Found]:
    """Evaluate the bundled figures of one model, then under every declared other assumption.

    With draws of a trial gates are reported and not enforced. One row per goal (empty: context),
    area, part, quantity and alternative: `probability` of the true share or level, and `difference`
    from the assumption that is used; beside it the number of alternatives, the largest difference,
    and which fits missed their gates and answer nothing.
    """
    data = published()
    data = replace(data, crime=None) if job.kind == "safety" else replace(data, safety=None)

    told = job.told("alternatives")

    def tell(name: str, done: int, total: int) -> None:
        if told is not None and name == "alternatives":
            told(done, total)

    draws = job.draws
    statement = evaluate(data, seed=1, draws=draws, draft=draws is not None, progress=tell)
    part = "setting" if job.kind == "safety" else "crime_type"
    answer = ["goal", "area", part, "quantity"]
    table = statement.sensitivity[[*answer, "alternative", "probability"]].dropna(subset=[part])
    table = table.assign(
        goal=table["goal"].fillna(""), probability=table["probability"].astype(float)
    )
    used = table[table["alternative"] == USED].set_index(answer)["probability"]
    own = used.reindex(pd.MultiIndex.from_frame(table[answer])).to_numpy()
    table = table.assign(difference=table["probability"] - own)
    checked = statement.diagnostics
    missed = checked[~checked["passed"].astype(bool)]
    settings = {
        "seed": 1,
        "alternatives": int(table["alternative"].nunique()) - 1,
        "largest_difference": float(table["difference"].abs().max()),
        "missed_gates": "; ".join(f"{r.model}: {r.problems}" for r in missed.itertuples())
        or "none",
    }
    return {"alternatives": Found(table, settings)}
