"""Find and read the TOML documents in `models/`.

The folder lies beside the package in an installed wheel and at the checkout's root in an
editable install; this is the only place that knows.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from amager_eval.errors import SpecError

__all__ = ["models_folder", "parse_document", "read_document"]


def models_folder() -> Path:
    """Return the `models/` folder of the wheel or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "models", package.parents[1] / "models")
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise SpecError(
        f"the folder models/ was found neither at {candidates[0]} nor at {candidates[1]}; "
        "install the package again."
    )


def read_document(path: Path) -> tuple[dict[str, Any], str]:
    """Read a TOML document.

    Returns
    -------
    tuple of dict and str
        The document and its text, from which error messages find line numbers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SpecError(f"{path} does not exist; name a document in models/ or a file.") from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path} is not valid TOML: {error}") from error


def parse_document[M: BaseModel](model: type[M], path: Path) -> M:
    """Read and validate a TOML document; an error names file, line, key, what was found."""
    document, text = read_document(path)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        lines = []
        for fault in error.errors():
            line = _line_of(text, fault["loc"])
            key = ".".join(str(k) for k in fault["loc"])
            where = f"{path.name}, line {line}" if line else path.name
            found = fault["input"] if not isinstance(fault["input"], (dict, list)) else "a table"
            lines.append(f"{where}, key {key}: {fault['msg']}; found {found!r}.")
        raise SpecError("\n".join(lines)) from error


def _line_of(text: str, location: tuple[str | int, ...]) -> int | None:
    """Line of the key `location` points at: walk the table headers, then the key."""
    lines = text.splitlines()
    names = [k for k in location if isinstance(k, str)]
    indices = [k for k in location if isinstance(k, int)]
    start = 0
    # an array of tables: its k-th header bounds the search
    if indices:
        header = re.compile(r"^\s*\[\[\s*" + re.escape(_path_before_index(location)) + r"\s*\]\]")
        found = [i for i, line in enumerate(lines) if header.match(line)]
        if indices[0] < len(found):
            start = found[indices[0]]
            names = names[location.index(indices[0]) :] or names[-1:]
    best = start + 1 if start else None
    for name in names:
        pattern = re.compile(
            r"^\s*(\[+[^\]]*\b" + re.escape(name) + r"\s*\]+|" + re.escape(name) + r"\s*=)"
        )
        for i in range(start, len(lines)):
            if pattern.match(lines[i]):
                best, start = i + 1, i
                break
    return best


def _path_before_index(location: tuple[str | int, ...]) -> str:
    names: list[str] = []
    for key in location:
        if isinstance(key, int):
            break
        names.append(key)
    return ".".join(names)
