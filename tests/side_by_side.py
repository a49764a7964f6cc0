"""Several processes that do the same to one database at the same moment."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import BrokenBarrierError
from typing import Any, Protocol

from feedback_app.db.schema import metadata_is_complete
from feedback_app.services.runtime import Runtime, opened
from feedback_app.settings import Settings

metadata_is_complete()
PATIENCE = 120.0
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.side_by_side", "feedback_app.services.verification"])


class Barrier(Protocol):
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(frozen=True)
class Writer:
    """One of the writers: ``number`` from 0, and a barrier to meet the others at."""

    runtime: Runtime
    number: int
    barrier: Barrier

    def meet(self) -> None:
        """Go on when all writers have come this far."""
        self.barrier.wait(PATIENCE)


Work = Callable[[Writer, Any], Any]


def run(work: Work, settings: Settings, argument: Any = None, *, processes: int, threads: int = 1) -> list[Any]:
    """Call ``work(writer, argument)`` in so many processes of so many threads each; what each returned, by number.

    ``work`` must be a function of a module. An error in one of them is raised here.
    """
    barrier = _processes.Barrier(processes * threads)
    answers = _processes.SimpleQueue()
    children = [
        _processes.Process(target=_child, args=(work, settings, argument, first, threads, barrier, answers))
        for first in range(0, processes * threads, threads)
    ]
    for child in children:
        child.start()
    found: dict[int, Any] = {}
    for _ in range(processes * threads):
        number, answer = answers.get()
        found[number] = answer
    for child in children:
        child.join(PATIENCE)
    faults = [answer for answer in found.values() if isinstance(answer, Exception)]
    # Whoever waited in vain for the one that failed says less than that one.
    for fault in sorted(faults, key=lambda one: isinstance(one, BrokenBarrierError)):
        raise fault
    return [found[number] for number in sorted(found)]


def _child(work: Work, settings: Settings, argument: Any, first: int, threads: int, barrier: Any, answers: Any) -> None:
    with opened(settings) as runtime, ThreadPoolExecutor(threads) as pool:
        for number in range(first, first + threads):
            pool.submit(_work, work, Writer(runtime, number, barrier), argument, answers)


def _work(work: Work, writer: Writer, argument: Any, answers: Any) -> None:
    try:
        answer = work(writer, argument)
    except Exception as error:  # handed to whoever asked
        writer.barrier.abort()  # type: ignore[attr-defined]
        answer = error if type(error).__module__ == "builtins" else RuntimeError(f"{type(error).__name__}: {error}")
    answers.put((writer.number, answer))
