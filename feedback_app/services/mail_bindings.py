"""Mail addresses of staff: only whoever can read a letter sent there may have results sent there, or sign in by one."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.errors import Gone, Refused
from feedback_app.services import bindings, outbox, slips
from feedback_app.services.vault import Vault
from feedback_app.texts import text

VALID = timedelta(hours=1)
SIGN_IN_VALID = timedelta(minutes=30)
_PURPOSE = "mail-binding"
_ADDRESS = re.compile(r"^[^\s@<>,;\"']{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")


@dataclass(frozen=True)
class Claim:
    """What a confirmation link says."""

    point_id: int
    address: str


def ask(
    session: Session, vault: Vault, point: ServicePoint, address: str, *, page: str, language: str, now: datetime
) -> str:
    """Send a confirmation to ``address``, at most one a minute for each person; returns the address as it was read.

    ``page`` is the address of the confirmation page, to which the token is appended. Raises Refused ``staff.bad_mail``.
    """
    tidy = address.strip()
    if not _ADDRESS.match(tidy) or len(tidy) > 200:
        raise Refused("staff.bad_mail")
    claim = vault.ticket(_PURPOSE, json.dumps([point.id, tidy, (now + VALID).isoformat()]))
    outbox.put(
        session,
        dedupe_key=f"mail-binding:{point.id}:{now:%Y%m%d%H%M}",
        purpose="mail_binding",
        channel=bindings.MAIL,
        recipient=vault.seal(tidy),
        payload={
            "title": text("staff.mail.subject", language),
            "text": text("staff.mail.text", language, name=point.name),
            "url_sealed": vault.seal(f"{page}{claim}"),
        },
        now=now,
    )
    return tidy


def read(vault: Vault, token: str, now: datetime) -> Claim:
    """Raises Gone ``staff.mail_over`` for anything but a link of ours that is still in time."""
    try:
        point_id, address, until = json.loads(vault.read_ticket(_PURPOSE, token))
    except (ValueError, TypeError):
        raise Gone("staff.mail_over") from None
    if datetime.fromisoformat(until) <= now:
        raise Gone("staff.mail_over")
    return Claim(int(point_id), str(address))


def send_sign_in(session: Session, vault: Vault, typed: str, *, page: str, language: str, now: datetime) -> bool:
    """Send a sign-in letter to a bound address, at most one in ten minutes; whether one was sent.

    The caller must not tell the browser which: an address that is not bound is nobody's business. ``page`` is where a slip's
    code is appended to.
    """
    person = bindings.person_at(session, vault, bindings.MAIL, typed)
    if person is None:
        return False
    key = f"staff-sign-in:{person.id}:{now:%Y%m%d%H%M}"[:-1]  # anybody may ask for it: no flood of letters
    if outbox.is_known(session, key):
        return False
    [slip] = slips.make(session, vault, [person], by="mail", now=now, valid=SIGN_IN_VALID)
    return outbox.put(
        session,
        dedupe_key=key,
        purpose="staff_sign_in",
        channel=bindings.MAIL,
        recipient=vault.seal(typed.strip()),
        payload={
            "title": text("staff.mail.sign_in_subject", language),
            "text": text("staff.mail.sign_in_text", language, name=person.name),
            "url_sealed": vault.seal(f"{page}{slip.code}"),
        },
        now=now,
    )
