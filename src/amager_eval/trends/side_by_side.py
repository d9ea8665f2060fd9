"""Do pieces of work at the same time, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from amager_eval.trends.sample import Progress

__all__ = ["processes", "side_by_side"]

_allowed: ContextVar[int] = ContextVar("processes", default=1)
#: Processes share the cores by whole pieces; threads of linear algebra would only wait.
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: Seconds between two looks at how far the processes are.
_PATIENCE: Final = 0.3
#: What progress is counted in: pieces differ in length.
_THOUSAND: Final = 1000

#: In a process of the pool: where it tells how far it is.
_told: dict[str, Any] = {}


@contextmanager
def processes(count: int | None = None) -> Iterator[None]:
    """Allow so many processes at a time within the block; the draws are the same either way.

    Parameters
    ----------
    count : int or None
        None: as many as there are cores; 1 stays in this process, as without the block. With
        more, a script must keep its work under `if __name__ == "__main__":`, for every process
        imports it.

    Examples
    --------
    >>> import amager_eval as ae
    >>> with processes():  # doctest: +SKIP
    ...     fit = ae.fit_safety(ae.published())
    """
    before = _allowed.set(count or os.cpu_count() or 1)
    try:
        yield
    finally:
        _allowed.reset(before)


def side_by_side[Task, Result](
    work: Callable[[Task, Progress | None], Result],
    tasks: Sequence[Task],
    progress: Progress | None = None,
) -> list[Result]:
    """Do every task; as many at a time as :func:`processes` allows.

    Parameters
    ----------
    work : callable
        Of a module, called with a task and what tells its progress. Task and result are pickled.
    tasks : sequence
        What is to be done.
    progress : callable or None
        Called with thousandths done, and 1,000.

    Returns
    -------
    list
        Results in the tasks' order.
    """
    count = min(_allowed.get(), len(tasks))
    done = [0.0] * len(tasks)

    def tell(which: int, part: float) -> None:
        done[which] = part
        if progress is not None:
            progress(round(_THOUSAND * sum(done) / len(tasks)), _THOUSAND)

    if count <= 1:
        return [work(task, partial(_tell_here, tell, k)) for k, task in enumerate(tasks)]
    # fresh interpreters: threads of the sampler do not survive a fork
    context = multiprocessing.get_context("spawn")
    heard = context.Queue()
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ |= dict.fromkeys(_ONE_THREAD, "1")  # read when a process starts
    pool = ProcessPoolExecutor(count, context, initializer=_listen, initargs=(heard,))
    try:
        futures: list[Future[Result]] = [
            pool.submit(_do, work, k, task) for k, task in enumerate(tasks)
        ]
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
            while not heard.empty():
                tell(*heard.get())
        return [future.result() for future in futures]
    finally:  # after an error nothing more is begun
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _tell_here(tell: Callable[[int, float], None], which: int, part: int, whole: int) -> None:
    tell(which, part / whole)


def _listen(heard: Any) -> None:
    _told["queue"] = heard


def _do[Task, Result](
    work: Callable[[Task, Progress | None], Result], which: int, task: Task
) -> Result:
    """Do a task in a process of the pool."""
    return work(task, lambda part, whole: _told["queue"].put((which, part / whole)))
