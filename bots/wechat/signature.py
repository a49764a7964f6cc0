"""SHA-1 over the sorted parts: how the platform signs a callback and we sign an answer."""

import hashlib
import hmac

from feedback_app.errors import NotAllowed

LONGEST_PART = 64  # timestamp and nonce; the platform sends about 10 digits each


def sign(*parts: str) -> str:
    """Hexadecimal SHA-1 of the parts, sorted by code point and joined without a separator."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def require(given: str, *parts: str) -> None:
    """Compare in constant time. Raises NotAllowed ``wechat.bad_signature``."""
    if not hmac.compare_digest(given.encode(), sign(*parts).encode()):
        raise NotAllowed("wechat.bad_signature")


def read_timestamp(timestamp: str, nonce: str) -> int:
    """The seconds of a signed query.

    The parts are joined without a separator, so digits could move between timestamp and nonce: only ASCII digits of the
    usual length are a timestamp. Raises NotAllowed ``wechat.bad_signature``.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and 9 <= len(timestamp) <= 11 and len(nonce) <= LONGEST_PART):
        raise NotAllowed("wechat.bad_signature")
    return int(timestamp)
