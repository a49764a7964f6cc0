"""Making and changing an award's rules: a draft, a dry run on past months, a start that freezes. Nothing started is changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import award_schemes
from feedback_app.db.award_schemes import SchemeVersion
from feedback_app.domain import award_reading, awards, evidence
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.cycles import Period, month_period
from feedback_app.domain.periods import Month
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, leaderboards
from feedback_app.services import awards as in_force
from feedback_app.services import evidence as evidence_log
from feedback_app.services.leaderboards import Board

TRIED_PERIODS = 3
Body = Mapping[str, Any]


@dataclass(frozen=True)
class DroppedOff:
    """Somebody on the board by the old rules who would not be by the new ones, or the other way round (``joins``)."""

    league: str
    key: str
    name: str
    joins: bool = False


def digest(body: Body) -> str:
    """SHA-256 of the canonical rules: what is frozen, published and compared."""
    return evidence.hashed(body)


def get(session: Session, version_id: int) -> SchemeVersion:
    """Raises NotFound ``stars.no_version``."""
    found = session.get(SchemeVersion, version_id)
    if found is None:
        raise NotFound("stars.no_version")
    return found


def versions(session: Session) -> Sequence[SchemeVersion]:
    return award_schemes.all_versions(session)


def begin(session: Session, source: str, *, key: str = "", by: str, now: datetime) -> SchemeVersion:
    """A draft from the rules in force under ``source``, else from the preset of that name; ``key`` makes it another award.

    An open draft of the same award is given back instead. Raises NotFound ``stars.unknown_award``, Refused ``stars.bad_scheme``.
    """
    running = in_force.schemes(session)
    scheme = running.get(source) or in_force.presets().get(source)
    if scheme is None:
        raise NotFound("stars.unknown_award", award=source[:40], known=", ".join(in_force.presets()))
    body = json.loads(json.dumps({**awards.to_body(scheme), "key": key or source}))
    if "key" in problems(body):
        raise Refused("stars.bad_scheme", award=key[:40], what="key")
    known = award_schemes.of_award(session, body["key"])
    if known and known[0].state == "draft":
        return known[0]
    version = SchemeVersion(
        award_key=body["key"], number=known[0].number + 1 if known else 1, body=body, changed_at=now, changed_by=by
    )
    session.add(version)
    session.flush()
    audit.write(session, actor=by, action="scheme.drafted", subject=_subject(version), now=now)
    return version


def problems(body: Body) -> list[str]:
    """The fields at fault, for the form; nothing when the scheme could start."""
    try:
        scheme = award_reading.build(Scheme, body)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        return [str(error)[:80]]
    return awards.faults(scheme)


def why_unreadable(body: Body) -> str:
    """The name that is unknown, missing or of the wrong kind; "" for what can at least be shown and put right."""
    try:
        award_reading.build(Scheme, body)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        return str(error)[:80]
    return ""


def save(session: Session, version_id: int, body: Body, *, by: str, now: datetime) -> SchemeVersion:
    """Keep what was typed, also while it is not right yet. Raises Conflict ``stars.scheme_started``."""
    version = _open(session, version_id)
    kept = {**body, "key": version.award_key}
    if kept != version.body:
        version.body, version.changed_at, version.changed_by = kept, now, by
        version.tried_hash = ""
        session.flush()
        audit.write(session, actor=by, action="scheme.changed", subject=_subject(version), now=now, hash=digest(kept))
    return version


def dry_run(session: Session, version_id: int, *, now: datetime, zone: ZoneInfo) -> list[Board]:
    """What these rules would have given for the last periods that are over, newest first; stored nowhere.

    A campaign is tried on the last whole months. Raises Refused ``stars.bad_scheme``.
    """
    scheme = awards.parse(get(session, version_id).body)
    return [leaderboards.try_out(session, scheme, period) for period in past_periods(scheme, now, zone)]


def note_tried(session: Session, version_id: int) -> None:
    """The dry run of the body as it is now was looked at: it may start."""
    version = get(session, version_id)
    if version.state == "draft":
        version.tried_hash = digest(version.body)
        session.flush()


def past_periods(scheme: Scheme, now: datetime, zone: ZoneInfo) -> list[Period]:
    last = Month.of(now, zone).shifted(-1)
    if scheme.period == "campaign":
        return [month_period(last.shifted(-back)) for back in range(TRIED_PERIODS)]
    newest = scheme.period_holding(last)
    if newest.ends(zone) > now:
        newest = newest.shifted(-1) or newest
    return [one for back in range(TRIED_PERIODS) if (one := newest.shifted(-back)) is not None]


def start(session: Session, version_id: int, *, by: str, now: datetime, zone: ZoneInfo) -> SchemeVersion:
    """Freeze the rules. They decide from the first period that has not begun; of a new award from the running one.

    Raises Conflict ``stars.scheme_started``, Refused ``stars.bad_scheme``, ``stars.not_tried``, ``stars.campaign_over``.
    """
    version = _open(session, version_id)
    scheme = awards.parse(version.body)
    if version.tried_hash != digest(version.body):
        raise Refused("stars.not_tried")
    begins = first_decided(session, scheme, now=now, zone=zone)
    if begins.ends(zone) <= now:
        raise Refused("stars.campaign_over", period=begins)
    if not scheme.starts:
        version.body = {**version.body, "starts": str(begins)} if _is_new(session, scheme.key) else version.body
    version.state, version.valid_from, version.rules_hash = "started", str(begins), digest(version.body)
    version.started_at, version.started_by = now, by
    session.flush()
    shown = {"award": scheme.key, "version": version.number, "from": str(begins), "rules": version.rules_hash}
    evidence_log.write(session, "rules", f"rules:{scheme.key}:{version.number}", shown=shown, hidden={}, now=now)
    audit.write(session, actor=by, action="scheme.started", subject=_subject(version), now=now, hash=version.rules_hash)
    return version


def first_decided(session: Session, scheme: Scheme, *, now: datetime, zone: ZoneInfo) -> Period:
    """The first period that these rules would decide if they started now."""
    if scheme.period == "campaign":
        return Period.parse(scheme.starts)
    running = scheme.period_holding(Month.of(now, zone))
    wanted = Period.parse(scheme.starts) if scheme.starts else running
    if _is_new(session, scheme.key):
        return max(wanted, running)
    following = running.shifted(1) or running
    return max(wanted, following)


def compare(
    session: Session, version_id: int, *, now: datetime, zone: ZoneInfo
) -> tuple[Period, list[DroppedOff]] | None:
    """Who would drop off or join if the last period had been decided by the draft; None for a new award.

    For a change of the verification mode this is what must be looked at before it waits for the next period.
    """
    draft = awards.parse(get(session, version_id).body)
    running = in_force.schemes(session).get(draft.key)
    if running is None or running.period != draft.period:
        return None
    period = past_periods(running, now, zone)[0]
    before, after = (leaderboards.try_out(session, scheme, period) for scheme in (running, draft))
    return period, dropped_off(before, after)


def dropped_off(before: Board, after: Board) -> list[DroppedOff]:
    """In the order of leagues and keys, those who drop off first."""
    old, new = (
        {(row.league, row.key): row.name for one in board.results for row in one.listed} for board in (before, after)
    )
    gone = [DroppedOff(*key, old[key]) for key in sorted(old.keys() - new.keys())]
    return gone + [DroppedOff(*key, new[key], joins=True) for key in sorted(new.keys() - old.keys())]


def discard(session: Session, version_id: int, *, by: str, now: datetime) -> None:
    """Raises Conflict ``stars.scheme_started``."""
    version = _open(session, version_id)
    audit.write(session, actor=by, action="scheme.discarded", subject=_subject(version), now=now)
    session.delete(version)
    session.flush()


def end(session: Session, award: str, *, by: str, now: datetime) -> None:
    """No further period of this award is closed; what is closed stays. Raises NotFound ``stars.unknown_award``."""
    scheme = in_force.scheme(session, award)
    known = award_schemes.of_award(session, award)
    version = SchemeVersion(
        award_key=award,
        number=known[0].number + 1 if known else 1,
        state="ended",
        body=awards.to_body(scheme),
        changed_at=now,
        changed_by=by,
    )
    session.add(version)
    session.flush()
    audit.write(session, actor=by, action="scheme.ended", subject=_subject(version), now=now)


def _open(session: Session, version_id: int) -> SchemeVersion:
    version = get(session, version_id)
    if version.state != "draft":
        raise Conflict("stars.scheme_started")
    return version


def _is_new(session: Session, key: str) -> bool:
    return key != in_force.BUILT_IN and not any(one.state == "started" for one in award_schemes.of_award(session, key))


def _subject(version: SchemeVersion) -> str:
    return f"{version.award_key} {version.number}"
