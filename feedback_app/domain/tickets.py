"""What proves a visit: numbered slips, and the code on a window's screen that changes every minute. Pure.

A slip is fourteen characters of Crockford's base 32: batch (four), number in the batch (two), and the first forty bits of
an HMAC-SHA256 over both. The screen's code is eight characters: an HMAC over service point and minute.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedback_app.domain.identity import readable, tidy

MOST_IN_BATCH = 1000
STEP = timedelta(minutes=1)
SHOWN_FOR = 10  # minutes during which a screen's code may be sent in
MOST_A_MINUTE = 5  # patients one window can have served while one code stood on its screen

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BATCH, _NUMBER, _SIGNATURE = 4, 2, 8
SLIP_LENGTH = _BATCH + _NUMBER + _SIGNATURE
_VISIT, _VISIT_SIGNATURE = 7, 9
VISIT_LENGTH = _VISIT + _VISIT_SIGNATURE  # told from a slip by its length


@dataclass(frozen=True)
class Slip:
    batch: int
    number: int  # 1 .. count of the batch


def make_slip(slip: Slip, key: bytes) -> str:
    """The text of a slip. Raises ValueError for numbers that do not fit."""
    if not (0 < slip.batch < 32**_BATCH and 0 < slip.number <= MOST_IN_BATCH):
        raise ValueError(f"{slip} does not fit on a slip")
    written = _digits(slip.batch, _BATCH) + _digits(slip.number, _NUMBER)
    return written + _signature(f"slip:{written}", key)


def read_slip(typed: str, key: bytes) -> Slip | None:
    """The slip behind what was scanned or typed; None when it is not one of ours."""
    code = tidy(typed)
    written = code[: _BATCH + _NUMBER]
    if len(code) != SLIP_LENGTH or not hmac.compare_digest(_signature(f"slip:{written}", key), code[len(written) :]):
        return None
    return Slip(_number(written[:_BATCH]), _number(written[_BATCH:]))


def make_visit(number: int, key: bytes) -> str:
    """The ticket of one visit that the hospital's system told of. Raises ValueError for a number that does not fit."""
    if not 0 < number < 32**_VISIT:
        raise ValueError(f"{number} does not fit on a ticket")
    written = _digits(number, _VISIT)
    return written + _signature(f"visit:{written}", key, _VISIT_SIGNATURE)


def read_visit(typed: str, key: bytes) -> int | None:
    """The visit behind a ticket; None when it is not one of ours."""
    code = tidy(typed)
    written = code[:_VISIT]
    if len(code) != VISIT_LENGTH:
        return None
    right = hmac.compare_digest(_signature(f"visit:{written}", key, _VISIT_SIGNATURE), code[_VISIT:])
    return _number(written) if right else None


def minute_of(now: datetime) -> int:
    return int(now.timestamp() // STEP.total_seconds())


def make_screen(point_id: int, minute: int, key: bytes) -> str:
    """The code on the screen of a service point in that minute."""
    return _signature(f"screen:{point_id}:{minute}", key)


def read_screen(typed: str, point_id: int, now: datetime, key: bytes) -> int | None:
    """The minute in which this code stood on the screen, if that was in the last ten; a clock may be one minute ahead."""
    code, current = tidy(typed), minute_of(now)
    if len(code) != _SIGNATURE:
        return None
    minutes = range(current + 1, current - SHOWN_FOR - 1, -1)
    return next((one for one in minutes if hmac.compare_digest(make_screen(point_id, one, key), code)), None)


def grouped(code: str) -> str:
    """As printed: ``0001-2K7X-Q2M9-DM``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _digits(number: int, length: int) -> str:
    return "".join(_SIGNS[number >> (5 * place) & 31] for place in reversed(range(length)))


def _number(written: str) -> int:
    value = 0
    for sign in written:
        value = value * 32 + _SIGNS.index(sign)
    return value


def _signature(written: str, key: bytes, length: int = _SIGNATURE) -> str:
    return readable(hmac.new(key, written.encode(), hashlib.sha256).digest(), length)
