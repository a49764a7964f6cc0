"""Keeping passwords: argon2id only, never the password itself."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_NORMAL = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)  # 19 MiB: many at once still fit
_FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # tests


def _hasher(cost: str) -> PasswordHasher:
    return _FAST if cost == "fast" else _NORMAL


@cache
def _nobody(cost: str) -> str:
    return _hasher(cost).hash("nobody has this password")


def hash_of(password: str, cost: str) -> str:
    """What to store. ``cost`` is ``settings.security.hashing``."""
    return _hasher(cost).hash(unicodedata.normalize("NFKC", password))


def matches(password: str, stored: str | None, cost: str) -> bool:
    """Whether it is the password behind ``stored``. Without ``stored`` it takes as long and is False."""
    try:
        right = _hasher(cost).verify(stored or _nobody(cost), unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None
