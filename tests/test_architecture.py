"""ARCHITECTURE.md says what is so: its rooms are the folders, its floors the import contracts."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "amager_eval"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def layers() -> list[list[str]]:
    """Rooms by floor, lowest first, as the import contract has them."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = document["tool"]["importlinter"]["contracts"]
    (floors,) = (c for c in contracts if c["type"] == "layers")
    assert floors["exhaustive"]
    return [re.split(r" *[|:] *", layer) for layer in reversed(floors["layers"])]


def told() -> list[tuple[list[str], str]]:
    """Rooms and what they may use, row by row as the table tells it."""
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*?) \|$", TEXT, re.M)
    return [(re.findall(r"`(\w+)/?`", rooms), use) for rooms, use in rows]


def allowed_by_text() -> dict[str, set[str]]:
    allowed: dict[str, set[str]] = {}
    for rooms, use in told():
        if use == "nothing":
            may: set[str] = set()
        elif use in {"the above", "all"}:
            may = set(allowed)
        else:
            named = set(re.findall(r"`(\w+)`", use))
            below = set().union(*(allowed[n] for n in named)) if "and below" in use else set()
            may = named | below
        for room in rooms:
            allowed[room] = set(may)
            may = may | {room} if use == "all" else may  # `cli` stands under `__main__`
    return allowed


def allowed_by_contract() -> dict[str, set[str]]:
    below: set[str] = set()
    allowed = {}
    for floor in layers():
        for room in floor:
            allowed[room] = set(below)
        below |= set(floor)
    return allowed


def test_the_rooms_are_the_folders_and_modules():
    files = {p.stem for p in PACKAGE.glob("*.py")} - {"__init__"}
    folders = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    rooms = [room for rooms, _ in told() for room in rooms]
    assert len(rooms) == len(set(rooms))
    assert set(rooms) == files | folders
    written_as_folder = set(
        re.findall(r"`(\w+)/`", "\n".join(re.findall(r"^\| `.*?\|", TEXT, re.M)))
    )
    assert written_as_folder == folders


def test_the_floors_told_are_the_floors_kept():
    assert allowed_by_text() == allowed_by_contract()


