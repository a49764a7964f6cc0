"""The morning's work on cases: who is reminded of what, once each, and what the offices read first thing.

Everything goes through the outbox under a key of case, round and moment: run again, after a crash or by two workers at once,
it queues nothing twice. On days that are not worked nobody is written to; the next working day tells what then is due.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.domain import reminders
from feedback_app.domain.complaints import OPEN
from feedback_app.domain.periods import local_day
from feedback_app.domain.reminders import Stage
from feedback_app.domain.workdays import WorkdayTable, elapsed
from feedback_app.domain.working_hours import next_working_moment
from feedback_app.services import calendar, case_clock, case_history, case_people
from feedback_app.services.case_people import OFFICE, Way
from feedback_app.settings import Settings
from feedback_app.texts import text

REMINDED = "reminded"
BATCH = 40
"""Cases in one transaction: a fraction of a second, so that nobody who rates at that moment waits for the morning."""


@dataclass(frozen=True)
class _Morning:
    session: Session
    settings: Settings
    now: datetime
    today: date
    opens: datetime
    is_workday: WorkdayTable
    known: dict[tuple[str, str | int | None], list[Way]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reminded:
    """How many cases were concerned; ``after``: the last case looked at, None when there are no more."""

    told: int
    after: int | None


def remind(session: Session, settings: Settings, now: datetime) -> int:
    """Queue every reminder that has become due; how many cases were concerned."""
    told, after = 0, 0
    while True:
        done = remind_some(session, settings, now, after)
        told += done.told
        if done.after is None:
            return told
        after = done.after


def remind_some(session: Session, settings: Settings, now: datetime, after: int) -> Reminded:
    """The same for the next :data:`BATCH` cases, in a transaction of their own; begun again at 0 after a crash, what was told
    is not told twice: each case remembers the moment it was reminded of."""
    lock(session, REMINDED)  # two workers at once would each write it into the history
    morning = _morning(session, settings, now)
    if morning is None:
        return Reminded(0, None)
    running = select(Case).where(Case.state == OPEN, Case.due_on.is_not(None), Case.made_up.is_(False), Case.id > after)
    cases = session.scalars(running.order_by(Case.id).limit(BATCH)).all()
    told = 0
    for case in cases:
        stage = stage_of(session, case, morning.today, morning.is_workday)
        if stage is not None and case.last_reminder != f"{case.clock_round}:{stage.key}":
            _remind(morning, case, stage)
            told += 1
    return Reminded(told, cases[-1].id if len(cases) == BATCH else None)


def stage_of(session: Session, case: Case, today: date, is_workday: WorkdayTable) -> Stage | None:
    """The last moment of this case's clock that has been reached on ``today``; None before the first."""
    if case.working_days is None:
        return None
    gone = elapsed(case.clock_from, today, is_workday, case_clock.pauses(session, case))
    return reminders.stage(gone, case.working_days, taken=bool(case.owner), level=case.level)


def _remind(morning: _Morning, case: Case, stage: Stage) -> None:
    session = morning.session
    ways = {way.name: way for who in stage.to for way in _ways_once(morning, case, who)}
    title = text(f"complaints.remind.{stage.word}_title", number=case.number)
    words = text(f"complaints.remind.{stage.word}", number=case.number, due_on=case.due_on)
    for way in ways.values():
        case_people.send(
            session,
            way,
            f"case:{case.id}:{case.clock_round}:{stage.key}",
            title,
            words,
            morning.now,
            url=f"{morning.settings.server.base_url}/admin/complaints/{case.number}",
            not_before=morning.opens,
        )
    case.last_reminder = f"{case.clock_round}:{stage.key}"
    details = {"stage": stage.key, "round": case.clock_round, "to": list(stage.to)}
    case_history.write(session, case, REMINDED, actor="system", now=morning.now, details=details)


def _ways_once(morning: _Morning, case: Case, who: str) -> list[Way]:
    """Asked once for each owner and department of these cases."""
    about = {reminders.OWNER: case.owner, reminders.HEAD: case.department_id}.get(who)
    if (who, about) not in morning.known:
        morning.known[who, about] = _ways(morning, case, who)
    return morning.known[who, about]


def _ways(morning: _Morning, case: Case, who: str) -> list[Way]:
    """How these people are reached; through the complaints office where they are not."""
    session = morning.session
    if who == reminders.BUREAU:
        return [OFFICE]
    people: Iterable[ServicePoint | None]
    if who == reminders.OWNER:
        people = [case_people.staff(session, case.owner)]
    elif who == reminders.HEAD:
        people = case_people.heads(session, case.department_id) or [None]
    else:
        people = case_people.directors(session, morning.settings.complaints.directors) or [None]
    return [case_people.way(session, one) for one in people]


def digest(session: Session, settings: Settings, now: datetime) -> int:
    """What waits this morning: to the complaints office, and to each owner their own; how many messages were queued."""
    morning = _morning(session, settings, now)
    if morning is None:
        return 0
    query = select(Case).where(Case.state == OPEN, Case.due_on.is_not(None), Case.made_up.is_(False))
    waiting = session.scalars(query.order_by(Case.due_on, Case.id)).all()
    sent = _digest(morning, OFFICE, waiting) if waiting else 0
    owned: dict[str, list[Case]] = {}
    for case in waiting:
        owned.setdefault(case.owner, []).append(case)
    for owner, cases in owned.items():
        way = case_people.way(session, case_people.staff(session, owner))
        if way != OFFICE:
            sent += _digest(morning, way, cases)
    return sent


def _digest(morning: _Morning, way: Way, cases: Iterable[Case]) -> int:
    listed = list(cases)
    late = [case for case in listed if case.due_on and case.due_on < morning.today]
    due = [case for case in listed if case.due_on == morning.today]
    counts: Mapping[str, object] = {
        "waiting": len(listed),
        "late": len(late),
        "due": len(due),
        "untaken": sum(not case.owner for case in listed),
    }
    lines = [text("complaints.remind.digest", **counts)]
    lines += [
        text(f"complaints.remind.digest_{word}", numbers="、".join(str(case.number) for case in some[:10]))
        for word, some in (("late", late), ("due", due))
        if some
    ]
    return case_people.send(
        morning.session,
        way,
        f"cases:digest:{morning.today}",
        text("complaints.remind.digest_title", day=morning.today),
        "\n".join(lines),
        morning.now,
        purpose="case_digest",
        url=f"{morning.settings.server.base_url}/admin/complaints",
        not_before=morning.opens,
    )


def _morning(session: Session, settings: Settings, now: datetime) -> _Morning | None:
    """None on a day that is not worked."""
    is_workday, zone = calendar.table(session), settings.hospital.zone
    today = local_day(now, zone)
    opens = next_working_moment(now, zone, settings.deliveries.working_hours, is_workday)
    worked = is_workday(today)
    if not (today.weekday() < 5 if worked is None else worked):
        return None
    return _Morning(session, settings, now, today, opens, is_workday)
