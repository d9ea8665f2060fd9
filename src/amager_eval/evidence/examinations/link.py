"""Hold every cell published in both answers against the model's shared link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amager_eval.evidence.examinations.job import Found, Job, of_fit
from amager_eval.trends.safety.link import link_check

if TYPE_CHECKING:
    from amager_eval.trends.fit import Fit

__all__ = ["examine_link"]


def examine_link(_: Job, fit: Fit) -> dict[str, Found]:
    """Count the cells whose two answers lie further apart than the fit predicts."""
    table = link_check(fit, seed=1)
    beside = (table["implied_gap"] < table["low_95"]) | (table["implied_gap"] > table["high_95"])
    settings = of_fit(fit) | {
        "cells": len(table),
        "outside_the_95": int(beside.sum()),
        "outside_expected": 0.05 * len(table),
        "least_p_value": float(table["p_value"].min()),
    }
    return {"link_check": Found(table.assign(outside=beside), settings)}
