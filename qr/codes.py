"""The short signed code: what is printed, typed and scanned. Pure.

Twelve characters of Crockford's base 32: four for the running number (about a million codes), eight for the first forty
bits of an HMAC-SHA256 over it. A guess is right once in 10^12, and a code that was read wrongly is no other code.
"""

import hashlib
import hmac

from feedback_app.domain.identity import readable, tidy
from feedback_app.errors import Refused

__all__ = ["LENGTH", "MOST", "grouped", "make", "read", "tidy"]

NUMBER_LENGTH = 4
SIGNATURE_LENGTH = 8
LENGTH = NUMBER_LENGTH + SIGNATURE_LENGTH
MOST = 32**NUMBER_LENGTH


def make(number: int, key: bytes) -> str:
    """The code of running ``number`` (1 to 1,048,575). Raises ValueError outside."""
    if not 0 < number < MOST:
        raise ValueError(f"{number} does not fit into a code")
    written = readable((number << 4).to_bytes(3, "big"), NUMBER_LENGTH)
    return written + _signature(written, key)


def read(typed: str, key: bytes) -> str:
    """The code as it is stored, from what was scanned or typed (case, spaces, hyphens and look-alikes do not matter).

    Raises Refused ``codes.forged`` when it is not one of ours.
    """
    code = tidy(typed)
    if len(code) != LENGTH or not hmac.compare_digest(_signature(code[:NUMBER_LENGTH], key), code[NUMBER_LENGTH:]):
        raise Refused("codes.forged")
    return code


def grouped(code: str) -> str:
    """As printed beside the picture: ``0001-7XK2-9QDM``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _signature(written: str, key: bytes) -> str:
    return readable(hmac.new(key, written.encode(), hashlib.sha256).digest(), SIGNATURE_LENGTH)
