"""One visit, one rating: what counts of what arrives, decided at acceptance and without looking at the level.

With a ticket a rating is *verified*, and a ticket counts once. Without one, a person counts once for a service point and
day and twice in a month. That something has happened before is known by a mark: an HMAC under a key of that month. The key
is destroyed after the appeal time, and with it the only way to tell whose rating is whose. The marks are unique in the
database, so two submissions at the same moment cannot both be the first.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db import visits
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.db.ratings import Rating, lock_month
from feedback_app.db.visits import LinkKey, Nullifier, destroy
from feedback_app.db.writing import Unit, Writing, unit_of
from feedback_app.domain.identity import keyed_hash
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questionnaires import NO_LEVEL
from feedback_app.domain.stuffing import COLLEAGUE, STAFF
from feedback_app.domain.validity import REPEAT
from feedback_app.services import audit, evidence, own_ratings, ratings, tickets
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.vault import Vault

A_MONTH = 2
"""Ratings without a ticket that count of one person for one service point and month."""


@dataclass(frozen=True)
class Arrival:
    """How a rating came: what the person showed and what the connection tells. "" where nothing is known."""

    ticket: str = ""
    ticket_seen_at: datetime | None = None  # when the form was opened with it; None: now
    device: str = ""  # random name of one browser, from its cookie: a weak signal
    network: str = ""  # where the connection came from; "" for the hospital's own addresses
    staff: int | None = None  # the member of staff who signs in on this browser; 0: somebody at the console


def accept(
    unit: Unit, vault: Vault, submission: Submission, arrival: Arrival, *, zone: ZoneInfo, now: datetime
) -> Accepted:
    """Accept the rating, counted or as a repeat. Always a receipt; raises what ``ratings.submit`` raises."""
    unit = unit_of(unit)
    lock(unit, f"rating:{submission.idempotency_key}")
    known = ratings.known(unit, submission.idempotency_key)
    if known is not None:
        return known
    judge = _Judge(unit, vault, zone, now)
    judged = judge.traced(judge.judged(submission, arrival), arrival)
    return ratings.submit(unit, judged, zone=zone, now=now, is_new=True)


class _Judge:
    def __init__(self, unit: Writing, vault: Vault, zone: ZoneInfo, now: datetime) -> None:
        self._unit, self._vault, self._zone, self._now = unit, vault, zone, now
        self._keys: dict[str, bytes | None] = {}
        self._month, self._day = str(Month.of(now, zone)), local_day(now, zone)

    def judged(self, submission: Submission, arrival: Arrival) -> Submission:
        if submission.status != "counted":
            return submission  # a test of our own, already marked
        if submission.score == NO_LEVEL:
            return submission  # words alone count nowhere, and leave the person's level to come
        point_id = submission.point_id
        who = submission.rater_hash or (f"device:{arrival.device}" if arrival.device else "")
        if who:
            lock(self._unit, f"rater:{who}:{point_id}")  # what a person does twice at once is done one after the other
        proof = self._proof(arrival, point_id) if arrival.ticket else None
        if proof is not None and proof.how != "screen":  # it stands for one visit
            if not self._first_of(proof):
                return _repeat(submission, "same_slip" if proof.how == "slip" else "same_visit")
            self._first(self._month, _day_mark(who, point_id, self._day.isoformat()), by=who)
            return replace(submission, verified_how=proof.how)
        if not self._first(self._month, _day_mark(who, point_id, self._day.isoformat()), by=who):
            return self._again(submission)
        if proof is not None and self._first_of(proof):
            return replace(submission, verified_how=proof.how)
        if not any(self._first(self._month, f"month:{who}:{point_id}:{slot}", by=who) for slot in range(A_MONTH)):
            return _repeat(submission, "same_month")
        return submission

    def _proof(self, arrival: Arrival, point_id: int) -> tickets.Proof | None:
        at = arrival.ticket_seen_at or self._now
        return tickets.read(self._unit.session, self._vault, arrival.ticket, point_id, zone=self._zone, now=at)

    def traced(self, submission: Submission, arrival: Arrival) -> Submission:
        """With marks of device and network that hold for one day."""
        return replace(
            submission,
            device_hash=self._trace("device", arrival.device),
            network_hash=self._trace("network", arrival.network),
            staff_sign=_staff_sign(self._unit, submission.point_id, arrival.staff),
        )

    def _again(self, submission: Submission) -> Submission:
        """The second of one person and day. In the chat it replaces the first; a form has its own page for that."""
        earlier: Sequence[Rating] = ()
        if submission.rater_hash and submission.channel == "bot":
            lock_month(self._unit, self._month)  # first the month, then the ratings
            earlier = own_ratings.of_day_held(self._unit.session, submission.rater_hash, submission.point_id, self._day)
        standing = [one for one in earlier if one.status in {"counted", "held"}]
        if standing:
            last = standing[-1]
            again = replace(submission, status=last.status, why_not=last.why_not, verified_how=last.verified_how)
            own_ratings.set_replaced(self._unit.session, last, self._now)
            return replace(again, replaces=last.receipt)
        if earlier and earlier[-1].status == "withdrawn":
            return submission
        return _repeat(submission, "same_day")

    def _first_of(self, proof: tickets.Proof) -> bool:
        return any(self._first(proof.month, mark, by="ticket") for mark in proof.marks)

    def _first(self, month: str, what: str, *, by: str) -> bool:
        """Whether this happens for the first time; from now on it has happened. Nobody known: nothing to compare."""
        key = self._key(month) if by else None
        if key is None:
            return True
        return visits.first(self._unit, keyed_hash(key, what), month)

    def _trace(self, kind: str, value: str) -> str | None:
        key = self._key(self._month) if value else None
        return keyed_hash(key, f"{kind}:{value}:{self._day}") if key else None

    def _key(self, month: str) -> bytes | None:
        """The month's key, made at its first use; None once it has been destroyed."""
        if month not in self._keys:
            sealed = visits.sealed_key(self._unit, month)
            if sealed is None:
                sealed = _make_key(self._unit.session, self._vault, month, self._now)
            self._keys[month] = _unsealed(self._vault, sealed) if sealed else None
        return self._keys[month]


