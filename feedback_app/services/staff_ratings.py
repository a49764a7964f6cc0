"""Staff rate logistics and contractors (S47): colleagues are customers of cleaning, canteen, lifts and repair as patients are."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.directory import ServicePoint
from feedback_app.domain.contact_details import shortened
from feedback_app.errors import NotFound, Refused
from feedback_app.services import pilot, visits
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.vault import Vault
from feedback_app.services.visits import Arrival

CHANNEL = "staff"
KIND = "logistics"
LONGEST = 500


def units(session: Session, me: ServicePoint) -> Sequence[ServicePoint]:
    """What this member of staff may rate: teams in use, not those of their own department."""
    query = select(ServicePoint).where(ServicePoint.kind == KIND, ServicePoint.active)
    found = session.scalars(query.options(joinedload(ServicePoint.department)).order_by(ServicePoint.sort_key)).all()
    return [one for one in found if me.department_id is None or one.department_id != me.department_id]


def unit(session: Session, me: ServicePoint, point_id: int) -> ServicePoint:
    """One of them. Raises NotFound ``staff.no_unit``."""
    found = next((one for one in units(session, me) if one.id == point_id), None)
    if found is None:
        raise NotFound("staff.no_unit")
    return found


def rate(
    session: Session,
    vault: Vault,
    me: ServicePoint,
    point_id: int,
    *,
    score: int,
    comment: str,
    key: str,
    zone: ZoneInfo,
    now: datetime,
) -> Accepted:
    """Accept it as any rating, once a day and twice a month for each team, without a name: only a keyed hash that the month's
    end takes along. Raises NotFound ``staff.no_unit``, Gone ``codes.not_open``, Refused ``ratings.bad_score``, ``questions.too_long``."""
    point = unit(session, me, point_id)
    pilot.check(session, point)
    if len(comment) > LONGEST:
        raise Refused("questions.too_long", key="comment", most=LONGEST, length=len(comment))
    if score not in range(1, 6):
        raise Refused("ratings.bad_score", score=score)
    submission = Submission(
        point_id=point.id,
        score=score,
        channel=CHANNEL,
        idempotency_key=f"staff:{key}:{point.id}",
        comment=comment,
        answers={"overall": score, **({"comment": shortened(comment)} if comment else {})},
        rater_hash=vault.person(f"{me.kind}:{me.key}", CHANNEL),
    )
    return visits.accept(session, vault, submission, Arrival(), zone=zone, now=now)
