"""Points that the bodies of an award give, entered in the console: who may, about whom, and what is there already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import assessments
from feedback_app.db import leaderboards as boards
from feedback_app.db.assessments import Assessment
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import bodies as rules
from feedback_app.domain.award_parts import Share
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Taken
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import league_of
from feedback_app.domain.periods import local_day
from feedback_app.errors import NotFound, Refused
from feedback_app.services import assessing, bodies, directory, star_facts
from feedback_app.services.bodies import BodyMember

SHEET = "score_sheet"
BY_BODIES = ("expert_score", "quality_audit", "service_code", SHEET)
"""What bodies give. Colleagues' own opinions are given by each on their own page, without a name."""


@dataclass(frozen=True)
class Line:
    """What has been given to one candidate: share -> how many opinions; ``total``: of the newest score sheet."""

    key: str
    name: str
    department: str
    counts: Mapping[str, int]
    total: float | None


@dataclass(frozen=True)
class Overview:
    shares: Sequence[Share]
    lines: Sequence[Line]
    members: Mapping[str, Sequence[BodyMember]]  # share -> who may give
    closed: bool


@dataclass(frozen=True)
class Given:
    """What is typed: points for an opinion, or how often each deduction of the sheet applied (item, place among its reasons)."""

    share: str
    candidate: str  # number
    member_id: int
    points: float | None = None
    deductions: Mapping[tuple[str, int], int] = field(default_factory=dict)
    note: str = ""


def overview(session: Session, scheme: Scheme, period: Period, now: datetime, zone: ZoneInfo) -> Overview:
    """Everybody of the award's groups with what was given so far in the period."""
    given: dict[int, dict[str, list[Assessment]]] = defaultdict(lambda: defaultdict(list))
    for one in assessments.of_period(session, scheme.key, str(period)):
        given[one.service_point_id][one.share].append(one)
    shares = [one for one in scheme.shares if one.kind in (*BY_BODIES, "peer_review")]
    sheets = [one.name for one in shares if one.kind == SHEET]
    lines = [
        Line(
            member.key,
            member.name,
            member.department,
            {one.name: len(given[member.point_id][one.name]) for one in shares},
            next((given[member.point_id][name][-1].points for name in sheets if given[member.point_id][name]), None),
        )
        for member in star_facts.members(session, scheme)
        if member.active and league_of(member, scheme.leagues) is not None
    ]
    today = local_day(now, zone)
    members = {one.name: bodies.entitled(session, scheme, one.kind, today) for one in shares if one.kind in BY_BODIES}
    return Overview(shares, lines, members, boards.find(session, scheme.key, str(period)) is not None)


def give(session: Session, scheme: Scheme, period: Period, told: Given, *, now: datetime, zone: ZoneInfo) -> Assessment:
    """What a member of a body gives. Given again, it replaces what the same member gave before.

    Raises Refused ``stars.no_share`` / ``bad_points`` / ``closed_already``, ``stars.recused`` for oneself and one's own
    department (S5), NotFound ``bodies.no_member`` for somebody without a seat today, ``stars.no_candidate``.
    """
    share = next((one for one in scheme.shares if one.name == told.share and one.kind in BY_BODIES), None)
    if share is None:
        raise Refused("stars.no_share", share=told.share[:40])
    sitting = bodies.entitled(session, scheme, share.kind, local_day(now, zone))
    member = next((one for one in sitting if one.id == told.member_id), None)
    if member is None:
        raise NotFound("bodies.no_member")
    point = _candidate(session, scheme, told.candidate)
    if rules.stands_aside(bodies.seat_of(member), point.id, point.department_id):
        raise Refused("stars.recused")
    by = f"member:{member.id}"
    if share.kind == SHEET:
        taken = _taken(scheme, told.deductions)
        return assessing.inspect(session, scheme, period, share.name, point, taken, by=by, now=now, note=told.note)
    if told.points is None:
        raise Refused("stars.bad_points")
    return assessing.give(session, scheme, period, share.name, point, told.points, by=by, now=now, note=told.note)


def _candidate(session: Session, scheme: Scheme, key: str) -> ServicePoint:
    point = directory.by_key(session, key.strip())
    if point is None or not any(one.kind == point.kind for one in scheme.leagues):
        raise NotFound("stars.no_candidate")
    return point


def _taken(scheme: Scheme, deductions: Mapping[tuple[str, int], int]) -> list[Taken]:
    found = []
    for item in scheme.sheet:
        for place, reason in enumerate(item.deductions):
            found += [Taken(item.key, reason.title["zh"], reason.points)] * deductions.get((item.key, place), 0)
    return found
