"""Rate limits that hold across processes: a token bucket a key, taken from by one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Float, Table, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback_app.db.buckets import Bucket
from feedback_app.db.writing import Prepared, Unit, unit_of
from feedback_app.domain.identity import keyed_hash
from feedback_app.errors import TooOften
from feedback_app.services.vault import Vault

_TABLE = cast(Table, Bucket.__table__)


@dataclass(frozen=True)
class Limit:
    """``burst`` at once, and then ``per_hour``."""

    purpose: str
    burst: int
    per_hour: float

    @property
    def seconds_each(self) -> float:
        return 3600 / self.per_hour


def _taking(build: Any) -> Any:
    """One upsert that both asks and takes: ``begins`` is when a bucket is full again that was full until now."""
    full_at, each = _TABLE.c.full_at, bindparam("each", type_=Float())
    moment = bindparam("moment", type_=Float())
    statement = build(_TABLE).values(
        key=bindparam("bucket", type_=_TABLE.c.key.type),
        purpose=bindparam("purpose", type_=_TABLE.c.purpose.type),
        full_at=bindparam("begins", type_=Float()),
    )
    return statement.on_conflict_do_update(
        index_elements=[_TABLE.c.key],
        set_={"full_at": case((full_at > moment, full_at), else_=moment) + each},
        where=full_at <= bindparam("latest", type_=Float()),
    ).returning(full_at)


_TAKE = Prepared({"sqlite": _taking(sqlite.insert), "postgresql": _taking(postgresql.insert)})


def wait(unit: Unit, vault: Vault, limit: Limit, who: str, now: datetime) -> float:
    """Take one from the bucket of ``who``; 0.0 when there was one, else the seconds until there is (nothing is taken).

    The generic cell rate algorithm: a bucket is the moment at which it will be full again, so one upsert both asks and takes,
    and of many at once exactly as many get through as there are tokens. Source: ITU-T I.371, virtual scheduling.
    """
    unit, key, moment, each = unit_of(unit), _key(vault, limit, who), now.timestamp(), limit.seconds_each
    latest = moment + each * (limit.burst - 1)  # whoever's bucket is full only after this has none left
    taken = _TAKE.run(
        unit, bucket=key, purpose=limit.purpose, begins=moment + each, moment=moment, each=each, latest=latest
    )
    if taken.fetchone() is not None:
        return 0.0
    full_at = unit.connection.execute(select(_TABLE.c.full_at).where(_TABLE.c.key == key)).scalar_one()
    return max(float(full_at) - latest, 0.001)


def take(unit: Unit, vault: Vault, limit: Limit, who: str, now: datetime) -> None:
    """Like :func:`wait`, but raises TooOften ``common.too_often`` (``seconds``) when there was none."""
    seconds = wait(unit, vault, limit, who, now)
    if seconds:
        raise TooOften("common.too_often", seconds=max(round(seconds), 1))


def sweep(session: Session, now: datetime) -> int:
    """Throw away the buckets that are full again; returns how many."""
    done = session.connection().execute(delete(_TABLE).where(_TABLE.c.full_at < now.timestamp()))
    return done.rowcount


def _key(vault: Vault, limit: Limit, who: str) -> str:
    return keyed_hash(vault.key("buckets"), f"{limit.purpose}:{who}")
