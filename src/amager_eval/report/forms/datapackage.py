"""Open data: tables as CSV, described by a Data Package that names every column and its type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amager_eval.goals.verdict import Verdict
from amager_eval.provenance import sha256_of_file
from amager_eval.tables.table import file_stem

if TYPE_CHECKING:
    from amager_eval.goals.statement import Statement
    from amager_eval.report.document import Document
    from amager_eval.tables.table import Column, Table
    from amager_eval.wording.sentences import Wording

__all__ = ["write_csv", "write_datapackage"]

_TYPES: Final = {"text": "string", "mark": "string", "year": "integer", "flag": "boolean"}


def write_csv(table: Table, path: Path) -> None:
    """Write a table's raw values: UTF-8, comma, decimal point, whole years."""
    frame = table.frame[[c.key for c in table.in_data]].copy()
    for column in table.in_data:
        if column.kind == "year":
            frame[column.key] = frame[column.key].astype("Int64")
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def write_datapackage(
    statement: Statement,
    document: Document,
    tables: Sequence[Table],
    folder: Path,
    words: Wording,
) -> Path:
    """Describe the tables and the record of a folder.

    `datapackage.json`, by the Data Package standard, version 1 (Frictionless); the tables are
    `tables/<id>.csv` of the folder, beside `statement.json`.
    """
    record = folder / "statement.json"
    resources: list[dict[str, object]] = [
        {
            "name": "statement",
            "path": record.name,
            "format": "json",
            "mediatype": "application/json",
            "encoding": "utf-8",
            **_file(record),
        }
    ]
    for table in tables:
        path = folder / "tables" / f"{table.id}.csv"
        resources.append(
            {
                "name": table.id,
                "title": table.title,
                "description": table.note,
                "path": f"tables/{path.name}",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                **_file(path),
                "schema": {
                    "fields": [_field(c, words) for c in table.in_data],
                    "missingValues": [""],
                },
            }
        )
    package = {
        "profile": "data-package",
        "name": f"{file_stem(statement.agreement.id)}-{statement.year}".replace("_", "-"),
        "title": document.title,
        "description": document.description,
        "version": str(statement.year),
        "synthetic": statement.synthetic,
        "draft": statement.draft,
        "sources": [{"title": file.name} for file in statement.facts.files],
        "resources": resources,
    }
    path = folder / "datapackage.json"
    path.write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def _file(path: Path) -> dict[str, object]:
    return {"bytes": path.stat().st_size, "hash": f"sha256:{sha256_of_file(path)}"}


def _field(column: Column, words: Wording) -> dict[str, object]:
    field: dict[str, object] = {
        "name": column.key,
        "title": column.label.replace("\n", " "),
        "type": _TYPES.get(column.kind, "number"),
    }
    if column.kind == "mark":  # one set of codes whatever the language; said in the reader's
        words_used = list(Verdict)
        codes = {code: words.say(f"verdict.{code}") for code in words_used}
        said = "; ".join(f"{code} = {name}" for code, name in codes.items())
        field["description"] = words.say("document.codes", codes=said)
        field["constraints"] = {"enum": list(codes)}
    return field
