"""The profile of a window or place: what it does, what fees rest on, what it promises. Empty parts are not shown."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.place_profiles import PlaceProfile
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused
from feedback_app.services import audit

PARTS = ("duties", "fee_basis", "promise")
LONGEST = 1000


def of(session: Session, point_id: int) -> dict[str, str]:
    """Part -> words, in the order of :data:`PARTS`; only what has been written."""
    found = session.get(PlaceProfile, point_id)
    return {part: getattr(found, part) for part in PARTS if found is not None and getattr(found, part)}


def save(session: Session, point: ServicePoint, texts: Mapping[str, str], *, by: str, now: datetime) -> None:
    """Keep the profile as typed. Raises Refused ``places.too_long`` (``part``, ``most``, ``length``)."""
    typed = {part: clean(texts.get(part, "")) for part in PARTS}
    for part, words in typed.items():
        if len(words) > LONGEST:
            raise Refused("places.too_long", part=part, most=LONGEST, length=len(words))
    found = session.get(PlaceProfile, point.id)
    if found is None:
        found = PlaceProfile(service_point_id=point.id)
        session.add(found)
    for part, words in typed.items():
        setattr(found, part, words)
    found.changed_at = now
    audit.write(session, actor=by, action="places.profile", subject=f"{point.kind} {point.key}", now=now)
    session.flush()
