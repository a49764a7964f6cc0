"""An event to another system, signed: it can tell that it comes from here, is whole, and is not an old one sent again."""

import hashlib
import hmac

from bots.channels import _base
from bots.clients import pinned
from feedback_app.errors import FeedbackError
from feedback_app.services import webhooks_out
from feedback_app.services.deliveries import FAILED, RETRY, SENT, Channel, Outcome, Outgoing
from feedback_app.services.reasons import coded
from feedback_app.services.runtime import Runtime
from feedback_app.services.webhooks_out import Target

SIGNATURE = "X-Service-Star-Signature"


def signature(secret: bytes, at: int, body: bytes) -> str:
    """``t=<unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>``."""
    return f"t={at},v1={hmac.new(secret, f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


class WebhookChannel:
    idempotent = True  # a receiver knows an event again by its id

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def deliver(self, message: Outgoing) -> Outcome:
        try:
            with self._runtime.reading() as session:
                target = webhooks_out.target(session, self._runtime.vault, int(message.recipient))
            return self._send(target, message) if target else Outcome(FAILED, coded("webhooks.reasons.ended"))
        except FeedbackError as error:
            return Outcome(FAILED, coded("webhooks.reasons.bad_address", code=error.code))
        except Exception as error:  # the contract of channels: never raise
            return _base.unforeseen(error, message)

    def _send(self, target: Target, message: Outgoing) -> Outcome:
        body = str(message.payload["body"]).encode()
        at = int(self._runtime.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "service-star",
            "X-Service-Star-Event": str(message.payload["event"]),
            SIGNATURE: signature(target.secret, at, body),
        }
        if message.payload.get("times"):
            headers["X-Service-Star-Replay"] = str(message.payload["times"])
        try:
            status = pinned.post(target.url, body, headers, self._runtime.settings.webhooks.inner_networks)
        except pinned.Forbidden:
            return Outcome(FAILED, coded("webhooks.reasons.private"))
        except pinned.Unreached:
            return Outcome(RETRY, coded("webhooks.reasons.unreached"))
        except pinned.Unsure:
            return Outcome(RETRY, coded("webhooks.reasons.unsure"))
        return _outcome(status)


def _outcome(status: int) -> Outcome:
    """2xx: taken. 410: it wants no more of this. Everything else, a redirect too, may be put right there: later again."""
    if 200 <= status < 300:
        return Outcome(SENT)
    return Outcome(FAILED if status == 410 else RETRY, coded("webhooks.reasons.status", status=status))


def open_channel(runtime: Runtime) -> Channel | None:
    return WebhookChannel(runtime)


__all__ = ["SIGNATURE", "WebhookChannel", "open_channel", "signature"]
