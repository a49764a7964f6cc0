"""A signal on a control chart is told once, in working hours, to those who must act: director and quality office.

Not to the person rated, and not to heads, who are rated by these figures too and read whole months. The message names the place
and the week, no figure; the page behind it has them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.periods import local_day
from feedback_app.domain.roles import DIRECTOR, QUALITY
from feedback_app.domain.weeks import Week, whole_weeks
from feedback_app.services import case_people, dashboards, day_counts, periodic, reaching
from feedback_app.services.case_people import Way
from feedback_app.services.day_counts import HOSPITAL
from feedback_app.services.question_lines import Versions
from feedback_app.settings import Settings
from feedback_app.texts import text

JOB = "signals"
READERS = (DIRECTOR, QUALITY)


@dataclass(frozen=True)
class Signal:
    """``unit`` None: the hospital. ``kind`` as in ``domain.signals``."""

    unit: ServicePoint | None
    week: Week
    kind: str


def last_week(now: datetime, settings: Settings) -> Week:
    """The newest week that is over."""
    return whole_weeks(local_day(now, settings.hospital.zone) - timedelta(days=1), 1)[-1]


def is_due(session: Session, now: datetime, settings: Settings) -> bool:
    """In working hours, until the last week has been looked at."""
    if reaching.goes_out(now, settings) > now:
        return False
    return not periodic.is_done(session, JOB, last_week(now, settings).monday.isoformat())


def found(session: Session, week: Week) -> Iterator[Signal]:
    """Every department in use, and the hospital, whose chart has a signal in this week."""
    weeks = whole_weeks(week.sunday, dashboards.WEEKS)
    query = select(ServicePoint).where(ServicePoint.kind == "department", ServicePoint.active)
    versions = Versions(session)
    for unit in (None, *session.scalars(query.order_by(ServicePoint.sort_key, ServicePoint.id))):
        days = day_counts.of_unit(session, unit.id if unit else HOSPITAL, weeks[0].monday, week.sunday)
        chart = dashboards.control(days, weeks, versions)
        if chart and chart[-1].judged.signal:
            yield Signal(unit, week, chart[-1].judged.signal)


@dataclass(frozen=True)
class Looked:
    week: Week
    signals: Sequence[Signal]


def look(session: Session, now: datetime, settings: Settings) -> Looked:
    """The charts of the last week, all of them: while this is worked out nobody should have to wait for the writer's turn."""
    week = last_week(now, settings)
    return Looked(week, tuple(found(session, week)))


def send(session: Session, now: datetime, settings: Settings) -> int:
    """How many messages were queued; 0 when there is nothing to tell, or somebody has done it."""
    return tell(session, look(session, now, settings), now, settings) or 0


def tell(session: Session, looked: Looked, now: datetime, settings: Settings) -> int | None:
    """The same of what was looked at before; None, and nothing done, when another week has begun since."""
    week = looked.week
    if week != last_week(now, settings):
        return None
    if not periodic.take(session, JOB, week.monday.isoformat(), now):
        return 0
    ways, sent = _ways(session), 0
    for one in looked.signals:
        place = one.unit.name if one.unit else settings.hospital.name
        key = f"signal:{one.unit.key if one.unit else '-'}:{week.monday}"
        url = f"{settings.server.base_url}/admin/figures{f'?unit={one.unit.id}' if one.unit else ''}"
        said = text(f"dashboards.signal.{one.kind}", week=week.label)
        for way in ways:
            sent += case_people.send(session, way, key, text("dashboards.alert.title", place=place), said, now, purpose="signal", url=url)  # fmt: skip
    return sent


def _ways(session: Session) -> list[Way]:
    """One for each reader who can be reached; no group."""
    query = select(Account.login).where(Account.role.in_(READERS), Account.active).order_by(Account.id)
    ways = [case_people.way(session, case_people.staff(session, login)) for login in session.scalars(query)]
    return list({one.name: one for one in ways if one is not case_people.OFFICE}.values())
