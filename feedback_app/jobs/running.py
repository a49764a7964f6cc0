"""A worker process from its beginning to its end."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from functools import partial
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from feedback_app import whose
from feedback_app.clock import system_clock
from feedback_app.errors import Unavailable
from feedback_app.jobs.proving import Probes
from feedback_app.jobs.sending import Channels
from feedback_app.jobs.worker import Worker
from feedback_app.services import visit_files
from feedback_app.services.case_media import MediaSource
from feedback_app.services.runtime import Runtime

TICK_SECONDS = 15
SANDBOX_TICK_SECONDS = 1  # the demo's and the tests' clock may jump at any moment
DELIVERY_SECONDS = 1
SETTLE_SECONDS = 0.5
OUTAGE_SECONDS = 5.0
PROBE_SECONDS = 60  # how often to ask whether the canary is due

_log = logging.getLogger(__name__)


def run_worker(
    runtime: Runtime,
    channels: Channels,
    stop: threading.Event,
    probes: Probes | None = None,
    media: MediaSource | None = None,
) -> None:
    """Work until ``stop`` is set; the message being sent then is finished and recorded."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick left out because the last one runs is no news
    worker, calm = Worker(runtime, channels, stop, media), Outage(whose.name())
    scheduler = BackgroundScheduler(timezone=UTC)
    seconds = SANDBOX_TICK_SECONDS if runtime.settings.sandbox.clock_file else TICK_SECONDS
    for job, every in (
        (worker.tick, seconds),
        (worker.deliver, DELIVERY_SECONDS),
        (worker.fetch_media, seconds),
    ):
        scheduler.add_job(
            calm.around(job), "interval", seconds=every, max_instances=1, coalesce=True, next_run_time=system_clock()
        )
    prove = calm.around(partial(worker.prove, probes or {}))
    scheduler.add_job(prove, "interval", seconds=PROBE_SECONDS, max_instances=1, coalesce=True)
    scheduler.add_job(
        calm.around(worker.watch_canary), "interval", seconds=PROBE_SECONDS, max_instances=1, coalesce=True
    )
    if runtime.settings.visits.drop_folder:
        take = calm.around(partial(_take_visits, runtime, Path(runtime.settings.visits.drop_folder)))
        scheduler.add_job(take, "interval", seconds=PROBE_SECONDS, max_instances=1, coalesce=True)
    scheduler.start()
    while not stop.wait(SETTLE_SECONDS):
        _settle(runtime)
    scheduler.shutdown(wait=True)
    with suppress(Unavailable):  # then it is missed after a minute, and nothing else
        worker.leave()


class Outage:
    """While the database cannot be used nothing is tried more often than every few seconds, and it is said once, not once a job."""

    def __init__(
        self, of: str = "", patience: float = OUTAGE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._of, self._patience, self._clock = of, patience, clock
        self._again_at: float | None = None

    def around(self, job: Callable[[], object]) -> Callable[[], None]:
        def calmly() -> None:
            whose.is_of(self._of)  # in whichever thread of the scheduler this runs
            again_at = self._again_at
            if again_at is not None and self._clock() < again_at:
                return
            try:
                job()
            except Unavailable as error:
                if error.code != "database.unavailable":
                    raise
                if self._again_at is None:
                    _log.error("nothing is done until the database can be used again; it is asked every few seconds")
                self._again_at = self._clock() + self._patience
            else:
                if again_at is not None:
                    _log.warning("the database can be used again: what was missed is done now")
                    self._again_at = None

        return calmly


def _take_visits(runtime: Runtime, folder: Path) -> None:
    try:
        if not folder.is_dir():
            raise NotADirectoryError(f"there is no folder {folder}")
        visit_files.take_folder(runtime, folder)
    except OSError as error:  # a share that is away, a folder that is not ours to write to
        _log.error("no visits can be taken from visits.drop_folder: %s", error)


def _settle(runtime: Runtime) -> None:
    try:
        runtime.database.settle()
    except Exception as error:  # a disk that is full, a file that is locked: whoever writes says so, and does it itself
        _log.info("the log of the database was left to its writers: %s", type(error).__name__)
