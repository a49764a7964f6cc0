"""The canary: low ratings, marked as tests, sent through every kind of code and every channel as a patient would.

In some hospitals the "dissatisfied" button did nothing. Here a machine presses it every few hours; when it was last
proven to work stands on the public page, and when it fails, people are told.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import canary as runs
from feedback_app.db.canary import CanaryRun
from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.db.ratings import CANARY, Rating
from feedback_app.domain.identity import keyed_hash
from feedback_app.domain.periods import local_day
from feedback_app.services import outbox, pilot, questionnaires
from feedback_app.services.runtime import Runtime
from feedback_app.services.vault import Vault
from feedback_app.texts import text

__all__ = ["CANARY"]

LEVEL = 1
AGAIN_AFTER_FAILURE = timedelta(minutes=15)
COMMENT = "这是一条自动测试 / automatic test"
_PURPOSE = "canary"


@dataclass(frozen=True)
class Target:
    """Where one test is sent: a code, and the field of its form that takes the level."""

    kind: str
    name: str
    code: str
    field: str
    channels: tuple[str, ...] = ("form",)


@dataclass(frozen=True)
class Attempt:
    """What came of it. ``receipt`` of a form; a message's rating is looked up by its sender."""

    channel: str
    kind: str
    receipt: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Standing:
    """What the pages show. ``failing``: the last round did not prove every way in, or none ran for too long."""

    proven_at: datetime | None
    failing: bool
    problems: tuple["Problem", ...] = ()


@dataclass(frozen=True)
class Problem:
    """One way in that was not proven. ``detail``: as it was written down, for IT."""

    channel: str
    kind: str
    detail: str

    @property
    def why(self) -> str:
        """The key below ``canary.why``."""
        found = (key for key, sign in _WHY.items() if sign in self.detail)
        return next(found, "other")


_WHY = {
    "certificate": "SSLError",
    "slow": "Timeout",
    "unreachable": "not reached",
    "lost": "not stored",
    "answer": "answered",
}
"""What the reasons of ``bots.probes`` and of ``record`` mean, the first that fits."""


def mark(vault: Vault, key: str) -> str:
    """The sign that the submission with this idempotency key, and no other, is a test."""
    return keyed_hash(vault.key(_PURPOSE), key)


def is_marked(vault: Vault, key: str, sign: str) -> bool:
    return bool(sign) and hmac.compare_digest(mark(vault, key).encode(), sign.encode())


def sender(vault: Vault) -> str:
    """The made-up openid of tests by message; nobody else can know or have it."""
    return f"test_{keyed_hash(vault.key(_PURPOSE), 'openid')[:22]}"


def is_sender(vault: Vault, openid: str) -> bool:
    return hmac.compare_digest(sender(vault).encode(), openid.encode())


def is_due(session: Session, now: datetime, every_hours: int) -> bool:
    """A round that failed is repeated soon: what was put right shows, and what was not is known again."""
    last = runs.last(session)
    if last is None:
        return True
    passed = all(one.ok for one in runs.at(session, last.at))
    wait = timedelta(hours=every_hours)
    return not last.at <= now < last.at + (wait if passed else min(wait, AGAIN_AFTER_FAILURE))


def targets(session: Session, now: datetime) -> list[Target]:
    """One working code of every kind; another one each time, so that in time all are tried."""
    _, asked = questionnaires.current(session)
    query = select(ServicePoint, Code.text)
    query = query.join(ServicePoint, Code.service_point_id == ServicePoint.id)
    query = query.where(Code.status == "active", ServicePoint.active, Code.text.is_not(None)).order_by(Code.id)
    found = [(point, code) for point, code in session.execute(query) if pilot.is_open(session, point)]
    rows = [(code, point.kind, point.name) for point, code in found]
    names = Counter(name for _, _, name in rows)
    by_kind: dict[str, list[Target]] = {}
    for code, kind, name in rows:
        # In the chat a name that two people have is asked about, and a department is not rated there.
        channels = ("form", "bot") if kind != "department" and names[name] == 1 else ("form",)
        by_kind.setdefault(kind, []).append(Target(kind, name, code or "", asked.overall, channels))
    turn = int(now.timestamp() // 3600)
    return [listed[turn % len(listed)] for _, listed in sorted(by_kind.items())]


def record(session: Session, runtime: Runtime, began: datetime, attempts: Iterable[Attempt], now: datetime) -> bool:
    """Look whether each test stands in the database with its low level; write it down; tell people when one does not."""
    found = [(one, _problem(session, runtime, one, began)) for one in attempts]
    for one, problem in found:
        session.add(CanaryRun(at=now, channel=one.channel, kind=one.kind, ok=not problem, detail=problem[:200]))
    session.flush()
    failed = [f"{one.channel}/{one.kind}" for one, problem in found if problem]
    if failed:
        _alarm(session, runtime, failed, now)
    return not failed


def is_late(session: Session, now: datetime, every_hours: int) -> bool:
    """Whether the last round is so old that one has been left out."""
    last = runs.last(session)
    return last is not None and now > last.at + 2 * timedelta(hours=every_hours)


def alarm_late(session: Session, runtime: Runtime, now: datetime) -> None:
    """Tell people that low ratings have not been tested for too long; once a day."""
    _push(session, runtime, "late", text("canary.push.late"), now)


def standing(session: Session, runtime: Runtime, now: datetime) -> Standing | None:
    """None where the canary is switched off and never ran."""
    last = runs.last(session)
    settings = runtime.settings.canary
    if last is None:
        return Standing(None, False) if settings.enabled else None
    round_ = runs.at(session, last.at)
    problems = tuple(Problem(one.channel, one.kind, one.detail) for one in round_ if not one.ok)
    late = settings.enabled and is_late(session, now, settings.every_hours)
    return Standing(_proven_at(session), bool(problems) or late, problems)


def _proven_at(session: Session) -> datetime | None:
    """The newest round in which every way in worked."""
    bad = select(CanaryRun.at).where(~CanaryRun.ok)
    query = select(CanaryRun.at).where(CanaryRun.at.not_in(bad)).order_by(CanaryRun.at.desc()).limit(1)
    return session.scalar(query)


def _problem(session: Session, runtime: Runtime, attempt: Attempt, began: datetime) -> str:
    if attempt.problem:
        return attempt.problem
    query = select(Rating).where(Rating.status == CANARY, Rating.received_at >= began)
    if attempt.channel == "bot":
        query = query.join(ServicePoint, Rating.service_point_id == ServicePoint.id)
        query = query.where(Rating.channel == "bot", ServicePoint.kind == attempt.kind)
    else:
        query = query.where(Rating.receipt == attempt.receipt)
    stored: Sequence[Rating] = session.scalars(query).all()
    return "" if any(one.score == LEVEL for one in stored) else "it was answered, but is not stored with its level"


def _alarm(session: Session, runtime: Runtime, failed: Sequence[str], now: datetime) -> None:
    ways = sorted({one.partition("/")[0] for one in failed})
    told = text("canary.push.text", ways="、".join(text(f"canary.ways.{way}") for way in ways))
    _push(session, runtime, ",".join(failed), told, now)


def _push(session: Session, runtime: Runtime, what: str, told: str, now: datetime) -> None:
    for group in sorted({"complaints", runtime.settings.operators_group}):
        outbox.put(
            session,
            dedupe_key=f"canary:{local_day(now, runtime.zone)}:{group}:{what}"[:120],
            purpose="canary_failed",
            channel="wecom_group",
            recipient=group,
            payload={"title": text("canary.push.title"), "text": told},
            now=now,
        )
