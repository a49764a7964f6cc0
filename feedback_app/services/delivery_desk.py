"""What became of our messages, for people: counts, a list, and sending one again on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.errors import Conflict, NotFound
from feedback_app.services import audit, outbox
from feedback_app.services.paging import Page, cut

STATES = ("queued", "sending", "sent", "failed", "unknown")
"""As people see them: what is leased counts as queued."""
CHANNELS = ("wecom", "wecom_group", "mail", "official_account", "sms", "webhook", "kept_file")
AGAIN = ("failed", "unknown")
LATE = timedelta(hours=1)
_LONGEST_KEY = 160


@dataclass(frozen=True)
class Wanted:
    state: str = ""
    channel: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class Line:
    """One message with the name of whoever it is for; the address itself is never shown."""

    message: OutboxMessage
    name: str
    state: str
    sent_again: bool


def counts(session: Session) -> dict[str, int]:
    rows = session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all()
    return {state: sum(n for found, n in rows if _seen_as(found) == state) for state in STATES}


def stuck(session: Session, now: datetime) -> int:
    """Messages somebody should look at: failed, unknown, or due for more than an hour."""
    late = (OutboxMessage.state == "queued") & (OutboxMessage.not_before < now - LATE)
    query = select(func.count()).select_from(OutboxMessage)
    return session.scalar(query.where(OutboxMessage.state.in_(AGAIN) | late)) or 0


def purposes(session: Session) -> list[str]:
    return list(session.scalars(select(OutboxMessage.purpose).distinct().order_by(OutboxMessage.purpose)))


def page(session: Session, wanted: Wanted, number: int) -> Page[Line]:
    """Newest first."""
    query = select(OutboxMessage).where(*_conditions(wanted)).order_by(OutboxMessage.id.desc())
    found = cut(session, query, number)
    names = _names(session, found.rows)
    known = set(
        session.scalars(
            select(OutboxMessage.dedupe_key).where(
                OutboxMessage.dedupe_key.in_([again_key(message.dedupe_key) for message in found.rows])
            )
        )
    )
    lines = [
        Line(message, _name(message, names), _seen_as(message.state), again_key(message.dedupe_key) in known)
        for message in found.rows
    ]
    return Page(lines, found.number, found.total, found.size)


def again_key(dedupe_key: str) -> str:
    """The key of the message that repeats this one: there is only one, so two clicks send one message."""
    return f"{dedupe_key[: _LONGEST_KEY - 8]}|again"


def send_again(session: Session, message_id: int, *, by: str, now: datetime) -> None:
    """Queue a copy of a message that failed, or of which nobody knows whether it arrived.

    Raises NotFound ``deliveries.no_message``, Conflict ``deliveries.not_again`` (on its way, delivered, or repeated already).
    """
    message = session.get(OutboxMessage, message_id)
    if message is None:
        raise NotFound("deliveries.no_message")
    queued = message.state in AGAIN and outbox.put(
        session,
        dedupe_key=again_key(message.dedupe_key),
        purpose=message.purpose,
        channel=message.channel,
        recipient=message.recipient,
        payload=message.payload,
        now=now,
        service_point_id=message.service_point_id,
    )
    if not queued:
        raise Conflict("deliveries.not_again")
    audit.write(session, actor=by, action="delivery.sent_again", subject=str(message.id), now=now)


def _name(message: OutboxMessage, names: Mapping[int | str, str]) -> str:
    # A recipient that is not a member of staff is a department's key or the name of a group; addresses are sealed anyway.
    if message.channel == "wecom_group":
        return names.get(message.recipient, message.recipient)
    return names.get(message.service_point_id or 0, "")


def _names(session: Session, messages: Sequence[OutboxMessage]) -> Mapping[int | str, str]:
    ids = {message.service_point_id for message in messages if message.service_point_id}
    groups = {message.recipient for message in messages if message.channel == "wecom_group"}
    points = select(ServicePoint.id, ServicePoint.key, ServicePoint.name, ServicePoint.kind)
    department = (ServicePoint.kind == "department") & ServicePoint.key.in_(groups)
    found = session.execute(points.where(ServicePoint.id.in_(ids) | department)).all()
    by_key = {row.key: row.name for row in found if row.kind == "department"}
    return {**{row.id: row.name for row in found}, **by_key}


def _seen_as(state: str) -> str:
    return "queued" if state == "leased" else state


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        states = ("queued", "leased") if wanted.state == "queued" else (wanted.state,)
        conditions.append(OutboxMessage.state.in_(states))
    if wanted.channel:
        conditions.append(OutboxMessage.channel == wanted.channel)
    if wanted.purpose:
        conditions.append(OutboxMessage.purpose == wanted.purpose)
    return conditions
