"""The canary: marked low ratings go in by every way, and people are told when that stops."""

import logging
import threading
from collections.abc import Callable, Mapping

from feedback_app.services import canary, periodic
from feedback_app.services.runtime import Runtime

Probes = Mapping[str, Callable[[canary.Target], canary.Attempt]]
LATE_TICKS = 10
"""Minutes that a round of the canary may be overdue while somebody works: time enough to catch up after an outage."""
_log = logging.getLogger(__name__)


class Prover:
    def __init__(self, name: str, runtime: Runtime, stop: threading.Event) -> None:
        self._name, self._runtime, self._stop = name, runtime, stop
        self._late_ticks = 0

    def watch(self) -> None:
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
            if not periodic.hold(session, "canary", self._name, began):
                return
            targets = canary.targets(session, began)
        attempts = [probe(one) for channel, probe in probes.items() for one in targets if channel in one.channels]
        with self._runtime.transaction() as session:
            if not canary.record(session, self._runtime, began, attempts, self._runtime.now()):
                _log.error("a low rating was not accepted: see /admin/ and the canary_runs table")
