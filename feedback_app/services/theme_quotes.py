"""Comments behind a theme, as others may read them: names and numbers masked, abuse and threats held back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback_app.db import themes as tables
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.themes import CommentReading, CommentTheme, ThemeCorrection
from feedback_app.domain import screening
from feedback_app.domain.screening import NAME
from feedback_app.domain.themes import POLARITIES
from feedback_app.services import case_words

LONGEST = 160
FEWEST = 5
"""A head of department sees a theme's figures and words from so many comments on."""


@dataclass(frozen=True)
class Quote:
    """``words``: screened. ``told_by``: the words the theme was found by; "" where a person said so (``corrected``)."""

    rating_id: int
    polarity: str
    words: str
    told_by: str
    corrected: ThemeCorrection | None = None


@dataclass(frozen=True)
class Wanted:
    """A theme of a month; of one department, with one polarity."""

    theme: str
    period: str
    unit_id: int | None = None
    polarity: str = ""


def screened(session: Session, comment: str) -> str:
    """Without names (of staff too), numbers, addresses; at most LONGEST characters."""
    words = screening.screened(comment.strip())
    known = case_words.staff_among(session, _possible(words))
    for name in sorted(known, key=len, reverse=True):
        words = words.replace(name, screening.label(NAME))
    return words if len(words) <= LONGEST else words[:LONGEST].rstrip() + "…"


def _possible(words: str) -> set[str]:
    """Every stretch of two to four characters: any may be somebody's name."""
    return {words[at : at + size] for size in (2, 3, 4) for at in range(len(words) - size + 1)}


def listed(session: Session, wanted: Wanted, *, most: int = 50, after: int = 0) -> list[Quote]:
    """In no order of time: who wrote last must not be first."""
    query = (
        select(CommentTheme, Rating)
        .join(Rating, Rating.id == CommentTheme.rating_id)
        .join(CommentReading, CommentReading.rating_id == Rating.id)
        .where(*_conditions(wanted), Rating.comment != "", CommentReading.held == "")
        .order_by(Rating.answers_digest, Rating.id)
        .offset(after)
        .limit(most)
    )
    rows = session.execute(query).all()
    corrected = tables.corrections(session, [rating.id for _, rating in rows])
    return [
        Quote(rating.id, one.polarity, screened(session, rating.comment), one.words, corrected.get(rating.id, {}).get(one.theme))
        for one, rating in rows
    ]  # fmt: skip


def of_ratings(session: Session, rating_ids: Sequence[int]) -> list[str]:
    """The words of these, screened, in this order; what was erased or held back since is left out."""
    query = select(Rating.id, Rating.comment).join(CommentReading, CommentReading.rating_id == Rating.id)
    query = query.where(Rating.id.in_(rating_ids), Rating.comment != "", CommentReading.held == "")
    found = {row[0]: row[1] for row in session.execute(query)}
    return [screened(session, found[one]) for one in rating_ids if one in found]


def held(session: Session, wanted: Wanted) -> int:
    """How many are counted and not shown."""
    query = select(func.count()).select_from(CommentTheme).join(Rating, Rating.id == CommentTheme.rating_id)
    query = query.join(CommentReading, CommentReading.rating_id == Rating.id)
    return session.scalar(query.where(*_conditions(wanted), CommentReading.held != "")) or 0


def number(session: Session, wanted: Wanted) -> int:
    query = select(func.count()).select_from(CommentTheme).join(Rating, Rating.id == CommentTheme.rating_id)
    return session.scalar(query.where(*_conditions(wanted))) or 0


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        CommentTheme.theme == wanted.theme, CommentTheme.period == wanted.period, Rating.status == "counted",
    ]  # fmt: skip
    if wanted.unit_id is not None:
        conditions.append(CommentTheme.unit_id == wanted.unit_id)
    if wanted.polarity in POLARITIES:
        conditions.append(CommentTheme.polarity == wanted.polarity)
    return conditions


def departments(session: Session) -> Sequence[ServicePoint]:
    """Also those that are no longer there: their past is still theirs."""
    query = select(ServicePoint).where(ServicePoint.kind == "department")
    return session.scalars(query.order_by(ServicePoint.active.desc(), ServicePoint.sort_key, ServicePoint.name)).all()
