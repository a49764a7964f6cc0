"""The day's signed head sent to people and places that the hospital does not control, once its leadership has switched that on.

Whoever could write into our database could sign a new tree over it; only a head that somebody outside has kept shows that.
The switch itself is an entry of the evidence log: switched off unseen it cannot be.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.db import evidence as log
from feedback_app.db import outbox as messages
from feedback_app.domain.periods import local_day
from feedback_app.errors import Conflict
from feedback_app.services import audit, evidence, outbox
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from feedback_app.texts import text

SUBJECT = "heads:outside"
KIND = "outside"
PURPOSE = "tree_head"
FILE = "kept_file"


@dataclass(frozen=True)
class Switch:
    """Whether heads go out, and since when it stands so."""

    on: bool
    since: datetime


def ways(settings: Settings) -> dict[str, int]:
    """How many addressees the configuration names, by channel."""
    own = settings.evidence
    named = {"mail": len(own.mails), "wecom_group": len(own.groups), FILE: int(bool(own.file))}
    return {channel: count for channel, count in named.items() if count}


def switch(session: Session) -> Switch | None:
    """How it stands; None where nobody has decided yet (nothing goes out then)."""
    found = log.of_subject(session, SUBJECT)
    return Switch(bool(found[-1].shown["on"]), found[-1].written_at) if found else None


def turn(session: Session, settings: Settings, *, on: bool, by: str, now: datetime) -> None:
    """Switch it on or off. Raises Conflict ``evidence.nobody_outside`` without an addressee, ``evidence.stands_so``."""
    standing = switch(session)
    if on == (standing is not None and standing.on):
        raise Conflict("evidence.stands_so")
    if on and not ways(settings):
        raise Conflict("evidence.nobody_outside")
    evidence.write(session, KIND, SUBJECT, shown={"on": on, "to": ways(settings)}, hidden={"by": by}, now=now)
    audit.write(session, actor=by, action=f"evidence.heads_{'on' if on else 'off'}", subject=SUBJECT, now=now)


def queue(session: Session, runtime: Runtime, now: datetime) -> int:
    """Sign the tree as it stands and queue its head for everybody; how many messages. The same head twice queues nothing."""
    standing = switch(session)
    if standing is None or not standing.on:
        return 0
    head = evidence.sign_head(session, runtime.vault, now)
    if head is None:
        return 0
    told = evidence.head_json(head) | {"public_key": evidence.public_key(runtime.vault)}
    payload = _letter(runtime, told, now)
    day = local_day(now, runtime.zone).isoformat()
    return sum(
        outbox.put(
            session, dedupe_key=f"head:{day}:{channel}:{_short(name)}", purpose="tree_head", channel=channel,
            recipient=runtime.vault.seal(name) if channel == "mail" else name, payload=payload, now=now,
        )
        for channel, name in _addressees(runtime.settings)
    )  # fmt: skip


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _addressees(settings: Settings) -> Iterator[tuple[str, str]]:
    own = settings.evidence
    yield from (("mail", one) for one in own.mails)
    yield from (("wecom_group", one) for one in own.groups)
    if own.file:
        yield FILE, FILE


def _letter(runtime: Runtime, told: dict[str, object], now: datetime) -> dict[str, object]:
    day = local_day(now, runtime.zone)
    hospital = runtime.settings.hospital.name
    return {
        "title": text("evidence.letter.title", hospital=hospital, day=day.isoformat()),
        "text": text(
            "evidence.letter.text", hospital=hospital, size=told["size"], root=told["root"], at=told["at"],
            signature=told["signature"], key=told["public_key"],
        ),
        "url": f"{runtime.settings.server.base_url}/evidence/",
        "line": json.dumps(told, ensure_ascii=False, sort_keys=True),
    }  # fmt: skip


def last_sent(session: Session) -> datetime | None:
    """When a head last went out for certain."""
    return messages.last_sent(session, PURPOSE)
