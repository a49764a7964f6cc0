"""One-time slips: a code on paper by which a member of staff says "this is me"."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.people import BindingSlip
from feedback_app.domain.identity import keyed_hash, readable, tidy
from feedback_app.errors import Gone
from feedback_app.services import audit
from feedback_app.services.vault import Vault

LENGTH = 12
"""Characters of Crockford's base 32: 60 random bits, so guessing is hopeless; what is stored is a keyed hash."""
VALID = timedelta(days=14)


@dataclass(frozen=True)
class Slip:
    """A fresh slip; ``code`` exists only here and on the paper."""

    point: ServicePoint
    code: str
    expires_at: datetime


def make(
    session: Session, vault: Vault, points: Iterable[ServicePoint], *, by: str, now: datetime, valid: timedelta = VALID
) -> list[Slip]:
    """One slip for each active member of staff; their earlier unused slips stop working."""
    made = []
    for point in points:
        if point.kind != "staff" or not point.active:
            continue
        _void(session, point.id, now)
        code = readable(secrets.token_bytes(8), LENGTH)
        session.add(
            BindingSlip(
                service_point_id=point.id,
                token_hash=_hash(vault, code),
                created_at=now,
                created_by=by,
                expires_at=now + valid,
            )
        )
        made.append(Slip(point, code, now + valid))
    session.flush()
    if made:
        audit.write(session, actor=by, action="slips.made", now=now, count=len(made))
    return made


def find(session: Session, vault: Vault, typed: str, now: datetime) -> BindingSlip:
    """The slip while it can be used. Raises Gone ``staff.slip_over`` for unknown, used and old ones alike."""
    slip = session.scalar(
        select(BindingSlip).where(BindingSlip.token_hash == _hash(vault, tidy(typed))).with_for_update()
    )
    if slip is None or slip.used_at is not None or slip.expires_at <= now or not slip.service_point.active:
        raise Gone("staff.slip_over")
    return slip


def use(session: Session, vault: Vault, typed: str, now: datetime) -> ServicePoint:
    """Spend the slip; whose it was. Raises like :func:`find`."""
    slip = find(session, vault, typed, now)
    slip.used_at = now
    session.flush()
    return slip.service_point


def revoke(session: Session, point_id: int, *, by: str, now: datetime) -> None:
    """The slips of this person stop working."""
    _void(session, point_id, now)
    audit.write(session, actor=by, action="slips.revoked", subject=str(point_id), now=now)


def _void(session: Session, point_id: int, now: datetime) -> None:
    unused = (BindingSlip.service_point_id == point_id, BindingSlip.used_at.is_(None), BindingSlip.expires_at > now)
    session.execute(update(BindingSlip).where(*unused).values(expires_at=now))


def _hash(vault: Vault, code: str) -> str:
    return keyed_hash(vault.key("slips"), code)
