"""Correcting what a comment is about, and teaching words, each with one click and with a way back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import themes as tables
from feedback_app.db.ratings import Rating
from feedback_app.db.themes import ThemeCorrection, ThemeWord
from feedback_app.domain import themes as rules
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit, themes

ROLES = ("good", "bad", "about", "spared")
SHORTEST, LONGEST = 2, 12
SHOWN = 100


def correct(session: Session, rating_id: int, theme: str, polarity: str, *, by: str, now: datetime) -> ThemeCorrection:
    """From now on this comment speaks of the theme so (``polarity`` "": not at all). A later correction replaces it.

    Raises NotFound ``themes.not_there``; Refused ``themes.bad_choice``.
    """
    rating = session.get(Rating, rating_id)
    if rating is None or not rating.comment:
        raise NotFound("themes.not_there")
    if theme not in themes.every() or polarity not in {"", *rules.POLARITIES}:
        raise Refused("themes.bad_choice")
    standing = tables.corrections(session, [rating_id]).get(rating_id, {}).get(theme)
    if standing is not None:
        standing.ended_at, standing.ended_by = now, by
    made = ThemeCorrection(rating_id=rating_id, theme=theme, polarity=polarity, made_at=now, made_by=by)
    session.add(made)
    session.flush()
    themes.read_again(session, rating)
    audit.write(session, actor=by, action="theme.corrected", subject=theme, now=now, polarity=polarity or "none")
    return made


def move(session: Session, rating_id: int, theme: str, other: str, polarity: str, *, by: str, now: datetime) -> None:
    """It is not about ``theme`` but about ``other``. Raises as :func:`correct`."""
    correct(session, rating_id, theme, "", by=by, now=now)
    correct(session, rating_id, other, polarity, by=by, now=now)


def undo_correction(session: Session, correction_id: int, *, by: str, now: datetime) -> None:
    """The rules decide again. Raises NotFound ``themes.not_there``."""
    found = session.get(ThemeCorrection, correction_id)
    if found is None:
        raise NotFound("themes.not_there")
    if found.ended_at is not None:
        return
    found.ended_at, found.ended_by = now, by
    session.flush()
    rating = session.get(Rating, found.rating_id)
    if rating is not None and rating.comment:
        themes.read_again(session, rating)
    audit.write(session, actor=by, action="theme.correction_undone", subject=found.theme, now=now)


def corrections(session: Session) -> Sequence[ThemeCorrection]:
    """Those that stand, newest first."""
    query = select(ThemeCorrection).where(ThemeCorrection.ended_at.is_(None)).order_by(ThemeCorrection.id.desc())
    return session.scalars(query.limit(SHOWN)).all()


def teach(session: Session, theme: str, role: str, word: str, *, by: str, now: datetime) -> ThemeWord:
    """Add a word; all comments are read again with it, in the background.

    ``theme`` "" with role good or bad: a word that judges whatever it is; spared: a longer word in which others mean
    something else. Raises Refused ``themes.bad_choice``, ``themes.bad_word``, ``themes.known``.
    """
    said = rules.plain(clean(word))
    if role not in ROLES or theme not in {"", *themes.every()} or (role == "about" and not theme):
        raise Refused("themes.bad_choice")
    if not SHORTEST <= len(said) <= LONGEST or not any(sign.isalpha() for sign in said):
        raise Refused("themes.bad_word", least=SHORTEST, most=LONGEST)
    home = "" if role == "spared" else theme
    if any((one.theme, one.role, one.word) == (home, role, said) for one in tables.words(session)):
        raise Refused("themes.known", word=said)
    added = ThemeWord(theme=home, role=role, word=said, taught_at=now, taught_by=by)
    session.add(added)
    session.flush()
    audit.write(session, actor=by, action="theme.taught", subject=home or "words", now=now, role=role, word=said)
    return added


def take_back(session: Session, word_id: int, *, by: str, now: datetime) -> None:
    """Undo one; taken back already: nothing happens. Raises NotFound ``themes.no_word``."""
    word = session.get(ThemeWord, word_id)
    if word is None:
        raise NotFound("themes.no_word")
    if word.ended_at is not None:
        return
    word.ended_at, word.ended_by = now, by
    session.flush()
    audit.write(session, actor=by, action="theme.forgot", subject=word.theme or "words", now=now, word=word.word)


def taught(session: Session) -> Sequence[ThemeWord]:
    """What stands now, newest first."""
    return list(reversed(tables.words(session)))


def is_reading(session: Session) -> bool:
    """Whether comments are still being read (again) in the background."""
    return themes.has_work(session)
