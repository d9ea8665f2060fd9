"""Numbers that move an answer stand in models/ with a reason, and nowhere in code."""

import ast
import re
from pathlib import Path

import pytest

import amager_eval as ae
from amager_eval.data.input import Input
from amager_eval.goals.facts import gather_facts
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.crime import control

PACKAGE = Path(ae.__file__).parent
#: Rooms whose numbers move an answer; views, readers of files and the laboratory do not.
ROOMS = (
    "disclosure",
    "evaluation",
    "goals",
    "indicators",
    "record",
    "trends/crime",
    "trends/safety",
)
#: Names a threshold, a margin, a factor or an assumed number goes by.
KINDS = re.compile(
    "tail|factor|left_over|deff|design_effect|threshold|margin|least_share|baseline_year|"
    "target_year|baseline_wave|target_wave|run_of|reference_years|spread_years",
    re.IGNORECASE,
)


def assigned(tree):
    """Names of module constants that hold numbers, and what they hold."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        numbers = [
            n.value
            for n in ast.walk(value or ast.Pass())
            if isinstance(n, ast.Constant) and type(n.value) in {int, float}
        ]
        for target in targets:
            if isinstance(target, ast.Name) and numbers:
                yield target.id, numbers


def defaults(tree):
    """Arguments with a number for a default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            a = node.args
            every = [*zip(a.args[::-1], a.defaults[::-1], strict=False),
                     *zip(a.kwonlyargs, a.kw_defaults, strict=True)]  # fmt: skip
            for argument, value in every:
                if isinstance(value, ast.Constant) and type(value.value) in {int, float}:
                    yield argument.arg, [value.value]


def found_in(text):
    tree = ast.parse(text)
    for name, numbers in (*assigned(tree), *defaults(tree)):
        if KINDS.search(name) and set(numbers) != {1.0}:  # a factor of one is none
            yield name
        # a year is no number of a method: it is the agreement's
        if any(type(n) is int and 1990 <= n <= 2100 for n in numbers):
            yield name


@pytest.mark.parametrize(
    "path",
    [p for room in ROOMS for p in sorted((PACKAGE / room).rglob("*.py"))],
    ids=lambda p: p.relative_to(PACKAGE).as_posix(),
)
def test_no_threshold_factor_or_year_stands_in_code(path):
    assert not list(found_in(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "code",
    ["TAILS: Final = {4: (0.001, 0.02)}", "_ASSUMED_FACTOR = 1.5", "_LEFT_OVER = 0.9",
     "def f(x, deff=1.3): ...", "def f(x, *, baseline=2024): ..."],
)  # fmt: skip
def test_what_is_looked_for_would_be_found(code):
    assert list(found_in(code))


def test_every_number_has_its_reason_and_moves_what_it_says(monkeypatch):
    declared = load_assumptions()
    quarters = [f"{year}K{q}" for year in range(2022, 2026) for q in range(1, 5)]
    reports = [40, 60, 80, 60] * 3 + [41, 59, 140, 61]
    ordinary = control.chart_series(quarters, reports, [9.0] * 16, through=2024)
    assert "above" in set(ordinary["signal"])
    assert control.TAILS[4] == declared.control_chart.quarters.tails
    monkeypatch.setitem(control.TAILS, 4, (1e-12, 1e-9))
    silent = control.chart_series(quarters, reports, [9.0] * 16, through=2024)
    assert set(silent["signal"]) == {""}

    data = ae.published()
    size = gather_facts(data, ae.load_agreement()).respondents("Amager Vest", 2024)
    assert isinstance(data, Input)
    assert size.assumed
    assert size.high / size.n == pytest.approx(declared.respondents.factor)
