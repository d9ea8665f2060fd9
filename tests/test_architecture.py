"""ARCHITECTURE.md says what is so: its rooms are the folders, its floors the import contracts."""

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
