"""The worker process: when to call which service. APScheduler is only the alarm clock; the database decides what is due.

Any number of workers may run. What must happen once a day is claimed by a row written in the transaction that does it; what
was missed while no worker ran is done at the first tick afterwards, because ticks ask what is due, not what time it is.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from feedback_app.clock import system_clock
from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError
from feedback_app.services import (
    bindings,
    canary,
    case_duties,
    case_media,
    deliveries,
    evidence,
    housekeeping,
    leaderboards,
    periodic,
    publications,
    reaching,
    retention,
    round_clock,
    stuffing,
    tallying,
    thanks_today,
    visits,
)
from feedback_app.services.case_media import MediaSource
from feedback_app.services.deliveries import Channel
from feedback_app.services.reasons import coded
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session
from feedback_app.settings import Settings

Channels = Mapping[str, Channel]
Probes = Mapping[str, Callable[[canary.Target], canary.Attempt]]
Daily = Callable[[Session, Runtime, datetime], object]

TICK_SECONDS = 15
SANDBOX_TICK_SECONDS = 1  # the demo's and the tests' clock may jump at any moment
DELIVERY_SECONDS = 1
PROBE_SECONDS = 60  # how often to ask whether the canary is due
LATE_TICKS = 10
"""Minutes that a round of the canary may be overdue while somebody works: time enough to catch up after an outage."""
BATCH = 20
_BEAT_EVERY = timedelta(seconds=20)
_MINUTE = timedelta(minutes=1)
_log = logging.getLogger(__name__)


def _sweep(session: Session, runtime: Runtime, now: datetime) -> object:
    return housekeeping.sweep(session, now)


def _close(session: Session, runtime: Runtime, now: datetime) -> object:
    stuffing.watch_open(session, runtime, now)
    return [f"{award} {month}" for award, month in leaderboards.close_due(session, now=now, zone=runtime.zone)]


def _outdated(session: Session, runtime: Runtime, now: datetime) -> object:
    return bindings.end_outdated(session, runtime.vault, now)


def _forget(session: Session, runtime: Runtime, now: datetime) -> object:
    return visits.forget(session, link_days=runtime.settings.privacy.link_days, zone=runtime.zone, now=now)


def _recount(session: Session, runtime: Runtime, now: datetime) -> object:
    wrong = tallying.rebuild(session)
    if wrong:
        _log.error("tallies that differed from a full recount, put right: %s", wrong[:20])
    return f"{len(wrong)} tallies differed"


def _erase_cases(session: Session, runtime: Runtime, now: datetime) -> object:
    return retention.erase_cases(session, runtime.settings.privacy, runtime.zone, now)


def _of_cases(work: Callable[[Session, Settings, datetime], object]) -> Daily:
    return lambda session, runtime, now: work(session, runtime.settings, now)


DAILY: Mapping[str, Daily] = {
    **{name: _of_cases(work) for name, work in case_duties.DAILY.items()},
    "close": _close,
    "links": _forget,
    "bindings": _outdated,
    "privacy": _erase_cases,
    "housekeeping": _sweep,
    "tallies": _recount,
}
"""Done once in each of the hospital's calendar days, as soon as it has begun."""


