"""What administrators teach the bot: words over its lexicon, other names of service points, and what it did not understand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from feedback_app.db.conversations import NotUnderstood, TaughtWord
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

ALIAS = "alias"
MEANT = "dialect"
CATEGORIES = (
    "praise.words",
    "complaint.taught",
    "question.taught",
    "greeting.words",
    "close.words",
    "menu.人工",
    "menu.评价",
    "menu.投诉",
    "menu.查进度",
)
"""Lists of the lexicon that words may be added to. ``dialect`` maps a word to what it stands for."""
SHORTEST, LONGEST, LISTED = 2, 40, 50
_AROUND_A_NAME = re.compile(
    r"^(我?要?(给|评价|打分))|(打|给|评)?\s*([0-9０-９]+|[零一二三四五六七八九十两]+|满|好几)\s*[分星颗].*$|[，。！？,.!?~～\s]+$"
)


@dataclass(frozen=True)
class Unplaced:
    """A message nobody could place, and how often it came."""

    text: str
    count: int
    last_at: datetime

    @property
    def name(self) -> str:
        """What of it may be a name: without scores and the words around them. The administrator corrects it."""
        return clean(_AROUND_A_NAME.sub("", self.text))[:LONGEST] or self.text[:LONGEST]


def unplaced(session: Session) -> Sequence[Unplaced]:
    """What was not understood, the most frequent first."""
    count, last = func.count(), func.max(NotUnderstood.at)
    query = select(NotUnderstood.text, count, last).group_by(NotUnderstood.text)
    return [Unplaced(*row) for row in session.execute(query.order_by(count.desc(), last.desc()).limit(LISTED))]


def forget(session: Session, text: str) -> None:
    """Take a message off the list."""
    session.execute(delete(NotUnderstood).where(NotUnderstood.text == text))


def taught(session: Session) -> Sequence[TaughtWord]:
    """What stands now, newest first."""
    query = select(TaughtWord).where(TaughtWord.ended_at.is_(None)).order_by(TaughtWord.id.desc())
    return session.scalars(query).all()


def overlay(session: Session) -> Mapping[str, Mapping[str, str]]:
    """Place of the lexicon -> word -> what it stands for ("" in lists)."""
    found: dict[str, dict[str, str]] = {}
    for one in taught(session):
        if one.category != ALIAS:
            found.setdefault(one.category, {})[one.word] = one.meaning
    return found


def teach(session: Session, category: str, word: str, *, meaning: str = "", by: str, now: datetime) -> TaughtWord:
    """Add a word. Raises Refused ``teaching.bad_category``, ``teaching.bad_word``, ``teaching.no_meaning``, ``teaching.known``."""
    if category not in CATEGORIES and category != MEANT:
        raise Refused("teaching.bad_category")
    if category == MEANT and not clean(meaning):
        raise Refused("teaching.no_meaning")
    return _add(session, category, word, clean(meaning)[:LONGEST], by, now)


def teach_alias(session: Session, key: str, word: str, *, by: str, now: datetime) -> TaughtWord:
    """Another name of the service point with this key. Raises NotFound ``teaching.no_point`` and as :func:`teach`."""
    query = select(ServicePoint).where(ServicePoint.key == key, ServicePoint.active).order_by(ServicePoint.id)
    point = session.scalar(query.limit(1))
    if point is None:
        raise NotFound("teaching.no_point", key=key[:40])
    added = _add(session, ALIAS, word, str(point.id), by, now)
    point.aliases = [*(point.aliases or []), added.word]
    point.changed_at = now
    session.flush()
    return added


def take_back(session: Session, word_id: int, *, by: str, now: datetime) -> None:
    """Undo one; taken back already: nothing happens. Raises NotFound ``teaching.no_word``."""
    word = session.get(TaughtWord, word_id)
    if word is None:
        raise NotFound("teaching.no_word")
    if word.ended_at is not None:
        return
    word.ended_at = now
    point = session.get(ServicePoint, int(word.meaning)) if word.category == ALIAS else None
    if point is not None:
        point.aliases = [alias for alias in point.aliases or [] if alias != word.word]
        point.changed_at = now
    audit.write(session, actor=by, action="bot.forgot", subject=word.category, now=now, word=word.word)
    session.flush()


def _add(session: Session, category: str, word: str, meaning: str, by: str, now: datetime) -> TaughtWord:
    said = clean(word).lower()
    if not SHORTEST <= len(said) <= LONGEST:
        raise Refused("teaching.bad_word", least=SHORTEST, most=LONGEST)
    standing = select(TaughtWord.id).where(
        TaughtWord.category == category, TaughtWord.word == said, TaughtWord.ended_at.is_(None)
    )
    if session.scalar(standing.limit(1)) is not None:
        raise Refused("teaching.known", word=said)
    added = TaughtWord(category=category, word=said, meaning=meaning, taught_at=now, taught_by=by)
    session.add(added)
    audit.write(session, actor=by, action="bot.taught", subject=category, now=now, word=said)
    forget(session, clean(word))
    session.flush()
    return added
