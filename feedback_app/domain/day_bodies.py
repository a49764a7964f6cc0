"""What is kept ready of one day: counts of levels, also by channel, hour and question set, and the sums of each question.

A body is small JSON: ``l`` counts of one to five stars; ``c`` the same by channel, ``h`` by hour (UTC, "0" to "23"), ``v`` by
version of the question set ("0": none); ``q`` by "version:question" how many answers have a score, and their sum (0–100 each);
``x`` how many ratings do not count. Bodies can be added; what is empty is left out, so that equal bodies are equal. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]
_BY = ("c", "h", "v")
STARS = 5


@dataclass(frozen=True)
class Counted:
    """One rating that counts. ``scores``: question -> 0 to 100."""

    level: int
    channel: str
    hour: int
    version: int
    scores: Mapping[str, float]


def put(body: Body, one: Counted, n: int = 1) -> None:
    """Add one rating, or several alike; scores to four digits, so that the order in which they come is all one."""
    place = one.level - 1
    body.setdefault("l", [0] * STARS)[place] += n
    for part, key in (("c", one.channel), ("h", str(one.hour)), ("v", str(one.version))):
        body.setdefault(part, {}).setdefault(key, [0] * STARS)[place] += n
    for question, score in one.scores.items():
        _sum(body, f"{one.version}:{question}", n, n * round(score, 4))


def put_uncounted(body: Body, n: int = 1) -> None:
    body["x"] = body.get("x", 0) + n


def together(bodies: Iterable[Body]) -> Body:
    """The sum."""
    made: Body = {}
    for one in bodies:
        add(made, one)
    return made


def add(body: Body, more: Body, sign: int = 1) -> None:
    """Add ``more`` to ``body``, or with ``sign`` -1 take it away."""
    if "l" in more:
        _levels(body, "l", more["l"], sign)
    for part in _BY:
        for key, levels in more.get(part, {}).items():
            _levels(body.setdefault(part, {}), key, levels, sign)
        _without_empty(body, part)
    for key, (n, total) in more.get("q", {}).items():
        _sum(body, key, sign * n, sign * total)
    _without_empty(body, "q")
    if more.get("x"):
        body["x"] = body.get("x", 0) + sign * more["x"]
        if not body["x"]:
            del body["x"]


def _levels(into: dict[str, Any], key: str, levels: list[int], sign: int) -> None:
    known = into.get(key)
    made = [sign * n for n in levels] if known is None else [a + sign * b for a, b in zip(known, levels, strict=True)]
    if any(made):
        into[key] = made
    else:
        into.pop(key, None)


def _sum(body: Body, key: str, n: int, total: float) -> None:
    known = body.setdefault("q", {}).get(key, [0, 0])
    made = [known[0] + n, round(known[1] + total, 4)]
    if made[0]:
        body["q"][key] = made
    else:
        body["q"].pop(key, None)


def _without_empty(body: Body, part: str) -> None:
    if part in body and not body[part]:
        del body[part]


def levels(body: Body) -> list[int]:
    return list(body.get("l", [0] * STARS))


def n(body: Body) -> int:
    return sum(body.get("l", ()))
