"""One callback, opened and answered, in the three modes of the official account's settings page."""

from collections.abc import Mapping
from datetime import datetime

from bots.messages import Inbound, Reply, cut
from bots.wechat import parse, signature, xml
from bots.wechat.crypto import Envelope
from feedback_app.errors import ConfigurationError, NotAllowed, Refused
from feedback_app.settings import Wechat

LONGEST_TEXT = 2048  # bytes of Content; a longer reply is shown to the patient as "service failed"
NOTHING = b"success"  # in clear in every mode: handled, show nothing, do not repeat

Query = Mapping[str, str]


class Callback:
    """What the endpoint needs of one official account; made once per process."""

    def __init__(self, settings: Wechat) -> None:
        """Raises ConfigurationError ``wechat.no_token`` (an empty one would accept sha1("")), ``wechat.bad_key``."""
        self._token = settings.token.get_secret_value()
        if not self._token:
            raise ConfigurationError("wechat.no_token")
        self._window = settings.callback_window
        self._envelope: Envelope | None = None
        if settings.mode != "plain":
            self._envelope = Envelope(settings.encoding_aes_key.get_secret_value(), settings.app_id)

    def echo(self, query: Query) -> str:
        """The answer to the platform's check of the address: ``echostr``, never encrypted for an official account.

        Changes nothing, so its age does not matter. Raises NotAllowed ``wechat.bad_signature``.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        signature.read_timestamp(timestamp, nonce)
        signature.require(query.get("signature", ""), self._token, timestamp, nonce)
        return query.get("echostr", "")

    def open(self, query: Query, body: bytes, *clocks: datetime) -> Inbound:
        """Verify, decrypt and parse.

        A request is fresh when its timestamp is near any of ``clocks``: two while the demo's clock is moved, else one.
        Raises NotAllowed ``wechat.bad_signature`` | ``wechat.bad_cipher`` | ``wechat.too_old``, Refused ``wechat.bad_body``.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        seconds = signature.read_timestamp(timestamp, nonce)
        if self._envelope is None:
            signature.require(query.get("signature", ""), self._token, timestamp, nonce)
            fields = xml.read(body)
        else:
            # Only msg_signature covers the body; ``signature`` is there too and proves nothing about it.
            sealed = xml.read(body).get("Encrypt", "")
            if not isinstance(sealed, str) or not sealed:
                raise Refused("wechat.bad_body")
            signature.require(query.get("msg_signature", ""), self._token, timestamp, nonce, sealed)
            fields = xml.read(self._envelope.open(sealed))
        for clock in clocks:
            if abs(clock.timestamp() - seconds) <= self._window:
                return parse.inbound(fields)
        raise NotAllowed("wechat.too_old")

    def close(self, inbound: Inbound, reply: Reply, nonce: str, now: datetime) -> bytes:
        """The body to answer with; nothing to say is ``success``."""
        seconds = str(int(now.timestamp()))
        plain = text_reply(inbound, reply.text, seconds)
        if plain is None:
            return NOTHING
        return self.sealed(plain, nonce, now)

    def clear(self, body: bytes) -> bytes:
        """The message inside a push that ``open`` has accepted."""
        return body if self._envelope is None else self._envelope.open(str(xml.read(body)["Encrypt"]))

    def sealed(self, plain: bytes, nonce: str, now: datetime) -> bytes:
        """An answer in clear as this mode sends it."""
        if self._envelope is None:
            return plain
        seconds, sealed = str(int(now.timestamp())), self._envelope.seal(plain)
        return (
            f"<xml><Encrypt>{xml.cdata(sealed)}</Encrypt>"
            f"<MsgSignature>{xml.cdata(signature.sign(self._token, seconds, nonce, sealed))}</MsgSignature>"
            f"<TimeStamp>{seconds}</TimeStamp><Nonce>{xml.cdata(xml.clean(nonce))}</Nonce></xml>"
        ).encode()


def text_reply(inbound: Inbound, text: str, seconds: str) -> bytes | None:
    """A text back to the sender; None when nothing visible is left to say.

    Where anything in it could end a CDATA section it is read again before it goes out: what was written is what a strict
    reader finds, or it is a mistake of ours.
    """
    content = cut(xml.clean(text).strip(), LONGEST_TEXT)
    if not content:
        return None
    body = (
        f"<xml><ToUserName>{xml.cdata(inbound.openid)}</ToUserName>"
        f"<FromUserName>{xml.cdata(inbound.account)}</FromUserName><CreateTime>{seconds}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content>{xml.cdata(content)}</Content></xml>"
    ).encode()
    if body.count(b"]]>") != 4:
        found = xml.read(body)
        if len(found) != 5 or found["Content"] != content or found["ToUserName"] != inbound.openid:
            raise ValueError("the reply does not read back as written")
    return body
