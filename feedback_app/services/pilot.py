"""A trial in a few departments before everybody: the others are not open yet, and going live begins the count anew.

How it stands is an entry of the evidence log, of which the newest counts (decision 0890): which scores were dropped, when and
by whom, cannot be changed unseen. Complaints and cases know nothing of a trial: they are taken everywhere, and stay.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import directory, ratings, set_asides, shown_state
from feedback_app.db import evidence as log
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.leaderboards import Leaderboard
from feedback_app.db.ratings import Rating
from feedback_app.db.set_asides import EXCLUDED, HELD, SetAside
from feedback_app.domain.periods import Month, local_day
from feedback_app.errors import Conflict, Gone, NotFound, Refused
from feedback_app.services import audit, evidence

SUBJECT = "pilot"
TRIAL, LIVE = "trial", "live"
WHY = "trial"
"""Why a rating of the trial does not count, in the evidence log and on every list."""
QUIET_PURPOSES = frozenset(
    {"star_result", "star_summary", "round_letter", "round_reminder", "thanks", "reading", "activity"}
)
"""Messages that members of departments which are not open do not get. Cases, danger and sign-in always go out."""
AT_ONCE = 500
_KEPT = "pilot"


@dataclass(frozen=True)
class Stage:
    """``state``: "" (there never was a trial) | trial | live. ``units``: keys of the departments in the trial."""

    state: str = ""
    units: frozenset[str] = frozenset()
    since: datetime | None = None  # the beginning of the trial
    live_at: datetime | None = None
    aside: int = 0  # ratings that were dropped at going live

    @property
    def is_trial(self) -> bool:
        return self.state == TRIAL


@dataclass(frozen=True)
class Plan:
    """What going live would do."""

    dropped: int  # ratings of the trial that will not count
    cases: int  # of the trial, all kept
    opened: int  # departments that are not open yet


def stage(session: Session) -> Stage:
    """How it stands; read once for each transaction."""
    kept: Stage | None = session.info.get(_KEPT)
    if kept is None:
        kept = session.info[_KEPT] = _read(session)
    return kept


def _read(session: Session) -> Stage:
    entries = log.of_subject(session, SUBJECT)
    if not entries:
        return Stage()
    last = entries[-1]
    live_at = last.written_at if last.shown["state"] == LIVE else None
    units = frozenset(last.shown["units"])
    return Stage(last.shown["state"], units, entries[0].written_at, live_at, last.shown.get("aside", 0))


def is_open(session: Session, point: ServicePoint) -> bool:
    """Whether ratings are taken there: always, but in a trial only for what belongs to one of its departments."""
    units = stage(session).units if stage(session).is_trial else None
    return units is None or any(one.kind == "department" and one.key in units for one in _upwards(point))


def _upwards(point: ServicePoint) -> Iterator[ServicePoint]:
    seen: set[int] = set()
    above: ServicePoint | None = point
    while above is not None and above.id not in seen:
        yield above
        seen.add(above.id)
        above = above.department


def check(session: Session, point: ServicePoint) -> None:
    """Raises Gone ``codes.not_open`` for a place that is not open yet."""
    if not is_open(session, point):
        raise Gone("codes.not_open", name=point.name)


def closed_among(session: Session, point_ids: Collection[int]) -> Sequence[ServicePoint]:
    """Those of these places that are not open yet."""
    if not stage(session).is_trial:
        return ()
    found = (directory.get(session, one) for one in point_ids)
    return [one for one in found if one is not None and not is_open(session, one)]


def wants_quiet(session: Session, purpose: str, point_id: int | None) -> bool:
    """Whether a message of this purpose is for somebody, or a department, that has no part in the trial."""
    return purpose in QUIET_PURPOSES and point_id is not None and bool(closed_among(session, (point_id,)))


def check_boards(session: Session) -> None:
    """Raises Conflict ``pilot.no_boards`` while the trial lasts: its scores decide about nobody."""
    if stage(session).is_trial:
        raise Conflict("pilot.no_boards")


def counts_from(session: Session, zone: ZoneInfo) -> date | None:
    """The first day that boards look at: that of going live; None where there never was a trial."""
    live_at = stage(session).live_at
    return local_day(live_at, zone) if live_at else None


def choose(session: Session, keys: Collection[str], *, by: str, now: datetime) -> Stage:
    """Begin a trial in these departments, or change which ones are in it.

    Raises Refused ``pilot.no_units``, NotFound ``pilot.no_such_unit``, Conflict ``pilot.is_live``, ``pilot.too_late`` once a
    board has been closed, ``pilot.stands_so``.
    """
    standing, wanted = stage(session), frozenset(one.strip() for one in keys if one.strip())
    if standing.state == LIVE:
        raise Conflict("pilot.is_live")
    if not standing.is_trial and session.scalar(select(Leaderboard.id).limit(1)) is not None:
        raise Conflict("pilot.too_late")
    if not wanted:
        raise Refused("pilot.no_units")
    for key in sorted(wanted):
        if directory.find(session, "department", key) is None:
            raise NotFound("pilot.no_such_unit", key=key)
    if standing.is_trial and wanted == standing.units:
        raise Conflict("pilot.stands_so")
    return _turn(session, Stage(TRIAL, wanted), {}, by, now)


def plan(session: Session) -> Plan:
    """For the page that asks whether to go live."""
    standing = stage(session)
    if standing.since is None:
        return Plan(0, 0, 0)
    cases = select(func.count(Case.id)).where(Case.received_at >= standing.since)
    units = directory.all_points(session, kind="department", active_only=True)
    closed = sum(not is_open(session, one) for one in units)
    return Plan(len(_of_trial(session, standing.since)), session.scalar(cases) or 0, closed)


def _of_trial(session: Session, since: datetime) -> Sequence[int]:
    query = select(Rating.id).where(Rating.received_at >= since, Rating.status.in_(("counted", HELD)))
    return session.scalars(query.order_by(Rating.id)).all()


def go_live(session: Session, *, by: str, zone: ZoneInfo, now: datetime) -> int:
    """Open every department and set the scores of the trial aside, each by an entry of the evidence log; how many.

    Their words, complaints and cases stay where they are. It cannot be undone. Raises Conflict ``pilot.no_trial``.
    """
    standing = stage(session)
    if not standing.is_trial or standing.since is None:
        raise Conflict("pilot.no_trial")
    month = Month.of(standing.since, zone)
    while month <= Month.of(now, zone):  # every rating that is being written is seen, or counts after us
        ratings.lock_month(session, str(month), to_close=True)
        month = month.shifted(1)
    session.info.pop(_KEPT, None)  # somebody else may have gone live while this one waited
    if not stage(session).is_trial:
        raise Conflict("pilot.no_trial")
    found = _of_trial(session, standing.since)
    for start in range(0, len(found), AT_ONCE):
        _drop(session, found[start : start + AT_ONCE], by, now)
    _turn(session, Stage(LIVE), {"aside": len(found)}, by, now)
    return len(found)


def _drop(session: Session, ids: Sequence[int], by: str, now: datetime) -> None:
    """As two persons' decision would, in the one way the log knows."""
    asides = {one.rating_id: one for one in session.scalars(select(SetAside).where(SetAside.rating_id.in_(ids)))}
    for rating in session.scalars(select(Rating).where(Rating.id.in_(ids)).order_by(Rating.id)):
        rating.status, rating.why_not = EXCLUDED, WHY
        aside = asides.get(rating.id)
        if aside is not None and aside.state in set_asides.OPEN:
            aside.state, aside.decided_by, aside.decided_at = EXCLUDED, by, now
        evidence.write_decision(session, rating, now, aside)
    session.flush()


def _turn(session: Session, new: Stage, more: dict[str, int], by: str, now: datetime) -> Stage:
    shown = {"state": new.state, "units": sorted(new.units), **more}
    evidence.write(session, SUBJECT, SUBJECT, shown=shown, hidden={"by": by}, now=now)
    audit.write(session, actor=by, action=f"pilot.{new.state}", subject=SUBJECT, now=now, **shown)
    shown_state.grow(session.connection())
    session.flush()
    session.info.pop(_KEPT, None)
    return stage(session)
