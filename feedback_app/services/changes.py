"""Second thoughts: for 72 hours a patient can fill the form in anew. The receipt stays, and nobody else learns of it.

The new version takes the old one's place, day and month, so that "counted in that month for that window" stays true for
whoever holds the receipt. That makes a receipt worthless to anybody who demands a certain level.
"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import ratings as rows
from feedback_app.db.ratings import Rating
from feedback_app.errors import Gone, NotFound
from feedback_app.services import own_ratings, ratings
from feedback_app.services.ratings import Accepted, Submission

CHANGED_WITHIN = own_ratings.TAKEN_BACK_WITHIN
_CAN_BE = ("counted", "repeat", "held")


def is_open(accepted: Accepted, now: datetime) -> bool:
    """Whether what was accepted can still be changed."""
    return (
        accepted.status in _CAN_BE and accepted.received_at is not None and now < accepted.received_at + CHANGED_WITHIN
    )


def change(session: Session, receipt: str, submission: Submission, *, zone: ZoneInfo, now: datetime) -> Accepted:
    """Put ``submission`` in the place of what the receipt stands for; how it arrived and whether it counts stay.

    Raises NotFound ``ratings.no_receipt``, Gone ``ratings.change_over``, and what ``ratings.submit`` raises.
    """
    first = session.scalar(select(Rating).where(Rating.receipt == receipt))
    if first is None:
        raise NotFound("ratings.no_receipt", receipt=receipt)
    # The month first, then the row, so that of two changes at the same moment one follows the other.
    rows.lock_month(session, first.period)
    session.refresh(first, with_for_update=True)
    if rows.by_idempotency_key(session, submission.idempotency_key) is None:
        if not is_open(ratings.by_receipt(session, receipt), now):
            raise Gone("ratings.change_over")
        old = rows.latest_version(session, first)
        session.refresh(old, with_for_update=True)  # the rules may hold it in this moment
        new = _in_place_of(old, submission)
        own_ratings.set_replaced(session, old, now)
        ratings.submit(session, new, zone=zone, now=now)
    return ratings.by_receipt(session, receipt)


def _in_place_of(old: Rating, submission: Submission) -> Submission:
    return replace(
        submission,
        point_id=old.service_point_id,
        channel=old.channel,
        code_id=old.code_id,
        rater_hash=old.rater_hash,
        device_hash=old.device_hash,
        network_hash=old.network_hash,
        staff_sign=old.staff_sign,
        verified_how=old.verified_how,
        status=old.status,
        why_not=old.why_not,
        replaces=old.receipt,
        made_up=old.made_up,
    )
