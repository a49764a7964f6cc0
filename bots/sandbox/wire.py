"""The platform's side of the callback wire: signatures, AES envelopes, XML.

Source of the format: the platform's message push and encryption pages (AES-256-CBC, PKCS#7 to 32 bytes, IV = first half of
the key, 16 random bytes + 4 bytes length + message + app id).
"""

import base64
import binascii
import hashlib
import secrets
import struct
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher as _Cipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

BLOCK = 32
KEY_LENGTH = 43  # characters of EncodingAESKey


class WireError(Exception):
    """What came over the wire is not what the platform accepts; the text says why."""


def signature(token: str, *parts: str) -> str:
    """SHA-1 over the sorted parts and the token: ``signature`` with two parts, ``msg_signature`` with three."""
    digest = hashlib.sha1("".join(sorted((token, *parts))).encode(), usedforsecurity=False)  # the platform's choice
    return digest.hexdigest()


class Envelope:
    """Seals and opens messages of one account."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        if len(encoding_aes_key) != KEY_LENGTH:
            raise ValueError(f"EncodingAESKey has {len(encoding_aes_key)} characters, not {KEY_LENGTH}")
        self.key = base64.b64decode(encoding_aes_key + "=")
        self.app_id = app_id

    def seal(self, message: str, random16: bytes | None = None) -> str:
        """The text of ``Encrypt``; ``random16`` is given by tests with published vectors."""
        content = message.encode()
        full = (random16 or secrets.token_bytes(16)) + struct.pack(">I", len(content)) + content + self.app_id.encode()
        padding = BLOCK - len(full) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(full + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> str:
        """The message. Raises WireError for a wrong key, a wrong app id, or anything else that is not an envelope."""
        full = self._decrypted(sealed)
        if len(full) < 20:
            raise WireError("the decrypted text is too short")
        (length,) = struct.unpack(">I", full[16:20])
        content, owner = full[20 : 20 + length], full[20 + length :]
        if len(content) != length:
            raise WireError("the length field does not fit")
        if owner.decode("utf-8", "replace") != self.app_id:
            raise WireError("encrypted for another app id")
        return _utf8(content)

    def _decrypted(self, sealed: str) -> bytes:
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise WireError("Encrypt is not base64") from error
        if not raw or len(raw) % BLOCK:
            raise WireError("Encrypt is not a whole number of blocks")
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(raw) + decryptor.finalize()
        padding = padded[-1]
        if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
            raise WireError("wrong padding: another key?")
        return padded[:-padding]

    def _cipher(self) -> "_Cipher[modes.CBC]":
        return _Cipher(algorithms.AES(self.key), modes.CBC(self.key[:16]))


def _utf8(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise WireError("not UTF-8") from error


def to_xml(fields: Mapping[str, Any]) -> str:
    """``<xml>`` with one element a field: text as CDATA, whole numbers bare, nested mappings and lists as elements."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, Mapping):
        return f"<{name}>{_elements(value)}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    return f"<{name}><![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def from_xml(text: str) -> ElementTree.Element:
    """The ``<xml>`` element of an answer.

    Raises WireError for anything else, for a DOCTYPE, and for a repeated element on the first level (a forged reply).
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise WireError("a DOCTYPE is not accepted")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 # nosec B314 - our own product's answer, without a DOCTYPE
    except (ElementTree.ParseError, ValueError) as error:
        raise WireError(f"not XML: {escape(str(error))}") from error
    if root.tag != "xml":
        raise WireError(f"the outer element is <{root.tag}>, not <xml>")
    names = [child.tag for child in root]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise WireError(f"repeated element: {', '.join(sorted(repeated))}")
    return root


def value(root: ElementTree.Element, name: str) -> str:
    """The text of a first-level element; empty when missing."""
    return root.findtext(name) or ""
