"""Does an area differ from the whole it is part of? From published figures, wave by wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.significance import part_versus_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.goals.facts import Facts
    from amager_eval.spec.agreement import Agreement

__all__ = ["COMPARISON_COLUMNS", "compare_with_whole"]

COMPARISON_COLUMNS = (
    "area", "setting", "response", "wave", "percent_area", "percent_whole", "n_area", "n_whole",
    "n_assumed", "weight", "deff", "estimate", "low", "high", "z", "p_value", "grade",
)  # fmt: skip


def compare_with_whole(
    facts: Facts, agreement: Agreement, year: int, areas: Sequence[str]
) -> pd.DataFrame:
    """Hold each part against the whole in every wave both were published.

    Columns :data:`COMPARISON_COLUMNS`, one row per design effect; estimate and interval are part
    minus whole in share units. An area without a weight in the whole is left out.
    """
    rows = []
    settings = sorted({f.setting for f in facts.survey})
    for area in areas:
        weight = facts.weights.get(area)
        if facts.whole is None or weight is None:
            continue
        for setting in settings:
            for response in ("safe", "unsafe"):
                part = facts.shares(area, setting, response)
                whole = facts.shares(facts.whole, setting, response)
                for wave in sorted(set(part) & set(whole)):
                    n_part = facts.respondents(area, wave)
                    n_whole = facts.respondents(facts.whole, wave)
                    if wave > year or n_part is None or n_whole is None:
                        continue
                    for deff in agreement.verdicts.deffs:
                        result = part_versus_whole(
                            part[wave].percent / 100,
                            n_part.n,
                            whole[wave].percent / 100,
                            n_whole.n,
                            weight=weight,
                            deff=deff,
                            level=agreement.verdicts.level,
                        )
                        rows.append((
                            area, setting, response, wave, part[wave].percent,
                            whole[wave].percent, n_part.n, n_whole.n,
                            n_part.assumed or n_whole.assumed, weight, deff, result.estimate,
                            result.low, result.high, result.z, result.p_value,
                            max(part[wave].grade, whole[wave].grade),
                        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))
