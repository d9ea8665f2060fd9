"""The process that makes a status: its request by standard input, its steps as lines of JSON.

Computing in a process of its own means that it can be stopped at any moment, and that the page
answers meanwhile. It ends with the page's process: its standard input is then closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from amager_eval.app.folders import alone_in, appendix_folder, put_in_place
from amager_eval.data.tables.fault_texts import error_lines
from amager_eval.errors import AmagerEvalError
from amager_eval.wording.sentences import known_language

__all__ = ["STEPS", "Request", "main", "make_status"]

#: Steps of a status in order; those in between are the names `evaluate` tells.
STEPS = ("reading", "safety_trend", "crime_trend", "judging", "alternatives", "writing")

#: Called with a step, what is done of it and what there is in all; 0 in all where it is unknown.
type Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Request:
    """What to make: of which workbook, after which agreement, into which folder."""

    delivery: str
    agreement: str
    record: str
    out: str
    lang: str
    case: str = ""
    date: str = ""
    year: str = ""

    def to_line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def make_status(request: Request, tell: Tell) -> int:
    """Make the appendix of a workbook and put it in its folder once it is whole.

    Returns
    -------
    int
        The year it is the status of.

    Raises
    ------
    AmagerEvalError
        As :func:`amager_eval.evaluate`; or another process is at work in the folder.
    """
    out, record, lang = Path(request.out), Path(request.record), known_language(request.lang)
    with alone_in(out) as work:
        tell("reading", 0, 0)
        from amager_eval.data.delivery import read_delivery
        from amager_eval.report.letterhead import letterhead_of
        from amager_eval.spec.agreement import load_agreement

        letterhead = letterhead_of(request.case, request.date)
        agreement = load_agreement(request.agreement)
        data = read_delivery(Path(request.delivery), agreement=agreement, lang=lang)
        from amager_eval.evaluation.evaluate import evaluate  # seconds: not before it is needed
        from amager_eval.report.write import write_appendix

        statement = evaluate(
            data,
            agreement=agreement,
            year=int(request.year) if request.year else None,
            record=record if record.is_dir() else None,
            progress=tell,
        )
        tell("writing", 0, 0)
        new = work / "appendix"
        write_appendix(statement, new, lang=lang, letterhead=letterhead)
        put_in_place(new, appendix_folder(out, statement.year))
    return statement.year


def main() -> int:
    """Read the request, make the status, tell each step."""
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no line of ours
    request = Request(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()

    def say(**what: object) -> None:
        lines.write(json.dumps(what) + "\n")

    try:
        year = make_status(
            request, lambda step, done, total: say(step=step, done=done, total=total)
        )
    except (AmagerEvalError, OSError) as error:
        say(faults=error_lines(error, known_language(request.lang)))
        return error.exit_code if isinstance(error, AmagerEvalError) else 2
    say(year=year)
    return 0


def _end_with(page: int) -> None:
    """End at once when the page's process has ended; what it left is swept by the next one.

    Read below Python's own buffer: a thread waiting inside it would keep the process from ending.
    """
    os.read(page, 1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
