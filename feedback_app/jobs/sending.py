"""Messages of the outbox go out through their channels: claimed, sent outside any transaction, recorded."""

import logging
import threading
from collections.abc import Mapping

from feedback_app.services import deliveries, reaching
from feedback_app.services.deliveries import Channel
from feedback_app.services.reasons import coded
from feedback_app.services.runtime import Runtime

Channels = Mapping[str, Channel]
BATCH = 20
_log = logging.getLogger(__name__)


class Sender:
    def __init__(self, name: str, runtime: Runtime, channels: Channels, stop: threading.Event) -> None:
        self._name, self._runtime, self._channels, self._stop = name, runtime, channels, stop
        self._idempotent = frozenset(key for key, channel in channels.items() if getattr(channel, "idempotent", False))

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
                    self._name,
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
            if self._stop.is_set() or not deliveries.start(session, message, self._name, self._runtime.now()):
                return False
        outcome = self._outcome(message)
        with self._runtime.transaction() as session:
            deliveries.record(
                session,
                message,
                outcome,
                owner=self._name,
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
