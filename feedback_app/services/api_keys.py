"""Keys of other programs: made, recognised, limited, revoked; and requests that come twice answered once."""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from feedback_app.db.api_keys import ApiAnswer, ApiKey
from feedback_app.db.engine import lock
from feedback_app.domain.identity import keyed_hash
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, buckets
from feedback_app.services.buckets import Limit
from feedback_app.services.vault import Vault

SCOPES = (
    "visits:write", "visits:read", "roster:write", "roster:read", "leaves:write", "leaves:read", "figures:write",
    "figures:read", "ratings:read", "cases:read", "stars:read", "replies:write",
)  # fmt: skip
LEAST, MOST, USUAL = 1, 6000, 120  # requests a minute
LONGEST_DAYS = 1095
ANSWERS_KEPT = timedelta(days=2)
LONGEST_IDEMPOTENCY_KEY = 80
_PREFIX = "ss_"
_SECRET_BYTES = 24  # 192 random bits: guessing is hopeless
_SHOWN = 8


@dataclass(frozen=True)
class Caller:
    """Who asks: a key that holds now."""

    id: int
    name: str
    scopes: frozenset[str]
    per_minute: int

    @property
    def actor(self) -> str:
        return f"api:{self.id}"


@dataclass(frozen=True)
class Fresh:
    """A new key; ``secret`` exists only here, on the page that shows it, and with whoever copied it."""

    id: int
    secret: str


def make(
    session: Session,
    vault: Vault,
    *,
    name: str,
    scopes: Collection[str],
    per_minute: int,
    days: int | None,
    by: str,
    now: datetime,
) -> Fresh:
    """``days`` until it expires; None: never. Raises Refused ``api.no_name``, ``api.no_scope``, ``api.bad_quota``, ``api.bad_days``."""
    said = clean(name)[:60]
    if not said:
        raise Refused("api.no_name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refused("api.no_scope")
    if not LEAST <= per_minute <= MOST:
        raise Refused("api.bad_quota", least=LEAST, most=MOST)
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Refused("api.bad_days", most=LONGEST_DAYS)
    shown = secrets.token_hex(_SHOWN // 2)
    secret = f"{_PREFIX}{shown}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    row = ApiKey(
        name=said,
        prefix=shown,
        key_hash=_hash(vault, secret),
        scopes=[one for one in SCOPES if one in scopes],
        per_minute=per_minute,
        made_at=now,
        made_by=by,
        expires_at=now + timedelta(days=days) if days else None,
    )
    session.add(row)
    session.flush()
    audit.write(session, actor=by, action="api.key_made", subject=shown, now=now, scopes=" ".join(row.scopes))
    return Fresh(row.id, secret)


def revoke(session: Session, key_id: int, *, by: str, now: datetime) -> str:
    """It holds no longer; its name. Doing it again changes nothing. Raises NotFound ``api.no_key``."""
    row = session.get(ApiKey, key_id)
    if row is None:
        raise NotFound("api.no_key")
    if row.revoked_at is None:
        row.revoked_at = now
        audit.write(session, actor=by, action="api.key_revoked", subject=row.prefix, now=now)
    return row.name


def listed(session: Session) -> Sequence[ApiKey]:
    """Those that hold first, the newest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())).all()


def holds(row: ApiKey, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or now < row.expires_at)


def recognise(session: Session, vault: Vault, header: str, now: datetime) -> Caller | None:
    """Whoever sends ``Authorization: Bearer …``; None for an unknown, revoked or expired key."""
    scheme, _, secret = header.partition(" ")
    parts = secret.strip().split("_", 2)
    if scheme.lower() != "bearer" or len(parts) != 3 or not secret.isascii() or len(secret) > 100:
        return None
    row = session.scalar(select(ApiKey).where(ApiKey.prefix == parts[1]))
    right = compare_digest(_hash(vault, secret.strip()), row.key_hash if row else "0" * 64)
    if row is None or not right or not holds(row, now):
        return None
    return Caller(row.id, row.name, frozenset(row.scopes), row.per_minute)


def demand(caller: Caller, scope: str) -> None:
    """Raises NotAllowed ``api.no_right`` (``scope``)."""
    if scope not in caller.scopes:
        raise NotAllowed("api.no_right", scope=scope)


def count(session: Session, vault: Vault, caller: Caller, now: datetime) -> None:
    """One request of this key's minute. Raises TooOften ``common.too_often`` (``seconds``)."""
    limit = Limit("api", burst=caller.per_minute, per_hour=caller.per_minute * 60)
    buckets.take(session, vault, limit, str(caller.id), now)
    session.execute(update(ApiKey).where(ApiKey.id == caller.id).values(calls=ApiKey.calls + 1, last_used_at=now))


def answered(session: Session, caller: Caller, key: str, request: bytes) -> tuple[int, Any] | None:
    """What this very request was answered before; None: it is new, and whoever sends it at this moment waits.

    Raises Conflict ``api.other_request`` when the key was used for something else.
    """
    lock(session, f"api:{caller.id}:{key}")
    row = session.get(ApiAnswer, (caller.id, key))
    if row is None:
        return None
    if row.request_digest != hashlib.sha256(request).hexdigest():
        raise Conflict("api.other_request")
    return row.status, json.loads(row.body)


def keep_answer(
    session: Session, caller: Caller, key: str, request: bytes, status: int, body: Mapping[str, Any], now: datetime
) -> None:
    digest = hashlib.sha256(request).hexdigest()
    told = json.dumps(body, ensure_ascii=False)
    session.add(
        ApiAnswer(key_id=caller.id, idempotency_key=key, request_digest=digest, status=status, body=told, at=now)
    )


def sweep(session: Session, now: datetime) -> int:
    """Forget the answers that nobody asks for again; how many."""
    over = delete(ApiAnswer).where(ApiAnswer.at < now - ANSWERS_KEPT).returning(ApiAnswer.key_id)
    return len(session.execute(over).all())


def _hash(vault: Vault, secret: str) -> str:
    return keyed_hash(vault.key("api keys"), secret)
