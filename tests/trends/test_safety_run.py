"""A run that diverges is sampled again: in other coordinates, then in smaller steps."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from amager_eval.data.published import published
from amager_eval.spec.model import load_model_spec
from amager_eval.trends import sample
from amager_eval.trends.safety_fit import design_safety
from amager_eval.trends.safety_run import sample_run

SPEC = load_model_spec("safety_trend")


class Told:
    """Stands for a compiled model; remembers the coordinates it was told."""

    def __init__(self, **data: object) -> None:
        self.data = data

    def with_data(self, **data: object) -> Told:
        return Told(**data)


@pytest.mark.parametrize("clean_from", [0, 1, 2, 3, 4, 9])
def test_tries_in_order(monkeypatch: pytest.MonkeyPatch, clean_from: int) -> None:
    tried = []

    def sampled(told: Told, *, target_accept: float, seed: int) -> xr.DataTree:
        centred = tuple(bool(np.any(told.data[f"centre_{k}"])) for k in ("path", "level"))
        tried.append((*centred, target_accept, seed))
        diverging = np.array([[False, len(tried) <= clean_from]])
        stats = xr.Dataset({"diverging": (("chain", "draw"), diverging)}, attrs={"at": len(tried)})
        return xr.DataTree.from_dict({"sample_stats": stats})

    monkeypatch.setattr(sample, "sample_posterior", sampled)
    design = design_safety(published(), population=None, whole=None, spec=SPEC, parts=None)
    keep = np.isfinite(design["low"].to_numpy())
    tree, centre = sample_run(
        Told(), {"drift_on": 1.0}, design, SPEC, keep=keep, targets=(0.9, 0.98, 0.995), seed=7
    )
    order = [
        (True, True, 0.9, 7),
        (False, True, 0.9, 7),
        (False, False, 0.9, 7),
        (False, False, 0.98, 7),
        (False, False, 0.995, 7),
    ]
    # the last is returned though it diverges, for the gates to refuse
    assert tried == order[: clean_from + 1]
    assert tree["sample_stats"].attrs["at"] == len(tried)
    told = tuple(bool(np.any(centre[f"centre_{k}"])) for k in ("path", "level"))
    assert told == tried[-1][:2]  # the draws are turned back from the coordinates of the last
