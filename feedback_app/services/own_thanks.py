"""Patients' kind words for one member of staff: of what has been given alone, undated, nothing that tells who wrote them."""

from collections.abc import Sequence

from sqlalchemy import and_, false, func, or_, select
from sqlalchemy.orm import Session

from feedback_app.db import released_figures
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.domain.thanks import is_fit
from feedback_app.services import releases

KIND = 4  # stars
MOST = 3


def latest(session: Session, person: ServicePoint, since: str = "") -> Sequence[str]:
    """Up to three different fit comments of the pieces given after month ``since`` (services.releases: at least five ratings
    each), the longest first: the order tells nothing about when."""
    pieces = [
        atom
        for row in released_figures.atoms(session, after=since, point_id=person.id)
        for atom in releases.atoms_of(row)
    ]
    unit = func.coalesce(Rating.unit_id, person.department_id, -1)
    inside = [and_(unit == one.unit_id, Rating.period.between(one.first, one.last)) for one in pieces]
    query = select(Rating.comment).where(
        Rating.service_point_id == person.id,
        or_(false(), *inside),
        Rating.status == "counted",
        Rating.score >= KIND,
        Rating.comment != "",
    )
    names = session.scalars(
        select(ServicePoint.name).where(ServicePoint.kind == "staff", ServicePoint.id != person.id)
    ).all()
    fit = {words.strip() for words in session.scalars(query) if is_fit(words, names, person.name)}
    return sorted(fit, key=lambda words: (-len(words), words))[:MOST]
