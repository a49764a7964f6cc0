"""A selection in the small hospital: started on NOON's day, one week a phase, moved on by the clock."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.domain import phases, round_rules
from feedback_app.domain.round_rules import RoundRules
from feedback_app.services import nominations, round_clock, rounds
from feedback_app.services.nominations import Proposal
from feedback_app.services.runtime import Runtime
from tests.star_ratings import id_of, rate

KEY = "2026-five-star"
FIRST = date(2026, 11, 20)
ALL = ("publicity", "nomination", "first_review", "vote", "expert_review", "publication")
WEEK = 7


def rules(kinds: tuple[str, ...] = ALL, **fields: Any) -> RoundRules:
    """Doctors, three finalists, one winner, two items of 50 points; every phase lasts seven days."""
    dated = [
        {"kind": one.kind, "first": one.first.isoformat(), "last": one.last.isoformat()}
        for one in phases.proposed([(kind, WEEK) for kind in kinds], FIRST)
    ]
    body = {
        "title": "2026 五星级医生",
        "phases": dated,
        "categories": ["医师"],
        "finalists": 3,
        "winners": 1,
        "items": [{"title": "讲解清楚", "most": 50}, {"title": "耐心", "most": 50}] if "expert_review" in kinds else [],
        **fields,
    }
    return round_rules.parse(body)


def start(runtime: Runtime, kinds: tuple[str, ...] = ALL, *, by: str = "lin", **fields: Any) -> None:
    with runtime.transaction() as session:
        rounds.plan(session, KEY, rules(kinds, **fields), by=by, now=runtime.now())
        rounds.start(session, runtime.vault, KEY, by=by, now=runtime.now(), zone=runtime.zone)


def noon(kind: str, kinds: tuple[str, ...] = ALL, *, day: int = 1) -> datetime:
    """Noon of a day of the phase, the first one unless told."""
    first = FIRST + timedelta(days=WEEK * kinds.index(kind) + day - 1)
    return datetime.fromisoformat(f"{first.isoformat()}T12:00+08:00")


def after(kinds: tuple[str, ...] = ALL) -> datetime:
    """Noon of the day after everything."""
    return noon(kinds[-1], kinds, day=WEEK + 1)


def tick(runtime: Runtime, now: datetime) -> list[str]:
    with runtime.transaction() as session:
        return round_clock.advance(session, runtime.vault, now=now, settings=runtime.settings)


def propose(
    session: Session, runtime: Runtime, key: str, who: str, now: datetime, proposer: str = "patient"
) -> ServicePoint:
    told = Proposal(id_of(session, key), proposer, "form", who, reason="讲得很清楚")
    return nominations.propose(session, runtime.vault, KEY, told, now=now, zone=runtime.zone).nominee


def patient(session: Session, name: str, target: str = "D01") -> str:
    """Somebody the official account knows, whose visit a slip has verified; the keyed hash."""
    person = (name * 64)[:64]
    rate(session, target, (0, 0, 0, 0, 1), "2026-11", rater_hash=person, verified=True, verified_how="slip")
    return person
