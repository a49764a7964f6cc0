"""Certificates: issued once for each winner, checked by code, revoked without vanishing (S37, S50)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import assessments, certificates
from feedback_app.db.certificates import Certificate
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.periods import local_day
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, evidence
from feedback_app.services.vault import Vault
from qr import codes

__all__ = ["Certificate", "Honour"]

_KEY = "certificates"


@dataclass(frozen=True)
class Honour:
    """What is certified. ``source`` is the board or selection it comes from; one certificate a source and holder."""

    source: str
    award: str
    period: str  # as a person reads it
    group: str = ""
    unverified: bool = False
    made_up: bool = False


def issue(
    session: Session, vault: Vault, honour: Honour, holder: ServicePoint, *, by: str, now: datetime, zone: ZoneInfo
) -> Certificate:
    """The certificate of this honour and holder; issued before: the same one, unchanged."""
    query = select(Certificate).where(Certificate.source == honour.source, Certificate.service_point_id == holder.id)
    known = session.scalar(query)
    if known is not None:
        return known
    made = Certificate(
        source=honour.source,
        service_point_id=holder.id,
        holder=holder.name,
        department=holder.department.name if holder.department else "",
        award=honour.award,
        group=honour.group,
        period=honour.period,
        unverified=honour.unverified,
        made_up=honour.made_up,
        issued_on=local_day(now, zone),
        issued_at=now,
        issued_by=by,
    )
    session.add(made)
    session.flush()
    made.number = f"{made.issued_on.year}-{made.id:04d}"
    made.code = codes.make(made.id, vault.key(_KEY))
    session.flush()
    shown = {"certificate": made.number, "for": honour.source}
    hidden = {"code": made.code, "holder": made.holder, "award": made.award, "unverified": made.unverified}
    evidence.write(session, "certificate", f"certificate:{made.number}", shown=shown, hidden=hidden, now=now)
    return made


def check(session: Session, vault: Vault, typed: str) -> Certificate:
    """The certificate with this check code.

    Raises Refused ``certificates.forged`` for a code that is not one of ours, NotFound ``certificates.unknown`` for one of
    ours that this database does not have.
    """
    try:
        code = codes.read(typed, vault.key(_KEY))
    except Refused:
        raise Refused("certificates.forged") from None
    found = certificates.by_code(session, code)
    if found is None:
        raise NotFound("certificates.unknown")
    return found


def is_revoked(session: Session, found: Certificate) -> bool:
    """Itself, or the honour behind it (an award's own revocation)."""
    kind, award, period = [*found.source.split(":"), "", ""][:3]
    honour = kind == "stars" and found.service_point_id in assessments.revoked(session, award, period)
    return found.revoked_at is not None or honour


def of_source(session: Session, source: str) -> Sequence[Certificate]:
    return certificates.of_source(session, source)


def of_point(session: Session, point_id: int) -> Sequence[Certificate]:
    """Those of one holder, the newest first."""
    return certificates.of_point(session, point_id)


def by_number(session: Session, number: str) -> Certificate:
    """Raises NotFound ``certificates.unknown``."""
    found = session.scalar(select(Certificate).where(Certificate.number == number))
    if found is None:
        raise NotFound("certificates.unknown")
    return found


def revoke(session: Session, number: str, *, why: str, by: str, now: datetime) -> Certificate:
    """It is no longer valid; its page says so and does not say why (S52). Raises Refused ``certificates.no_reason``, Conflict
    ``certificates.revoked_already``, NotFound ``certificates.unknown``."""
    found = by_number(session, number)
    if found.revoked_at is not None:
        raise Conflict("certificates.revoked_already")
    if not why.strip():
        raise Refused("certificates.no_reason")
    found.revoked_at, found.revoked_by, found.revoked_why = now, by, why.strip()[:200]
    evidence.write(
        session,
        "revoked",
        f"certificate:{number}",
        shown={"certificate": number},
        hidden={"why": found.revoked_why},
        now=now,
    )
    audit.write(session, actor=by, action="certificate.revoked", subject=number, now=now, why=found.revoked_why)
    return found


def address(base_url: str, code: str) -> str:
    """Where the picture on the certificate leads."""
    return f"{base_url}/stars/check/{code}"
