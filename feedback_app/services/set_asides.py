"""Setting a rating aside: a rule may hold it, one person may let it count again, two persons may exclude it for good.

Every step is an entry of the evidence log, and how many are held and excluded is public. Nothing here asks for the level.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db import ratings, set_asides
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import CANARY, Rating, lock_month
from feedback_app.db.set_asides import EXCLUDED, HELD, KEPT, NOTICED, OPEN, PROPOSED, SetAside
from feedback_app.domain import validity
from feedback_app.domain.stuffing import Weighed
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, evidence, tallying
from feedback_app.services.paging import Page, cut

__all__ = ["OPEN", "SetAside"]

ASKED = ("no_visit", "other_place", "not_a_rating", "staff")
"""What a person may name as the reason; never that the level is low or high."""
SHORTEST_WORDS = 4


def hold(session: Session, rating: Rating, found: Weighed, now: datetime) -> bool:
    """:func:`hold_all` of one; whether it is held from now on."""
    return bool(hold_all(session, [(rating, found)], now))


def hold_all(session: Session, found: Sequence[tuple[Rating, Weighed]], now: datetime) -> int:
    """What the rules found about ratings of one month that count; how many are held from now on. Once decided it stays
    decided, and what its author has changed or taken back since it was looked at stays as they left it. Made for thousands at
    once: a flood must not keep a month's lock for minutes."""
    if not found:
        return 0
    still = ratings.still_counted(session, [rating.id for rating, _ in found])
    known = set_asides.of_ratings(session, [rating.id for rating, _ in found])
    held = []
    for rating, one in found:
        if rating.id not in still:
            continue
        aside = known.get(rating.id)
        if aside is not None and (aside.state != NOTICED or not one.held):
            continue
        aside = aside or SetAside(rating_id=rating.id, found_at=now, proposed_by="", decided_by="", words="")
        aside.state, aside.reasons, aside.weight = HELD if one.held else NOTICED, list(one.reasons), one.weight
        session.add(aside)
        if one.held:
            rating.status, rating.why_not = HELD, one.reasons[0]
            held.append(rating)
    evidence.write_decisions(session, held, now)
    return len(held)


def held_for_deciding(session: Session, rating_id: int) -> Rating | None:
    """The rating, as it stands now, for whoever decides about it; nobody else does until this transaction ends.

    The month first, then the rating, then what stands about it: whoever takes a month alone (its closing, the end of a trial)
    goes the same way, so that nobody waits for somebody who waits for them.
    """
    period = session.scalar(select(Rating.period).where(Rating.id == rating_id))
    if period is None:
        return None
    lock_month(session, period)
    return session.get(Rating, rating_id, with_for_update=True, populate_existing=True)


def propose(session: Session, rating_id: int, *, reason: str, words: str, by: str, now: datetime) -> SetAside:
    """Somebody wants a rating excluded; until a second person agrees it counts as before.

    Raises NotFound ``ratings.not_there``, Refused ``set_asides.no_reason``, Conflict ``set_asides.decided``.
    """
    rating = held_for_deciding(session, rating_id)
    if rating is None or rating.status == CANARY:
        raise NotFound("ratings.not_there")
    aside = set_asides.of_rating(session, rating_id)
    if rating.status not in {"counted", HELD} or (aside is not None and aside.state not in {HELD, NOTICED}):
        raise Conflict("set_asides.decided")
    reasons = aside.reasons if aside is not None and aside.reasons else []
    if (reason not in ASKED and not reasons) or len(words.strip()) < SHORTEST_WORDS:
        raise Refused("set_asides.no_reason", key="words", least=SHORTEST_WORDS)
    if aside is None:
        aside = SetAside(rating_id=rating_id, found_at=now, weight=0.0, reasons=[], decided_by="")
        session.add(aside)
    aside.reasons = list(dict.fromkeys([*reasons, *([reason] if reason in ASKED else [])]))
    aside.state, aside.words, aside.proposed_by = PROPOSED, words.strip(), by
    session.flush()
    _audit(session, aside, "rating.exclusion_proposed", by, now)
    return aside


