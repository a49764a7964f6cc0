"""Sending what the outbox holds: claim a message, send it outside any transaction, record what became of it.

A channel (``bots.channels``) is handed in by ``app``; this module only knows what it must be able to do.

Three short transactions surround one send: ``claim`` (mine for a minute), ``start`` (from now on it may be out), and
``record``. A process that dies before ``start`` loses nothing: the message is queued again. One that dies between
``start`` and ``record`` leaves a message nobody knows about: it becomes ``unknown`` and is not sent again by itself,
unless its channel is idempotent.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from feedback_app.db import outbox
from feedback_app.db.directory import ServicePoint
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Binding, Person
from feedback_app.errors import ConfigurationError
from feedback_app.services.reasons import LONGEST, because, coded
from feedback_app.services.vault import Vault
from feedback_app.settings import Deliveries

SENT = "sent"  # the platform took it
RETRY = "retry"  # certainly not delivered; worth another try
FAILED = "failed"  # certainly not delivered, and trying again cannot help
UNKNOWN = "unknown"  # perhaps delivered: never sent again by itself

PERSONAL = ("wecom", "mail", "official_account")
"""Channels to one person, best first; their recipients are sealed in the outbox. ``wecom_group`` holds a plain name."""
SEALED = (*PERSONAL, "sms")
"""Channels whose recipients are sealed; SMS are for patients alone."""
OFFICE_HOURS = frozenset({"star_result", "star_summary", "round_letter", "round_reminder", "thanks"})
"""Purposes that never go out at night, also when a worker or a platform that was down comes back then."""
DESPITE_SILENCE = frozenset({"case_answer"})
LEASE = timedelta(seconds=60)
REPEATABLE = timedelta(hours=2)  # how long every idempotent channel recognises a message again, at least
_VIA = "|via:"


@dataclass(frozen=True)
class Outgoing:
    """One claimed message. ``payload`` always has ``title`` and ``text`` (plain text, finished), perhaps ``url``."""

    id: int
    dedupe_key: str
    purpose: str
    channel: str
    recipient: str  # userid, openid, e-mail address or webhook name, in clear
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    state: str  # SENT | RETRY | FAILED | UNKNOWN
    detail: str = ""  # ``services.reasons``, for the deliveries page; no personal data
    retry_after: int | None = None  # seconds, when the platform said so
    repeat_within: int | None = None  # with RETRY: perhaps it is out; sent again within these seconds it shows once


class Channel(Protocol):
    """One way out. Never raises: whatever happens becomes an Outcome.

    A channel on which sending the same message twice shows it once may say so with an attribute ``idempotent = True``.
    """

    def deliver(self, message: Outgoing) -> Outcome: ...


def has_work(session: Session, channels: Collection[str], now: datetime) -> bool:
    """Whether claiming or reaping would find anything; asked in a reading transaction, so that idling locks nothing."""
    return outbox.is_anything_due(session, channels, now) or bool(outbox.run_out(session, now))


def claim(
    session: Session,
    vault: Vault,
    owner: str,
    now: datetime,
    limit: int,
    *,
    channels: Collection[str] = PERSONAL,
    app_id: str = "",
    opens: Callable[[datetime], datetime] = lambda moment: moment,
) -> list[Outgoing]:
    """Up to ``limit`` due messages, mine until LEASE has passed. Two owners never get the same one.

    A message whose recipient cannot be unsealed fails here and now (the secret key was changed). ``opens``: the next moment in
    working hours; what is for those only waits until then.
    """
    claimed = []
    office_opens = opens(now)
    for message in outbox.lease(session, channels, owner, now, now + LEASE, limit):
        if office_opens > now and message.purpose in OFFICE_HOURS:
            message.state, message.not_before = "queued", office_opens
            continue
        try:
            recipient = vault.unseal(message.recipient) if message.channel in SEALED else message.recipient
            payload = _opened(vault, message.payload)
        except ConfigurationError:
            _finish(message, FAILED, coded("deliveries.reasons.other_key"))
            continue
        if message.repeat_until is not None and now > message.repeat_until:
            _finish(message, UNKNOWN, coded("deliveries.reasons.too_late_to_repeat"))
            continue
        if _wants_silence(session, vault, message, recipient, app_id):
            _finish(message, FAILED, "the person asked for silence (退订)")
            continue
        claimed.append(
            Outgoing(
                id=message.id,
                dedupe_key=message.dedupe_key,
                purpose=message.purpose,
                channel=message.channel,
                recipient=recipient,
                payload=payload,
            )
        )
    session.flush()
    return claimed


def _opened(vault: Vault, payload: Mapping[str, Any]) -> dict[str, Any]:
    """With the address in clear: one that signs somebody in is sealed while it waits (``url_sealed``)."""
    if "url_sealed" not in payload:
        return dict(payload)
    others = {name: value for name, value in payload.items() if name != "url_sealed"}
    return {**others, "url": vault.unseal(payload["url_sealed"])}


def _wants_silence(session: Session, vault: Vault, message: OutboxMessage, openid: str, app_id: str) -> bool:
    """Whoever sent 退订 gets nothing but answers to their own complaints."""
    if message.channel != "official_account" or message.purpose in DESPITE_SILENCE:
        return False
    person = session.get(Person, vault.person(openid, app_id))
    return person is not None and person.quiet


def start(session: Session, outgoing: Outgoing, owner: str, now: datetime) -> bool:
    """Mark it as perhaps on its way. False: the lease ran out or the message was called off; then it must not be sent."""
    begun = session.scalar(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == outgoing.id,
            OutboxMessage.state == "leased",
            OutboxMessage.lease_owner == owner,
            OutboxMessage.lease_until > now,
        )
        .values(state="sending", lease_until=now + LEASE, attempts=OutboxMessage.attempts + 1)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    if begun is None:
        return False
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == outgoing.id, OutboxMessage.first_tried_at.is_(None))
        .values(first_tried_at=now)
        .execution_options(synchronize_session=False)
    )
    return True


def record(
    session: Session, outgoing: Outgoing, outcome: Outcome, *, owner: str, settings: Deliveries, now: datetime
) -> bool:
    """Write down what became of a started message: sent, queued for another try, failed (then the next channel of the
    same person gets it, once) or unknown. False when somebody else holds it by now.
    """
    message = session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.id == outgoing.id,
            OutboxMessage.lease_owner == owner,
            OutboxMessage.state.in_(("sending", "unknown")),  # unknown: reaped while we were still sending
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        return False
    if outcome.state == RETRY:
        _retry(session, message, outcome, settings, now)
    else:
        _finish(message, outcome.state, outcome.detail, now)
    if message.state == FAILED:
        _queue_next_channel(session, message, now)
    session.flush()
    return True


def reap(session: Session, now: datetime, *, idempotent: Collection[str] = ()) -> int:
    """Free what dead processes held; returns how many messages.

    Not yet started: queued again. Started: queued again on an ``idempotent`` channel, else ``unknown``.
    """
    held = outbox.run_out(session, now)
    for message in held:
        lately = message.lease_until is not None and now - message.lease_until < REPEATABLE
        if message.state == "leased" or (message.channel in idempotent and lately):
            message.state = "queued"
        else:
            _finish(message, UNKNOWN, coded("deliveries.reasons.process_ended"))
    session.flush()
    return len(held)


def expire_unservable(session: Session, open_channels: Collection[str], settings: Deliveries, now: datetime) -> int:
    """Fail what waits for a channel that is not set up, after ``give_up_hours``: old news must not pour out when one is
    configured months later. Returns how many."""
    waiting = session.scalars(
        select(OutboxMessage).where(
            OutboxMessage.state == "queued",
            OutboxMessage.channel.not_in(open_channels),
            OutboxMessage.not_before <= now - timedelta(hours=settings.give_up_hours),
        )
    ).all()
    for message in waiting:
        _finish(message, FAILED, coded("deliveries.reasons.not_set_up"))
        _queue_next_channel(session, message, now)
    session.flush()
    return len(waiting)


def call_off(session: Session, point_id: int, why: str) -> int:
    """Stop what is queued for one person, for example because they left. What is being sent now is not touched."""
    queued = session.scalars(
        select(OutboxMessage).where(
            OutboxMessage.service_point_id == point_id,
            OutboxMessage.channel.in_(PERSONAL),
            OutboxMessage.state.in_(("queued", "leased")),
        )
    ).all()
    for message in queued:
        _finish(message, FAILED, why)
    session.flush()
    return len(queued)


def _retry(session: Session, message: OutboxMessage, outcome: Outcome, settings: Deliveries, now: datetime) -> None:
    steps = settings.retry_seconds or (60,)
    seconds = outcome.retry_after or steps[min(message.attempts, len(steps)) - 1]
    again_at = now + timedelta(seconds=seconds)
    if outcome.repeat_within is not None and message.repeat_until is None:
        message.repeat_until = now + timedelta(seconds=outcome.repeat_within)
    if message.repeat_until is not None and again_at > message.repeat_until:
        _finish(message, UNKNOWN, coded("deliveries.reasons.too_late_to_repeat"))
        return
    if again_at > (message.first_tried_at or now) + timedelta(hours=settings.give_up_hours):
        _finish(message, FAILED, because("deliveries.reasons.gave_up", outcome.detail, tries=message.attempts))
        return
    message.state = "queued"
    message.not_before = again_at
    message.last_error = outcome.detail[:LONGEST]


def _finish(message: OutboxMessage, state: str, detail: str, now: datetime | None = None) -> None:
    message.state = state
    message.last_error = "" if state == SENT else detail[:LONGEST]
    message.sent_at = now if state == SENT else None


def _queue_next_channel(session: Session, failed: OutboxMessage, now: datetime) -> None:
    if failed.channel not in PERSONAL or failed.service_point_id is None:
        return
    point = session.get(ServicePoint, failed.service_point_id)
    later = PERSONAL[PERSONAL.index(failed.channel) + 1 :]
    bound = {
        binding.channel: binding
        for binding in session.scalars(
            select(Binding).where(Binding.service_point_id == failed.service_point_id, Binding.ended_at.is_(None))
        )
    }
    following = next((channel for channel in later if channel in bound), None)
    if following is None or point is None or not point.active:
        return
    key = f"{failed.dedupe_key.split(_VIA)[0]}{_VIA}{following}"
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.dedupe_key == key)) is None:
        session.add(
            OutboxMessage(
                dedupe_key=key,
                purpose=failed.purpose,
                service_point_id=failed.service_point_id,
                channel=following,
                recipient=bound[following].address_sealed,
                payload=failed.payload,
                created_at=now,
                not_before=now,
            )
        )
