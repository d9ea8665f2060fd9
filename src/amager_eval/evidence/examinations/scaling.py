"""What more areas cost: fits of more and more municipalities of the quarterly panel, timed."""

from __future__ import annotations

import time
from typing import Final

import pandas as pd

from amager_eval.evidence.backtest.forecaster import OwnModel
from amager_eval.evidence.backtest.panel import split
from amager_eval.evidence.backtest.panels import crime_quarterly
from amager_eval.evidence.examinations.job import Found, Job, timed

__all__ = ["time_areas"]

#: Areas of the fits whose time is compared.
SIZES: Final = (7, 14, 28, 56, 98)


def time_areas(job: Job) -> dict[str, Found]:
    """Time fits of more and more areas: beside other work the processor's time says more."""
    panel, told = crime_quarterly(), job.told("scaling")
    rows = []
    for areas in SIZES:
        unit = next(split(panel, origins=panel.origins[:1], block_size=areas))
        model = OwnModel("crime", draws=job.draws)
        _, first = timed(model, unit.task)
        cpu = time.process_time()
        _, seconds = timed(model, unit.task)  # the second knows the compiled model
        busy = time.process_time() - cpu
        series = unit.task.training.groupby(["area", "crime_type"], observed=True).ngroups
        rows.append({"areas": areas, "series": series, "first": first, "seconds": seconds,
                     "cpu_seconds": busy, "seconds_per_area": seconds / areas,
                     "cpu_seconds_per_area": busy / areas})  # fmt: skip
        if told is not None:
            told(len(rows), len(SIZES))
    return {"scaling": Found(pd.DataFrame(rows))}
