"""What the page remembers between two visits: the folders chosen once, and the last workbook."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from platformdirs import user_config_path, user_documents_path

from amager_eval.errors import InputError
from amager_eval.spec.agreement import Agreement
from amager_eval.whole_file import whole_file
from amager_eval.wording.faults import fault_of

__all__ = ["Kept", "keep", "proposed_folder", "remembered", "settings_file"]


@dataclass(frozen=True)
class Kept:
    """What is remembered: where the record, the appendices and dropped workbooks lie.

    `delivery` is the workbook at hand, empty where none was dropped yet; `seconds` how long
    each step of the last status took: what the time left is reckoned from.
    """

    record: str
    out: str
    delivery: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


def settings_file(agreement: Agreement) -> Path:
    """Return the file of an agreement's settings, in the user's own configuration folder."""
    return user_config_path("amager-eval", appauthor=False) / f"{agreement.id}.json"


def proposed_folder(agreement: Agreement) -> Path:
    """Return the folder proposed to one who has chosen none."""
    return user_documents_path() / agreement.name


def remembered(path: Path) -> Kept | None:
    """Read what is remembered; None where nothing was chosen yet.

    Raises
    ------
    InputError
        The file was changed by hand into something else.
    """
    if not path.exists():
        return None
    try:
        return Kept(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InputError(fault_of("app_settings", file=str(path))) from error


def keep(path: Path, kept: Kept) -> None:
    """Remember for the next visit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(asdict(kept), indent=2) + "\n", encoding="utf-8")
