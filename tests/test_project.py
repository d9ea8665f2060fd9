"""What the project says about itself agrees: version, changelog, citation, templates, extras."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_citation_is_of_this_version():
    version = PROJECT["project"]["version"]
    assert f"\nversion: {version}\n" in read("CITATION.cff")


def test_the_changelog_keeps_its_form():
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Untested"}
    versions = re.findall(r"^## (.*)$", read("CHANGELOG.md"), re.M)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", v) for v in versions[1:])
    assert set(re.findall(r"^### (.*)$", read("CHANGELOG.md"), re.M)) <= kinds


def test_pythons_are_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.12"
    named = {c.rpartition(" ")[2] for c in PROJECT["project"]["classifiers"] if ":: 3." in c}
    tested = set(re.findall(r"\d\.\d+", re.search(r"^PYTHONS = .*$", read("noxfile.py"), re.M)[0]))
    assert tested == set(read(".python-version").split())
    assert tested <= named
    for untested in named - tested:
        assert f"Python {untested}" in read("CONTRIBUTING.md")


def test_the_wheel_carries_every_document_and_no_evidence():
    taken = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert all(to == f"amager_eval/{source}" for source, to in taken.items())
    files = {
        path.relative_to(ROOT).as_posix()
        for source in taken
        for path in [ROOT / source, *(ROOT / source).rglob("*")]
        if path.is_file()
    }
    there = {p.relative_to(ROOT).as_posix() for p in (ROOT / "models").rglob("*") if p.is_file()}
    assert files == {
        name for name in there if "/evidence/" not in name and not name.endswith("/EVIDENCE.md")
    }


@pytest.mark.parametrize("extra", ["app", "microdata", "distributed", "bench", "docs"])
def test_extras_stay_out_of_the_default_install(extra):
    def names(requirements):
        return {re.match(r"[\w-]+", r)[0] for r in requirements}

    wanted = names(PROJECT["project"]["optional-dependencies"][extra])
    assert wanted
    assert wanted.isdisjoint(names(PROJECT["project"]["dependencies"]))


def test_every_package_the_source_imports_is_declared():
    declared = [*PROJECT["project"]["dependencies"]]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        declared += extra
    named = {re.match(r"[\w-]+", r)[0].lower() for r in declared}
    gives = packages_distributions()
    undeclared = {
        module: path.name
        for path in sorted((ROOT / "src").rglob("*.py"))
        for module in _imported(ast.parse(path.read_text(encoding="utf-8")))
        if not named & {d.lower().replace("_", "-") for d in gives.get(module, [module])}
    }
    assert undeclared == {}


def _imported(tree):
    """Packages a file names, the standard library's and this one's aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        else:
            continue
        yield from {n.split(".")[0] for n in names} - {*sys.stdlib_module_names, "amager_eval"}


def test_templates_of_issues_and_changes_name_sessions_that_exist():
    sessions = set(re.findall(r"^def (\w+)\(session", read("noxfile.py"), re.M))
    for page in ("docs/release.md", ".github/pull_request_template.md", "CONTRIBUTING.md"):
        named = re.findall(r"nox -s ([a-z ]+)", read(page))
        assert named
        assert {word for line in named for word in line.split()} <= sessions | {"and", "pass"}
    assert {p.name for p in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()} >= {
        "fault.yml",
        "method.yml",
    }


def test_the_conda_recipe_wants_what_the_project_wants():
    recipe = read("packaging/conda/recipe.yaml")
    assert f'version: "{PROJECT["project"]["version"]}"' in recipe
    other = {"matplotlib": "matplotlib-base", "typst": "typst-py"}
    run = recipe.split("  run:\n")[1].split("\n\n")[0]
    wanted = {f"python {PROJECT['project']['requires-python']}"}
    for requirement in PROJECT["project"]["dependencies"]:
        name, bounds = re.match(r"([\w-]+)(.*)", requirement).groups()
        wanted.add(f"{other.get(name, name)} {bounds}".strip())
    assert {line.strip().removeprefix("- ") for line in run.splitlines()} == wanted


def test_the_workflow_runs_what_lands():
    assert "- run: .ci/run\n" in read(".github/workflows/check.yml")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_the_paper_names_nobody_who_is_not_cited():
    paper = read("paper.md")
    authors = re.findall(r"^  - name: (.*)$", read("CITATION.cff"), re.M)
    named = re.findall(r"^  - name: (.*)$", paper.split("affiliations:")[0], re.M)
    assert named == authors
    cited = set(re.findall(r"@(\w+)", paper.split("---", 2)[2]))
    assert cited == set(re.findall(r"^@\w+\{(\w+),", read("paper.bib"), re.M))


def test_windows_starts_the_page_without_an_administrator():
    content = (ROOT / "Start.cmd").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n")  # the shell reads no other line end
    lines = content.decode("ascii").splitlines()  # whatever code page the shell has
    assert any("py -m pip install --user uv" in t for t in lines)
    (start,) = (t for t in lines if t.startswith("py -m uv run"))
    assert start.endswith("--extra app amager-eval app")
    assert "app" in PROJECT["project"]["optional-dependencies"]
