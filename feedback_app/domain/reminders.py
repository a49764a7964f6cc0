"""When somebody is reminded of a case, and who: by working days gone of those allowed, pauses left out.

R1: warnings at 60 % and 90 %, the day itself, and a breach that goes up step by step until somebody answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from feedback_app.domain.complaints import DIRECTOR, OFFICE

OWNER, HEAD, BUREAU, CHIEF = "owner", "head", "office", "director"
EVERY = 5
"""Working days between two messages about a case that stays overdue."""
CHIEF_FROM = 3
"""Working days over the date from which the directors are told."""
_MORE_AT: Mapping[int, tuple[str, ...]] = {OFFICE: (BUREAU,), DIRECTOR: (BUREAU, CHIEF)}


@dataclass(frozen=True)
class Stage:
    """``key`` is one moment of one case and round; ``word`` chooses the sentence."""

    key: str
    word: str  # untaken | begun | near | due | late
    to: tuple[str, ...]


def stage(gone: int, allowed: int, *, taken: bool, level: int = 1) -> Stage | None:
    """What is due now: the last moment that has been reached, so that a worker that was away tells the newest only.

    ``gone``: working days since the clock began; ``taken``: somebody has accepted the case.
    """
    found = _reached(gone, allowed, taken)
    if found is None:
        return None
    more = tuple(who for who in _MORE_AT.get(level, ()) if who not in found.to)
    return Stage(found.key, found.word, (*found.to, *more))


def _reached(gone: int, allowed: int, taken: bool) -> Stage | None:
    late = gone - allowed
    if late > CHIEF_FROM:
        number = (late - CHIEF_FROM) // EVERY
        return Stage(f"late:{CHIEF_FROM + number * EVERY}", "late", (OWNER, HEAD, BUREAU, CHIEF))
    if late == CHIEF_FROM:
        return Stage(f"late:{CHIEF_FROM}", "late", (OWNER, HEAD, BUREAU, CHIEF))
    if late > 0:
        return Stage("late:1", "late", (OWNER, HEAD, BUREAU))
    if late == 0:
        return Stage("due", "due", (OWNER, HEAD))
    if gone >= near_from(allowed):
        return Stage("near", "near", (OWNER, HEAD))
    if gone >= begun_from(allowed):
        return Stage("begun", "begun", (OWNER,))
    if gone >= 1 and not taken:
        return Stage("untaken", "untaken", (BUREAU,))
    return None


def near_from(allowed: int) -> int:
    """90 % of the working days, in whole days."""
    return max(allowed * 9 // 10, 1)


def begun_from(allowed: int) -> int:
    """60 % of the working days, in whole days."""
    return -(-allowed * 6 // 10)
