"""A status in a process of its own: watched, stopped, and never outliving the page."""

import subprocess
import sys
import time

import pytest

from amager_eval.app.job import Job
from amager_eval.app.make_status import Request

TELLS = """
import json, sys
request = json.loads(sys.stdin.readline())
for step in ("reading", "writing"):
    print(json.dumps({"step": step, "done": 1, "total": 2}), flush=True)
"""
WAITS = TELLS + "sys.stdin.read()\n"


def job_of(script, out, done=lambda _: None):
    request = Request("x.xlsx", "a", str(out), str(out), "da")
    return Job(request, when_done=done, command=(sys.executable, "-c", script))


def eventually(true):
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_finished_status_tells_its_year_and_how_long_it_took(tmp_path):
    finished = []
    job = job_of(TELLS + 'print(json.dumps({"year": 2026}))', tmp_path, finished.append)
    job.wait(20)
    assert job.progress.state == "done"
    assert job.progress.year == 2026
    assert [p.year for p in finished] == [2026]
    assert set(job.progress.seconds) == {"reading", "writing"}


def test_faults_are_told(tmp_path):
    job = job_of(TELLS + 'print(json.dumps({"faults": ["forkert"]}))', tmp_path)
    job.wait(20)
    assert (job.progress.state, job.progress.faults) == ("refused", ("forkert",))


def test_a_process_that_ends_without_a_word_is_told(tmp_path):
    job = job_of(TELLS, tmp_path)
    job.wait(20)
    assert job.progress.state == "broken"


def test_a_stop_ends_it_and_sweeps(tmp_path):
    half = tmp_path / ".unfinished-z" / "appendix"
    half.mkdir(parents=True)
    job = job_of(WAITS, tmp_path)
    eventually(lambda: job.progress.step == "writing")
    job.stop()
    assert not job.running
    assert job.progress.state == "stopped"
    assert not half.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe of its own")
def test_the_real_process_ends_when_the_page_is_gone(tmp_path):
    made = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, threading, time\n"
         "from amager_eval.app.make_status import _end_with\n"
         "threading.Thread(target=_end_with, args=(0,), daemon=True).start()\n"
         "time.sleep(60)"],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert made.stdin is not None
    made.stdin.close()
    assert made.wait(timeout=30) == 1
