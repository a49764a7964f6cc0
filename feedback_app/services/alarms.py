"""What the hospital's IT must look at: found out from the database and the disk, for pages, metrics and a push a day."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain.periods import local_day
from feedback_app.services import backups, canary, delivery_desk, outbox, periodic
from feedback_app.services.runtime import Runtime
from feedback_app.texts import text

NAMES = ("backup", "backup_old", "canary", "deliveries", "disk", "worker")
PROVEN_WITHIN = timedelta(days=8)
WRITTEN_WITHIN = timedelta(hours=50)
"""The backups of two nights are missing."""
FULL = 0.8
_OF_THEIR_OWN = ("canary", "worker")  # the canary pushes by itself; without a worker nothing can be pushed


@dataclass(frozen=True)
class Alarm:
    """``params``: for the sentence ``alarms.say.<name>``."""

    name: str
    params: dict[str, object] = field(default_factory=dict)


def found(session: Session, runtime: Runtime, now: datetime) -> Sequence[Alarm]:
    """Everything that is wrong now."""
    return list(_all(session, runtime, now))


def _all(session: Session, runtime: Runtime, now: datetime) -> Iterator[Alarm]:
    yield from _backups(session, runtime, now)
    standing = canary.standing(session, runtime, now)
    if standing is not None and standing.failing:
        yield Alarm("canary")
    stuck = delivery_desk.stuck(session, now)
    if stuck:
        yield Alarm("deliveries", {"count": stuck})
    used = disk_used(runtime)
    if used >= FULL:
        yield Alarm("disk", {"percent": int(used * 100)})
    if not periodic.alive(session, now):
        yield Alarm("worker")


def _backups(session: Session, runtime: Runtime, now: datetime) -> Iterator[Alarm]:
    """Proven ones from the first day on; nightly ones as soon as somebody has begun with backups at all."""
    begun = session.scalar(select(func.min(QuestionnaireVersion.created_at))) or now
    proven, written = backups.last_proven(session, now), backups.last_written(session, now)
    unproven = now - (proven or begun)
    if unproven > PROVEN_WITHIN:
        yield Alarm("backup", {"days": unproven.days})
    missing = now - (written or backups.nights_count_from(session) or begun)
    if runtime.settings.backups.nightly and (proven or written) and missing > WRITTEN_WITHIN:
        yield Alarm("backup_old", {"days": missing.days})


def disk_used(runtime: Runtime) -> float:
    """The share that is full of what we may use of the disk, where the database (SQLite) or the program is."""
    url = runtime.database.url
    folder = Path(url.database or ".").parent if runtime.database.is_sqlite else Path()
    usage = shutil.disk_usage(folder)
    return usage.used / ((usage.used + usage.free) or 1)  # some systems keep a part to themselves


def to_tell(session: Session, runtime: Runtime, now: datetime) -> Sequence[Alarm]:
    """Those nobody has been told of today."""
    day = local_day(now, runtime.zone)
    fresh = (one for one in found(session, runtime, now) if one.name not in _OF_THEIR_OWN)
    return [one for one in fresh if not outbox.is_known(session, f"alarm:{day}:{one.name}")]


def tell(session: Session, runtime: Runtime, now: datetime) -> int:
    """Queue a push for each; how many."""
    day, told = local_day(now, runtime.zone), to_tell(session, runtime, now)
    for one in told:
        outbox.put(
            session,
            dedupe_key=f"alarm:{day}:{one.name}",
            purpose="alarm",
            channel="wecom_group",
            recipient=runtime.settings.operators_group,
            payload={"title": text("alarms.push.title"), "text": text(f"alarms.say.{one.name}", **one.params)},
            now=now,
        )
    return len(told)
