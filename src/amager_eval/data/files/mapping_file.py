"""Read a mapping file (TOML), which says how microdata or a register extract is coded."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from amager_eval.data.files.delimited import read_bytes
from amager_eval.data.tables.fault_texts import is_fault
from amager_eval.data.tables.findings import Findings
from amager_eval.errors import InputError
from amager_eval.wording.sentences import Lang

__all__ = ["read_mapping_file"]

#: What the validation library calls a fault, to our own name of it.
_CODES: Final = {
    "extra_forbidden": "mapping_key_unknown",
    "missing": "mapping_key_missing",
    "literal_error": "mapping_choice",
}


def read_mapping_file[M: BaseModel](path: Path, model: type[M], lang: Lang) -> M:
    """Read and validate a mapping file.

    Every wrong key is refused by its name.
    """
    content = read_bytes(path, lang, within=path.parent)
    findings = Findings(lang=lang, file=path.name)
    try:
        return model.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        findings.add("mapping_not_toml", row=int(line[1]) if line else None)
        raise InputError(findings.faults) from error
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            key = ".".join(str(k) for k in fault["loc"] if k != "[key]")
            code = _CODES.get(fault["type"], fault["type"])
            given = fault["input"]
            words = {"expected": "", **fault.get("ctx", {})}
            words["expected"] = str(words["expected"]).replace(" or ", ", ")
            findings.add(
                code if is_fault(code) else "mapping_value",
                column=key or None,
                found="" if isinstance(given, dict | BaseModel) else given,
                **words,
            )
        raise InputError(findings.faults) from error
