import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amager_eval.data.rows import parse_number
from amager_eval.data.synthetic import synthetic_city
from amager_eval.data.template import write_workbook

sys.path.insert(0, str(Path(__file__).parent))
from fuzz import outcome, run

# one folder serves all examples: each overwrites the file of the one before
SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TABLES = ("safety", "survey_rounds", "crime", "population", "activities")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Files of a synthetic city, small: the faults are in the cells, not in their number."""
    data = synthetic_city(1).data
    frames = {name: getattr(data, name).dropna(axis="columns", how="all") for name in TABLES}
    files = {f"{n}.csv": f.head(12).to_csv(index=False).encode() for n, f in frames.items()}
    path = tmp_path_factory.mktemp("good") / "by.xlsx"
    write_workbook(path, {name: frame.head(12) for name, frame in frames.items()})
    return files | {"by.xlsx": path.read_bytes()}


def test_mutated_inputs_are_refused_or_right(tmp_path, good):
    seen, others = run(tmp_path, good, tries=300, seed=1)
    assert others == []
    # the run is worth something only if both happen
    assert seen["refused"] > 50
    assert seen["accepted"] > 20


@pytest.mark.slow
def test_ten_thousand_mutated_inputs(tmp_path, good):
    seen, others = run(tmp_path, good, tries=10_000, seed=2)
    print(dict(seen))
    assert others == []


@given(content=st.binary(max_size=400))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_at_all(tmp_path, content):
    (tmp_path / "safety.csv").write_bytes(content)
    assert outcome(tmp_path)[0] == "refused"


@given(
    text=st.text(alphabet="area,wave;\t\n\"'=0123456789.safeunsettingresponsepercent", max_size=300)
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_at_all(tmp_path, text):
    header = "area,wave,setting,response,percent\n"
    (tmp_path / "safety.csv").write_text(header + text, encoding="utf-8", newline="")
    assert outcome(tmp_path)[0] in {"refused", "accepted"}


@given(number=st.integers(min_value=-(10**9), max_value=10**9), decimals=st.integers(0, 4))
def test_numbers_written_in_danish_and_english_read_back(number, decimals):
    value = number / 10**decimals
    english = f"{value:,.{decimals}f}"
    danish = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, ".") == pytest.approx(value)
    assert parse_number(danish, ",") == pytest.approx(value)
