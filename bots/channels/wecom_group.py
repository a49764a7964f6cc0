"""A message of a group robot to a department's WeCom group, by the name the webhook has in the configuration."""

from bots.channels import _base
from bots.clients.reactions import QUOTA, PlatformError
from bots.clients.wecom import Wecom
from bots.messages import cut, unlinked
from feedback_app.errors import NotFound
from feedback_app.services.deliveries import RETRY, SENT, Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime

LONGEST_MARKDOWN = 4096  # bytes
LONGEST_TEXT = 2048
INSTEAD = {"desk": "complaints"}
"""Groups that a small hospital does not have -> the one that is told in their place."""
A_MINUTE = 60  # seconds; a webhook takes 20 messages in each


class WecomGroupChannel(_base.PlatformChannel):
    def __init__(self, runtime: Runtime) -> None:
        self._wecom = Wecom(runtime)
        self._known = frozenset(runtime.settings.wecom.webhooks)

    def send(self, message: Outgoing) -> Outcome:
        try:
            name = message.recipient if message.recipient in self._known else INSTEAD.get(message.recipient, "")
            self._wecom.send_to_group(name or message.recipient, _body(message))
        except NotFound:
            return _base.refused("unknown_webhook", name=message.recipient)
        except PlatformError as error:
            if error.reaction != QUOTA:
                raise
            return Outcome(RETRY, _base.said("reason.slow_down"), A_MINUTE)
        return Outcome(SENT)


def _body(message: Outgoing) -> dict[str, object]:
    """Text, which WeChat shows too; markdown only where there is an address to tap."""
    title, text, url = _base.parts_of(message)
    if not url:
        return {"msgtype": "text", "text": {"content": _base.plain_text(message, LONGEST_TEXT)}}
    head, tail = f"**{_unmarked(title)}**\n", f"\n[{url}]({url})"
    room = LONGEST_MARKDOWN - len((head + tail).encode())
    return {"msgtype": "markdown", "markdown": {"content": f"{head}{cut(_unmarked(text), room)}{tail}"}}


def _unmarked(text: str) -> str:
    """Words stay words: no mention of everybody, no link hidden behind a name."""
    return unlinked(text).replace("](", "] (").replace("**", "＊＊")


def open_channel(runtime: Runtime) -> Channel | None:
    wecom = runtime.settings.wecom
    return WecomGroupChannel(runtime) if wecom.enabled and wecom.webhooks else None
