"""Does an area differ from the whole it is part of? From published figures, wave by wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from amager_eval.goals.safety.published_shares import published_shares, respondents
from amager_eval.significance import part_versus_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amager_eval.data.input import Input
    from amager_eval.spec.agreement import Agreement

__all__ = ["COMPARISON_COLUMNS", "compare_with_whole", "part_weight"]

COMPARISON_COLUMNS = (
    "area",
    "setting",
    "response",
    "wave",
    "percent_area",
    "percent_whole",
    "n_area",
    "n_whole",
    "n_assumed",
    "weight",
    "deff",
    "estimate",
    "low",
    "high",
    "z",
    "p_value",
    "grade",
)


def part_weight(data: Input, area: str) -> float | None:
    """Share of the whole's inhabitants who live in an area of it, 0 to 1.

    From the latest period for which the area's population is known together with that of the
    whole, or of every part of it; None without one.
    """
    if data.population is None or data.whole is None or area == data.whole:
        return None
    table = data.population.assign(period=data.population["period"].astype(str)).pivot_table(
        index="period", columns="area", values="population", aggfunc="sum"
    )
    if area not in table:
        return None
    parts = [p for p in data.parts if p in table]
    whole = pd.Series(float("nan"), index=table.index)
    if data.parts and len(parts) == len(data.parts):
        whole = table[parts].sum(axis=1, min_count=len(parts))
    if data.whole in table:
        whole = whole.fillna(table[data.whole])
    weights = (table[area] / whole).dropna().sort_index()
    if weights.empty or not 0 < weights.iloc[-1] < 1:
        return None
    return float(weights.iloc[-1])


def compare_with_whole(
    data: Input, agreement: Agreement, year: int, areas: Sequence[str]
) -> pd.DataFrame:
    """Hold each part against the whole in every wave both were published.

    Parameters
    ----------
    data : Input
        With `safety` and `population` of the areas and of the whole; else the frame is empty.
    agreement : Agreement
        Design effects and level.
    year : int
        Latest wave to look at.
    areas : sequence of str
        Parts to report.

    Returns
    -------
    DataFrame
        Columns :data:`COMPARISON_COLUMNS`, one row per design effect; estimate and interval are
        part minus whole in share units.
    """
    rows = []
    for area in areas:
        weight = part_weight(data, area)
        if data.safety is None or data.whole is None or weight is None:
            continue
        for setting in sorted(set(data.safety["setting"])):
            for response in ("safe", "unsafe"):
                part = published_shares(data.safety, area, setting, response)
                whole = published_shares(data.safety, data.whole, setting, response)
                for wave in sorted(set(part) & set(whole)):
                    n_part, n_whole = (
                        respondents(data, area, wave),
                        respondents(data, data.whole, wave),
                    )
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
                        rows.append(
                            (
                                area,
                                setting,
                                response,
                                wave,
                                part[wave].percent,
                                whole[wave].percent,
                                n_part.n,
                                n_whole.n,
                                n_part.assumed or n_whole.assumed,
                                weight,
                                deff,
                                result.estimate,
                                result.low,
                                result.high,
                                result.z,
                                result.p_value,
                                max(part[wave].grade, whole[wave].grade),
                            )
                        )
    return pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))
