"""Docstrings: the public face has every section; elsewhere a list of parameters is complete."""

import inspect
import pkgutil
import re
from functools import cache
from importlib import import_module

import pytest
from numpydoc.validate import validate

import amager_eval as ae
from amager_eval import indicators

FACE = (ae, ae.significance, indicators)
#: What numpydoc's own check of the source cannot see: fields of dataclasses, and what is exported.
SECTIONS = {"GL08", "SS01", "PR01", "PR02", "PR04", "PR07", "RT01", "RT03"}
#: A list of parameters that lacks one, or has one too many.
INCOMPLETE = {"PR01", "PR02"}
#: Methods that need no example of their own: the example of their class or of the function that
#: returns it shows them.
EXAMPLE_ELSEWHERE = ("to_frame", "to_dict", "to_json")


def home(thing: object) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def public_face() -> dict[str, object]:
    found = {}
    for module in FACE:
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.ismodule(thing):
                continue
            found[home(thing)] = thing
            if inspect.isclass(thing):
                for key, value in vars(thing).items():
                    callable_ = inspect.isfunction(value) or isinstance(value, property)
                    if callable_ and not key.startswith("_"):
                        found[f"{home(thing)}.{key}"] = value
    return dict(sorted(found.items()))


FACE_NAMES = public_face()


def exported() -> list[str]:
    found = []
    for module in pkgutil.walk_packages(ae.__path__, "amager_eval."):
        if module.name.endswith("__main__"):
            continue
        loaded = import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            thing = getattr(loaded, name)
            here = inspect.isclass(thing) or inspect.isfunction(thing)
            if here and thing.__module__ == module.name:
                found.append(f"{module.name}.{name}")
    return sorted(found)


@cache
def checked(name: str) -> tuple[str, dict[str, str]]:
    result = validate(name)
    return result["docstring"] or "", dict(result["errors"])


def faults(name: str) -> dict[str, str]:
    return checked(name)[1]


def lists_parameters(name: str) -> bool:
    return re.search(r"^ *Parameters\n *-+$", checked(name)[0], re.M) is not None


@pytest.mark.parametrize("name", FACE_NAMES)
def test_the_public_face_has_every_section(name):
    found = {code: text for code, text in faults(name).items() if code in SECTIONS}
    if name.endswith(EXAMPLE_ELSEWHERE):  # no arguments, and a line that says what is returned
        found.pop("RT01", None)
    assert not found, f"{name}: {found}"


@pytest.mark.parametrize("name", FACE_NAMES)
def test_the_public_face_has_an_example(name):
    if not name.endswith(EXAMPLE_ELSEWHERE) and not isinstance(FACE_NAMES[name], property):
        assert "EX01" not in faults(name)


def test_errors_and_sources_are_named_in_significance():
    """A function that refuses has Raises; a statistical function names its source."""
    for name in ae.significance.__all__:
        thing = getattr(ae.significance, name)
        if inspect.isfunction(thing):
            text = inspect.getdoc(thing)
            assert "\nRaises\n" in text, name
            assert "\nNotes\n" in text or "\nReferences\n" in text, name


@pytest.mark.parametrize("name", exported())
def test_every_exported_name_is_described_and_no_list_is_half(name):
    found = faults(name)
    assert "GL08" not in found, f"{name} has no docstring"
    if lists_parameters(name):
        wrong = {code: text for code, text in found.items() if code in INCOMPLETE}
        assert not wrong, f"{name}: {wrong}"
