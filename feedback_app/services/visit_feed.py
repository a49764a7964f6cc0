"""Visits from the hospital's system: what a rating's denominator is made of.

Checking, hashing and sealing happen before any transaction; storing is one statement for a whole batch, so that whoever
rates at that moment waits for no longer than for one other rating.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import Rating
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.domain.identity import keyed_hash
from feedback_app.domain.invitations import Rule as InvitationRule
from feedback_app.domain.invitations import channels_open, rule_for
from feedback_app.domain.periods import local_day
from feedback_app.domain.quiet_visits import Rule, muting
from feedback_app.domain.quiet_visits import Visit as Muted
from feedback_app.services import invitation_rules, quiet_visits
from feedback_app.services.checked import Problem, read
from feedback_app.services.vault import Vault
from feedback_app.services.visit_rows import INPATIENT, Visit, digits, ended

MOST_IN_BATCH = 1000
AT_ONCE = 1000  # contacts forgotten in one transaction
_HASH = 32
_VISITS, _CONTACTS = cast(Table, HospitalVisit.__table__), cast(Table, VisitContact.__table__)


@dataclass(frozen=True)
class Surroundings:
    """What visits are read against; loaded once for a batch."""

    points: Mapping[tuple[str, str], tuple[int, int | None, str, str]]  # id, department, name, name of the department
    quiet: Sequence[Rule]
    rules: Sequence[InvitationRule] = ()


@dataclass(frozen=True)
class Ready:
    """One visit ready to be stored: the row, and what is sealed beside it ("": nothing)."""

    line: int
    row: Mapping[str, Any]
    sealed: str


@dataclass(frozen=True)
class Prepared:
    rows: tuple[Ready, ...]
    problems: tuple[Problem, ...]
    clock_ahead: int = 0

    @property
    def received(self) -> int:
        return len(self.rows) + len({one.line for one in self.problems})


@dataclass(frozen=True)
class Stored:
    """``known``: told before, the same; ``changed``: told before, and now otherwise."""

    stored: int = 0
    known: int = 0
    changed: int = 0
    ids: tuple[int, ...] = field(default=(), repr=False)


def surroundings(session: Session) -> Surroundings:
    unit = {one.id: one for one in session.scalars(select(ServicePoint).where(ServicePoint.kind == "department"))}
    columns = (ServicePoint.id, ServicePoint.kind, ServicePoint.key, ServicePoint.name, ServicePoint.department_id)
    found: dict[tuple[str, str], tuple[int, int | None, str, str]] = {}
    for point_id, kind, key, name, department in session.execute(select(*columns)):
        belongs = point_id if kind == "department" else department
        found[kind, key] = point_id, belongs, name, unit[belongs].name if belongs in unit else ""
    return Surroundings(found, [one.rule for one in quiet_visits.listed(session)], invitation_rules.in_force(session))


def prepare(
    around: Surroundings,
    vault: Vault,
    raws: Iterable[Any],
    *,
    told_by: str,
    zone: ZoneInfo,
    now: datetime,
    first_line: int = 1,
) -> Prepared:
    """Check, hash and seal. Nothing here needs a transaction; a bad one is told with its line and keeps no other back."""
    rows: list[Ready] = []
    problems: list[Problem] = []
    ahead = 0
    for line, raw in enumerate(raws, first_line):
        visit = read(Visit, raw, line)
        if isinstance(visit, list):
            problems += visit[:1]
            continue
        at = ended(visit, zone, now, line)
        point = around.points.get((visit.point.kind, visit.point.key))
        if isinstance(at, Problem):
            problems.append(at)
        elif point is None:
            problems.append(Problem("visits.unknown_point", "point.key", line, {"key": visit.point.key[:40]}))
        else:
            ahead += at.clock_ahead
            rows.append(_ready(around, vault, visit, at.at, point, line, told_by, zone, now))
    return Prepared(tuple(rows), tuple(problems), ahead)


def _ready(
    around: Surroundings,
    vault: Vault,
    visit: Visit,
    at: datetime,
    point: tuple[int, int | None, str, str],
    line: int,
    told_by: str,
    zone: ZoneInfo,
    now: datetime,
) -> Ready:
    point_id, department_id, name, department = point
    muted = Muted(name, department, department_id, visit.outcome, visit.age, visit.with_guardian)
    rule = muting(around.quiet, muted)
    decide_at, not_invited = _to_decide(around.rules, visit, at, department_id, quiet=rule is not None)
    reachable = decide_at is not None or visit.kind == INPATIENT  # to be followed up
    day = local_day(at, zone)
    row = {
        "reference_hash": reference_hash(vault, visit.reference),
        "digest": keyed_hash(vault.key("visits"), visit.model_dump_json())[:16],
        "person_hash": person_hash(vault, visit.who) if reachable else None,
        "kind": visit.kind,
        "service_point_id": point_id,
        "department_id": department_id,
        "ended_at": at,
        "day": day,
        "quiet": rule.why if rule else "",
        "decide_at": decide_at,
        "not_invited": not_invited,
        "follow_up": "",
        "told_by": told_by,
        "received_at": now,
    }
    return Ready(line, row, vault.seal(_contact(visit)) if reachable else "")


def _to_decide(
    rules: Sequence[InvitationRule], visit: Visit, at: datetime, department_id: int | None, *, quiet: bool
) -> tuple[datetime | None, str]:
    """When to decide about an invitation, or why there will be none."""
    rule = rule_for(rules, visit.kind, department_id)
    if quiet:
        return None, "quiet"
    if rule is None:
        return None, "no_rule"
    if not channels_open(rule, has_openid=bool(visit.openid), has_phone=bool(visit.phone)):
        return None, "no_contact"
    return (at + timedelta(hours=rule.after_hours), "") if visit.who else (None, "no_person")


def reference_hash(vault: Vault, reference: str) -> str:
    return keyed_hash(vault.key("visits"), f"reference:{reference}")[:_HASH]


def person_hash(vault: Vault, who: str) -> str | None:
    """By what the same person is recognised while contacts are kept; ``who``: ``patient:…``, ``phone:…``, ``openid:…``."""
    return keyed_hash(vault.key("visit persons"), who)[:_HASH] if who else None


def _contact(visit: Visit) -> str:
    told = {"r": visit.reference, "p": digits(visit.phone), "o": visit.openid, "d": visit.diagnosis_group}
    return json.dumps({name: value for name, value in told.items() if value}, ensure_ascii=False)


def store(session: Session, ready: Sequence[Ready], *, contact_days: int) -> Stored:
    """Store what is new, in one statement; what was told before and now otherwise is put right."""
    newest = {one.row["reference_hash"]: one for one in ready}  # told twice in one batch: the last word holds
    before = _digests(session, list(newest))
    fresh = [one for key, one in newest.items() if key not in before]
    inserted = _insert(session, fresh)
    differing = [one for key, one in newest.items() if key in before and before[key][1] != one.row["digest"]]
    for one in differing:
        _put_right(session, before[one.row["reference_hash"]][0], one, contact_days)
    _keep_contacts(session, fresh, inserted, contact_days)
    stored = len(inserted)
    return Stored(stored, len(ready) - stored - len(differing), len(differing), tuple(inserted.values()))


def _digests(session: Session, hashes: list[str]) -> dict[str, tuple[int, str]]:
    columns = (HospitalVisit.reference_hash, HospitalVisit.id, HospitalVisit.digest)
    found = session.execute(select(*columns).where(HospitalVisit.reference_hash.in_(hashes)))
    return {key: (number, digest) for key, number, digest in found}


def _insert(session: Session, fresh: Sequence[Ready]) -> dict[str, int]:
    """Reference hash -> id of what was inserted; another process may have been faster with some of them."""
    if not fresh:
        return {}
    connection = session.connection()
    build: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
    statement = build(_VISITS).on_conflict_do_nothing(index_elements=[_VISITS.c.reference_hash])
    done = connection.execute(
        statement.returning(_VISITS.c.reference_hash, _VISITS.c.id), [dict(one.row) for one in fresh]
    )
    return {str(key): int(number) for key, number in done}


def _keep_contacts(session: Session, ready: Sequence[Ready], ids: Mapping[str, int], contact_days: int) -> None:
    rows = [
        {"visit_id": ids[one.row["reference_hash"]], "sealed": one.sealed, "forget_on": _forget_on(one, contact_days)}
        for one in ready
        if one.sealed and one.row["reference_hash"] in ids
    ]
    if rows:
        session.connection().execute(insert(_CONTACTS), rows)


def _forget_on(one: Ready, contact_days: int) -> date:
    return cast(date, one.row["day"]) + timedelta(days=contact_days)


def _put_right(session: Session, visit_id: int, one: Ready, contact_days: int) -> None:
    """Another doctor, another time. What was decided about an invitation stays decided."""
    kept = {"reference_hash", "decide_at", "not_invited", "follow_up", "told_by", "received_at"}
    values = {name: value for name, value in one.row.items() if name not in kept}
    session.execute(update(HospitalVisit).where(HospitalVisit.id == visit_id).values(**values))
    session.execute(delete(VisitContact).where(VisitContact.visit_id == visit_id))
    _keep_contacts(session, [one], {one.row["reference_hash"]: visit_id}, contact_days)


def served(session: Session, first: date, last: date) -> dict[int, int]:
    """How many visits each service point had from ``first`` to ``last``."""
    query = select(HospitalVisit.service_point_id, func.count()).where(HospitalVisit.day.between(first, last))
    return {int(point): int(count) for point, count in session.execute(query.group_by(HospitalVisit.service_point_id))}


@dataclass(frozen=True)
class Coverage:
    """What stands behind the ratings of one service point. ``rated``: counted ones; ``verified``: those with a visit."""

    kind: str
    key: str
    name: str
    visits: int
    rated: int
    verified: int


def coverage(session: Session, first: date, last: date) -> list[Coverage]:
    """Every service point that had visits or ratings in these days, by kind and number."""
    visits = served(session, first, last)
    rated = select(Rating.service_point_id, Rating.verified, func.count()).where(
        Rating.status == "counted", Rating.day.between(first, last)
    )
    counts: dict[int, list[int]] = {}
    for point, verified, count in session.execute(rated.group_by(Rating.service_point_id, Rating.verified)):
        counts.setdefault(point, [0, 0])[bool(verified)] += count
    points = session.execute(select(ServicePoint.id, ServicePoint.kind, ServicePoint.key, ServicePoint.name))
    return sorted(
        (
            Coverage(kind, key, name, visits.get(one, 0), sum(counts.get(one, ())), counts.get(one, [0, 0])[1])
            for one, kind, key, name in points
            if one in visits or one in counts
        ),
        key=lambda line: (line.kind, line.key),
    )


def forget(session: Session, *, zone: ZoneInfo, now: datetime) -> int:
    """Delete the contacts whose time is over, and with them who was whose; how many. The visits stay as numbers."""
    over = select(VisitContact.visit_id).where(VisitContact.forget_on <= local_day(now, zone))
    ids = list(session.scalars(over.limit(AT_ONCE)))
    session.execute(delete(VisitContact).where(VisitContact.visit_id.in_(ids)))
    nameless = {"person_hash": None, "decide_at": None}
    session.execute(update(HospitalVisit).where(HospitalVisit.id.in_(ids)).values(**nameless))
    return len(ids)
