"""Statements on fixed stand-in draws are what they were: record, open data and page one.

`pytest tests/year_by_year/test_frozen_statements.py --renew-frozen` writes them anew after a change
that was meant; `git diff tests/reference/statements` then shows what it changed.
"""

import json
import math
from pathlib import Path

import pytest

import amager_eval as ae
from amager_eval.evidence.city.synthetic import synthetic_city
from amager_eval.report.compose import compose, open_data
from amager_eval.report.document import Bullets, Heading, Paragraph, TableBlock
from amager_eval.report.forms.datapackage import write_csv
from amager_eval.wording.sentences import load_wording

FROZEN = Path(__file__).parents[1] / "reference" / "statements"
#: What changes with every lock file, and rows by the thousand that the record is made of.
UNFROZEN = {"versions", "inputs", "diagnostics", "crime_quantities", "safety_probabilities"}
CASES = {
    "published": lambda: ae.evaluate(ae.published()),
    "tingbjerg_husum": lambda: ae.evaluate(ae.published(), agreement="tingbjerg_husum"),
    "synthetic": lambda: ae.evaluate(synthetic_city(4, last_wave=2027).data),
}


def page_one(document, words):
    """Text of page one, tables as they are printed."""
    for block in document.blocks:
        if isinstance(block, Heading) and block.new_page:
            return
        match block:
            case Heading() | Paragraph():
                yield block.text
            case Bullets():
                yield from (f"- {item}" for item in block.items)
            case TableBlock(table):
                yield table.title
                yield " | ".join(c.label for c in table.shown)
                yield from (" | ".join(cells) for cells in table.rows(words))
                yield table.note


def write(statement, folder):
    """Write what is frozen of a statement; versions change with every lock file."""
    words = load_wording("da")
    document = compose(statement, words)
    kept = statement.to_dict() | {"versions": {}, "inputs": [], "changed_documents": []}
    text = json.dumps(kept, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "statement.json").write_text(text + "\n", encoding="utf-8")
    for table in open_data(statement, document, words):
        if table.id not in UNFROZEN:
            write_csv(table, folder / f"{table.id}.csv")
    (folder / "page_one.txt").write_text(
        "\n".join(page_one(document, words)) + "\n", encoding="utf-8"
    )


def same(one, other):
    """Equal but for the last digits, which another processor may compute otherwise."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


@pytest.mark.usefixtures("quick_fits")
@pytest.mark.parametrize("case", CASES)
def test_a_statement_is_what_it_was(case, tmp_path, request):
    write(CASES[case](), tmp_path)
    frozen = FROZEN / case
    if request.config.getoption("--renew-frozen"):
        frozen.mkdir(parents=True, exist_ok=True)
        for old in frozen.iterdir():
            old.unlink()
        for path in tmp_path.iterdir():
            (frozen / path.name).write_bytes(path.read_bytes())
    if not frozen.is_dir():
        pytest.fail(f"nothing is frozen for {case}: write it with --renew-frozen")
    made = {p.name: p.read_text(encoding="utf-8") for p in tmp_path.iterdir()}
    was = {p.name: p.read_text(encoding="utf-8") for p in frozen.iterdir()}
    assert made.keys() == was.keys()
    for name in sorted(made):
        if name.endswith(".json"):
            now, then = json.loads(made[name]), json.loads(was[name])
            assert now.keys() == then.keys()
            for key in now:
                assert same(now[key], then[key]), key
        elif name.endswith(".csv"):
            cells = [[_number(c) for line in t.splitlines() for c in line.split(",")]
                     for t in (made[name], was[name])]  # fmt: skip
            assert same(*cells), name
        else:
            assert made[name] == was[name], name


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return cell