class Worker:
    """One worker process: what it does at a tick, and how it delivers."""

    def __init__(
        self,
        runtime: Runtime,
        channels: Channels,
        stop: threading.Event | None = None,
        media: MediaSource | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._runtime = runtime
        self._channels = channels
        self._media = media
        self._stop = stop or threading.Event()
        self._last_beat: datetime | None = None
        self._last_minute: datetime | None = None
        self._late_ticks = 0
        self._idempotent = frozenset(
            name for name, channel in channels.items() if getattr(channel, "idempotent", False)
        )

    def tick(self) -> None:
        """Say that we are alive and do what has become due."""
        self._beat()
        self._keep_evidence()
        self._keep_tallies()
        for kind, work in DAILY.items():
            if kind in case_duties.BEFORE:
                self._stepwise(case_duties.BEFORE[kind])
            if not self._stop.is_set():
                self._daily(kind, work)
        now = self._runtime.now()
        if self._last_minute is None or abs(now - self._last_minute) >= _MINUTE:
            self._last_minute = now
            self._watch_arrivals(now)
            self._publish(now)
            self._advance(now)
            self._thank(now)
            self._follow_cases(now)
            self._erase_words(now)

    def watch_canary(self) -> None:
        """Tell people when low ratings stay untested although a round is due: the one who tests may hang."""
        settings, now = self._runtime.settings.canary, self._runtime.now()
        with self._runtime.reading() as session:
            late = settings.enabled and canary.is_late(session, now, settings.every_hours)
        self._late_ticks = self._late_ticks + 1 if late else 0
        if self._late_ticks == LATE_TICKS:
            with self._runtime.transaction() as session:
                canary.alarm_late(session, self._runtime, now)

    def prove(self, probes: Probes) -> None:
        """Send the marked low ratings when they are due; one worker at a time, and outside any transaction."""
        settings, began = self._runtime.settings.canary, self._runtime.now()
        if not settings.enabled or self._stop.is_set():
            return
        with self._runtime.reading() as session:
            if not canary.is_due(session, began, settings.every_hours):
                return
        with self._runtime.transaction() as session:
            if not periodic.hold(session, "canary", self.name, began):
                return
            targets = canary.targets(session, began)
        attempts = [probe(one) for channel, probe in probes.items() for one in targets if channel in one.channels]
        with self._runtime.transaction() as session:
            if not canary.record(session, self._runtime, began, attempts, self._runtime.now()):
                _log.error("a low rating was not accepted: see /admin/ and the canary_runs table")

    def _erase_words(self, now: datetime) -> None:
        """A month at a time, a few hundred ratings in each transaction."""
        zone = self._runtime.zone
        with self._runtime.reading() as session:
            months = retention.months_due(session, self._runtime.settings.privacy, zone, now)
        for month in months:
            after: int | None = 0
            while after is not None and not self._stop.is_set():
                with self._runtime.transaction() as session:
                    after = retention.erase_words(session, month, after)
            if after is None:
                with self._runtime.transaction() as session:
                    retention.month_done(session, month, zone, now)

    def _watch_arrivals(self, now: datetime) -> None:
        """Every hour: hold what arrived as patients' ratings do not; only where somebody was rated since yesterday."""
        hour = f"{local_day(now, self._runtime.zone)} {now:%H}"
        with self._runtime.reading() as session:
            if periodic.is_done(session, "arrivals", hour):
                return
        with self._runtime.transaction() as session:
            if periodic.take(session, "arrivals", hour, now):
                since = local_day(now - timedelta(days=1), self._runtime.zone)
                stuffing.watch_open(session, self._runtime, now, since=since)

    def _publish(self, now: datetime) -> None:
        """Release what a scheme releases by itself."""
        with self._runtime.reading() as session:
            if all(board.scheme.publish_after_hours is None for board in leaderboards.waiting(session)):
                return
        with self._runtime.transaction() as session:
            if periodic.hold(session, "publish", self.name, now):
                publications.publish_due(session, now=now, settings=self._runtime.settings)

    def _thank(self, now: datetime) -> None:
        """Pass on the day's kind words."""
        settings = self._runtime.settings
        with self._runtime.reading() as session:
            if not thanks_today.is_due(session, now, settings):
                return
        with self._runtime.transaction() as session:
            thanks_today.send(session, now, settings)

    def _advance(self, now: datetime) -> None:
        """Begin and end the phases of selections, and remind of them."""
        settings = self._runtime.settings
        with self._runtime.reading() as session:
            if not round_clock.has_work(session, now=now, settings=settings):
                return
        with self._runtime.transaction() as session:
            if periodic.hold(session, "rounds", self.name, now):
                round_clock.advance(session, self._runtime.vault, now=now, settings=settings)

    def _follow_cases(self, now: datetime) -> None:
        """Seal the histories once an hour; tell by template who cannot be written to otherwise."""
        with self._runtime.reading() as session:
            hour = f"{now:%Y-%m-%dT%H}"
            sealing = not periodic.is_done(session, "case_seal", hour) and case_duties.has_seal_to_make(session, now)
        if sealing:
            with self._runtime.transaction() as session:
                if periodic.take(session, "case_seal", hour, now):
                    case_duties.seal(session, now)
        if self._runtime.settings.wechat.case_template:
            with self._runtime.transaction() as session:
                if periodic.hold(session, "case_news", self.name, now):
                    case_duties.tell_by_template(session, now)

    def fetch_media(self) -> int:
        """Fetch what people sent to their cases; returns how much was asked for."""
        if self._media is None:
            return 0
        now = self._runtime.now()
        with self._runtime.reading() as session:
            if not case_media.has_work(session, now):
                return 0
        with self._runtime.transaction() as session:
            wanted = case_media.take(session, now, BATCH)
        for one in wanted:
            try:
                content = self._media.fetch(one.media_id)
            except FeedbackError as error:  # perhaps later: it stays wanted until the platform has it no more
                _log.warning("media not fetched: %s", error.code)
                continue
            with self._runtime.transaction() as session:
                case_media.fetched(session, one.id, content)
        return len(wanted)

    def _beat(self) -> None:
        now = self._runtime.now()
        if self._last_beat is None or abs(now - self._last_beat) >= _BEAT_EVERY:
            with self._runtime.transaction() as session:
                periodic.beat(session, self.name, now)
                deliveries.expire_unservable(session, self._channels, self._runtime.settings.deliveries, now)
                for person in bindings.leavers(session):
                    bindings.end_access(session, person, by="system", now=now)
            self._last_beat = now

    def _keep_evidence(self) -> None:
        """Give new entries of the evidence log their place and sign it; one worker at a time, writers never wait."""
        now = self._runtime.now()
        with self._runtime.reading() as session:
            if not evidence.has_work(session, now):
                return
        with self._runtime.transaction() as session:
            if periodic.hold(session, "evidence", self.name, now):
                evidence.give_places(session)
                evidence.sign_head(session, self._runtime.vault, now)

    def _keep_tallies(self) -> None:
        """Count anew what has changed, one worker at a time; readers do not wait for it."""
        with self._runtime.reading() as session:
            if not tallying.is_needed(session):
                return
        with self._runtime.transaction() as session:
            if periodic.hold(session, "tallies", self.name, self._runtime.now()):
                tallying.fold(session)

    def _daily(self, kind: str, work: Daily) -> None:
        now = self._runtime.now()
        day = local_day(now, self._runtime.zone).isoformat()
        with self._runtime.reading() as session:
            if periodic.is_done(session, kind, day):
                return
        with self._runtime.transaction() as session:
            if periodic.take(session, kind, day, now):
                done = work(session, self._runtime, now)
                _log.info("%s of %s: %s", kind, day, done)

    def _stepwise(self, kind: str) -> None:
        """A day's work in small transactions, so that writers never wait long; any worker may go on where another broke off."""
        now, after = self._runtime.now(), 0
        day = local_day(now, self._runtime.zone).isoformat()
        with self._runtime.reading() as session:
            if periodic.is_done(session, kind, day):
                return
        while not self._stop.is_set():
            with self._runtime.transaction() as session:
                if periodic.is_done(session, kind, day):
                    return
                done = case_duties.STEPWISE[kind](session, self._runtime.settings, now, after)
                if done.after is None:
                    periodic.take(session, kind, day, now)
                    return
                after = done.after

    def deliver(self) -> int:
        """Send everything that is due now; returns how many messages were handed to a channel."""
        sent = 0
        while not self._stop.is_set():
            now = self._runtime.now()
            with self._runtime.reading() as session:
                if not deliveries.has_work(session, self._channels, now):
                    break
            with self._runtime.transaction() as session:
                deliveries.reap(session, now, idempotent=self._idempotent)
                batch = deliveries.claim(
                    session,
                    self._runtime.vault,
                    self.name,
                    now,
                    BATCH,
                    channels=self._channels,
                    app_id=self._runtime.settings.wechat.app_id,
                    opens=lambda moment: reaching.goes_out(moment, self._runtime.settings),
                )
            sent += sum(self._send(message) for message in batch)
        return sent

    def _send(self, message: deliveries.Outgoing) -> bool:
        with self._runtime.transaction() as session:
            if self._stop.is_set() or not deliveries.start(session, message, self.name, self._runtime.now()):
                return False
        outcome = self._outcome(message)
        with self._runtime.transaction() as session:
            deliveries.record(
                session,
                message,
                outcome,
                owner=self.name,
                settings=self._runtime.settings.deliveries,
                now=self._runtime.now(),
            )
        return True

    def _outcome(self, message: deliveries.Outgoing) -> deliveries.Outcome:
        try:
            return self._channels[message.channel].deliver(message)
        except Exception:  # a channel promises not to raise; if one does, nobody knows how far it got
            _log.exception("channel %s raised", message.channel)
            return deliveries.Outcome(deliveries.UNKNOWN, coded("deliveries.reasons.broke_off"))

    def leave(self) -> None:
        """An orderly end: this process is not missed by `service-star check`."""
        with self._runtime.transaction() as session:
            periodic.gone(session, self.name)


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
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)
    worker.leave()
