"""Keys derived from the one secret, and names for people that cannot be turned back without it."""

import hashlib
import hmac

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; knowing one key tells nothing about the others (HMAC-SHA256 as a PRF)."""
    return hmac.new(secret.encode(), f"service-star/{purpose}".encode(), hashlib.sha256).digest()


def keyed_hash(key: bytes, value: str) -> str:
    """64 hexadecimal characters that stand for ``value`` for whoever holds ``key``."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def readable(data: bytes, length: int) -> str:
    """The first ``length`` characters of ``data`` in Crockford's base 32: no letter can be misread as another."""
    number = int.from_bytes(data, "big")
    bits = len(data) * 8
    if length * 5 > bits:
        raise ValueError(f"{len(data)} bytes do not fill {length} characters")
    return "".join(_CROCKFORD[(number >> (bits - 5 * (place + 1))) & 31] for place in range(length))


def tidy(typed: str) -> str:
    """What a person typed, as ``readable`` writes it: upper case, no separators, look-alikes resolved."""
    kept = "".join(sign for sign in typed.strip().upper() if sign.isascii() and sign.isalnum())
    return kept.translate(_LOOK_ALIKES)
