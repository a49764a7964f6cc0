"""Patients' kind words for one member of staff: of published months only, undated, nothing that tells who wrote them."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain import groups
from feedback_app.domain.cycles import Period
from feedback_app.domain.thanks import is_fit

KIND = 4  # stars
MOST = 3


def latest(session: Session, person: ServicePoint, periods: Sequence[Period]) -> list[str]:
    """Up to three different fit comments of these periods' months, the longest first: the order tells nothing about when."""
    months = _of_enough(session, person, {str(month) for period in periods for month in period.months})
    if not months:
        return []
    query = select(Rating.comment).where(
        Rating.service_point_id == person.id,
        Rating.period.in_(months),
        Rating.status == "counted",
        Rating.score >= KIND,
        Rating.comment != "",
    )
    names = session.scalars(
        select(ServicePoint.name).where(ServicePoint.kind == "staff", ServicePoint.id != person.id)
    ).all()
    fit = {words.strip() for words in session.scalars(query) if is_fit(words, names, person.name)}
    return sorted(fit, key=lambda words: (-len(words), words))[:MOST]


def _of_enough(session: Session, person: ServicePoint, months: Collection[str]) -> set[str]:
    """Those in which at least five ratings of the person count: a word among fewer would point at its writer."""
    query = select(Rating.period, func.count()).where(
        Rating.service_point_id == person.id, Rating.period.in_(months), Rating.status == "counted"
    )
    return {period for period, n in session.execute(query.group_by(Rating.period)) if groups.is_enough(n)}
