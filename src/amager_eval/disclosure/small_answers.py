"""Leave out survey figures that few people stand behind, and those that would give them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.data.input import Masked
from amager_eval.disclosure.suppression import Relation, suppress

if TYPE_CHECKING:
    import pandas as pd

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["mask_answers"]


def mask_answers(data: Input, agreement: Agreement) -> tuple[pd.DataFrame | None, list[Masked]]:
    """Leave out survey figures that fewer people than the threshold stand behind.

    The answers of an area, wave and setting add up to its respondents, so that an answer left
    out, or the one that was not supplied, could follow from the others. Figures so rounded that
    no count follows from them are left alone.
    """
    if data.safety is None or "n" not in data.safety:
        return data.safety, []
    threshold = agreement.disclosure.threshold
    frame = data.safety.reset_index(drop=True)
    shares = frame["percent"] / 100
    counts = shares * frame["n"]
    if "count" in frame:
        counts = frame["count"].where(frame["count"].notna(), counts)
    decimals = frame["decimals"].fillna(0) if "decimals" in frame else 0
    rounding = frame["n"] * 0.5 * 10.0 ** -(decimals + 2)
    if "count" in frame:
        rounding = rounding.where(frame["count"].isna(), 0.0)
    drop: set[int] = set()
    for _, group in frame[counts.notna()].groupby(["area", "wave", "setting"], sort=False):
        rows = list(group.index)
        values = [float(group["n"].iloc[0]), *(float(counts[i]) for i in rows)]
        parts = tuple(range(1, len(values)))
        blurred = float(sum(rounding[i] for i in rows)) >= threshold
        relations = [] if blurred else [Relation((0,), parts)]
        chosen = suppress(values, relations, threshold, known=[0])
        drop |= {rows[i - 1] for i in chosen if i > 0}
    masked = [
        Masked("safety", str(r["area"]), int(r["wave"]), f"{r['setting']}, {r['response']}")
        for r in frame.loc[sorted(drop)].to_dict(orient="records")
    ]
    if not masked:
        return data.safety, []
    return frame.drop(index=sorted(drop)), masked
