"""A text of our WeCom app to one member of staff."""

import re

from bots.channels import _base
from bots.clients.wecom import Wecom
from feedback_app.services.deliveries import SENT, Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime

LONGEST = 2048  # bytes
# Never "@all", never several joined by "|": one message is for one person.
_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


class WecomChannel(_base.PlatformChannel):
    repeat_within = 10_000
    idempotent = True  # by the platform's duplicate check: about 3 hours, far longer than our retries are apart

    def __init__(self, runtime: Runtime) -> None:
        self._wecom = Wecom(runtime)

    def send(self, message: Outgoing) -> Outcome:
        if not _USERID.fullmatch(message.recipient):
            return _base.refused("bad_address")
        distinct = int(_base.fingerprint(message), 16)
        words = _base.plain_text(message, LONGEST).replace(
            "<", "＜"
        )  # WeCom makes links of <a>: what patients write does not
        self._wecom.send_text(message.recipient, words, distinct=distinct)
        return Outcome(SENT)


def open_channel(runtime: Runtime) -> Channel | None:
    return WecomChannel(runtime) if runtime.settings.wecom.enabled else None
