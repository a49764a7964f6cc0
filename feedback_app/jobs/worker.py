"""One worker process: what it does at a tick."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from feedback_app.domain.periods import local_day
from feedback_app.errors import Unavailable
from feedback_app.jobs import media as case_media
from feedback_app.jobs.collecting import collected
from feedback_app.jobs.duties import Beforehand, Daily, Duties, Duty, InParts, InSteps, Step
from feedback_app.jobs.proving import Probes, Prover
from feedback_app.jobs.sending import Channels, Sender
from feedback_app.services import bindings, deliveries, periodic
from feedback_app.services.case_media import MediaSource
from feedback_app.services.runtime import Runtime

_BEAT_EVERY = timedelta(seconds=20)
_MINUTE = timedelta(minutes=1)
_LONG, _RESTS = 1.0, 4
"""After counting for so many seconds, so many times as long until the next: on a day of a hundred thousand ratings it leaves room for them."""
_log = logging.getLogger(__name__)


class Worker:
    """What it does at a tick, how it delivers, and what it says of itself."""

    def __init__(
        self,
        runtime: Runtime,
        channels: Channels,
        stop: threading.Event | None = None,
        media: MediaSource | None = None,
        duties: Duties | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._runtime = runtime
        self._channels = channels
        self._media = media
        self._stop = stop or threading.Event()
        self._duties = duties or collected()
        self._sender = Sender(self.name, runtime, channels, self._stop)
        self._prover = Prover(self.name, runtime, self._stop)
        self._last_beat: datetime | None = None
        self._last_minute: datetime | None = None
        self._rest: dict[str, float] = {}  # duty -> not before (monotonic seconds)

    def tick(self) -> None:
        """Say that we are alive and do what has become due.

        Work that fails is tried again at the next tick and keeps nothing else from being done; the first error is raised
        at the end.
        """
        self._beat()
        failed: list[Exception] = []
        for duty in self._duties.every_tick:
            self._try(failed, duty.name, partial(self._do, duty))
        for name, work in self._duties.daily.items():
            self._try(failed, name, partial(self._daily, name, work))
        now = self._runtime.now()
        if self._last_minute is None or abs(now - self._last_minute) >= _MINUTE:
            self._last_minute = now
            for duty in self._duties.minutely:
                self._try(failed, duty.name, partial(self._do, duty))
        if failed:
            raise failed[0]

    def deliver(self) -> int:
        """Send everything that is due now; returns how many messages were handed to a channel."""
        return self._sender.deliver()

    def prove(self, probes: Probes) -> None:
        """Send the marked low ratings when they are due."""
        self._prover.prove(probes)

    def watch_canary(self) -> None:
        """Tell people when low ratings stay untested although a round is due."""
        self._prover.watch()

    def fetch_media(self) -> int:
        """Fetch what people sent to their cases; returns how much was asked for."""
        return 0 if self._media is None else case_media.fetch(self._runtime, self._media)

    def leave(self) -> None:
        """An orderly end: this process is not missed by `service-star check`."""
        with self._runtime.transaction() as session:
            periodic.gone(session, self.name)

    def _try(self, failed: list[Exception], name: str, work: Callable[[], None]) -> None:
        without_database = any(isinstance(one, Unavailable) and one.code == "database.unavailable" for one in failed)
        if self._stop.is_set() or without_database:
            return
        try:
            work()
        except Exception as error:
            failed.append(error)
            if error is not failed[0]:  # the first one is raised
                _log.exception("%s failed", name)

    def _beat(self) -> None:
        now = self._runtime.now()
        if self._last_beat is None or abs(now - self._last_beat) >= _BEAT_EVERY:
            with self._runtime.transaction() as session:
                periodic.beat(session, self.name, now)
                deliveries.expire_unservable(session, self._channels, self._runtime.settings.deliveries, now)
                for person in bindings.leavers(session):
                    bindings.end_access(session, person, by="system", now=now)
            self._last_beat = now

    def _do(self, duty: Duty) -> None:
        now = self._runtime.now()
        with self._runtime.reading() as session:
            if not duty.has_work(session, self._runtime, now):
                return
        if isinstance(duty.work, InSteps):
            self._walk(duty, duty.work.step)
            return
        if isinstance(duty.work, InParts):
            self._part_by_part(duty, duty.work)
            return
        if isinstance(duty.work, Beforehand):
            self._prepared(duty, duty.work)
            return
        with self._runtime.transaction() as session:
            if not duty.leased or periodic.hold(session, duty.name, self.name, now):
                duty.work(session, self._runtime, now)

    def _prepared(self, duty: Duty, work: Beforehand) -> None:
        """Look, then write what was seen, while the lease that was taken before still holds; else all in one."""
        began = time.monotonic()
        if began < self._rest.get(duty.name, 0.0) or not self._holds(duty):
            return
        with self._runtime.reading() as session:
            seen = work.look(session, self._runtime, self._runtime.now())
        in_time = time.monotonic() - began < periodic.ALIVE.total_seconds() / 2
        with self._runtime.transaction() as session:
            now = self._runtime.now()
            if not periodic.hold(session, duty.name, self.name, now):
                return
            if seen is None or not in_time or not work.write(session, self._runtime, now, seen):
                work.whole(session, self._runtime, now)
        ended = time.monotonic()
        if ended - began > _LONG:
            self._rest[duty.name] = ended + _RESTS * (ended - began)

    def _holds(self, duty: Duty) -> bool:
        with self._runtime.transaction() as session:
            return periodic.hold(session, duty.name, self.name, self._runtime.now())

    def _walk(self, duty: Duty, step: Step) -> None:
        """Through everything there is to do, a transaction at a time."""
        after: int | None = 0
        while not self._stop.is_set():
            now = self._runtime.now()
            if after is None:
                with self._runtime.reading() as session:
                    if not duty.has_work(session, self._runtime, now):
                        return
            with self._runtime.transaction() as session:
                if duty.leased and not periodic.hold(session, duty.name, self.name, now):
                    return
                after = step(session, self._runtime, now, after or 0)

    def _part_by_part(self, duty: Duty, work: InParts) -> None:
        while not self._stop.is_set():
            with self._runtime.reading() as session:
                seen = work.look(session)
            if seen is None:
                return
            with self._runtime.transaction() as session:
                if duty.leased and not periodic.hold(session, duty.name, self.name, self._runtime.now()):
                    return
                work.write(session, seen)

    def _daily(self, kind: str, work: Daily) -> None:
        now = self._runtime.now()
        day = local_day(now, self._runtime.zone).isoformat()
        with self._runtime.reading() as session:
            if periodic.is_done(session, kind, day):
                return
        if isinstance(work, InSteps):
            self._stepwise(kind, day, work.step, now)
            return
        with self._runtime.transaction() as session:
            if periodic.take(session, kind, day, now):
                done = work(session, self._runtime, now)
                _log.info("%s of %s: %s", kind, day, done)

    def _stepwise(self, kind: str, day: str, step: Step, now: datetime) -> None:
        after: int | None = 0
        while after is not None and not self._stop.is_set():
            with self._runtime.transaction() as session:
                if periodic.is_done(session, kind, day):
                    return
                after = step(session, self._runtime, now, after)
                if after is None:
                    periodic.take(session, kind, day, now)
