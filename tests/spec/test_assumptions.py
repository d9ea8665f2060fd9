"""Numbers that move an answer stand in models/ with a reason, and nowhere in code."""

import ast
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import amager_eval as ae
from amager_eval.data.input import Input
from amager_eval.goals.facts import gather_facts
from amager_eval.spec.assumptions import load_assumptions
from amager_eval.trends.crime import count_chart

PACKAGE = Path(ae.__file__).parent
#: Rooms whose numbers move no statement: the laboratory, the page, drawing, readers and writers.
ELSEWHERE = ("app", "data/files", "data/statbank", "evidence", "figures", "report/forms")
MODULES = sorted(
    p
    for p in PACKAGE.rglob("*.py")
    if not p.relative_to(PACKAGE).as_posix().startswith(tuple(f"{room}/" for room in ELSEWHERE))
)
#: Every other number that has a name: tolerances of arithmetic, sizes of blocks and of what is
#: listed, nodes and steps of numerical methods, units, what a share or a count can be, the levels
#: of every interval, how a probability is printed, and constants of published methods (Byar's,
#: Spiegelhalter's).
NUMERICAL = {
    "conventions.py": "LEVEL LEVELS",
    "data/names/agreed.py": "_LONGEST",
    "data/period.py": "PER_YEAR FIRST_YEAR LAST_YEAR",
    "data/police/counts.py": "_LISTED _SHOWN_STATUS",
    "data/police/extract.py": "CHUNK",
    "data/survey/respondents.py": "LARGEST_WEIGHT LONGEST_NAME DECIMALS",
    "data/tables/cells.py": "LONGEST_TEXT LARGEST",
    "data/tables/cross_crime.py": "PER_1000 _RATE_ROUNDING",
    "data/tables/cross_rows.py": "SUM_TOLERANCE",
    "data/tables/cross_safety.py": "_NOISE",
    "data/tables/findings.py": "MOST_FAULTS MOST_ROWS LONGEST_FOUND",
    "disclosure/earlier.py": "_RATE_TOLERANCE",
    "disclosure/mask.py": "_PER_1000 _ROUNDING",
    "disclosure/short_periods.py": "_PER_1000",
    "disclosure/suppression.py": "_TOLERANCE",
    "evaluation/preview_text.py": "_MOST",
    "goals/crime/changes.py": "_BAND",
    "goals/ledger.py": "ENDS",
    "goals/partners/split.py": "ONE_ACTIVITY",
    "goals/safety/area_answer.py": "_ENDS",
    "goals/safety/literal_reading.py": "_STEPS",
    "goals/safety/quantities.py": "_EQUAL",
    "goals/statement.py": "SCHEMA_VERSION",
    "goals/targets.py": "_WITHIN _LEFT",
    "indicators/arguments.py": "SHARE PERCENT COUNT POSITIVE INSIDE",
    "indicators/control.py": "_A_YEAR",
    "indicators/rate.py": "_BYAR_FROM",
    "record/baseline.py": "_SAME_INHABITANTS",
    "report/joint.py": "_KEPT",
    "scores/ratio.py": "_RESAMPLES",
    "significance/difference.py": "_ROUNDING",
    "significance/funnel.py": "LEVELS _WINSORISED",
    "significance/power.py": "_REACH _PANEL _NODES",
    "spec/prior.py": "LEAST_REASON",
    "spec/readings.py": "_EQUAL",
    "tables/crime.py": "_YEARS_IN_PRINT _WHOLE_RATE",
    "trends/area/condition.py": "_ROUNDS",
    "trends/area/estimate.py": "_AT_ONCE SPARE",
    "trends/area/hyper.py": "_FROM_PRIOR _RIDGE _EVER",
    "trends/area/worth.py": "_OUTCOMES",
    "trends/crime/cost.py": (
        "PER_CELL GRADIENTS COMPILE JUDGE BASE WHILE_SAMPLED WHEN_KEPT TOLD_FROM"
    ),
    "trends/crime/datatree.py": "PRIOR_DRAWS",
    "trends/crime/design.py": "_MEDIAN_DRAWS",
    "trends/crime/fit.py": "LEAST_TUNE ANOTHER_SEED KEPT",
    "trends/crime/forecast.py": (
        "PRIOR_CELLS LEAST_PRIOR AT_ONCE IN_BLOCK KEPT LEAST_DRAWS QUANTITIES"
    ),
    "trends/crime/gather.py": "_WORTH_A_SEARCH IN_DOUBLE IN_BLOCK CHAINS_AT_ONCE",
    "trends/crime/geometry.py": "LEAST_DISPERSION CENTRE_SCALE HALF_NORMAL_MEDIAN",
    "trends/crime/model.py": "WRITTEN_OUT",
    "trends/crime/prior.py": "GRID_POINTS GRID_WIDTH",
    "trends/crime/walk.py": "NO_KINK",
    "trends/diagnose.py": "IN_PART",
    "trends/forecast.py": "_SHOWN",
    "trends/independence.py": "_TAILS _WIDE_SHARE _WIDE _ATTEMPTS _TRIAL _AT_ONCE _STEP",
    "trends/linear_normal.py": "_AT_ONCE",
    "trends/safety/covariance.py": "ANSWERS _MANY _NODES _NODE_WEIGHTS",
    "trends/safety/datatree.py": "PRIOR_DRAWS",
    "trends/safety/design.py": "BELOW ABOVE",
    "trends/safety/draws.py": "_WEIGHED _ROUNDS _AT_ONCE",
    "trends/safety/fit.py": "_MORE_POINTS _FIRST_LOOK",
    "trends/safety/forecast.py": "_AT_ONCE",
    "trends/safety/likelihood.py": "_NODES _NODE_WEIGHTS _AT_ONCE",
    "trends/safety/point.py": (
        "_SIZES _SIZE_WEIGHTS _NODES _NODE_WEIGHTS _ROUNDS _MOST_ROUNDS _STILL _FURTHEST "
        "_REACH _SHARPER _OFF _MOST_SHARP _FAR _NEAR _CONTRADICTED"
    ),
    "trends/store.py": "_FORMAT",
    "wording/probability.py": "_WORDS _LOWEST _HIGHEST _OF_WORDS",
}
#: Defaults that are the caller's own: the command's, and of a resampling.
OF_ARGUMENTS = {"cli.py", "scores/block.py"}
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


