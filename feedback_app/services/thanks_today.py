"""Patients' kind words reach the person they are about on the same working day, whatever the rank.

Once a day, a quarter of an hour before the working hours end: one message a person, undated and in an order that tells nothing.
Words that came with a rating go out once at least five people have rated that person since the last time (within a month;
what is left at its end is read on the own page when the month is given): with fewer, whoever remembers the day's patients would
know who was content. When this is depends on how many rated, never on what they said. Praise that was sent to the person as such
goes the same day. What comes later goes the next working day; what was missed while no worker ran is made up in the next working
hours.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import tallies
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.platform import JobRun
from feedback_app.domain import groups, thanks, working_hours
from feedback_app.domain.periods import local_day
from feedback_app.services import calendar, outbox, periodic, reaching
from feedback_app.settings import Settings
from feedback_app.texts import text

KIND = 4  # stars
MOST = 3  # texts in one message
BEFORE_THE_END = timedelta(minutes=15)
OLDEST = timedelta(days=7)
JOB = "thanks"
TOLD = "thanks:"  # and the person: until when they have been told, a row a month
_SEARCH = 30


def last_collection(now: datetime, settings: Settings) -> datetime:
    """The newest moment until now at which words were to be collected."""
    zone = settings.hospital.zone
    _, ends = working_hours.parse(settings.deliveries.working_hours)
    today = local_day(now, zone)
    for back in range(_SEARCH):
        day = today - timedelta(days=back)
        worked = calendar.is_workday(day)
        moment = datetime.combine(day, ends, zone) - BEFORE_THE_END
        if moment <= now and (day.weekday() < 5 if worked is None else worked):
            return moment
    return now - OLDEST


def is_due(session: Session, now: datetime, settings: Settings) -> bool:
    """Whether the last collection has not been sent, and these are working hours."""
    if reaching.goes_out(now, settings) > now:
        return False
    return not periodic.is_done(session, JOB, _name(last_collection(now, settings), settings))


def send(session: Session, now: datetime, settings: Settings) -> int:
    """Collect and queue; returns how many messages. Done before, by whomever: 0."""
    until = last_collection(now, settings)
    since = _since(session, until, settings)
    if not periodic.take(session, JOB, _name(until, settings), now):
        return 0
    words = _words(session, since, until, settings)
    queued = 0
    for one in reaching.reachable(session, settings, only=tuple(words)):
        queued += outbox.put(
            session,
            dedupe_key=f"thanks:{_name(until, settings)}:{one.member.id}",
            purpose="thanks",
            channel=one.channel,
            recipient=one.address_sealed,
            payload={
                "title": text("thanks.title"),
                "text": "\n".join([*(text("thanks.words", words=said) for said in words[one.member.id]), text("thanks.note")]),
                "url": f"{settings.server.base_url}/staff/",
            },
            now=now,
            service_point_id=one.member.id,
        )  # fmt: skip
    return queued


def _name(moment: datetime, settings: Settings) -> str:
    return local_day(moment, settings.hospital.zone).isoformat()


def _since(session: Session, until: datetime, settings: Settings) -> datetime:
    """The collection before: everything after it has not been sent; a week at most."""
    query = select(JobRun.period).where(JobRun.kind == JOB, JobRun.period < _name(until, settings))
    last = session.scalar(query.order_by(JobRun.period.desc()).limit(1))
    if last is None:
        return until - OLDEST
    _, ends = working_hours.parse(settings.deliveries.working_hours)
    day = datetime.fromisoformat(last).date()
    return max(datetime.combine(day, ends, settings.hospital.zone) - BEFORE_THE_END, until - OLDEST)


def _words(session: Session, since: datetime, until: datetime, settings: Settings) -> Mapping[int, list[str]]:
    """Person -> fit words of ratings and of praise, the longest first: the order tells nothing about when."""
    found: dict[int, set[str]] = defaultdict(set)
    for person_id, said in _in_groups(session, since, until, settings):
        found[person_id].add(said.strip())
    praised = select(Case.service_point_id, Case.text).where(
        Case.kind == "praise", Case.service_point_id.is_not(None), Case.received_at > since, Case.received_at <= until,
        Case.state.not_in(("withdrawn", "merged")),
    )  # fmt: skip
    for point_id, said in session.execute(praised):
        if point_id is not None:
            found[point_id].add(said.strip())
    staff = dict(session.execute(select(ServicePoint.id, ServicePoint.name).where(ServicePoint.kind == "staff")).all())
    names = set(staff.values())
    return {
        who: fit[:MOST]
        for who, said in found.items()
        if who in staff and (fit := sorted((one for one in said if thanks.is_fit(one, names - {staff[who]})), key=lambda one: (-len(one), one)))
    }  # fmt: skip


def _in_groups(session: Session, since: datetime, until: datetime, settings: Settings) -> Iterator[tuple[int, str]]:
    """(person, words) of every group of five or more that became complete between two collections."""
    begin = local_day(since, settings.hospital.zone).replace(day=1)
    while begin <= local_day(until, settings.hospital.zone):
        following = (begin + timedelta(days=32)).replace(day=1)
        first, last = (datetime.combine(day, time(), settings.hospital.zone) for day in (begin, following))
        rated = tallies.moments(session, first, min(last, until), KIND)
        closings = list(_collections(first, min(last, until), settings))
        known = _known(session, f"{begin:%Y-%m}")
        told = {who: row.done_at for who, row in known.items() if row.done_at <= until}
        # Of the others a clock was ahead: until when they have been told is not known, and is worked out from their ratings.
        unsure = None if not _is_whole(session, f"{begin:%Y-%m}") else frozenset(known) - frozenset(told)
        yield from _complete(rated, closings, since, told, unsure)
        for who, closed in told.items():
            _remember(session, known.get(who), who, f"{begin:%Y-%m}", closed)
        begin = following


def _is_whole(session: Session, month: str) -> bool:
    """Whether all that was sent of this month is remembered; of the first month with this release it may not be."""
    first = session.scalar(select(func.min(JobRun.period)).where(JobRun.kind.startswith(TOLD)))
    return first is not None and first < month


def _known(session: Session, month: str) -> dict[int, JobRun]:
    """Person -> when the last group of the month was closed whose words they have been sent."""
    query = select(JobRun).where(JobRun.kind.startswith(TOLD), JobRun.period == month)
    return {int(one.kind.removeprefix(TOLD)): one for one in session.scalars(query)}


def _remember(session: Session, row: JobRun | None, person_id: int, month: str, closed: datetime) -> None:
    if row is None:
        session.add(JobRun(kind=f"{TOLD}{person_id}", period=month, done_at=closed))
    else:
        row.done_at = closed


def _complete(
    rated: Sequence[tallies.Moment],
    closings: Sequence[datetime],
    since: datetime,
    told: dict[int, datetime],
    unsure: Collection[int] | None,
) -> Iterator[tuple[int, str]]:
    """A group is closed at the first collection at which five have rated since the last one was.

    ``told``: person -> the end of what they have been told, which is kept up to date. It stays as it was when ratings of it are held,
    or let count again, later: else the next group would be the old one with one rating more, and give that one away.
    ``unsure``: people of whom it is not known; who is in neither has been told nothing of this month. None: all who are not
    in ``told``.
    """
    waiting: dict[int, list[str]] = defaultdict(list)
    rest = [one for one in rated if one.person_id not in told or one.at > told[one.person_id]]
    known = frozenset(told)
    for closing in closings:
        for one in rest:
            if one.at <= closing:
                waiting[one.person_id].append(one.text)
        rest = [one for one in rest if one.at > closing]
        for person_id in [who for who, group in waiting.items() if groups.is_enough(len(group))]:
            sure = person_id in known or (unsure is not None and person_id not in unsure)
            if closing <= since and sure:
                continue  # it was not complete then
            group = waiting.pop(person_id)
            if closing > since:
                told[person_id] = closing
                yield from ((person_id, words) for words in group if words)


def _collections(first: datetime, until: datetime, settings: Settings) -> Iterator[datetime]:
    """Every moment of collection from ``first`` to ``until``, whether anybody worked then or not."""
    zone = settings.hospital.zone
    _, ends = working_hours.parse(settings.deliveries.working_hours)
    day = local_day(first, zone)
    while (moment := datetime.combine(day, ends, zone) - BEFORE_THE_END) <= until:
        worked = calendar.is_workday(day)
        if day.weekday() < 5 if worked is None else worked:
            yield moment
        day += timedelta(days=1)
