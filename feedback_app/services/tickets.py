"""Visit tickets: slips made and read, and the changing code of a window's screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import directory
from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import Invitation
from feedback_app.db.visit_feed import HospitalVisit
from feedback_app.db.visits import TicketBatch
from feedback_app.domain import tickets
from feedback_app.domain.periods import Month
from feedback_app.domain.tickets import MOST_A_MINUTE, MOST_IN_BATCH, Slip
from feedback_app.errors import Gone, NotFound, Refused
from feedback_app.services import audit, codes
from feedback_app.services.vault import Vault

__all__ = ["MOST_IN_BATCH", "Batch", "Proof", "Screen", "make", "read", "revoke", "screen", "screen_address"]

VALID = timedelta(days=30)
_KEY = "tickets"


@dataclass(frozen=True)
class Batch:
    """Fresh slips; their texts can be made again from the number, but are stored nowhere."""

    id: int
    point: ServicePoint
    slips: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True)
class Proof:
    """A ticket that holds for this service point now. Any one of ``marks`` not used yet lets one rating in."""

    how: str  # slip | screen | visit_wechat | visit_sms | visit_slip
    month: str  # whose key the marks are made with
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Screen:
    """What a window's screen shows in this minute."""

    point: ServicePoint
    code: str
    ticket: str


def make(
    session: Session, vault: Vault, kind: str, key: str, *, count: int, by: str, zone: ZoneInfo, now: datetime
) -> Batch:
    """Slips for one service point. Raises NotFound ``tickets.no_point``, Refused ``tickets.bad_count``."""
    point = point_of(session, kind, key)
    if not 1 <= count <= MOST_IN_BATCH:
        raise Refused("tickets.bad_count", count=count, most=MOST_IN_BATCH)
    batch = TicketBatch(
        service_point_id=point.id,
        count=count,
        month=str(Month.of(now, zone)),
        made_at=now,
        made_by=by,
        expires_at=now + VALID,
    )
    session.add(batch)
    session.flush()
    audit.write(session, actor=by, action="tickets.made", subject=f"{kind}:{key}", now=now, batch=batch.id, count=count)
    secret = vault.key(_KEY)
    slips = tuple(tickets.make_slip(Slip(batch.id, number), secret) for number in range(1, count + 1))
    return Batch(batch.id, point, slips, batch.expires_at)


def point_of(session: Session, kind: str, key: str) -> ServicePoint:
    """Raises NotFound ``tickets.no_point`` unless it is in use."""
    point = directory.find(session, kind, key)
    if point is None or not point.active:
        raise NotFound("tickets.no_point", key=key)
    return point


def revoke(session: Session, batch_id: int, *, by: str, now: datetime) -> int:
    """Slips of the batch stop working, for example when they were lost; how many. Raises NotFound ``tickets.no_batch``."""
    batch = session.get(TicketBatch, batch_id)
    if batch is None:
        raise NotFound("tickets.no_batch", batch=batch_id)
    if batch.revoked_at is None:
        batch.revoked_at = now
        audit.write(session, actor=by, action="tickets.revoked", subject=str(batch_id), now=now, count=batch.count)
    return batch.count


def any_printed(session: Session, point_id: int) -> bool:
    """Whether slips exist for this service point, so that its form asks for one."""
    return session.scalar(select(TicketBatch.id).where(TicketBatch.service_point_id == point_id).limit(1)) is not None


def read(session: Session, vault: Vault, typed: str, point_id: int, *, zone: ZoneInfo, now: datetime) -> Proof | None:
    """What the ticket proves; None when it proves nothing here: forged, another place's, run out, revoked."""
    if not typed:
        return None
    minute = tickets.read_screen(typed, point_id, now, vault.key(_KEY))
    if minute is not None:
        shown = datetime.fromtimestamp(minute * tickets.STEP.total_seconds(), tz=now.tzinfo)
        marks = tuple(f"screen:{point_id}:{minute}:{slot}" for slot in range(MOST_A_MINUTE))
        return Proof("screen", str(Month.of(shown, zone)), marks)
    visit = tickets.read_visit(typed, vault.key(_KEY))
    if visit is not None:
        return _of_visit(session, visit, point_id, now)
    slip = tickets.read_slip(typed, vault.key(_KEY))
    batch = session.get(TicketBatch, slip.batch) if slip else None
    if slip is None or batch is None or slip.number > batch.count or batch.service_point_id != point_id:
        return None
    if batch.revoked_at is not None or not batch.made_at <= now < batch.expires_at:
        return None
    return Proof("slip", batch.month, (mark_of(slip),))


def _of_visit(session: Session, visit_id: int, point_id: int, now: datetime) -> Proof | None:
    """A visit that the hospital told of, while its invitation lasts."""
    invited = session.scalar(select(Invitation).where(Invitation.visit_id == visit_id))
    if invited is None or session.get_one(HospitalVisit, visit_id).service_point_id != point_id:
        return None
    if not invited.made_at <= now < invited.made_at + VALID:
        return None
    return Proof(f"visit_{invited.channel}", invited.month, (visit_mark(visit_id),))


def of_visit(vault: Vault, visit_id: int) -> str:
    """The ticket that an invitation carries."""
    return tickets.make_visit(visit_id, vault.key(_KEY))


def visit_of(vault: Vault, ticket: str) -> int | None:
    """The visit of an invitation's ticket; None when it is not one of ours."""
    return tickets.read_visit(ticket, vault.key(_KEY))


def visit_mark(visit_id: int) -> str:
    return f"visit:{visit_id}"


def slip_anywhere(session: Session, vault: Vault, typed: str, *, now: datetime) -> Slip | None:
    """A slip of any service point that may still be used; None for anything else. Whether it was is not looked at."""
    slip = tickets.read_slip(typed, vault.key(_KEY))
    batch = session.get(TicketBatch, slip.batch) if slip else None
    if slip is None or batch is None or slip.number > batch.count:
        return None
    return slip if batch.revoked_at is None and batch.made_at <= now < batch.expires_at else None


def month_of(session: Session, slip: Slip) -> str:
    """The month whose key the slip's mark is made with."""
    return session.get_one(TicketBatch, slip.batch).month


def mark_of(slip: Slip) -> str:
    return f"slip:{slip.batch}:{slip.number}"


def screen_address(vault: Vault, base_url: str, code: str) -> str:
    """The address of a window's own screen. Whoever knows it can rate as a visitor: it belongs on that screen only."""
    return f"{base_url}/window/{code}/now?screen={_screen_key(vault, code)}"


def screen(session: Session, vault: Vault, typed: str, screen_key: str, now: datetime) -> Screen:
    """What to show now. Raises like ``codes.open_code``, and Gone ``tickets.no_screen`` without the screen's own key."""
    code = codes.open_code(session, vault, typed)
    if not compare_digest(screen_key.encode(), _screen_key(vault, code.text or "").encode()):
        raise Gone("tickets.no_screen")
    ticket = tickets.make_screen(code.service_point_id, tickets.minute_of(now), vault.key(_KEY))
    return Screen(code.service_point, code.text or "", ticket)


def addresses(base_url: str, code: str, slips: Sequence[str]) -> list[str]:
    """Where each slip's picture leads."""
    return [f"{codes.address(base_url, code)}?v={slip}" for slip in slips]


def _screen_key(vault: Vault, code: str) -> str:
    return vault.key(f"screen/{code}").hex()[:24]
