"""Whether a complaint was found to be justified, and against whom it counts: the fact that awards ask for (S25).

Nobody copies it by hand: with the finding it stands on file for each person and window named, on the day on which it happened,
under the number of the case. A newer finding replaces it, an appeal that is upheld takes it away, a merged case hands it on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import duty_swaps as swaps
from feedback_app.db.assessments import PersonRecord
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.duty_swaps import DutySwap
from feedback_app.db.ratings import Rating
from feedback_app.domain import complaints as rules
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import Viewer
from feedback_app.errors import NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_history, case_sight, case_steps, directory, duty_swaps
from feedback_app.services.complaints import LONGEST_TEXT

RECORD = "complaint"
"""Under which kind it stands on file (``domain.eligibility.RECORDS``)."""
FELL = "fell"
_SYSTEM = "system"


@dataclass(frozen=True)
class Finding:
    """``about``: keys of those it counts against. ``day``: on which it happened. ``seen``: the version it was decided on."""

    result: str  # domain.complaints.FINDINGS
    day: date
    words: str
    seen: int
    about: Sequence[str] = ()


@dataclass(frozen=True)
class Proposed:
    """What the page offers: the day, and whom it would be about. ``disputed``: a swap of that minute is not confirmed."""

    day: date
    points: Sequence[ServicePoint]
    disputed: bool = False


def find(session: Session, number: str, told: Finding, viewer: Viewer, *, now: datetime, zone: ZoneInfo) -> Case:
    """Write the finding down; from now on it counts, and no earlier one of this case does.

    A member of staff must have been able to read what they are found at fault for: the case is released first. Raises
    NotFound ``complaints.no_case``, ``findings.nobody``; Conflict ``complaints.moved``, ``complaints.not_possible``; Refused
    ``complaints.words_needed``, ``complaints.too_long``, ``complaints.bad_choice``, ``findings.bad_day``,
    ``findings.release_first``, ``findings.disputed``; NotAllowed ``findings.yourself``.
    """
    case = case_steps.lock(session, number, told.seen)
    rules.after(case.state, case.kind, rules.FIND)
    words = clean(told.words)
    _check(case, told, words, local_day(now, zone))
    about = _about(session, case, told, viewer)
    standing = of_case(session, case)
    same = {one.service_point_id for one in standing if one.since == told.day} & {point.id for point in about}
    for one in standing:  # what is said again stays as old as it is: made anew it would count once more
        if one.service_point_id not in same or one.since != told.day:
            _end(session, one, viewer.login, now)
    for point in about:
        if point.id not in same:
            _put(session, case, point, told.day, viewer.login, now, zone)
    details = {"found": told.result, "about": [point.key for point in about]}
    case_history.write(session, case, rules.FIND, actor=viewer.login, now=now, text=words, details=details)
    audit.write(session, actor=viewer.login, action="case.found", subject=number, now=now, found=told.result)
    return case


def _check(case: Case, told: Finding, words: str, today: date) -> None:
    if told.result not in rules.FINDINGS:
        raise Refused("complaints.bad_choice", chosen=told.result[:20])
    if not words:
        raise Refused("complaints.words_needed")
    if len(words) > LONGEST_TEXT:
        raise Refused("complaints.too_long", most=LONGEST_TEXT, length=len(words))
    if told.day > min(case.day, today):
        raise Refused("findings.bad_day", day=case.day)


def _about(session: Session, case: Case, told: Finding, viewer: Viewer) -> list[ServicePoint]:
    if told.result not in rules.AGAINST:
        return []
    found = [_point(session, key) for key in dict.fromkeys(told.about)]
    staff = [one for one in found if one.kind == "staff"]
    if viewer.person_id in {one.id for one in staff}:
        raise NotAllowed("findings.yourself")
    if staff and case_sight.released(session, case) is None:
        raise Refused("findings.release_first", name=staff[0].name)
    swap = _open_swap(session, case)
    disputed = next((one for one in staff if swap is not None and one.id in {swap.giver_id, swap.taker_id}), None)
    if disputed is not None:
        raise Refused("findings.disputed", name=disputed.name)
    return found


def _point(session: Session, key: str) -> ServicePoint:
    found = directory.by_key(session, key.strip())
    if found is None:
        raise NotFound("findings.nobody", key=key[:40])
    return found


def propose(session: Session, case: Case, zone: ZoneInfo) -> Proposed:
    """The day of the rating or letter; the one it names, and at a window who served at that minute by roster and swaps."""
    standing = of_case(session, case)
    if standing:
        return Proposed(standing[0].since, [one.service_point for one in standing])
    rating, point = _rating(session, case), case.service_point
    day = local_day(rating.received_at, zone) if rating is not None else case.day
    if point is None or point.kind == "department":
        return Proposed(day, [])
    served = duty_swaps.who_served(session, point.id, rating.received_at) if rating and point.kind == "window" else []
    people = [session.get_one(ServicePoint, one) for one in served] if len(served) == 1 else []
    return Proposed(day, [point, *people], disputed=_open_swap(session, case) is not None)


def _rating(session: Session, case: Case) -> Rating | None:
    return session.get(Rating, case.rating_id) if case.rating_id else None


def _open_swap(session: Session, case: Case) -> DutySwap | None:
    """The swap of that minute that nobody has confirmed: until then it counts for the window and for no person."""
    rating = _rating(session, case)
    if rating is None or rating.on_duty_id is None:
        return None
    swap = swaps.at(session, rating.service_point_id, rating.on_duty_id, rating.received_at)
    return swap if swap is not None and swap.state == "requested" else None


def of_case(session: Session, case: Case) -> Sequence[PersonRecord]:
    """What stands on file from this case now."""
    query = select(PersonRecord).where(PersonRecord.case_id == case.id, PersonRecord.ended_at.is_(None))
    return session.scalars(query.order_by(PersonRecord.id)).all()


def told_to(session: Session, case: Case, person_id: int) -> str:
    """What one person reads: what was found, as far as it counts against them; ``fell`` when it does no more; or nothing."""
    query = select(PersonRecord).where(PersonRecord.case_id == case.id, PersonRecord.service_point_id == person_id)
    newest = session.scalar(query.order_by(PersonRecord.id.desc()).limit(1))
    if newest is None:
        return ""
    found = case_steps.last(case, rules.FIND)
    return FELL if newest.ended_at is not None or found is None else str(found.details["found"])


def fall(session: Session, case: Case, *, now: datetime) -> int:
    """An appeal was upheld: nobody is at fault any more; how many entries no longer count."""
    standing = of_case(session, case)
    for one in standing:
        _end(session, one, _SYSTEM, now)
    return len(standing)


def fell_since(session: Session, point_id: int, closed_at: datetime, period: Period) -> bool:
    """Whether a complaint that counted against somebody in this period fell after its board was closed."""
    query = select(PersonRecord.id).where(
        PersonRecord.service_point_id == point_id,
        PersonRecord.kind == RECORD,
        PersonRecord.made_at <= closed_at,
        PersonRecord.ended_at > closed_at,
        PersonRecord.since.between(period.first, period.last),
    )
    return session.scalar(query.limit(1)) is not None


def hand_on(session: Session, case: Case, target: Case, now: datetime) -> None:
    """The case lives on in ``target``: what was found in it counts there, once for each person."""
    known = {one.service_point_id for one in of_case(session, target)}
    for one in of_case(session, case):
        if one.service_point_id in known:
            _end(session, one, _SYSTEM, now)
        else:
            one.case_id, one.reference = target.id, target.number or ""
    session.flush()


def _put(
    session: Session, case: Case, point: ServicePoint, day: date, by: str, now: datetime, zone: ZoneInfo
) -> PersonRecord:
    one = PersonRecord(
        service_point_id=point.id,
        kind=RECORD,
        since=day,
        until=day,
        told_on=local_day(now, zone),
        reference=case.number or "",
        case_id=case.id,
        made_by=by,
        made_at=now,
    )
    session.add(one)
    session.flush()
    audit.write(session, actor=by, action="record.made", subject=f"{RECORD} {one.id}", now=now)
    return one


def _end(session: Session, one: PersonRecord, by: str, now: datetime) -> None:
    one.ended_at = now
    session.flush()
    audit.write(session, actor=by, action="record.ended", subject=f"{RECORD} {one.id}", now=now)