def is_number(value):
    """Whether an expression is a number, or holds some as they stand."""
    match value:
        case ast.Constant():
            return type(value.value) in {int, float}
        case ast.UnaryOp():
            return is_number(value.operand)
        case ast.BinOp():
            return is_number(value.left) and is_number(value.right)
        case ast.Tuple() | ast.List() | ast.Set():
            return any(map(is_number, value.elts))
        case ast.Dict():
            return any(map(is_number, value.values))
        case ast.Call():
            return any(map(is_number, value.args))
    return False


def named_numbers(text):
    """Names of a module that are given a number."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and is_number(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))


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
    [p for p in MODULES if p.relative_to(PACKAGE).as_posix() not in OF_ARGUMENTS],
    ids=lambda p: p.relative_to(PACKAGE).as_posix(),
)
def test_no_threshold_factor_or_year_stands_in_code(path):
    listed = NUMERICAL.get(path.relative_to(PACKAGE).as_posix(), "").split()
    assert set(found_in(path.read_text(encoding="utf-8"))) <= set(listed)


def test_every_number_with_a_name_is_declared_or_numerical():
    found = {
        p.relative_to(PACKAGE).as_posix(): " ".join(named_numbers(p.read_text(encoding="utf-8")))
        for p in MODULES
    }
    assert {path: names for path, names in found.items() if names} == NUMERICAL


@pytest.mark.parametrize("code", ["FEW = 5", "JUMP: Final = 0.25", "_LEFT_OVER = -(1 / 2)",
    "POINTS = (0.0, 2.5)", "KEPT = frozenset({3})", "LIMITS = {'reached': 0.95}"])  # fmt: skip
def test_a_named_number_would_be_found(code):
    assert list(named_numbers(code))


@pytest.mark.parametrize(
    "code",
    ["TAILS: Final = {4: (0.001, 0.02)}", "_ASSUMED_FACTOR = 1.5", "_LEFT_OVER = 0.9",
     "def f(x, deff=1.3): ...", "def f(x, *, baseline=2024): ..."],
)  # fmt: skip
def test_what_is_looked_for_would_be_found(code):
    assert list(found_in(code))


def test_every_number_declared_is_read():
    def names(model):
        for name, value in model:
            yield from names(value) if isinstance(value, BaseModel) else [name]

    read = " ".join(
        p.read_text(encoding="utf-8") for p in MODULES if p.name != "assumptions.py"
    )  # fmt: skip
    declared = set(names(load_assumptions())) - {"name", "version", "reason"}
    assert {name for name in declared if not re.search(rf"\.{name}\b", read)} == set()


def test_every_number_has_its_reason_and_moves_what_it_says(monkeypatch):
    declared = load_assumptions()
    quarters = [f"{year}K{q}" for year in range(2022, 2026) for q in range(1, 5)]
    reports = [40, 60, 80, 60] * 3 + [41, 59, 140, 61]
    ordinary = count_chart.chart_series(quarters, reports, [9.0] * 16, through=2024)
    assert "above" in set(ordinary["signal"])
    assert count_chart.TAILS[4] == declared.control_chart.quarters.tails
    monkeypatch.setitem(count_chart.TAILS, 4, (1e-12, 1e-9))
    silent = count_chart.chart_series(quarters, reports, [9.0] * 16, through=2024)
    assert set(silent["signal"]) == {""}

    data = ae.published()
    size = gather_facts(data, ae.load_agreement()).respondents("Amager Vest", 2024)
    assert isinstance(data, Input)
    assert size.assumed
    assert size.high / size.n == pytest.approx(declared.respondents.factor)
