"""A message to a group of staff, by the name it has in the configuration: WeCom's robot, or another platform through Apprise."""

from bots.channels import _base, _other_groups
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
        self._known = runtime.settings.group_names
        self._others = runtime.settings.channels.groups

    def send(self, message: Outgoing) -> Outcome:
        told = message.recipient
        name = told if told in self._known else INSTEAD.get(told, told)
        if name in self._others:
            return _other_groups.send(self._others[name].get_secret_value(), name, message)
        try:
            self._wecom.send_to_group(name, _body(message))
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
    """A robot needs no application (``wecom.enabled``): whoever knows its key may write."""
    return WecomGroupChannel(runtime) if runtime.settings.group_names else None
