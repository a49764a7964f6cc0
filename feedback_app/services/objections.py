"""Objections against a name on the list: filed in the days of publication, each decided with a reason that is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Candidate, Objection
from feedback_app.domain.periods import local_day
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, evidence, round_results, rounds

__all__ = ["Objection"]

LONGEST = 1000
MOST_OPEN = 500  # of one selection; beyond that the office is called instead
DECISIONS = ("upheld", "dismissed")


@dataclass(frozen=True)
class Filing:
    """``number`` is the candidate's, None for the selection as a whole; ``form_key`` makes sending it twice one."""

    number: int | None
    text: str
    form_key: str
    contact_sealed: str = ""


def file(session: Session, key: str, told: Filing, *, now: datetime, zone: ZoneInfo) -> Objection:
    """Raises what ``rounds.require`` does, Refused ``rounds.nothing_written`` / ``rounds.objection_too_long`` /
    ``rounds.no_candidate``, Conflict ``rounds.too_many_objections``."""
    known = session.scalar(select(Objection).where(Objection.form_key == told.form_key))
    if known is not None:
        return known
    opened = rounds.require(session, key, "object", now=now, zone=zone)
    if not told.text.strip():
        raise Refused("rounds.nothing_written")
    if len(told.text) > LONGEST:
        raise Refused("rounds.objection_too_long", most=LONGEST, length=len(told.text))
    candidate = _candidate(session, opened.round.id, told.number)
    count = session.scalar(select(func.count(Objection.id)).where(Objection.round_id == opened.round.id)) or 0
    if count >= MOST_OPEN:
        raise Conflict("rounds.too_many_objections")
    made = Objection(
        round_id=opened.round.id,
        candidate_id=candidate.id if candidate else None,
        form_key=told.form_key,
        text=told.text.strip(),
        contact_sealed=told.contact_sealed,
        filed_at=now,
        day=local_day(now, zone),
    )
    session.add(made)
    session.flush()
    shown = {"round": key, "objection": made.id}
    evidence.write(session, "objection", rounds.subject(key), shown=shown, hidden={"text": made.text}, now=now)
    return made


def _candidate(session: Session, round_id: int, number: int | None) -> Candidate | None:
    if number is None:
        return None
    query = select(Candidate).where(
        Candidate.round_id == round_id, Candidate.number == number, Candidate.state == "won"
    )
    found = session.scalar(query)
    if found is None:
        raise Refused("rounds.no_candidate")
    return found


def decide(
    session: Session, key: str, objection_id: int, decision: str, why: str, *, by: str, now: datetime, zone: ZoneInfo
) -> Objection:
    """Uphold or dismiss, once, with a reason. Upheld against a name: it is struck off the list.

    Raises NotFound ``rounds.no_objection``, Conflict ``rounds.decided_already``, Refused ``rounds.no_reason`` and
    ``rounds.bad_decision``.
    """
    found = rounds.find(session, key)
    one = session.get(Objection, objection_id)
    if one is None or one.round_id != found.id:
        raise NotFound("rounds.no_objection")
    if one.decision:
        raise Conflict("rounds.decided_already")
    if decision not in DECISIONS:
        raise Refused("rounds.bad_decision")
    if not why.strip():
        raise Refused("rounds.no_reason")
    one.decision, one.decision_why, one.decided_by, one.decided_at = decision, why.strip()[:500], by, now
    if decision == "upheld" and one.candidate is not None:
        round_results.strike(session, found, one.candidate, "objection", now, zone)
    shown = {"round": key, "objection": one.id, "decision": decision}
    evidence.write(session, "decided", rounds.subject(key), shown=shown, hidden={"why": one.decision_why}, now=now)
    audit.write(session, actor=by, action="round.objection_decided", subject=key, now=now, decision=decision)
    return one


def of_round(session: Session, key: str) -> Sequence[Objection]:
    return tables.objections(session, rounds.find(session, key).id)
