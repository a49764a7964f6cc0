"""Looking through how a month's ratings arrived, and holding what the rules of ``domain.stuffing`` find.

Runs every hour and once more before a month is closed. What is found again changes nothing: a rating that was held, kept or
excluded stays as it is. Made-up ratings and those typed in from paper are left alone: they arrive as their typist types.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.db.people import Binding
from feedback_app.db.ratings import Rating, lock_month
from feedback_app.domain import stuffing
from feedback_app.domain.cycles import Period
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.stuffing import COLLEAGUE, STAFF, Seen, Usual, Weighed
from feedback_app.services import set_asides
from feedback_app.services.runtime import Runtime
from feedback_app.services.vault import Vault

FOUR_WEEKS = timedelta(days=28)
_LOOKED_AT = ("counted", "held")
_LOOKING = "arrivals"
"""Taken before any month: two that look at once would hold the same ratings twice, or wait for one another for ever."""
_WITHOUT_NIGHT = ("window", "department")  # kinds that close in the evening


@dataclass(frozen=True)
class Known:
    """What the rules need beside the ratings: people's own names, and what is usual."""

    staff: Mapping[str, int] = field(default_factory=dict)  # a rater's keyed name -> that member of staff
    units: Mapping[int, tuple[int | None, str]] = field(default_factory=dict)  # service point -> department, kind


def watch(
    session: Session,
    vault: Vault,
    app_id: str,
    month: Month,
    *,
    zone: ZoneInfo,
    now: datetime,
    since: date | None = None,
) -> int:
    """Hold what the rules find among the month's ratings; returns how many were held now.

    ``since``: only service points that were rated on or after this day.
    """
    lock(session, _LOOKING)
    lock_month(session, str(month))
    points = _rated(session, month, since)
    if not points:
        return 0
    known = Known(_own_accounts(session, vault, app_id), _units(session))
    history = _history(session, month, zone)
    kinds = _means_by_kind(history, known)
    noted: list[tuple[Rating, Weighed]] = []
    for point_id, ratings in _ratings(session, month, points).items():
        kind = known.units[point_id][1]
        days = {rating.day for rating in ratings}
        usual = stuffing.usual_by_day(history.get(point_id, {}), kinds.get(kind, {}), days)
        found = stuffing.weighed(_seen(ratings, known, zone), usual, night_duty=kind not in _WITHOUT_NIGHT)
        noted += _heavy(ratings, found)
    held = set_asides.hold_all(session, noted, now)
    session.flush()
    return held


def _heavy(ratings: Iterable[Rating], found: Mapping[int, Weighed]) -> Iterator[tuple[Rating, Weighed]]:
    signs = ((rating, found[rating.id]) for rating in ratings if rating.id in found)
    return ((rating, one) for rating, one in signs if one.weight >= stuffing.NOTICED and rating.status == "counted")


def _rated(session: Session, month: Month, since: date | None) -> list[int]:
    query = select(Rating.service_point_id).where(Rating.period == str(month), Rating.status == "counted").distinct()
    query = query.where(~Rating.made_up, Rating.channel != "paper")
    return list(session.scalars(query.where(Rating.day >= since) if since else query))


def _ratings(session: Session, month: Month, points: Sequence[int]) -> dict[int, list[Rating]]:
    query = select(Rating).where(Rating.period == str(month), Rating.service_point_id.in_(points))
    query = query.where(Rating.status.in_(_LOOKED_AT), ~Rating.made_up, Rating.channel != "paper")
    found: defaultdict[int, list[Rating]] = defaultdict(list)
    for rating in session.scalars(query.order_by(Rating.id)):
        found[rating.service_point_id].append(rating)
    return found


def _seen(ratings: Sequence[Rating], known: Known, zone: ZoneInfo) -> list[Seen]:
    copied = stuffing.alike((rating.id, rating.comment) for rating in ratings)
    return [
        Seen(
            rating.received_at.astimezone(zone),
            rating.id,
            verified=rating.verified,
            device=rating.device_hash,
            network=rating.network_hash,
            staff=_staff(rating, known),
            copied=rating.id in copied,
            straight=_is_straight(rating),
        )
        for rating in ratings
    ]


