"""Sensitive visits: asking whether anybody may be invited or reminded, and the rules behind it, kept in the console."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.quiet_rules import QuietRule
from feedback_app.domain.questions.text import clean
from feedback_app.domain.quiet_visits import LOSS, REASONS, Rule, Visit, muting
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

__all__ = ["REASONS", "Listed", "add", "install_presets", "is_quiet", "is_quiet_place", "listed", "take_back"]

PRESETS = Path(__file__).parent.parent / "presets" / "quiet_rules.toml"
OLDEST_CHILD = 18


@dataclass(frozen=True)
class Listed:
    """A rule with what a page says about it."""

    id: int
    rule: Rule
    department: str


@cache
def presets() -> tuple[Rule, ...]:
    return tuple(Rule(**one) for one in tomllib.loads(PRESETS.read_text("utf-8"))["rule"])


def install_presets(session: Session, now: datetime) -> None:
    """Our rules, once: what a hospital took back stays away."""
    if session.scalar(select(func.count(QuietRule.id))) == 0:
        for rule in presets():
            _keep(session, rule, "system", now)


def is_quiet(session: Session, visit: Visit) -> bool:
    """Whether nobody may be invited to rate this visit or reminded of it. Ask before anything is sent on our own."""
    return muting(_rules(session), visit) is not None


def is_quiet_place(session: Session, point: ServicePoint) -> bool:
    """The same for a place, whoever was there."""
    unit = point if point.kind == "department" else point.department
    visit = Visit(point.name, unit.name if unit else "", unit.id if unit else None)
    return is_quiet(session, visit)


def _rules(session: Session) -> list[Rule]:
    return [one.rule for one in listed(session)]


def listed(session: Session) -> list[Listed]:
    """The rules in force, oldest first."""
    query = select(QuietRule, ServicePoint.name).outerjoin(ServicePoint, QuietRule.department_id == ServicePoint.id)
    found: Sequence[tuple[QuietRule, str | None]] = session.execute(
        query.where(QuietRule.active).order_by(QuietRule.id)
    ).all()
    return [
        Listed(row.id, Rule(row.why, row.department_id, row.word, row.outcome, row.under_age), name or "")
        for row, name in found
    ]


def add(session: Session, rule: Rule, *, by: str, now: datetime) -> None:
    """One more rule. Raises Refused ``quiet.says_nothing``, ``quiet.bad_choice``; NotFound ``quiet.no_department``."""
    if not rule.says_something:
        raise Refused("quiet.says_nothing")
    bad_age = rule.under_age is not None and not 1 <= rule.under_age <= OLDEST_CHILD
    if rule.why not in REASONS or rule.outcome not in {"", LOSS} or bad_age:
        raise Refused("quiet.bad_choice", most=OLDEST_CHILD)
    if rule.department_id is not None:
        unit = session.get(ServicePoint, rule.department_id)
        if unit is None or unit.kind != "department":
            raise NotFound("quiet.no_department")
    _keep(session, rule, by, now)
    audit.write(session, actor=by, action="quiet.added", subject=rule.why, now=now, word=rule.word)


def take_back(session: Session, rule_id: int, *, by: str, now: datetime) -> None:
    """The rule mutes nothing any more. Doing it again changes nothing."""
    found = session.get(QuietRule, rule_id)
    if found is not None and found.active:
        found.active = False
        audit.write(session, actor=by, action="quiet.taken_back", subject=found.why, now=now, word=found.word)


def _keep(session: Session, rule: Rule, by: str, now: datetime) -> None:
    session.add(
        QuietRule(
            why=rule.why,
            department_id=rule.department_id,
            word=clean(rule.word)[:40],
            outcome=rule.outcome,
            under_age=rule.under_age,
            created_at=now,
            created_by=by,
        )
    )
    session.flush()
