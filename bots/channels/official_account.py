"""The official account: the last fallback. A customer-service message if the person wrote within two days, else a template."""

import re
from collections.abc import Mapping

from bots.channels import _base
from bots.clients.official_account import OfficialAccount
from bots.clients.reactions import OTHER_CHANNEL, PlatformError
from feedback_app.services import people
from feedback_app.services.deliveries import SENT, Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime

LONGEST = 2048  # bytes
MEMORY = 540  # seconds: the platform remembers a client_msg_id for ten minutes, and a call takes its time
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BY_TEMPLATE = frozenset({"star_result", "star_summary"})  # what the template was approved for
_ABOUT_CASES = frozenset({"case_answer"})
_INVITING = frozenset({"visit_invitation", "visit_reminder", "follow_up"})
_WINDOW_CLOSED = frozenset({45015, 45047})


class OfficialAccountChannel(_base.PlatformChannel):
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._account = OfficialAccount(runtime)
        self._template = runtime.settings.wechat.result_template
        self._fields = runtime.settings.wechat.result_fields
        self._of_cases = (runtime.settings.wechat.case_template, runtime.settings.wechat.case_fields)
        self._of_visits = (runtime.settings.wechat.visit_template, runtime.settings.wechat.visit_fields)

    def send(self, message: Outgoing) -> Outcome:
        if not _OPENID.fullmatch(message.recipient):
            return _base.refused("bad_address")
        if self._words_for(message.purpose)[0] and not self._may_be_open(message.recipient):
            return self._by_template(message)
        try:
            self._account.send_text(message.recipient, _base.plain_text(message, LONGEST))
            return Outcome(SENT)
        except PlatformError as error:
            if error.reaction != OTHER_CHANNEL or error.errcode not in _WINDOW_CLOSED:
                raise
        return self._by_template(message)

    def _may_be_open(self, openid: str) -> bool:
        """A customer-service message is a question less where the answer is known, and unlike a template cannot be repeated."""
        app_id, now = self._runtime.settings.wechat.app_id, self._runtime.now()
        with self._runtime.reading() as session:
            return people.may_answer(session, self._runtime.vault, openid, app_id=app_id, now=now)

    def _words_for(self, purpose: str) -> tuple[str, Mapping[str, str]]:
        """The template approved for this use, and its fields; "" where there is none."""
        if purpose in _BY_TEMPLATE:
            return self._template, self._fields
        if purpose in _ABOUT_CASES:
            return self._of_cases
        return self._of_visits if purpose in _INVITING else ("", {})

    def _by_template(self, message: Outgoing) -> Outcome:
        template, fields = self._words_for(message.purpose)
        if not template:
            return _base.refused("no_window")
        values = {name: str(message.payload.get(part) or "") for name, part in fields.items()}
        try:
            self._account.send_template(
                message.recipient,
                template,
                values,
                url=str(message.payload.get("url") or ""),
                client_msg_id=_base.fingerprint(message),
            )
        except PlatformError as error:
            # client_msg_id: one message for each person and id within ten minutes, so a busy answer may be repeated.
            return _base.outcome_of(error, repeat_within=MEMORY)
        return Outcome(SENT)


def open_channel(runtime: Runtime) -> Channel | None:
    wechat = runtime.settings.wechat
    return OfficialAccountChannel(runtime) if wechat.enabled and wechat.app_secret.get_secret_value() else None
