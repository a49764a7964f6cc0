"""A shift is given away in three taps: the shift, the colleague, the colleague's yes.

Until the colleague has said yes the minutes are disputed: what patients rate then counts for the window, for no person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from feedback_app.db import directory
from feedback_app.db import duty_swaps as swaps
from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.duty_swaps import OPEN, DutySwap
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, outbox, reaching
from feedback_app.settings import Settings
from feedback_app.texts import text

__all__ = ["DutySwap", "Shift"]

BACK = timedelta(days=3)  # so long afterwards a shift may still be put right
AHEAD = timedelta(days=14)
MOST = 40


@dataclass(frozen=True)
class Shift:
    """One shift of the roster, with what is agreed about it."""

    slot_id: int
    window: ServicePoint
    name: str
    starts_at: datetime
    ends_at: datetime
    swap: DutySwap | None


def shifts(session: Session, staff_id: int, now: datetime) -> list[Shift]:
    """The person's own shifts by the roster, three days back and two weeks ahead."""
    query = (
        select(DutySlot, ServicePoint)
        .join(ServicePoint, DutySlot.window_id == ServicePoint.id)
        .where(DutySlot.staff_id == staff_id, DutySlot.ends_at > now - BACK, DutySlot.starts_at < now + AHEAD)
        .order_by(DutySlot.starts_at)
        .limit(MOST)
    )
    known = {
        (one.window_id, one.starts_at): one
        for one in swaps.of_person(session, staff_id, now - BACK)
        if one.giver_id == staff_id and one.state in OPEN
    }
    return [
        Shift(slot.id, window, slot.shift, slot.starts_at, slot.ends_at, known.get((window.id, slot.starts_at)))
        for slot, window in session.execute(query)
    ]


def shift(session: Session, staff_id: int, slot_id: int, now: datetime) -> Shift:
    """One's own shift. Raises NotFound ``duty.no_shift``."""
    found = next((one for one in shifts(session, staff_id, now) if one.slot_id == slot_id), None)
    if found is None:
        raise NotFound("duty.no_shift")
    return found


def colleagues(session: Session, giver: ServicePoint, window: ServicePoint, now: datetime) -> list[ServicePoint]:
    """Who may take it: who serves at windows of that kind these weeks, then the own department."""
    others = aliased(ServicePoint)
    at_windows = (
        select(DutySlot.staff_id)
        .join(others, DutySlot.window_id == others.id)
        .where(others.category == window.category, DutySlot.ends_at > now - timedelta(days=30))
    )
    query = select(ServicePoint).where(
        ServicePoint.kind == "staff", ServicePoint.active, ServicePoint.id != giver.id,
        ServicePoint.id.in_(at_windows) | (ServicePoint.department_id == giver.department_id),
    )  # fmt: skip
    found = session.scalars(query.order_by(ServicePoint.sort_key, ServicePoint.key)).all()
    serving = set(session.scalars(at_windows))
    return sorted(found, key=lambda one: one.id not in serving)[:MOST]


def ask(
    session: Session, giver: ServicePoint, slot_id: int, taker_key: str, *, now: datetime, settings: Settings
) -> DutySwap:
    """Ask a colleague to take one's shift; they are told by the best channel.

    Raises NotFound ``duty.no_shift``; Refused ``duty.no_colleague``; Conflict ``duty.asked_already``, ``duty.busy`` when the
    colleague serves elsewhere at that time.
    """
    wanted = shift(session, giver.id, slot_id, now)
    taker = next((one for one in colleagues(session, giver, wanted.window, now) if one.key == taker_key), None)
    if taker is None:
        raise Refused("duty.no_colleague")
    if wanted.swap is not None:
        raise Conflict("duty.asked_already")
    if _is_busy(session, taker.id, wanted):
        raise Conflict("duty.busy", name=taker.name)
    made = DutySwap(
        window_id=wanted.window.id,
        giver_id=giver.id,
        taker_id=taker.id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        open_key=f"{wanted.window.id}:{giver.id}:{wanted.starts_at.isoformat()}",
        asked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # tapped twice
        raise Conflict("duty.asked_already") from None
    audit.write(
        session, actor=f"staff:{giver.key}", action="duty.asked", subject=wanted.window.key, now=now, taker=taker.key
    )
    _tell(session, taker, "asked", made, giver.name, settings, now)
    return made


def _is_busy(session: Session, staff_id: int, wanted: Shift) -> bool:
    query = select(DutySlot.id).where(
        DutySlot.staff_id == staff_id, DutySlot.starts_at < wanted.ends_at, DutySlot.ends_at > wanted.starts_at
    )
    return session.scalar(query.limit(1)) is not None


def answer(
    session: Session, taker: ServicePoint, swap_id: int, *, takes: bool, now: datetime, settings: Settings
) -> DutySwap:
    """The colleague's yes or no, once. Raises NotFound ``duty.no_swap``, Conflict ``duty.decided_already``."""
    swap = session.get(DutySwap, swap_id)
    if swap is None or swap.taker_id != taker.id:
        raise NotFound("duty.no_swap")
    _decide(session, swap, "confirmed" if takes else "declined", f"staff:{taker.key}", now)
    _tell(session, swap.giver, swap.state, swap, taker.name, settings, now)
    return swap


def withdraw(session: Session, giver: ServicePoint, swap_id: int, now: datetime) -> DutySwap:
    """The giver keeps the shift after all, before the colleague has answered. Raises as :func:`answer`."""
    swap = session.get(DutySwap, swap_id)
    if swap is None or swap.giver_id != giver.id:
        raise NotFound("duty.no_swap")
    _decide(session, swap, "withdrawn", f"staff:{giver.key}", now)
    return swap


def _decide(session: Session, swap: DutySwap, state: str, actor: str, now: datetime) -> None:
    if swap.state != "requested":
        raise Conflict("duty.decided_already")
    swap.state, swap.decided_at = state, now
    if state != "confirmed":
        swap.open_key = None
    audit.write(session, actor=actor, action="duty.decided", subject=swap.window.key, now=now, state=state)
    session.flush()


def _tell(
    session: Session, whom: ServicePoint, what: str, swap: DutySwap, other: str, settings: Settings, now: datetime
) -> None:
    for one in reaching.reachable(session, settings, only=(whom.id,)):
        outbox.put(
            session,
            dedupe_key=f"duty:{swap.id}:{what}",
            purpose="duty_swap",
            channel=one.channel,
            recipient=one.address_sealed,
            payload={
                "title": text("duty.told.title"),
                "text": text(f"duty.told.{what}", name=other, window=swap.window.name, when=when(swap, settings.hospital.zone)),
                "url": f"{settings.server.base_url}/staff/duty",
            },
            now=now,
            service_point_id=whom.id,
        )  # fmt: skip


def when(one: DutySwap | Shift, zone: ZoneInfo) -> str:
    begins, ends = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    return f"{begins.month}/{begins.day} {begins:%H:%M}–{ends:%H:%M}"


def of_person(session: Session, staff_id: int, now: datetime) -> Sequence[DutySwap]:
    """Swaps given or taken, the next shift first."""
    return swaps.of_person(session, staff_id, now - BACK)


def who_served(session: Session, window_id: int, at: datetime) -> list[int]:
    """Ids of who served at the window at that moment, swaps as agreed; nobody for disputed minutes."""
    served = []
    for staff_id in directory.on_duty(session, window_id, at):
        swap = swaps.at(session, window_id, staff_id, at)
        if swap is None:
            served.append(staff_id)
        elif swap.state == "confirmed":
            served.append(swap.taker_id)
    return served
