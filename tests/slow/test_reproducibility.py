"""The same seed gives the same statement; another seed, as another machine, the same verdicts.

Of a made-up city whose area has figures of its own to the target wave, so that verdicts are
decided: on Copenhagen's published figures every one is open, and could hardly change.
"""

import json
import subprocess
import sys

import pandas as pd
import pytest

from amager_eval.evaluation.evaluate import evaluate
from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.evidence.rehearsal.bench import as_judged
from amager_eval.evidence.rehearsal.rehearse import small_agreement

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

#: Chosen before anything was run.
SEEDS = (1, 2, 3)
#: Largest difference of a probability between two seeds: three standard deviations of a difference
#: of two means of 6,000 draws, .028, rounded up.
TOLERANCE = 0.03
PART = ["goal", "reading", "area", "setting", "response", "crime_type", "year"]
PROBABILITIES = ["probability_true", "probability_published"]
DECIDED = ("nået", "ikke nået")


def statement(seed: int) -> str:
    """Judge the city in its target wave with every gate enforced, as JSON."""
    agreement = small_agreement()
    city = synthetic_city(
        1, scenario="goals_met", agreement=agreement, last_wave=agreement.safety.target_wave
    )
    return evaluate(as_judged(city.data, agreement), agreement=agreement, seed=seed).to_json()


@pytest.fixture(scope="module")
def statements():
    """One statement a seed."""
    return {seed: statement(seed) for seed in SEEDS}


def results(text: str) -> pd.DataFrame:
    """Return the judged parts of goals; those that rest on a fit have a probability."""
    frame = pd.DataFrame(json.loads(text)["results"]).set_index(PART)
    return frame.astype(dict.fromkeys(PROBABILITIES, float))


def near_a_limit(frame: pd.DataFrame) -> pd.Series:
    """Whether a probability is so near a limit that another seed's may lie beyond it."""
    limits = small_agreement().verdicts
    return pd.concat(
        [
            (frame["probability_true"] - limit).abs() <= TOLERANCE
            for limit in (limits.reached_from, limits.not_reached_to)
        ],
        axis=1,
    ).any(axis=1)


def test_some_verdicts_are_decided(statements):
    first = results(statements[SEEDS[0]])
    firm = first[first["probability_true"].notna() & ~near_a_limit(first)]
    decided = firm[firm["evidence_verdict"].isin(DECIDED)].index.get_level_values("goal")
    assert {goal[0] for goal in decided} == {"1", "2"}  # of both models, or nothing is proven


def test_the_same_seed_gives_the_same_statement(statements):
    command = [sys.executable, __file__, str(SEEDS[0])]  # nothing of this process is at hand there
    again = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert again.returncode == 0, again.stderr[-2000:]
    assert again.stdout == statements[SEEDS[0]]


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_another_seed_gives_the_same_verdicts(statements, seed, capsys):
    one, other = results(statements[SEEDS[0]]), results(statements[seed])
    apart = (one[PROBABILITIES] - other[PROBABILITIES]).abs()
    changed = one["evidence_verdict"] != other["evidence_verdict"]
    with capsys.disabled():
        print(f"\nseed {seed}: largest difference {apart.max().round(4).to_dict()}, ", end="")
        print(f"verdicts that changed: {[index[:6] for index in one.index[changed]]}")
    pd.testing.assert_series_equal(one["literal_verdict"], other["literal_verdict"])
    pd.testing.assert_frame_equal(one[PROBABILITIES].isna(), other[PROBABILITIES].isna())
    assert (apart.fillna(0) <= TOLERANCE).all(axis=None), apart[(apart > TOLERANCE).any(axis=1)]
    # beyond a limit is undecided; from one decided word to the other no seed may come
    assert near_a_limit(one)[changed].all(), one[changed]
    turned = one["evidence_verdict"].isin(DECIDED) & other["evidence_verdict"].isin(DECIDED)
    assert not (changed & turned).any(), one[changed & turned]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(statement(int(sys.argv[1])))
