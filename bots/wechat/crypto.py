"""The platform's AES envelope: random(16) + length(4, big-endian) + message + app id, PKCS#7 to 32 bytes, CBC, base64."""

import base64
import binascii
import hmac
import os
from typing import Any

from wechatpy.crypto.cryptography import WeChatCipher

from feedback_app.errors import ConfigurationError, NotAllowed

_BLOCK = 32
_PADDING = tuple(bytes([size]) * size for size in range(_BLOCK + 1))


class Envelope:
    """One key and app id; made once per process, because building the cipher costs more than using it."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        """Raises ConfigurationError ``wechat.bad_key`` when the key is not 43 characters of base64."""
        try:
            key = base64.b64decode(encoding_aes_key + "=", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _BLOCK:
            raise ConfigurationError("wechat.bad_key")
        self._cipher: Any = WeChatCipher(key)
        self._app_id = app_id.encode()

    def seal(self, message: bytes) -> str:
        """Encrypt for the platform."""
        plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + self._app_id
        padded = plain + _PADDING[_BLOCK - len(plain) % _BLOCK]
        return base64.b64encode(self._cipher.encrypt(padded)).decode()

    def open(self, sealed: str) -> bytes:
        """What the platform encrypted for this app id.

        Raises NotAllowed ``wechat.bad_cipher`` for anything that our key and app id did not make.
        """
        try:
            cipher = base64.b64decode(sealed.encode("ascii"), validate=True)
        except (binascii.Error, ValueError):
            raise NotAllowed("wechat.bad_cipher") from None
        if not cipher or len(cipher) % 16:
            raise NotAllowed("wechat.bad_cipher")
        return self._unpack(self._cipher.decrypt(cipher))

    def _unpack(self, padded: bytes) -> bytes:
        size = padded[-1]
        if not 1 <= size <= _BLOCK or not padded.endswith(_PADDING[size]):
            raise NotAllowed("wechat.bad_cipher")
        end = 20 + int.from_bytes(padded[16:20], "big")
        if end > len(padded) - size or not hmac.compare_digest(padded[end : len(padded) - size], self._app_id):
            raise NotAllowed("wechat.bad_cipher")
        return padded[20:end]
