"""An SMS to a patient, through the provider the hospital has."""

import re

from bots import sms
from bots.channels import _base
from feedback_app.services.deliveries import Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime

_NUMBER = re.compile(r"[0-9]{5,15}")


class SmsChannel:
    idempotent = False

    def __init__(self, runtime: Runtime) -> None:
        self._provider = sms.open_provider(runtime.settings.sms, runtime.now)

    def deliver(self, message: Outgoing) -> Outcome:
        if not _NUMBER.fullmatch(message.recipient):
            return _base.refused("bad_address")
        _, text, url = _base.parts_of(message)
        try:
            return self._provider.send(message.recipient, f"{text} {url}".strip(), _base.fingerprint(message))
        except Exception as error:  # the contract of channels: never raise
            return _base.unforeseen(error, message)


def open_channel(runtime: Runtime) -> Channel | None:
    return SmsChannel(runtime) if runtime.settings.sms.enabled else None
