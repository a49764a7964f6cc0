"""Access tokens of the platforms, shared by all processes: sealed, with the moment they end, fetched by one at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db.platform import Lease, PlatformToken
from feedback_app.services.vault import Vault

LEASE = timedelta(seconds=20)  # longer than a fetch may take
REST = timedelta(seconds=1)  # between two fetches of all processes together, also when they fail
_EARLY = timedelta(seconds=60)
_SKEW = timedelta(seconds=10)  # between the clocks of two machines, and while one waited for the other's row


@dataclass(frozen=True)
class AccessToken:
    value: str
    fetched_at: datetime
    expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may be used: until a minute (or a tenth of its life, if shorter) before its end.

        Not before it was fetched either: then somebody moved the clock, and its end means nothing.
        """
        early = min(_EARLY, (self.expires_at - self.fetched_at) / 10)
        return self.fetched_at - _EARLY <= now < self.expires_at - early


def stored(session: Session, vault: Vault, name: str) -> AccessToken | None:
    """The token all processes share under this name, whether fresh or not."""
    row = session.get(PlatformToken, name, populate_existing=True)
    return None if row is None else AccessToken(vault.unseal(row.value_sealed), row.fetched_at, row.expires_at)


def keep(session: Session, vault: Vault, name: str, value: str, *, expires_in: int, now: datetime) -> None:
    """Share a token that was just fetched; ``expires_in`` seconds as the platform said."""
    row = session.get(PlatformToken, name) or PlatformToken(name=name)
    row.value_sealed, row.fetched_at, row.expires_at = vault.seal(value), now, now + timedelta(seconds=expires_in)
    session.add(row)
    session.flush()


def claim(session: Session, name: str, owner: str, now: datetime) -> bool:
    """Whether ``owner`` is now the only one to fetch this token, for LEASE. A lease further away than that is void.

    Leases are kept in real time: ``now`` is the system's clock, here and in :func:`release`.
    """
    free = or_(Lease.until <= now, Lease.until > now + LEASE + _SKEW, Lease.owner == owner)
    taken = session.execute(
        update(Lease)
        .where(Lease.name == _lease(name), free)
        .values(owner=owner, until=now + LEASE)
        .returning(Lease.name)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is not None:
        return True
    try:
        with session.begin_nested():
            session.add(Lease(name=_lease(name), owner=owner, until=now + LEASE))
    except IntegrityError:
        return False
    return True


def release(session: Session, name: str, owner: str, now: datetime) -> None:
    """The fetch is over, well or badly; nobody begins another for REST."""
    session.execute(
        update(Lease)
        .where(Lease.name == _lease(name), Lease.owner == owner)
        .values(owner="", until=now + REST)
        .execution_options(synchronize_session=False)
    )


def _lease(name: str) -> str:
    return f"token:{name}"[:60]
