"""What a kind of activity asks for, and what a filled-in checklist is worth. Pure.

The seed plans name some twenty such things (S14, S19, S28, S31, S33-S36, S40-S42): each is a date with people, evidence and an
outcome. What tells them apart is which of the ``PARTS`` they have, so a kind is data and a hospital adds its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from feedback_app.errors import Refused

PARTS = ("people", "code", "checklist", "issues", "advice", "guests", "figures")
"""people: who takes part · code: they check in by the picture at the door · checklist: items are marked · issues: minutes
lead to actions · advice: private words for one person · guests: patients are invited · figures: before and after."""
FEEDS = ("", "service_code", "quality_audit")
"""The criterion of an award that the points of a checklist count for."""
TARGETS = ("", "window", "staff", "department", "logistics")
ROLES = ("attendee", "speaker", "lead", "inspector", "coached", "patient")
MARKS: Mapping[str, float | None] = {"yes": 1.0, "partly": 0.5, "no": 0.0, "none": None}
"""Kept, partly kept, not kept, does not apply: the last is in no denominator."""
MOST_ITEMS = 60
LONGEST = 200
_KEY = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


@dataclass(frozen=True)
class Item:
    """``points``: its weight among the others."""

    key: str
    text: Mapping[str, str]
    points: float = 1.0


@dataclass(frozen=True)
class Kind:
    key: str
    title: Mapping[str, str]
    about: Mapping[str, str]
    parts: tuple[str, ...] = ("people",)
    feeds: str = ""
    targets: tuple[str, ...] = ()
    announced: bool = True  # otherwise nobody on the staff sees it before it is closed (a mystery visit)
    figure: str = ""  # taking part counts one in this figure of the person, which a scheme may use (S41)
    items: tuple[Item, ...] = ()

    def has(self, part: str) -> bool:
        return part in self.parts


def parse(body: Mapping[str, Any]) -> Kind:
    """A kind from a TOML table or from the database. Raises Refused ``activities.bad_kind`` (field: what is wrong)."""
    unknown = set(body) - {"key", "title", "about", "parts", "feeds", "targets", "announced", "figure", "items"}
    if unknown:
        raise Refused("activities.bad_kind", field=min(unknown)[:40])
    key, figure = str(body.get("key", "")), str(body.get("figure", ""))
    _need(0 < len(key) <= 40 and set(key) <= _KEY, "key")
    _need(len(figure) <= 40 and set(figure) <= _KEY, "figure")
    parts = tuple(map(str, body.get("parts", ("people",))))
    _need(set(parts) <= set(PARTS), "parts")
    feeds = str(body.get("feeds", ""))
    _need(feeds in FEEDS and (not feeds or "checklist" in parts), "feeds")
    targets = tuple(map(str, body.get("targets", ())))
    _need(set(targets) <= set(TARGETS) - {""} and (not feeds or bool(targets)), "targets")
    items = tuple(_item(one, place) for place, one in enumerate(body.get("items", ()), 1))
    _need(len(items) <= MOST_ITEMS and len({one.key for one in items}) == len(items), "items")
    _need(bool(items) == ("checklist" in parts), "items")
    announced = body.get("announced", True) is True
    return Kind(key, _words(body.get("title"), "title"), _words(body.get("about"), "about"), parts, feeds, targets, announced, figure, items)  # fmt: skip


def to_body(kind: Kind) -> dict[str, Any]:
    """As :func:`parse` reads it; JSON and TOML can hold it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(kind).items()}


def with_items(lines: Collection[str], known: Collection[Item] = ()) -> tuple[Item, ...]:
    """Items from what an administrator typed, one a line, ``text | points``; a text known before keeps its key."""
    keys = {one.text.get("zh", ""): one.key for one in known}
    made: list[Item] = []
    used = set(keys.values())
    for line in lines:
        text, _, typed = line.partition("|")
        if not text.strip():
            continue
        key = keys.get(text.strip()) or next(name for number in range(1, 1000) if (name := f"item{number}") not in used)
        used.add(key)
        _need(len(text.strip()) <= LONGEST, "items")
        made.append(Item(key, {"zh": text.strip(), "en": text.strip()}, _points(typed.strip() or "1")))
    return tuple(made)


def worth(items: Collection[Item], marks: Mapping[str, str]) -> float | None:
    """Points of a checklist, 0 to 100: the share of the weights that was kept. None when nothing applied or nothing is marked."""
    told = [(one.points, MARKS[marks[one.key]]) for one in items if one.key in marks]
    counted = [(weight, kept) for weight, kept in told if kept is not None]
    whole = sum(weight for weight, _ in counted)
    return round(100 * sum(weight * kept for weight, kept in counted) / whole, 1) if whole else None


def open_items(items: Collection[Item], marks: Mapping[str, str]) -> list[str]:
    """Keys of the items that nobody has marked yet."""
    return [one.key for one in items if one.key not in marks]


def _item(body: Any, place: int) -> Item:
    _need(isinstance(body, Mapping) and set(body) <= {"key", "text", "points"}, "items")
    key = str(body.get("key", f"item{place}"))
    _need(0 < len(key) <= 40 and set(key) <= _KEY, "items")
    return Item(key, _words(body.get("text"), "items"), _points(body.get("points", 1)))


def _points(told: Any) -> float:
    try:
        points = float(told)
    except (TypeError, ValueError):
        points = 0.0
    _need(0 < points <= 100, "items")
    return points


def _words(told: Any, field: str) -> dict[str, str]:
    _need(isinstance(told, Mapping), field)
    words = {str(name): str(text).strip() for name, text in told.items()}
    _need(bool(words.get("zh")) and all(len(one) <= LONGEST * 2 for one in words.values()), field)
    return words


def _need(holds: bool, field: str) -> None:
    if not holds:
        raise Refused("activities.bad_kind", field=field)
