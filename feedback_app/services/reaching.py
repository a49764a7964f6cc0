"""The best way to write to a member of staff: one channel each, those in use in this hospital first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import Binding
from feedback_app.domain.working_hours import next_working_moment
from feedback_app.services import calendar
from feedback_app.services.deliveries import PERSONAL
from feedback_app.settings import Settings


@dataclass(frozen=True)
class Reachable:
    member: ServicePoint
    channel: str
    address_sealed: str


def goes_out(now: datetime, settings: Settings) -> datetime:
    """The next moment at which members of staff may be written to."""
    zone, hours = settings.hospital.zone, settings.deliveries.working_hours
    return next_working_moment(now, zone, hours, calendar.is_workday)


def reachable(session: Session, settings: Settings, *, only: Collection[int] | None = None) -> list[Reachable]:
    """Active staff with a current binding, by id; ``only`` those of these ids."""
    in_use = {
        "wecom": settings.wecom.enabled,
        "mail": settings.mail.enabled,
        "official_account": settings.wechat.enabled,
    }
    query = select(Binding).where(Binding.ended_at.is_(None), Binding.channel.in_(PERSONAL)).order_by(Binding.id)
    if only is not None:
        query = query.where(Binding.service_point_id.in_(only))
    best: dict[int, Binding] = {}
    for binding in session.scalars(query.options(joinedload(Binding.service_point))):
        member = binding.service_point
        if not member.active or member.kind != "staff":
            continue
        known = best.get(member.id)
        if known is None or _liking(binding, in_use) < _liking(known, in_use):
            best[member.id] = binding
    return [Reachable(one.service_point, one.channel, one.address_sealed) for _, one in sorted(best.items())]


def _liking(binding: Binding, in_use: Mapping[str, bool]) -> tuple[bool, int]:
    return (not in_use[binding.channel], PERSONAL.index(binding.channel))
