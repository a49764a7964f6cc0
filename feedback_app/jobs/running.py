"""A worker process from its beginning to its end."""

import logging
import threading
from datetime import UTC
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from feedback_app.clock import system_clock
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
    worker = Worker(runtime, channels, stop, media)
    scheduler = BackgroundScheduler(timezone=UTC)
    seconds = SANDBOX_TICK_SECONDS if runtime.settings.sandbox.clock_file else TICK_SECONDS
    for job, every in (
        (worker.tick, seconds),
        (worker.deliver, DELIVERY_SECONDS),
        (worker.fetch_media, seconds),
    ):
        scheduler.add_job(job, "interval", seconds=every, max_instances=1, coalesce=True, next_run_time=system_clock())
    scheduler.add_job(worker.prove, "interval", (probes or {},), seconds=PROBE_SECONDS, max_instances=1, coalesce=True)
    scheduler.add_job(worker.watch_canary, "interval", seconds=PROBE_SECONDS, max_instances=1, coalesce=True)
    if runtime.settings.visits.drop_folder:
        folder = (runtime, Path(runtime.settings.visits.drop_folder))
        scheduler.add_job(
            visit_files.take_folder, "interval", folder, seconds=PROBE_SECONDS, max_instances=1, coalesce=True
        )
    scheduler.start()
    while not stop.wait(SETTLE_SECONDS):
        _settle(runtime)
    scheduler.shutdown(wait=True)
    worker.leave()


def _settle(runtime: Runtime) -> None:
    try:
        runtime.database.settle()
    except Exception as error:  # a disk that is full, a file that is locked: whoever writes says so, and does it itself
        _log.info("the log of the database was left to its writers: %s", type(error).__name__)
