"""Find and read the TOML documents in `models/`.

The folder lies beside the package in an installed wheel and at the checkout's root in an
editable install; this is the only place that knows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from amager_eval.errors import SpecError
from amager_eval.spec.values import AtKey
from amager_eval.wording.faults import fault_of

__all__ = ["models_folder", "parse_document", "read_document"]


def models_folder() -> Path:
    """Return the `models/` folder of the wheel or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "models", package.parents[1] / "models")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise SpecError(fault_of("no_models", one=candidates[0], other=candidates[1]))


def read_document(path: Path) -> tuple[dict[str, object], str]:
    """Read a TOML document.

    With its text, from which error messages find line numbers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SpecError(fault_of("document_absent", path=path)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SpecError(fault_of("document_not_utf8", name=path.name, line=line)) from error
    try:
        return deepcopy(_parsed(text)), text
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise SpecError(fault_of("document_not_toml", path=path, line=line)) from error


@lru_cache(maxsize=32)
def _parsed(text: str) -> dict[str, object]:
    """Parse a document once: an input is read with the same agreement at every turn."""
    return tomllib.loads(text)


def parse_document[M: BaseModel](model: type[M], path: Path) -> M:
    """Read and validate a TOML document; an error names file, line, key, what was found."""
    document, text = read_document(path)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        where_is = _lines_of_keys(text)
        problems = []
        for fault in error.errors():
            location, found = tuple(fault["loc"]), fault["input"]
            contradiction = fault.get("ctx", {}).get("error")
            says: object = fault["msg"] if contradiction is None else str(contradiction)
            kind = _KINDS.get(fault["type"], "document_value")
            if isinstance(contradiction, AtKey):
                kind, says = "document_contradiction", contradiction.says
                location += contradiction.location
                found = _value_at(document, location)
            line = next(
                (
                    where_is[location[:n]]
                    for n in range(len(location), 0, -1)
                    if location[:n] in where_is
                ),
                None,
            )
            shown = "{…}" if isinstance(found, (dict, list)) and not _plain(found) else found
            problems.append(
                fault_of(
                    kind,
                    name=path.name,
                    line=line or 1,
                    at=".".join(str(k) for k in location),
                    says=says,
                    shown=shown,
                    **_limits(fault.get("ctx", {})),
                )
            )
        raise SpecError(*problems) from error


#: Faults of a document that have a sentence of their own, by pydantic's name of them.
_KINDS: Final = {
    "missing": "document_key_missing",
    "extra_forbidden": "document_key_unknown",
    "string_type": "document_no_text",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "document_no_integer"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "document_no_number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "document_no_truth"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing"), "document_no_date"
    ),
    **dict.fromkeys(("list_type", "tuple_type"), "document_no_list"),
    **dict.fromkeys(("dict_type", "model_type"), "document_no_table"),
    **dict.fromkeys(("literal_error", "enum"), "document_no_choice"),
    "greater_than": "document_not_above",
    "greater_than_equal": "document_too_small",
    "less_than": "document_not_below",
    "less_than_equal": "document_too_large",
    **dict.fromkeys(("too_short", "string_too_short"), "document_too_short"),
}


def _limits(context: Mapping[str, Any]) -> dict[str, Any]:
    """Give what pydantic held a value against: the choices, or the bound."""
    bounds = [context[k] for k in ("gt", "ge", "lt", "le", "min_length") if k in context]
    return {
        "choices": str(context.get("expected", "")).replace(" or ", ", "),
        "bound": bounds[0] if bounds else "",
    }


_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*("[^"]+"|'[^']+'|[\w-]+)\s*=""")
_NAME = re.compile(r"""[^."'\s]+|"[^"]*"|'[^']*'""")


def _lines_of_keys(text: str) -> dict[tuple[str | int, ...], int]:
    """Line of every table and key of a TOML text; the k-th of an array of tables has index k."""
    found: dict[tuple[str | int, ...], int] = {}
    last: dict[tuple[str | int, ...], int] = {}  # index of the newest table of an array
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            names = [name.strip("\"'") for name in _NAME.findall(header[2])]
            table = ()
            for i, name in enumerate(names, start=1):
                table = (*table, name)
                if header[1] == "[[" and i == len(names):
                    last[table] = last.get(table, -1) + 1
                    found.setdefault(table, number)
                if table in last:
                    table = (*table, last[table])
            found.setdefault(table, number)
        elif key:
            found.setdefault((*table, key[1].strip("\"'")), number)
    return found


def _value_at(document: Any, location: tuple[str | int, ...]) -> Any:
    """Return what stands at a key; None where nothing does."""
    for key in location:
        known = isinstance(document, dict) and key in document
        if not (known or (isinstance(document, list) and isinstance(key, int))):
            return None
        document = document[key]
    return document


def _plain(value: Any) -> bool:
    """Whether a value is a list without tables, which can be shown as it is."""
    return isinstance(value, list) and not any(isinstance(v, (dict, list)) for v in value)
