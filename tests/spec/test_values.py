import ast
from pathlib import Path

import amager_eval
from amager_eval.spec.values import AtKey
from amager_eval.wording.sentences import load_wording

SPEC = Path(amager_eval.__file__).parent / "spec"


def contradictions():
    """Key and names of the fields of every `AtKey(location, key, ...)` in the room."""
    for path in sorted(SPEC.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AtKey":
                fields = {k.arg for k in node.keywords}
                if None in fields:  # the same of a document that holds it
                    continue
                for key in ast.walk(node.args[1]):
                    if isinstance(key, ast.Constant):
                        yield key.value, fields


def test_every_contradiction_is_said_whole_in_both_languages():
    found = list(contradictions())
    assert len(found) >= 40
    for lang in ("da", "en"):
        words = load_wording(lang)
        for key, fields in found:
            said = words.say(f"contradiction.{key}", **dict.fromkeys(fields, "¤"))
            assert said
            assert said.count("¤") <= len(fields)


def test_a_contradiction_of_a_value_is_one_of_what_holds_it():
    inner = AtKey(("block", 1, "id"), "twice", name=["north", "south"])
    outer = inner.under("nested")
    assert outer.location == ("nested", "block", 1, "id")
    assert str(outer) == str(inner)
    assert "north, south" in outer.says.said_in("da")
