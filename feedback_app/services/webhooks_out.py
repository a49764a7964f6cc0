"""Telling other systems what happened: a low rating, a case that moved, a leaderboard that was published.

A minute's work looks at what has come about since it last looked, for each receiver, and queues it in the outbox, where it is
sent in order (decision 1002). Nothing is queued while somebody rates. No event holds a text, a person or a time of day.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.ratings import Rating
from feedback_app.db.webhooks_out import WebhookReceiver
from feedback_app.domain import webhook_addresses
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, outbox
from feedback_app.services.case_history import SETTLED_AFTER
from feedback_app.services.paging import Page, cut
from feedback_app.services.reasons import coded
from feedback_app.services.vault import Vault
from feedback_app.texts import text

CHANNEL = "webhook"
LOW, MOVED, PUBLISHED = "rating.low", "case.moved", "leaderboard.published"
EVENTS = (LOW, MOVED, PUBLISHED)
AT_ONCE = 200
_UNSEEN = frozenset({"filed", "noted", "about", "added", "reminded"})  # no moves, or nobody else's business
_LOWEST = 2


@dataclass(frozen=True)
class Fresh:
    """A new receiver; ``secret`` is shown once and then only sealed."""

    id: int
    secret: str


@dataclass(frozen=True)
class Target:
    """Where one event goes, and what it is signed with."""

    url: str
    secret: bytes


@dataclass(frozen=True)
class Line:
    """A receiver with how its events stand: those waiting, and those given up."""

    receiver: WebhookReceiver
    waiting: int
    failed: int
    last_sent_at: datetime | None


def add(
    session: Session, vault: Vault, *, name: str, url: str, events: Collection[str], by: str, now: datetime
) -> Fresh:
    """A receiver of what happens from now on. Raises Refused ``webhooks.no_name``, ``webhooks.no_event``, ``webhooks.bad_url``."""
    said = clean(name)[:60]
    if not said:
        raise Refused("webhooks.no_name")
    if not events or not set(events) <= set(EVENTS):
        raise Refused("webhooks.no_event")
    webhook_addresses.check(url)
    secret = f"whs_{secrets.token_urlsafe(24)}"
    row = WebhookReceiver(
        name=said,
        url=url,
        secret_sealed=vault.seal(secret),
        events=[one for one in EVENTS if one in events],
        ratings_to=session.scalar(select(func.max(Rating.id))) or 0,
        cases_to=session.scalar(select(func.max(CaseEvent.id))) or 0,
        boards_to=now,
        made_at=now,
        made_by=by,
    )
    session.add(row)
    session.flush()
    audit.write(session, actor=by, action="webhooks.added", subject=said, now=now, events=" ".join(row.events))
    return Fresh(row.id, secret)


def end(session: Session, receiver_id: int, *, by: str, now: datetime) -> str:
    """It is told nothing more; what waits for it is called off. Its name. Raises NotFound ``webhooks.no_receiver``."""
    row = get(session, receiver_id)
    if row.ended_at is None:
        row.ended_at = now
        _call_off(session, _queued_for(row.id), coded("webhooks.reasons.ended"))
        audit.write(session, actor=by, action="webhooks.ended", subject=row.name, now=now)
    return row.name


def get(session: Session, receiver_id: int) -> WebhookReceiver:
    """Raises NotFound ``webhooks.no_receiver``."""
    row = session.get(WebhookReceiver, receiver_id)
    if row is None:
        raise NotFound("webhooks.no_receiver")
    return row


def listed(session: Session) -> list[Line]:
    rows = session.scalars(select(WebhookReceiver).order_by(WebhookReceiver.ended_at.is_not(None), WebhookReceiver.id))
    states = select(OutboxMessage.recipient, OutboxMessage.state, func.count(), func.max(OutboxMessage.sent_at))
    found: dict[str, dict[str, tuple[int, datetime | None]]] = {}
    for recipient, state, count, sent in session.execute(
        states.where(OutboxMessage.channel == CHANNEL).group_by(OutboxMessage.recipient, OutboxMessage.state)
    ):
        found.setdefault(recipient, {})[state] = (count, sent)
    return [_line(row, found.get(str(row.id), {})) for row in rows]


def _line(row: WebhookReceiver, states: Mapping[str, tuple[int, datetime | None]]) -> Line:
    waiting = sum(states[one][0] for one in ("queued", "leased", "sending") if one in states)
    failed = sum(states[one][0] for one in ("failed", "unknown") if one in states)
    return Line(row, waiting, failed, states["sent"][1] if "sent" in states else None)


def target(session: Session, vault: Vault, receiver_id: int) -> Target | None:
    """None: it is told nothing more."""
    row = session.get(WebhookReceiver, receiver_id)
    return None if row is None or row.ended_at else Target(row.url, vault.unseal(row.secret_sealed).encode())


def log(session: Session, receiver_id: int, page: int) -> Page[OutboxMessage]:
    """Its events, the newest first."""
    query = select(OutboxMessage).where(OutboxMessage.channel == CHANNEL, OutboxMessage.recipient == str(receiver_id))
    return cut(session, query.order_by(OutboxMessage.id.desc()), page)


def replay(session: Session, receiver_id: int, message_id: int, *, by: str, now: datetime) -> None:
    """Send one event once more, as it was. Raises NotFound ``webhooks.no_message``, Conflict ``webhooks.waits`` while it waits."""
    message = session.get(OutboxMessage, message_id)
    if message is None or message.channel != CHANNEL or message.recipient != str(receiver_id):
        raise NotFound("webhooks.no_message")
    if message.state not in {"sent", "failed", "unknown"} or not _again(session, message, now):
        raise Conflict("webhooks.waits")
    audit.write(session, actor=by, action="webhooks.replayed", subject=str(message.id), now=now)


def replay_failed(session: Session, receiver_id: int, *, by: str, now: datetime) -> int:
    """Send everything that was given up once more, in its old order; how many."""
    failed = select(OutboxMessage).where(
        OutboxMessage.channel == CHANNEL,
        OutboxMessage.recipient == str(receiver_id),
        OutboxMessage.state.in_(("failed", "unknown")),
    )
    count = sum(_again(session, one, now) for one in session.scalars(failed.order_by(OutboxMessage.id)).all())
    if count:
        audit.write(session, actor=by, action="webhooks.replayed", subject=str(receiver_id), now=now, count=count)
    return count


def _again(session: Session, message: OutboxMessage, now: datetime) -> bool:
    first = str(message.payload.get("first") or message.dedupe_key)
    tried = int(message.payload.get("times") or 0) + 1
    if message.state != "sent":
        message.state = "replayed"
    return outbox.put(
        session,
        dedupe_key=f"{first}|{tried}",
        purpose=message.purpose,
        channel=CHANNEL,
        recipient=message.recipient,
        payload={**message.payload, "first": first, "times": tried},
        now=now,
    )


def has_work(session: Session, zone: ZoneInfo, now: datetime, give_up_hours: int) -> bool:
    """Whether collecting would do anything; asked while nothing is locked, a few looks at an index."""
    rows = _active(session)
    if any(True for row in rows for _ in _steps(session, row, zone, now)):
        return True
    return session.scalar(select(OutboxMessage.id).where(_too_old(now, give_up_hours)).limit(1)) is not None


def collect(session: Session, zone: ZoneInfo, now: datetime, give_up_hours: int) -> int:
    """Queue what has come about since the last look, for every receiver, in order; how many events."""
    queued = 0
    for row in _active(session):
        for event, cursor in _steps(session, row, zone, now):
            for body in event:
                _queue(session, row, body, now)
                queued += 1
            cursor()
    _call_off(session, _too_old(now, give_up_hours), coded("webhooks.reasons.gave_up"))
    session.flush()
    return queued


Body = tuple[str, str, dict[str, Any]]  # event, title for people, data
Step = tuple[list[Body], Callable[[], None]]


def _active(session: Session) -> Sequence[WebhookReceiver]:
    return session.scalars(select(WebhookReceiver).where(WebhookReceiver.ended_at.is_(None))).all()


def _steps(session: Session, row: WebhookReceiver, zone: ZoneInfo, now: datetime) -> Iterator[Step]:
    """Each kind of event with something new: what to tell, and what then to remember."""
    finders = {MOVED: _moves, PUBLISHED: _boards, LOW: _lows}
    for event in EVENTS:
        if event in row.events:
            found = finders[event](session, row, zone, now)
            if found is not None:
                yield found


def _moves(session: Session, row: WebhookReceiver, zone: ZoneInfo, now: datetime) -> Step | None:
    """Cases that moved. A filing is no move, so that nobody learns the minute in which somebody complained."""
    fresh = select(CaseEvent).where(CaseEvent.id > row.cases_to, CaseEvent.at <= now - SETTLED_AFTER)
    events = session.scalars(fresh.order_by(CaseEvent.id).limit(AT_ONCE)).all()
    if not events:
        return None
    wanted = [one for one in events if one.action not in _UNSEEN]
    unit = aliased(ServicePoint)
    query = select(Case, unit.key).outerjoin(unit, Case.department_id == unit.id)
    cases = {
        case.id: (case, key or "")
        for case, key in session.execute(query.where(Case.id.in_([one.case_id for one in wanted])))
    }
    bodies = [_move(one, *cases[one.case_id], zone) for one in wanted if not cases[one.case_id][0].made_up]
    last = events[-1].id
    return bodies, lambda: setattr(row, "cases_to", last)


def _move(event: CaseEvent, case: Case, department: str, zone: ZoneInfo) -> Body:
    data = {
        "number": case.number,
        "kind": case.kind,
        "action": event.action,
        "state": case.state,
        "level": case.level,
        "department": department,
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "day": local_day(event.at, zone).isoformat(),
    }
    return MOVED, text("webhooks.titles.moved", number=case.number), data


def _boards(session: Session, row: WebhookReceiver, zone: ZoneInfo, now: datetime) -> Step | None:
    fresh = select(Leaderboard).where(
        Leaderboard.published_at > row.boards_to, Leaderboard.published_at <= now - SETTLED_AFTER
    )
    boards = session.scalars(fresh.order_by(Leaderboard.published_at, Leaderboard.id).limit(AT_ONCE)).all()
    if not boards:
        return None
    bodies: list[Body] = [
        (
            PUBLISHED,
            text("webhooks.titles.published", period=one.period),
            {"award": one.award_key, "period": one.period, "result_hash": one.result_hash},
        )
        for one in boards
    ]
    last = boards[-1].published_at
    return bodies, lambda: setattr(row, "boards_to", last)


def _lows(session: Session, row: WebhookReceiver, zone: ZoneInfo, now: datetime) -> Step | None:
    """Low ratings of hours that are over, shuffled: neither minute nor order of one shows."""
    hour = (now - SETTLED_AFTER).replace(minute=0, second=0, microsecond=0)
    last = session.scalar(select(func.max(Rating.id)).where(Rating.id > row.ratings_to, Rating.received_at < hour))
    if last is None:
        return None
    unit = aliased(ServicePoint)
    query = (
        select(Rating, ServicePoint.kind, ServicePoint.key, unit.key)
        .join(ServicePoint, Rating.service_point_id == ServicePoint.id)
        .outerjoin(unit, ServicePoint.department_id == unit.id)
        .where(Rating.id > row.ratings_to, Rating.id <= last, Rating.received_at < hour)
        .where(Rating.score.between(1, _LOWEST), Rating.status == "counted", Rating.made_up.is_(False))
        .order_by(Rating.answers_digest)
    )
    bodies: list[Body] = [
        (
            LOW,
            text("webhooks.titles.low", key=key),
            {"kind": kind, "key": key, "department": department or "", "score": one.score, "day": one.day.isoformat()}
            | {"channel": one.channel, "verified": one.verified},
        )
        for one, kind, key, department in session.execute(query)
    ]
    return bodies, lambda: setattr(row, "ratings_to", last)


def _queue(session: Session, row: WebhookReceiver, body: Body, now: datetime) -> None:
    event, title, data = body
    row.number += 1
    told = {"id": f"{row.id}-{row.number}", "number": row.number, "event": event, "data": data}
    outbox.put(
        session,
        dedupe_key=f"hook:{row.id}:{row.number}",
        purpose="webhook",
        channel=CHANNEL,
        recipient=str(row.id),
        payload={"title": title, "text": "", "event": event, "body": json.dumps(told, ensure_ascii=False)},
        now=now,
    )


def _too_old(now: datetime, give_up_hours: int) -> Any:
    waiting = (OutboxMessage.channel == CHANNEL) & (OutboxMessage.state == "queued")
    return waiting & (OutboxMessage.created_at < now - timedelta(hours=give_up_hours))


def _queued_for(receiver_id: int) -> Any:
    return (
        (OutboxMessage.channel == CHANNEL)
        & (OutboxMessage.recipient == str(receiver_id))
        & OutboxMessage.state.in_(("queued", "leased"))
    )


def _call_off(session: Session, which: Any, why: str) -> None:
    session.execute(update(OutboxMessage).where(which).values(state="failed", last_error=why))
