"""The process that makes a status: its appendix is put in place whole, and it ends by itself."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from amager_eval.app import make_status as module
from amager_eval.app.folders import years_in
from amager_eval.app.make_status import Request, make_status
from amager_eval.errors import GateError
from amager_eval.evaluation import evaluate
from amager_eval.report import write

TRIAL = Path(__file__).parents[1] / "year_by_year" / "trial_year"


class Made:
    year = 2026


@pytest.fixture
def request_(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "evaluate", lambda *_, **__: Made())

    def whole(statement, out, *, lang, letterhead):
        out.mkdir()
        (out / "appendix.html").write_text(f"{lang} {letterhead.case}", encoding="utf-8")

    monkeypatch.setattr(write, "write_appendix", whole)
    return Request(
        str(TRIAL / "indberetning_2026.xlsx"), "amager_2025_2028", str(tmp_path / "arkiv"),
        str(tmp_path / "bilag"), "da", "2026-7",
    )  # fmt: skip


def test_the_appendix_is_in_its_place_and_nothing_else(request_, tmp_path):
    told = []
    assert make_status(request_, lambda step, *_: told.append(step)) == 2026
    assert told == ["reading", "writing"]
    assert years_in(tmp_path / "bilag") == [2026]
    page = tmp_path / "bilag" / "appendix-2026" / "appendix.html"
    assert page.read_text(encoding="utf-8") == "da 2026-7"
    assert [p.name for p in page.parents[1].iterdir() if p.is_dir()] == ["appendix-2026"]


def test_a_failed_status_leaves_last_years_appendix(request_, tmp_path, monkeypatch):
    make_status(request_, lambda *_: None)

    def refuse(*_, **__):
        raise GateError(["R-hat"])

    monkeypatch.setattr(evaluate, "evaluate", refuse)
    with pytest.raises(GateError):
        make_status(request_, lambda *_: None)
    assert years_in(tmp_path / "bilag") == [2026]
    assert list((tmp_path / "bilag").glob(".unfinished-*")) == []


def test_a_refused_request_is_told_in_danish_and_the_process_ends(request_, tmp_path):
    wrong = replace(request_, delivery=str(tmp_path / "intet.xlsx"))
    process = subprocess.Popen(
        [sys.executable, "-m", module.__name__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(wrong.to_line())
    process.stdin.flush()  # and left open, as the page does
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout]
    assert process.wait(timeout=60) == 2
    process.stdin.close()
    process.stdout.close()
    assert lines[0]["step"] == "reading"
    assert "intet er skrevet." in lines[-1]["faults"]
