"""Reading comments for what they are about, a few hundred at a time; and what was found, counted by month and department.

Readings can be made anew at any time: a word that was taught is part of the lexicon's name, and everything read under
another name is read again.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from feedback_app.db import themes as tables
from feedback_app.db.ratings import Rating
from feedback_app.db.themes import Words
from feedback_app.domain import harm, themes
from feedback_app.domain.periods import Month
from feedback_app.domain.themes import BAD, GOOD, MIXED, PLAIN, Lexicon, Reading

PRESET = Path(__file__).parent.parent / "presets" / "themes.toml"
BATCH = 100
ABUSE = "abuse"
_LONGEST_WORDS = 200
Taught = tuple[tuple[str, str, str], ...]  # theme, role, word


@dataclass(frozen=True)
class Line:
    """One theme of a month: so many comments spoke well or ill of it. ``before``: how many in the month before."""

    theme: str
    good: int = 0
    bad: int = 0
    mixed: int = 0
    plain: int = 0
    before: int = 0
    bad_before: int = 0

    @property
    def total(self) -> int:
        return self.good + self.bad + self.mixed + self.plain


@dataclass(frozen=True)
class Overview:
    """``comments``: counted comments of the month; lines with the most blamed first, none without a comment."""

    comments: int
    lines: Sequence[Line]
    by_unit: Mapping[int | None, Mapping[str, Line]] = field(default_factory=dict)


@cache
def preset() -> Mapping[str, Any]:
    return tomllib.loads(PRESET.read_text("utf-8"))


@cache
def every() -> tuple[str, ...]:
    """The themes there are, in their order."""
    return tuple(theme["key"] for theme in preset()["theme"])


def taught(session: Session) -> Taught:
    return tuple((one.theme, one.role, one.word) for one in tables.words(session))


@lru_cache(maxsize=4)
def lexicon(more: Taught = ()) -> Lexicon:
    """The words that ship with the product and those that were taught."""
    lists: dict[str, dict[str, list[str]]] = {
        theme["key"]: {name: list(words) for name, words in theme.items() if name != "key"}
        for theme in preset()["theme"]
    }
    general = {name: list(words) for name, words in preset()["words"].items() if name != "abusive"}
    for theme, role, word in more:
        lists.get(theme, general).setdefault(role, []).append(word)
    return Lexicon(lists, general)


@lru_cache(maxsize=4)
def version(more: Taught = ()) -> str:
    """The lexicon's name: the same words, the same name."""
    return hashlib.sha256(PRESET.read_bytes() + repr(sorted(more)).encode()).hexdigest()[:16]


def read(comment: str, score: int | None, more: Taught = ()) -> Reading:
    return themes.read(comment, lexicon(more), score)


def held(comment: str) -> str:
    """Why a comment is never quoted: ``threat``, ``sexual``, ``abuse``; "" when it may be."""
    words = themes.plain(comment)
    return harm.kind(comment) or (ABUSE if any(word in words for word in preset()["words"]["abusive"]) else "")


def has_work(session: Session) -> bool:
    return bool(tables.unread(session, 1)) or tables.is_outdated(session, version(taught(session)))


@dataclass(frozen=True)
class Looked:
    """What was read, by which words; not yet stored."""

    lexicon: str
    found: Sequence[tuple[Words, Reading, str]]  # words, reading, why it is never quoted
    silent: Sequence[int]  # ratings whose words are erased by now


def look(session: Session, most: int = BATCH) -> Looked | None:
    """Read the next comments, new ones first, then those read by other words; None when there are no more."""
    more = taught(session)
    some = tables.unread(session, most) or tables.outdated(session, version(more), most)
    return _read(some, more) if some else None


def write(session: Session, looked: Looked) -> None:
    """Store it, as far as the comments still say the same."""
    tables.stays_as_read(session, looked.silent, looked.lexicon)
    still = set(tables.unchanged(session, [one for one, _, _ in looked.found]))
    found = [part for part in looked.found if part[0] in still]
    corrected = tables.corrections(session, [one.rating_id for one in still])
    tables.replace(
        session,
        [
            {"rating_id": one.rating_id, "lexicon": looked.lexicon, "polarity": reading.polarity, "held": why}
            for one, reading, why in found
        ],
        [row for one, reading, _ in found for row in _rows(one, reading, corrected.get(one.rating_id, {}))],
    )


def work(session: Session) -> int:
    """The next comments, read and stored; returns how many."""
    looked = look(session)
    if looked is None:
        return 0
    write(session, looked)
    return len(looked.found) + len(looked.silent)


def read_again(session: Session, rating: Rating) -> None:
    """One comment at once, after somebody corrected it."""
    session.flush()
    words = Words(rating.id, rating.comment, rating.score, rating.period, rating.unit_id)
    write(session, _read([words], taught(session)))


def _read(some: Sequence[Words], more: Taught) -> Looked:
    found = [(one, read(one.comment, one.score, more), held(one.comment)) for one in some if one.comment]
    return Looked(version(more), found, [one.rating_id for one in some if not one.comment])


def _rows(one: Words, reading: Reading, corrected: Mapping[str, tables.ThemeCorrection]) -> Iterable[dict[str, Any]]:
    found = {each.theme: (each.polarity, "、".join(each.words)[:_LONGEST_WORDS]) for each in reading.mentions}
    for theme, correction in corrected.items():
        found[theme] = (correction.polarity, "")
    for theme, (polarity, words) in found.items():
        if polarity:
            yield {
                "rating_id": one.rating_id, "theme": theme, "polarity": polarity, "words": words,
                "period": one.period, "unit_id": one.unit_id,
            }  # fmt: skip


def overview(session: Session, month: Month, unit_id: int | None = None) -> Overview:
    """What that month's comments were about; of one department, or of all."""
    now = tables.counts(session, str(month), unit_id)
    before = tables.counts(session, str(month.shifted(-1)), unit_id)
    lines = [_line(theme, now, before) for theme in every()]
    units = {one.unit_id for one in now}
    by_unit = {
        unit: {line.theme: line for theme in every() if (line := _line(theme, [one for one in now if one.unit_id == unit], [])).total}
        for unit in units
    }  # fmt: skip
    said = sorted((line for line in lines if line.total or line.before), key=lambda one: (-one.bad, -one.total))
    return Overview(tables.comments(session, str(month), unit_id), said, by_unit)


def _line(theme: str, now: Sequence[tables.ThemeCount], before: Sequence[tables.ThemeCount]) -> Line:
    def many(rows: Sequence[tables.ThemeCount], *polarities: str) -> int:
        return sum(one.comments for one in rows if one.theme == theme and one.polarity in polarities)

    return Line(
        theme, many(now, GOOD), many(now, BAD), many(now, MIXED), many(now, PLAIN),
        before=many(before, GOOD, BAD, MIXED, PLAIN), bad_before=many(before, BAD, MIXED),
    )  # fmt: skip
