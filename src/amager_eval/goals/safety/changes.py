"""Did the published safety figures change? Verdicts over rounding, n and design effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.significance import published_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["CHANGE_COLUMNS", "changes", "compare_waves"]

CHANGE_COLUMNS = (
    "area", "setting", "response", "wave_before", "wave_after", "percent_before", "percent_after",
    "n_before", "n_after", "n_assumed", "verdict", "z_low", "z_high", "grade_before", "grade_after",
)  # fmt: skip


def changes(facts: Facts, agreement: Agreement, year: int, areas: Sequence[str]) -> pd.DataFrame:
    """Test the changes a yearly status asks for: since last wave, since the baseline, in all.

    Columns :data:`CHANGE_COLUMNS`; percent 0 to 100; after minus before; empty without figures of
    the survey. `verdict` is `significant` or `not significant` only if it holds over the whole
    rounding box, every declared design effect and the range of an assumed n; else `undecidable`. No
    change is tested across a change of data collector.
    """
    rows = []
    since = facts.collected_since(year)
    settings, responses = ({getattr(f, k) for f in facts.survey} for k in ("setting", "response"))
    for area in areas:
        for setting in sorted(settings):
            for response in (r for r in ("safe", "unsafe") if r in responses):
                shares = facts.shares(area, setting, response)
                waves = [w for w in shares if since <= w <= year]
                for before, after in _pairs(waves, agreement.safety.baseline_wave):
                    row = compare_waves(facts, agreement, area, setting, response, before, after)
                    if row is not None:
                        rows.append(row)
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def compare_waves(
    facts: Facts,
    agreement: Agreement,
    area: str,
    setting: str,
    response: str,
    before: int,
    after: int,
) -> dict[str, object] | None:
    """Test one change between two published waves; None where no n is known at all.

    A row with the keys :data:`CHANGE_COLUMNS`.
    """
    shares = facts.shares(area, setting, response)
    p0, p1 = shares[before], shares[after]
    n0, n1 = facts.respondents(area, before), facts.respondents(area, after)
    if n0 is None or n1 is None:
        return None
    sizes = {(n0.n, n1.n), (n0.low, n1.low), (n0.high, n1.high)}
    results = [
        published_change(
            p0.percent,
            a,
            p1.percent,
            b,
            decimals=min(p0.decimals, p1.decimals),
            deffs=agreement.verdicts.deffs,
            level=agreement.verdicts.level,
        )
        for a, b in sorted(sizes)
    ]
    verdicts = {r.verdict for r in results}
    return {
        "area": area,
        "setting": setting,
        "response": response,
        "wave_before": before,
        "wave_after": after,
        "percent_before": p0.percent,
        "percent_after": p1.percent,
        "n_before": n0.n,
        "n_after": n1.n,
        "n_assumed": n0.assumed or n1.assumed,
        "verdict": verdicts.pop() if len(verdicts) == 1 else "undecidable",
        "z_low": min(r.z_low for r in results),
        "z_high": max(r.z_high for r in results),
        "grade_before": p0.grade,
        "grade_after": p1.grade,
    }


def _pairs(waves: Sequence[int], baseline: int) -> list[tuple[int, int]]:
    """Latest against the wave before, against the baseline, and against the first."""
    if len(waves) < 2:
        return []
    latest = max(waves)
    earlier = sorted(w for w in waves if w < latest)
    wanted = [earlier[-1], *([baseline] if baseline in earlier else []), earlier[0]]
    return [(w, latest) for w in dict.fromkeys(wanted)]
