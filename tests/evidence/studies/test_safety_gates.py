"""Gates over seeds and simulated cities; the sampler is replaced."""

import pytest

from amager_eval.evidence.studies.safety_gates import judge_seeds, judge_simulated
from amager_eval.evidence.studies.safety_study import small_city
from amager_eval.spec.model import load_model_spec

SPEC = load_model_spec("safety_trend")
CITY = small_city(SPEC)


def test_every_seed_and_every_set_is_judged(random_draws):
    said = []
    table = judge_seeds(CITY, SPEC, seeds=[4, 9], draws=20, progress=lambda *at: said.append(at))
    assert table["seed"].tolist() == [4, 9]
    assert said == [(1, 2), (2, 2)]
    assert not table["passed"].any()  # twenty draws are too few
    assert (table["min_ess"] < SPEC.gates.ess_min).all()
    # most points, equal weights
    assert table["effective_draws"].tolist() == pytest.approx([4 * 80] * 2)
    # draws that are no posterior's are not what the exact likelihood would leave
    assert (table["exact_share"] < 0.3).all()
    sets = judge_simulated(CITY, SPEC, sets=3, draws=20)
    assert sets["seed"].tolist() == [1, 2, 3]
    assert sets["exact_share"].nunique() == 3  # other figures in every set