def confirm(session: Session, aside_id: int, *, by: str, now: datetime) -> Rating:
    """The second person agrees: it counts no more. Raises NotAllowed ``set_asides.same_person``, and like ``_open``."""
    aside = _open(session, aside_id, PROPOSED)
    if by == aside.proposed_by:
        raise NotAllowed("set_asides.same_person")
    return _decide(session, aside, EXCLUDED, aside.reasons[0], by, now)


def keep(session: Session, aside_id: int, *, by: str, now: datetime) -> Rating:
    """It counts: the rule was wrong, or the second person does not agree. Raises like ``_open``."""
    return _decide(session, _open(session, aside_id, *OPEN), KEPT, "", by, now)


def _open(session: Session, aside_id: int, *states: str) -> SetAside:
    """Raises NotFound ``set_asides.not_there``, Conflict ``set_asides.decided``."""
    rating_id = session.scalar(select(SetAside.rating_id).where(SetAside.id == aside_id))
    if rating_id is None or held_for_deciding(session, rating_id) is None:
        raise NotFound("set_asides.not_there")
    aside = session.get_one(SetAside, aside_id, with_for_update=True, populate_existing=True)
    if aside.state not in states or aside.rating.status not in {"counted", HELD}:
        raise Conflict("set_asides.decided")
    return aside


def _decide(session: Session, aside: SetAside, state: str, why: str, by: str, now: datetime) -> Rating:
    rating, was_held = aside.rating, aside.rating.status == HELD
    aside.state, aside.decided_by, aside.decided_at = state, by, now
    if state == EXCLUDED or was_held:
        rating.status, rating.why_not = ("counted", "") if state == KEPT else (EXCLUDED, why)
        evidence.write_decision(session, rating, now, aside)
    else:
        aside.decided_at = None  # it always counted; there is nothing the evidence log could hold
    _audit(session, aside, f"rating.{state}", by, now)
    return rating


def follow(session: Session, earlier: Rating, later: Rating) -> None:
    """The patient wrote the rating anew: what stands about the old version is about the new one."""
    aside = set_asides.of_rating(session, earlier.id)
    if aside is not None:
        aside.rating_id = later.id


def page(session: Session, state: str, number: int) -> Page[SetAside]:
    """Those in ``state``, newest day first and within it in no order; without their level."""
    query = select(SetAside).join(Rating, SetAside.rating_id == Rating.id).where(SetAside.state == state)
    query = query.order_by(Rating.day.desc(), Rating.answers_digest)
    point = joinedload(SetAside.rating).joinedload(Rating.service_point).joinedload(ServicePoint.department)
    return cut(session, query.options(point), number)


def waiting(session: Session) -> dict[str, int]:
    """How many are in each state."""
    query = select(SetAside.state, func.count()).group_by(SetAside.state)
    return {row.state: row[1] for row in session.execute(query)}


def public_counts(session: Session, periods: Sequence[str]) -> dict[str, dict[str, int]]:
    """Month -> "counted", or why not -> number: what anybody may know. Old versions and our own tests are in none."""
    found: dict[str, dict[str, int]] = {period: {} for period in periods}
    for (period, _), (plain, verified, reasons) in tallying.bodies(session, periods).items():
        month = found[period]
        month["counted"] = month.get("counted", 0) + sum(plain) + sum(verified)
        for reason, count in reasons.items():
            name = validity.REPEAT if reason == validity.SAME_DAY else reason
            if name != validity.REPLACED:
                month[name] = month.get(name, 0) + count
    return found


def _audit(session: Session, aside: SetAside, action: str, by: str, now: datetime) -> None:
    point = aside.rating.service_point
    subject = f"{point.kind}:{point.key} {aside.rating.period}"
    audit.write(session, actor=by, action=action, subject=subject, now=now, aside=aside.id, reasons=aside.reasons)
