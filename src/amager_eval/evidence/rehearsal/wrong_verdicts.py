"""Count wrong verdicts over made-up partnerships, per goal, reading, year and scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from amager_eval.goals.verdict import Verdict, combined

if TYPE_CHECKING:
    from amager_eval.spec.agreement import Agreement

__all__ = ["summarise", "with_whole_goals"]


def summarise(rows: pd.DataFrame, agreement: Agreement) -> pd.DataFrame:
    """Count wrong verdicts per goal, reading, year and scenario.

    `year, goal, reading, primary, scenario`; `judged` and `not_judged`: parts whose statement
    would, and would not, have been published (a fit missed its gates); then shares of the parts
    judged: `met` (is true), `wrong_reached` (evidence says `nået`, which is false) with its
    standard error, `wrong_not_reached` likewise, `undecided`, `literal_wrong_reached`,
    `literal_wrong_not_reached`, `literal_misleads` (their sum), `literal_open`. Parts of one
    partnership share a city, so the standard error, which takes them as apart, is a floor.
    """
    keys = {(g.id, r.id, r.response) for g in agreement.goal for r in g.reading if r.primary}
    of = zip(rows["goal"], rows["reading"], rows["response"], strict=True)
    primary = [(g, r, None if pd.isna(p) else p) in keys for g, r, p in of]
    found = []
    heads = ["year", "goal", "reading", "primary", "scenario"]
    for head, every in rows.assign(primary=primary).groupby(heads, sort=False):
        group = every[every["passed"].astype(bool)]
        met = group["met"].astype(bool)
        shares = {
            "met": met,
            "wrong_reached": (group["evidence_verdict"] == Verdict.REACHED) & ~met,
            "wrong_not_reached": (group["evidence_verdict"] == Verdict.NOT_REACHED) & met,
            "undecided": group["evidence_verdict"] == Verdict.UNDECIDED,
            "literal_wrong_reached": (group["literal_verdict"] == Verdict.REACHED) & ~met,
            "literal_wrong_not_reached": (group["literal_verdict"] == Verdict.NOT_REACHED) & met,
            "literal_open": group["literal_verdict"] == Verdict.NOT_MEASURED,
        }
        shares["literal_misleads"] = (
            shares["literal_wrong_reached"] | shares["literal_wrong_not_reached"]
        )
        row: dict[str, object] = dict(zip(heads, head, strict=True))
        row |= {"judged": len(group), "not_judged": len(every) - len(group)}
        for name, happened in shares.items():
            share = row[name] = float(happened.mean()) if len(group) else np.nan
            if name in {"wrong_reached", "wrong_not_reached"} and len(group):
                row[f"{name}_se"] = float(np.sqrt(share * (1 - share) / len(group)))
        found.append(row)
    order = ["year", "goal", "primary", "reading"]
    return pd.DataFrame(found).sort_values(
        order, ascending=[True, True, False, True], kind="stable", ignore_index=True
    )


def with_whole_goals(rows: pd.DataFrame) -> pd.DataFrame:
    """Unite the parts of each goal's reading, as page one does: one row a partnership and goal.

    `met` is whether every part is true.
    """
    keys = ["scenario", "seed", "year", "goal", "reading", "response"]
    united = rows.groupby(keys, dropna=False, sort=False).agg(
        met=("met", "all"),
        passed=("passed", "all"),
        literal_verdict=("literal_verdict", lambda v: combined(list(v))),
        evidence_verdict=("evidence_verdict", lambda v: combined(list(v))),
    )
    return united.reset_index()
