"""The answer that knows the scales knows the true ones."""

import numpy as np
import pytest

from amager_eval.evidence.studies.crime_known import _true_scales
from amager_eval.evidence.studies.crime_simulate import simulate_crime
from amager_eval.evidence.studies.crime_study import small_city
from amager_eval.spec.model import load_model_spec
from amager_eval.trends.crime.arrays import unpack
from amager_eval.trends.crime.model import build_model
from amager_eval.trends.crime.posterior import _Drawn
from amager_eval.trends.crime.walk import crime_unknowns


def test_the_model_given_the_true_scales_has_the_dispersions_that_made_the_counts():
    design = small_city(load_model_spec("crime_trend"))
    made = simulate_crime(design, 5, ahead=4)
    known = _true_scales(made, design)
    free = {v.name: np.zeros(v.type.shape) for v in build_model(made.design).free_RVs}
    assert set(known) <= set(free)
    found = crime_unknowns(_Drawn(free | known), unpack(None, made.design), np.matmul)
    assert found.dispersion == pytest.approx(made.truth["dispersion"].to_numpy(), rel=1e-6)