def _make_key(session: Session, vault: Vault, month: str, now: datetime) -> str:
    try:
        with session.begin_nested():
            row = LinkKey(month=month, key_sealed=vault.seal(secrets.token_hex(32)), made_at=now)
            session.add(row)
    except IntegrityError:  # another process was faster
        row = session.get_one(LinkKey, month, populate_existing=True)
    return row.key_sealed


@lru_cache(8)
def _unsealed(vault: Vault, sealed: str) -> bytes:
    return bytes.fromhex(vault.unseal(sealed))


def is_spent(session: Session, vault: Vault, month: str, what: str) -> bool:
    """Whether this has happened before, as far as anybody can still know."""
    row = session.get(LinkKey, month)
    if row is None or not row.key_sealed:
        return False
    key = bytes.fromhex(vault.unseal(row.key_sealed))
    return session.get(Nullifier, keyed_hash(key, what)) is not None


def spend(session: Session, vault: Vault, month: str, what: str, *, now: datetime) -> None:
    """From now on this has happened: what stands for it proves no visit a second time."""
    sealed = visits.sealed_key(session, month)
    if sealed is None:
        sealed = _make_key(session, vault, month, now)
    if sealed:  # once the month's key is destroyed there is nothing left to compare with
        visits.first(session, keyed_hash(_unsealed(vault, sealed), what), month)


def forget(session: Session, *, link_days: int, zone: ZoneInfo, now: datetime) -> list[str]:
    """Destroy the keys of months that ended more than ``link_days`` ago; which. That it was done is in the evidence log."""
    kept = session.scalars(select(LinkKey).where(LinkKey.destroyed_at.is_(None)).order_by(LinkKey.month)).all()
    over = [key for key in kept if Month.parse(key.month).ends(zone) + timedelta(days=link_days) <= now]
    for key in over:
        destroy(session, key, now)
        subject = f"links:{key.month}"
        evidence.write(session, "forgotten", subject, shown={"month": key.month}, hidden={}, now=now)
        audit.write(session, actor="system", action="links.destroyed", subject=key.month, now=now)
    return [key.month for key in over]


def _day_mark(who: str, point_id: int, day: str) -> str:
    return f"day:{who}:{point_id}:{day}"


def _staff_sign(unit: Writing, point_id: int, staff_id: int | None) -> str:
    """Whether somebody rated themself, their window or their unit, or somebody else; who it was is not kept."""
    if staff_id is None:
        return ""
    person = unit.session.get(ServicePoint, staff_id) if staff_id else None
    point = unit.session.get(ServicePoint, point_id)
    if person is None or point is None:
        return COLLEAGUE
    units = {point.id, point.department_id} - {None}
    return STAFF if {person.id, person.department_id} & units else COLLEAGUE


def _repeat(submission: Submission, why: str) -> Submission:
    return replace(submission, status=REPEAT, why_not=why)
