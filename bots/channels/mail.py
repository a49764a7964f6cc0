"""E-mail through the hospital's own server."""

import re
import smtplib
import ssl
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from bots.channels import _base
from feedback_app.services.deliveries import FAILED, RETRY, SENT, UNKNOWN, Channel, Outcome, Outgoing
from feedback_app.services.runtime import Runtime

TIMEOUT = 15.0  # seconds for each step of the conversation
# One plain address: no display name, no list, no line break that would become a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


class MailChannel:
    """Whether a message may be out is decided by the last step: before the final dot, nothing is."""

    idempotent = False

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._settings = runtime.settings.mail
        self._tls = ssl.create_default_context()

    def deliver(self, message: Outgoing) -> Outcome:
        if not _ADDRESS.fullmatch(message.recipient):
            return _base.refused("bad_address")
        try:
            content = self._compose(message).as_bytes()
        except (MessageError, HeaderParseError, ValueError):
            return _base.refused("bad_address")
        try:
            return self._send(message.recipient, content)
        except Exception as error:  # the contract of channels: never raise
            return _base.unforeseen(error, message)

    def _compose(self, message: Outgoing) -> EmailMessage:
        title, text, url = _base.parts_of(message)
        host = urlsplit(self._runtime.settings.server.base_url).hostname
        mail = EmailMessage()
        mail["From"] = self._settings.sender
        mail["To"] = message.recipient
        mail["Subject"] = " ".join(title.split())
        mail["Date"] = format_datetime(self._runtime.now())
        mail["Message-ID"] = f"<{_base.fingerprint(message)}@{host}>"  # the same for a repeat: mailboxes show it once
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{text}\n\n{url}".strip() + "\n", cte="base64")
        return mail

    def _send(self, recipient: str, content: bytes) -> Outcome:
        try:
            server = self._connect()
        except smtplib.SMTPAuthenticationError:
            return _base.refused("mail_sign_in")
        except (smtplib.SMTPException, OSError):
            return Outcome(RETRY, _base.said("reason.unreached"))
        try:
            return self._hand_over(server, recipient, content)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=self._tls)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
        try:
            if settings.security == "starttls":
                server.starttls(context=self._tls)  # raises where the server offers none: never in clear instead
            if settings.user:
                server.login(settings.user, settings.password.get_secret_value())
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, recipient: str, content: bytes) -> Outcome:
        try:
            code, _ = server.mail(self._settings.sender)
            if code < 400:
                code, _ = server.rcpt(recipient)
            if code >= 400:
                return _refusal(code)
        except (smtplib.SMTPException, OSError):
            return Outcome(RETRY, _base.said("reason.unreached"))
        try:
            code, _ = server.data(content)  # doubles leading dots, ends with the lone one
        except smtplib.SMTPDataError as error:  # refused before any of it was sent
            return _refusal(error.smtp_code)
        except (smtplib.SMTPException, OSError):
            return Outcome(UNKNOWN, _base.said("reason.unsure"))
        return Outcome(SENT) if code < 400 else _refusal(code)


def _refusal(code: int) -> Outcome:
    """4xx: later (also grey-listing); 5xx: never."""
    return Outcome(RETRY if code < 500 else FAILED, _base.said("outcome.mail_refused", code=code))


def open_channel(runtime: Runtime) -> Channel | None:
    return MailChannel(runtime) if runtime.settings.mail.enabled else None