def test_data_flow_in_the_order_of_the_floors():
    (line,) = re.findall(r"^ {4}(data -> .*)$", TEXT, re.M)
    flow = [set(step.split(" | ")) for step in line.split(" -> ")]
    height = {room: i for i, floor in enumerate(layers()) for room in floor}
    heights = [{height[room] for room in step} for step in flow]
    assert all(len(h) == 1 for h in heights)
    assert [min(h) for h in heights] == sorted(min(h) for h in heights)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w*./]+\.(?:py|toml|md))`", TEXT))))
def test_every_file_named_is_there(path):
    places = (ROOT, PACKAGE, PACKAGE / "trends")
    assert any(any(place.glob(path)) for place in places)


@pytest.mark.parametrize("name", ["agreements", "safety_trend", "crime_trend", "area_estimate"])
def test_models_holds_what_its_readme_says(name):
    readme = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    assert f"`{name}/`" in readme
    assert (ROOT / "models" / name).is_dir()


#: Pages of an input that is no statement's: a quarter's counts, the baseline as it was frozen.
OF_AN_INPUT = {"report/quarter.py", "report/baseline_table.py"}


def looked_up(path: Path) -> list[str]:
    """What a view reads of an input or of its own look-up, and where it compares printed text."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                every = {f"{module}.{n.name}" for n in names} | {module}
                found += [m for m in every if m in LOOK_UPS]
            case ast.Attribute(value=ast.Name(id="statement"), attr="data"):
                found.append("statement.data")
            case ast.Compare(left=left, comparators=right):
                printed = {"MISSING", "–", "-"}
                told = [getattr(n, "id", getattr(n, "value", None)) for n in (left, *right)]
                found += [f"compares with {t}" for t in told if isinstance(t, str) and t in printed]
    return found


LOOK_UPS = {
    "amager_eval.data.annual_figures",
    "amager_eval.data.population",
    "amager_eval.goals.facts.gather_facts",
    "amager_eval.goals.facts.evaluated_area",
    "amager_eval.goals.safety.published_shares.shares_by_cell",
}


def test_no_view_reads_the_input_or_looks_a_figure_up():
    views = [
        p
        for room in ("figures", "tables", "report")
        for p in (PACKAGE / room).rglob("*.py")
        if str(p.relative_to(PACKAGE)) not in OF_AN_INPUT
    ]
    views += [PACKAGE / "goals" / "standing.py", PACKAGE / "goals" / "crime" / "context.py"]
    assert {p.name: found for p in views if (found := looked_up(p))} == {}


def test_what_views_may_not_do_would_be_found(tmp_path):
    view = tmp_path / "view.py"
    view.write_text(
        "from amager_eval.data.annual_figures import annual_figures\n"
        "rows = statement.data.safety\n"
        "known = cell != MISSING\n"
    )
    assert sorted(looked_up(view)) == [
        "amager_eval.data.annual_figures", "compares with MISSING", "statement.data",
    ]  # fmt: skip


def import_graph(folder: Path) -> dict[str, set[str]]:
    """Modules of a package and what each imports of it, within functions and for types too."""
    paths = {
        ".".join(p.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): p
        for p in folder.rglob("*.py")
    }
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    named |= {n.name for n in names}
                case ast.ImportFrom(module=str(source), names=names, level=0):
                    inside = {f"{source}.{n.name}" for n in names}
                    named |= inside & paths.keys()
                    named |= {source} if inside - paths.keys() else set()
        graph[module] = (named & paths.keys()) - {module}
    return graph


def in_circles(graph: dict[str, set[str]]) -> set[str]:
    """Modules that imports lead from and back to."""

    def reached(module: str) -> set[str]:
        seen: set[str] = set()
        left = [*graph[module]]
        while left:
            at = left.pop()
            if at not in seen:
                seen.add(at)
                left += graph[at]
        return seen

    return {module for module in graph if module in reached(module)}


def test_no_imports_run_in_circles():
    graph = import_graph(PACKAGE)
    assert "amager_eval.trends.safety.forecast" in graph["amager_eval.trends.fit"]  # in a function
    assert "amager_eval.goals.judged" in graph["amager_eval.goals.standing"]  # for a type checker
    assert in_circles(graph) == set()


def test_a_circle_would_be_found(tmp_path):
    package = tmp_path / "house"
    package.mkdir()
    (package / "a.py").write_text("def f():\n    from house import b\n")
    (package / "b.py").write_text("if TYPE_CHECKING:\n    from house.c import x\n")
    (package / "c.py").write_text("import house.a\n")
    (package / "d.py").write_text("from house.a import f\n")
    assert in_circles(import_graph(package)) == {"house.a", "house.b", "house.c"}


def imported_by_name(path: Path) -> set[str]:
    """Modules a file imports by a text, which no contract sees: of this package, or not known."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {
            "import_module",
            "__import__",
        }:
            name = node.args[0] if node.args else None
            text = name.value if isinstance(name, ast.Constant) else ast.unparse(node)
            if not isinstance(name, ast.Constant) or str(text).startswith("amager_eval"):
                found.add(str(text))
    return found


def test_a_forecast_alone_looks_upwards():
    by_name = {
        p.relative_to(PACKAGE).as_posix(): found
        for p in PACKAGE.rglob("*.py")
        if (found := imported_by_name(p))
    }
    # the package's public names, and forecasters' own packages
    assert by_name.pop("__init__.py") == {
        "amager_eval.significance", "import_module(f'amager_eval.{_HOME[name]}')",
    }  # fmt: skip
    assert by_name.pop("evidence/peers/packages.py") == {"import_module(name)"}
    upwards = {"amager_eval.goals.targets", "amager_eval.figures.course"}
    assert by_name == {"trends/forecast.py": upwards}
    (told,) = re.findall(r"^- .*`Forecast\.targets`(?:.|\n  )*", TEXT, re.M)
    assert all(f"`{name.removeprefix('amager_eval.')}`" in told for name in upwards)
