"""Proposing somebody: by patients (page, message, paper) and by staff, once each, in the days of nomination."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Candidate, Nomination, Round
from feedback_app.domain.directory_cells import is_away
from feedback_app.domain.eligibility import is_head
from feedback_app.domain.identity import keyed_hash
from feedback_app.domain.periods import local_day
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, rounds
from feedback_app.services.rounds import Opened
from feedback_app.services.vault import Vault

LONGEST_REASON = 500


@dataclass(frozen=True)
class Proposal:
    """``who`` is whatever makes the proposer one person: a keyed hash, a staff key, the number of a paper slip."""

    point_id: int
    proposer: str  # patient | colleague | self | unit
    source: str  # form | bot | paper | staff
    who: str
    reason: str = ""


@dataclass(frozen=True)
class Proposed:
    nominee: ServicePoint
    opened: Opened


def propose(session: Session, vault: Vault, key: str, told: Proposal, *, now: datetime, zone: ZoneInfo) -> Proposed:
    """Accept a proposal; the nominee becomes a candidate with the first one.

    Raises what ``rounds.require`` does, Refused ``rounds.not_eligible`` (``why``), ``rounds.proposer_not_asked``,
    ``rounds.reason_too_long``, NotFound ``rounds.no_nominee``, Conflict ``rounds.proposed_already`` (``name``).
    """
    opened = rounds.require(session, key, "nominate", now=now, zone=zone)
    if told.proposer not in opened.rules.proposers:
        raise Refused("rounds.proposer_not_asked")
    if len(told.reason) > LONGEST_REASON:
        raise Refused("rounds.reason_too_long", most=LONGEST_REASON, length=len(told.reason))
    nominee = session.get(ServicePoint, told.point_id)
    if nominee is None:
        raise NotFound("rounds.no_nominee")
    why = why_not(nominee, opened.rules)
    if why:
        raise Refused("rounds.not_eligible", name=nominee.name, why=why)
    _store(session, vault, opened.round, told, nominee, now, zone)
    _candidate(session, opened.round, nominee)
    return Proposed(nominee, opened)


def why_not(nominee: ServicePoint, rules: RoundRules) -> str:
    """The first reason that keeps somebody out, a key under ``rounds.terms``; "" when they may be chosen."""
    if not nominee.active:
        return "left"
    if nominee.kind != rules.nominees:
        return "kind"
    if is_away(nominee.status):
        return "away"
    if rules.categories and nominee.category not in rules.categories:
        return "category"
    if not rules.heads and is_head(nominee.duty):
        return "head"
    return ""


def _store(
    session: Session, vault: Vault, found: Round, told: Proposal, nominee: ServicePoint, now: datetime, zone: ZoneInfo
) -> None:
    secret = rounds.key_of(vault, found)
    if secret is None:
        raise Conflict("rounds.cancelled")
    mark = keyed_hash(secret, f"nominate:{told.proposer}:{told.who}")
    known = session.scalar(select(Nomination).where(Nomination.round_id == found.id, Nomination.mark == mark))
    if known is not None:
        raise Conflict("rounds.proposed_already", name=known.service_point.name)
    made = Nomination(
        round_id=found.id,
        service_point_id=nominee.id,
        proposer=told.proposer,
        source=told.source,
        mark=mark,
        reason=told.reason.strip(),
        day=local_day(now, zone),
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # the same person at the same moment
        raise Conflict("rounds.proposed_already", name=nominee.name) from None


def _candidate(session: Session, found: Round, nominee: ServicePoint) -> None:
    query = select(Candidate.id).where(Candidate.round_id == found.id, Candidate.service_point_id == nominee.id)
    if session.scalar(query) is not None:
        return
    unit = nominee.department.name if nominee.department else ""
    try:
        with session.begin_nested():
            session.add(Candidate(round_id=found.id, service_point_id=nominee.id, department=unit, body={}))
    except IntegrityError:
        return


def set_aside(session: Session, key: str, nomination_id: int, *, why: str, by: str, now: datetime) -> None:
    """A proposal that was no proposal (abuse, a joke) is kept with the reason and no longer counted.

    Raises NotFound ``rounds.unknown``, Refused ``rounds.no_reason``.
    """
    found = rounds.find(session, key)
    one = session.get(Nomination, nomination_id)
    if one is None or one.round_id != found.id:
        raise NotFound("rounds.unknown")
    if not why.strip():
        raise Refused("rounds.no_reason")
    one.set_aside_why = why.strip()[:200]
    audit.write(session, actor=by, action="round.proposal_set_aside", subject=key, now=now, why=one.set_aside_why)


def counts(session: Session, found: Round) -> dict[int, int]:
    """Service point -> proposals that stand."""
    counted: dict[int, int] = {}
    for one in tables.nominations(session, found.id):
        if not one.set_aside_why:
            counted[one.service_point_id] = counted.get(one.service_point_id, 0) + 1
    return counted


def find(session: Session, rules: RoundRules, typed: str, *, most: int = 12) -> list[ServicePoint]:
    """Whom a name, part of a name, number or department means among those who may be proposed; exact ones alone if any."""
    words = typed.split()
    if not words:
        return []
    query = select(ServicePoint).where(ServicePoint.kind == rules.nominees, ServicePoint.active)
    able = [one for one in session.scalars(query.order_by(ServicePoint.sort_key)) if not why_not(one, rules)]
    exact = [one for one in able if typed.strip() in (one.name, one.key, *one.aliases)]
    if exact:
        return exact[:most]
    return [one for one in able if all(word in _described(one) for word in words)][:most]


def only(found: list[ServicePoint]) -> ServicePoint:
    """The one that was meant. Raises NotFound ``rounds.no_nominee``, Refused ``rounds.several`` (``names``)."""
    if not found:
        raise NotFound("rounds.no_nominee")
    if len(found) > 1:
        raise Refused("rounds.several", names="、".join(_named(one) for one in found))
    return found[0]


def _named(one: ServicePoint) -> str:
    return f"{one.name}（{one.key}）"


def note_paper(session: Session, key: str, *, by: str, now: datetime) -> None:
    """Who typed in a paper proposal."""
    audit.write(session, actor=by, action="round.proposed_on_paper", subject=key, now=now)


def _described(one: ServicePoint) -> str:
    return f"{one.name} {one.key} {one.department.name if one.department else ''} {' '.join(one.aliases)}"
