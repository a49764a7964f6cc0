"""What the hospital's IT looks at: which processes live, what waits, how old the copies are, the disk, keys and certificates.

Nothing of it is about a rating, a case or a person.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.api_keys import ApiKey
from feedback_app.db.evidence import TreeHead
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.platform import JobRun, Lease, PlatformToken, WorkProcess
from feedback_app.services import (
    alarms,
    backups,
    canary,
    delivery_desk,
    outside_heads,
    periodic,
    platform_problems,
    thanks_today,
)
from feedback_app.services.alarms import Alarm
from feedback_app.services.canary import Standing
from feedback_app.services.delivery_desk import AGAIN
from feedback_app.services.platform_problems import Problem
from feedback_app.services.runtime import Runtime

DAY = timedelta(days=1)
SOON = timedelta(days=30)
"""Before a key or certificate ends, it is marked."""
_WAITING = ("queued", "leased", "sending")


@dataclass(frozen=True)
class Process:
    """A worker; ``holds``: what it alone does at the moment."""

    name: str
    seen_at: datetime
    is_alive: bool
    holds: tuple[str, ...]


@dataclass(frozen=True)
class Queue:
    """One way out. ``waiting`` are due; ``oldest`` the one that waits longest; the rest of the last 24 hours."""

    channel: str
    waiting: int
    oldest: datetime | None
    sent: int
    failed: int


@dataclass(frozen=True)
class Disk:
    """Bytes; ``database`` None where it is another machine's."""

    used: float
    free: int
    total: int
    database: int | None


@dataclass(frozen=True)
class Key:
    """``kind``: platform | api | evidence | certificate. ``ends_at`` None: never, or renewed by itself (``renewed``)."""

    kind: str
    name: str
    since: datetime | None
    ends_at: datetime | None
    is_wrong: bool = False


@dataclass(frozen=True)
class Machines:
    alarms: Sequence[Alarm]
    processes: Sequence[Process]
    queues: Sequence[Queue]
    stuck: int
    problems: Sequence[Problem]
    proven_at: datetime | None
    written_at: datetime | None
    disk: Disk
    keys: Sequence[Key]
    canary: Standing | None
    jobs: Sequence[JobRun]


def look(session: Session, runtime: Runtime, now: datetime) -> Machines:
    """Everything on the page, as of now."""
    return Machines(
        alarms=alarms.found(session, runtime, now),
        processes=_processes(session, now),
        queues=_queues(session, now),
        stuck=delivery_desk.stuck(session, now),
        problems=platform_problems.listed(session),
        proven_at=backups.last_proven(session, now),
        written_at=backups.last_written(session, now),
        disk=_disk(runtime),
        keys=[
            *_platform_keys(session, now),
            *_api_keys(session, now),
            *_evidence(session),
            *_certificate(runtime, now),
        ],
        canary=canary.standing(session, runtime, now),
        jobs=_last_jobs(session),
    )


def _processes(session: Session, now: datetime) -> list[Process]:
    held: dict[str, list[str]] = {}
    for lease in session.scalars(select(Lease).where(Lease.until > now).order_by(Lease.name)):
        held.setdefault(lease.owner, []).append(lease.name)
    living = set(periodic.alive(session, now))
    rows = session.scalars(select(WorkProcess).order_by(WorkProcess.seen_at.desc(), WorkProcess.name))
    return [Process(one.name, one.seen_at, one.name in living, tuple(held.get(one.name, ()))) for one in rows]


def _queues(session: Session, now: datetime) -> list[Queue]:
    due = (OutboxMessage.state.in_(_WAITING)) & (OutboxMessage.not_before <= now)
    found = select(OutboxMessage.channel, func.count(), func.min(OutboxMessage.not_before)).where(due)
    waiting = {channel: (n, oldest) for channel, n, oldest in session.execute(found.group_by(OutboxMessage.channel))}
    fresh = OutboxMessage.created_at > now - DAY
    counted = select(OutboxMessage.channel, OutboxMessage.state, func.count()).where(fresh)
    done: dict[str, dict[str, int]] = {}
    for channel, state, n in session.execute(counted.group_by(OutboxMessage.channel, OutboxMessage.state)):
        done.setdefault(channel, {})[state] = n
    made = []
    for channel in sorted({*waiting, *done}):
        n, oldest = waiting.get(channel, (0, None))
        states = done.get(channel, {})
        made.append(Queue(channel, n, oldest, states.get("sent", 0), sum(states.get(state, 0) for state in AGAIN)))
    return made


def _disk(runtime: Runtime) -> Disk:
    url = runtime.database.url
    file = Path(url.database or "") if runtime.database.is_sqlite else None
    usage = shutil.disk_usage(file.parent if file else Path())
    parts = [file, file.with_name(f"{file.name}-wal")] if file else []  # not a backup that lies beside it
    size = sum(one.stat().st_size for one in parts if one.exists()) if file else None
    return Disk(alarms.disk_used(runtime), usage.free, usage.total, size)


def _platform_keys(session: Session, now: datetime) -> list[Key]:
    """Tokens of the platforms: they are fetched anew by themselves; one that has ended is not."""
    rows = session.scalars(select(PlatformToken).order_by(PlatformToken.name))
    return [Key("platform", one.name, one.fetched_at, one.expires_at, one.expires_at < now) for one in rows]


def _api_keys(session: Session, now: datetime) -> list[Key]:
    rows = session.scalars(select(ApiKey).where(ApiKey.revoked_at.is_(None)).order_by(ApiKey.name))
    return [Key("api", one.name, one.last_used_at, one.expires_at, bool(one.expires_at and one.expires_at < now + SOON)) for one in rows]  # fmt: skip


def _evidence(session: Session) -> list[Key]:
    """The newest signed head of the evidence, and when it last went outside."""
    signed = session.scalar(select(func.max(TreeHead.at)))
    outside = outside_heads.last_sent(session)
    return [Key("evidence", "head", signed, None, signed is None), Key("evidence", "outside", outside, None)]


def _certificate(runtime: Runtime, now: datetime) -> list[Key]:
    name = runtime.settings.server.certificate_file
    if not name:
        return []
    try:
        found = x509.load_pem_x509_certificate(Path(name).read_bytes())
    except (OSError, ValueError):
        return [Key("certificate", name, None, None, is_wrong=True)]
    ends = found.not_valid_after_utc
    return [Key("certificate", found.subject.rfc4514_string(), found.not_valid_before_utc, ends, ends < now + SOON)]


def _last_jobs(session: Session) -> Sequence[JobRun]:
    """When each kind of daily or monthly work was done last."""
    """What is remembered of each person, and of backups, is no job; these stand elsewhere on the page."""
    jobs = JobRun.kind.not_like(f"{thanks_today.TOLD}%") & JobRun.kind.not_like("backup.%")
    last = select(JobRun.kind, func.max(JobRun.done_at).label("at")).where(jobs).group_by(JobRun.kind).subquery()
    query = select(JobRun).join(last, (JobRun.kind == last.c.kind) & (JobRun.done_at == last.c.at))
    found = {one.kind: one for one in session.scalars(query.order_by(JobRun.period))}
    return sorted(found.values(), key=lambda one: one.done_at, reverse=True)
