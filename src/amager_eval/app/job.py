"""A status in the making: a process of its own, watched, and stopped on request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypedDict

from amager_eval.app.folders import sweep
from amager_eval.app.make_status import STEPS, Request

__all__ = ["COMMAND", "Job", "Progress", "seconds_left"]

#: What makes a status; tests replace it by one that computes nothing.
COMMAND: tuple[str, ...] = (sys.executable, "-m", "amager_eval.app.make_status")


@dataclass(frozen=True)
class Progress:
    """How far a status is.

    `refused` has faults, in the reader's language; `broken` is a process that ended without a
    word. `done` and `total` are of the step, 0 in all where it is unknown; `year` is the
    finished appendix's. `began` has when each step began, and `ended` when the last one ended,
    in seconds by a clock that never goes back.
    """

    state: Literal["running", "done", "refused", "stopped", "broken"] = "running"
    step: str = STEPS[0]
    done: int = 0
    total: int = 0
    year: int | None = None
    faults: tuple[str, ...] = ()
    began: Mapping[str, float] = field(default_factory=dict)
    ended: float | None = None

    @property
    def seconds(self) -> dict[str, float]:
        """How long each step took that is over."""
        marks = sorted(self.began.items(), key=lambda mark: mark[1])
        ends = [start for _, start in marks[1:]]
        ends += [] if self.ended is None else [self.ended]
        return {step: end - start for (step, start), end in zip(marks, ends, strict=False)}


class _Said(TypedDict, total=False):
    """A line of the process: how far it is, or how it ended."""

    step: str
    done: int
    total: int
    faults: list[str]
    year: int


class Job:
    """A status in the making; `when_done` is called with the last progress of a finished one."""

    def __init__(
        self,
        request: Request,
        *,
        when_done: Callable[[Progress], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.request = request
        self._when_done = when_done
        self._change = threading.Lock()
        self._progress = Progress(began={STEPS[0]: time.monotonic()})
        self._to_stop = False
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert self._process.stdin is not None
        self._process.stdin.write(request.to_line())
        self._process.stdin.flush()  # and left open: its end is the page's end
        self._reader = threading.Thread(target=self._watch, daemon=True)
        self._reader.start()

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        with self._change:
            return self._progress

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.progress.state == "running"

    def stop(self) -> None:
        """Stop it at once, and remove what it had begun; a finished status stays.

        It is called stopped when nothing of it is left, so that the next one finds its folder.
        """
        with self._change:
            self._to_stop = self._progress.state == "running"
        self._process.kill()
        self.wait()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended."""
        self._reader.join(timeout)

    def _watch(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        for line in self._process.stdout:
            self._take(json.loads(line))
        self._process.stdout.close()
        self._process.wait()
        self._process.stdin.close()
        try:
            sweep(Path(self.request.out))
        finally:
            with self._change:
                if self._progress.state == "running":
                    ended: Literal["stopped", "broken"] = "stopped" if self._to_stop else "broken"
                    self._progress = replace(self._progress, state=ended)
        if self.progress.state == "done":
            self._when_done(self.progress)

    def _take(self, said: _Said) -> None:
        now = time.monotonic()
        with self._change:
            before = self._progress
            if before.state != "running" or self._to_stop:
                return
            if "step" in said:
                step = said["step"]
                self._progress = replace(
                    before,
                    step=step,
                    done=said["done"],
                    total=said["total"],
                    began={step: now} | dict(before.began),  # each as it began first
                )
            elif "faults" in said:
                self._progress = replace(
                    before, state="refused", faults=tuple(said["faults"]), ended=now
                )
            else:
                self._progress = replace(before, state="done", year=said["year"], ended=now)


def seconds_left(progress: Progress, known: Mapping[str, float], now: float) -> float | None:
    """Reckon the time left from what is done of the step and how long each took last time.

    Parameters
    ----------
    progress : Progress
    known : mapping of str to float
        How long each step took last time, seconds; empty on a first visit.
    now : float
        By the clock of `progress.began`.

    Returns
    -------
    float or None
        Seconds; None where nothing is known to reckon from.

    Examples
    --------
    >>> began = {"reading": 0.0, "safety_trend": 4.0}
    >>> halfway = Progress(step="safety_trend", done=50, total=100, began=began)
    >>> seconds_left(halfway, {"crime_trend": 20.0, "writing": 6.0}, 10.0)
    32.0
    >>> seconds_left(Progress(began={"reading": 0.0}), {}, 2.0) is None
    True
    """
    spent = now - progress.began.get(progress.step, now)
    if progress.done and progress.total:
        own = spent * (progress.total - progress.done) / progress.done
    elif progress.step in known:
        own = max(0.0, known[progress.step] - spent)
    else:
        return None
    after = STEPS[STEPS.index(progress.step) + 1 :]
    return own + sum(known.get(step, 0.0) for step in after)
