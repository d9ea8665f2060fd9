"""The fuzz session: whatever is done to an input, it is refused with a place or read right."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amager_eval.data.tables.number_text import parse_number

sys.path.insert(0, str(Path(__file__).parent))
from fuzz import outcome, run
from good_inputs import good_inputs, spoilt_workbooks
from rules import RULES
from spoilt_extracts import SPECIAL

SPOILT = SPECIAL | spoilt_workbooks() | {name: rule for name, (rule, _) in RULES.items()}

# one folder serves all examples: each overwrites the file of the one before
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return good_inputs(tmp_path_factory.mktemp("good"))


def test_good_inputs_are_read_right(tmp_path, good):
    for name, content in good.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        if file.suffix != ".csv":
            assert outcome(file) == ("accepted", "")


def test_mutated_inputs_are_refused_or_right(tmp_path, good):
    seen, others = run(tmp_path, good, tries=300, seed=1, special=SPECIAL | spoilt_workbooks())
    assert others == []
    # the run is worth something only if both happen, for every kind of file
    for kind in (".csv", ".xlsx", ".ods", *SPECIAL):
        assert seen[f"{kind} refused"] > 0
        assert seen[f"{kind} accepted"] > 0


@pytest.mark.parametrize("name", RULES)
def test_what_means_the_same_is_read_the_same_or_refused(tmp_path, name):
    rule, outcomes = RULES[name]
    seen, others = run(tmp_path, {}, tries=12, seed=3, special={name: rule})
    assert others == []
    # a rule is worth something only if what it is about happens
    assert [found for found in ("accepted", "refused") if seen[found]] == list(outcomes)


@pytest.mark.slow
def test_ten_thousand_mutated_inputs(tmp_path, good):
    seen, others = run(tmp_path, good, tries=10_000, seed=2, special=SPOILT)
    tried = sum(seen[found] for found in ("refused", "accepted", "other"))
    print(f"tried {tried}, refused with a located message {seen['refused']}, "
          f"accepted and right {seen['accepted']}, anything else {seen['other']}")  # fmt: skip
    print(dict(sorted(seen.items())))
    assert others == []
    assert tried == 10_000


@given(content=st.binary(max_size=400))
@EXAMPLES
def test_any_bytes_at_all(tmp_path, content):
    (tmp_path / "safety.csv").write_bytes(content)
    assert outcome(tmp_path / "safety.csv") == ("refused", "")


@given(
    text=st.text(alphabet="area,wave;\t\n\"'=0123456789.safeunsettingresponsepercent", max_size=300)
)
@EXAMPLES
def test_any_text_at_all(tmp_path, text):
    header = "area,wave,setting,response,percent\n"
    (tmp_path / "safety.csv").write_text(header + text, encoding="utf-8", newline="")
    assert outcome(tmp_path / "safety.csv") in {("refused", ""), ("accepted", "")}


@given(number=st.integers(min_value=-(10**9), max_value=10**9), decimals=st.integers(0, 4))
def test_numbers_written_in_danish_and_english_read_back(number, decimals):
    value = number / 10**decimals
    english = f"{value:,.{decimals}f}"
    danish = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, ".") == pytest.approx(value)
    assert parse_number(danish, ",") == pytest.approx(value)