def _staff(rating: Rating, known: Known) -> str:
    who = known.staff.get(rating.rater_hash or "")
    if who is None:
        return rating.staff_sign
    place, own = known.units[rating.service_point_id], known.units.get(who, (None, ""))
    at_home = rating.service_point_id in {who, own[0]} or (place[0] is not None and place[0] == own[0])
    return STAFF if at_home else rating.staff_sign or COLLEAGUE


def _is_straight(rating: Rating) -> bool:
    """At least three levels, all the same. Whichever it is: 70 % of honest forms say five everywhere."""
    levels = [value for value in rating.answers.values() if isinstance(value, int) and not isinstance(value, bool)]
    return len(levels) >= 3 and len(set(levels)) == 1


def _own_accounts(session: Session, vault: Vault, app_id: str) -> dict[str, int]:
    """The names under which members of staff would rate with the WeChat account they are bound with."""
    query = select(Binding.address_sealed, Binding.service_point_id).where(
        Binding.channel == "official_account", Binding.ended_at.is_(None)
    )
    return {vault.person(vault.unseal(sealed), app_id): who for sealed, who in session.execute(query)}


def _units(session: Session) -> dict[int, tuple[int | None, str]]:
    columns = (ServicePoint.id, ServicePoint.department_id, ServicePoint.kind)
    return {point: (unit, kind) for point, unit, kind in session.execute(select(*columns))}


def _history(session: Session, month: Month, zone: ZoneInfo) -> dict[int, dict[date, Usual]]:
    """Service point -> day -> what came without a ticket and counts, from four weeks before the month to its end."""
    first = local_day(month.starts(zone), zone) - FOUR_WEEKS
    last = local_day(month.ends(zone) - timedelta(microseconds=1), zone)
    columns = (Rating.service_point_id, Rating.day, Rating.received_at)
    query = select(*columns).where(Rating.day.between(first, last), Rating.status == "counted")
    times: defaultdict[int, defaultdict[date, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for point_id, day, at in session.execute(query.where(~Rating.verified, Rating.channel != "paper")):
        times[point_id][day].append(at)
    return {
        point_id: {day: stuffing.of_day(moments) for day, moments in days.items()} for point_id, days in times.items()
    }


def _means_by_kind(history: Mapping[int, Mapping[date, Usual]], known: Known) -> dict[str, dict[date, Usual]]:
    """Kind -> day -> mean over its service points that had any rating on that day."""
    days: defaultdict[str, defaultdict[date, list[Usual]]] = defaultdict(lambda: defaultdict(list))
    for point_id, by_day in history.items():
        for day, one in by_day.items():
            days[known.units[point_id][1]][day].append(one)
    return {kind: {day: stuffing.mean_of(all_) for day, all_ in by_day.items()} for kind, by_day in days.items()}


def watch_open(session: Session, runtime: Runtime, now: datetime, *, since: date | None = None) -> int:
    """The running month and the one before, whether or not they are about to be closed."""
    return _watch_all(session, runtime, _open_months(runtime, now), now, since)


def watch_closing(session: Session, runtime: Runtime, periods: Iterable[Period], now: datetime) -> int:
    """The last look before these periods are closed: it waits for every rating of theirs that is being written.

    It takes the months alone from the beginning. Whoever first holds ratings and then asks to be alone waits for those who
    wait for these ratings. Look with :func:`watch_open` in a transaction before, so that this one is short.
    """
    ending = {month for period in periods for month in period.months}
    months = [month for month in _open_months(runtime, now) if month in ending]
    lock(session, _LOOKING)
    for month in months:
        lock_month(session, str(month), to_close=True)
    return _watch_all(session, runtime, months, now, None)


def _open_months(runtime: Runtime, now: datetime) -> tuple[Month, Month]:
    current = Month.of(now, runtime.zone)
    return current.shifted(-1), current


def _watch_all(session: Session, runtime: Runtime, months: Iterable[Month], now: datetime, since: date | None) -> int:
    app_id = runtime.settings.wechat.app_id
    return sum(
        watch(session, runtime.vault, app_id, month, zone=runtime.zone, now=now, since=since) for month in months
    )
