"""Codes: issued, read, retired and reissued. The address in a picture comes from the configuration only."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import codes
from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.errors import Gone, NotFound
from feedback_app.services import audit
from feedback_app.services.vault import Vault
from qr import codes as short_codes

PURPOSE = "codes"


def address(base_url: str, code: str) -> str:
    """Where a scan leads."""
    return f"{base_url}/s/{code}"


def issue(session: Session, vault: Vault, point: ServicePoint, now: datetime) -> Code:
    """The active code of the service point; made now if there is none."""
    active = codes.of_point(session, point.id)
    if active:
        return active[-1]
    code = Code(service_point_id=point.id, created_at=now)
    session.add(code)
    session.flush()
    code.text = short_codes.make(code.id, vault.key(PURPOSE))
    session.flush()
    return code


def issue_all(session: Session, vault: Vault, points: Sequence[ServicePoint], now: datetime) -> int:
    """An active code for each of these points that has none, in a few statements for thousands; returns how many."""
    served = set(session.scalars(select(Code.service_point_id).where(Code.status == "active")))
    made = [Code(service_point_id=point.id, created_at=now) for point in points if point.id not in served]
    session.add_all(made)
    session.flush()
    key = vault.key(PURPOSE)
    for code in made:
        code.text = short_codes.make(code.id, key)
    session.flush()
    return len(made)


def open_code(session: Session, vault: Vault, typed: str) -> Code:
    """The code somebody scanned or typed.

    Raises Refused ``codes.forged``, NotFound ``codes.unknown``, Gone ``codes.retired`` (with the name it stood for).
    """
    text = short_codes.read(typed, vault.key(PURPOSE))
    code = codes.find(session, text)
    if code is None:
        raise NotFound("codes.unknown")
    if code.status != "active" or not code.service_point.active:
        raise Gone("codes.retired", name=code.service_point.name)
    return code


def retire(session: Session, code: Code, *, why: str, actor: str, now: datetime) -> None:
    """Stop the code at once. Doing it again changes nothing."""
    if code.status == "retired":
        return
    code.status = "retired"
    code.retired_at = now
    code.retired_why = why
    audit.write(session, actor=actor, action="code.retired", subject=code.text or "", now=now, why=why)
