"""What counts beside patients' ratings: points given by people, imported figures, praise, and what is on file."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db import assessments, leaderboards
from feedback_app.db.assessments import PersonRecord
from feedback_app.db.complaints import Case
from feedback_app.db.directory import DutySlot
from feedback_app.db.leaderboards import Leaderboard, LeaderboardRow
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.criteria._base import Mark, Taken
from feedback_app.domain.cycles import Period
from feedback_app.domain.eligibility import Record
from feedback_app.services import visit_feed

VISITS = "visits"
"""How many patients somebody served: counted from the hospital's visits, else the imported figure of this name."""
_NOT_PRAISE = ("withdrawn", "merged")


@dataclass(frozen=True)
class OtherFacts:
    """By service point. ``complaints``: those found justified in the period."""

    marks: Mapping[int, Mapping[str, tuple[Mark, ...]]] = field(default_factory=dict)
    taken: Mapping[int, tuple[Taken, ...]] = field(default_factory=dict)
    figures: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    praise: Mapping[int, int] = field(default_factory=dict)
    records: Mapping[int, tuple[Record, ...]] = field(default_factory=dict)
    complaints: Mapping[int, int] = field(default_factory=dict)
    starred: frozenset[int] = frozenset()


def gather(session: Session, scheme: Scheme, period: Period) -> OtherFacts:
    """Read only what the scheme asks for."""
    kinds = {share.kind for share in scheme.shares}
    marks, taken = _assessed(session, scheme, period)
    records, complaints = _on_file(session, scheme, period)
    return OtherFacts(
        marks=marks,
        taken=taken,
        figures=_figures(session, scheme, period),
        praise=_praise(session, period) if "praise" in kinds else {},
        records=records,
        complaints=complaints,
        starred=_starred(session, scheme, period),
    )


def _assessed(
    session: Session, scheme: Scheme, period: Period
) -> tuple[dict[int, dict[str, tuple[Mark, ...]]], dict[int, tuple[Taken, ...]]]:
    """Points by share; of score sheets, which one inspector fills in, the newest."""
    sheets = {share.name for share in scheme.shares if share.kind == "score_sheet"}
    marks: dict[int, dict[str, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    taken: dict[int, tuple[Taken, ...]] = {}
    for one in assessments.of_period(session, scheme.key, str(period)):
        if one.share in sheets:
            taken[one.service_point_id] = tuple(sorted(_taken(each) for each in one.body.get("taken", [])))
        else:
            marks[one.service_point_id][one.share].append(Mark(one.given_by, one.points))
    return {
        point: {share: tuple(sorted(given)) for share, given in by_share.items()} for point, by_share in marks.items()
    }, taken


def _taken(body: Mapping[str, Any]) -> Taken:
    return Taken(str(body["item"]), str(body["reason"]), float(body["points"]))


def _figures(session: Session, scheme: Scheme, period: Period) -> dict[int, dict[str, float]]:
    names = {str(share.options["figure"]) for share in scheme.shares if "figure" in share.options}
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for point_id, told in visit_feed.served(session, period.first, period.last).items():
        found[point_id][VISITS] = told
    for one in assessments.figures(session, {*names, VISITS}, str(period)):
        if (
            one.name != VISITS or VISITS not in found[one.service_point_id]
        ):  # visits that were told one by one are surer
            found[one.service_point_id][one.name] = one.value
    return found


def _praise(session: Session, period: Period) -> dict[int, int]:
    query = select(Case.service_point_id, func.count()).where(
        Case.kind == "praise",
        Case.service_point_id.is_not(None),
        Case.state.not_in(_NOT_PRAISE),
        Case.day.between(period.first, period.last),
    )
    return {point: count for point, count in session.execute(query.group_by(Case.service_point_id)) if point}


def _on_file(session: Session, scheme: Scheme, period: Period) -> tuple[dict[int, tuple[Record, ...]], dict[int, int]]:
    records: dict[int, list[Record]] = defaultdict(list)
    for one in assessments.records(session, period.first, period.last):
        records[one.service_point_id].append(Record(one.kind, one.since, one.until))
    known = {point: tuple(sorted(several, key=_in_order)) for point, several in records.items()}
    return known, _complaints(session, scheme, period)


def _complaints(session: Session, scheme: Scheme, period: Period) -> dict[int, int]:
    """Justified complaints that count in this period: of its days, as far as it was still open when they were found.

    Found after the period of the event had been closed, one counts in the period in which it was found, as late ratings do;
    unless an honour was taken back for it. What has a number is counted once, by whatever way it came on file.
    """
    closed = {Period.parse(one.period): one.closed_at for one in leaderboards.of_award(session, scheme.key)}
    acted_on = assessments.acted_on(session, scheme.key)
    within = [
        one
        for one in assessments.records(session, period.first, period.last)
        if one.kind == "complaint" and period.first <= one.since <= period.last
    ]
    late = assessments.told_late(session, "complaint", period.first, period.last)
    counted = [one for one in within if not _came_late(one, closed)]
    counted += [one for one in late if one.id not in acted_on and _came_late(one, closed)]
    found: dict[int, set[str]] = defaultdict(set)
    for one in counted:
        found[one.service_point_id].add(one.reference or f"#{one.id}")
    return {point: len(several) for point, several in found.items()}


def _came_late(one: PersonRecord, closed: Mapping[Period, datetime]) -> bool:
    at = next((at for period, at in closed.items() if period.first <= one.since <= period.last), None)
    return at is not None and at < one.made_at


def _in_order(record: Record) -> tuple[str, str, str]:
    return record.kind, str(record.since), str(record.until)


def _starred(session: Session, scheme: Scheme, period: Period) -> frozenset[int]:
    """Who served in the period at a window that the award's newest closed period before this one honoured (S7)."""
    if not any(league.starred_windows_only for league in scheme.leagues):
        return frozenset()
    boards = session.scalars(select(Leaderboard).where(Leaderboard.award_key == scheme.key)).all()
    earlier = [one for one in boards if Period.parse(one.period) < period]
    if not earlier:
        return frozenset()
    newest = max(earlier, key=lambda one: Period.parse(one.period))
    rows = session.scalars(select(LeaderboardRow).where(LeaderboardRow.leaderboard_id == newest.id))
    windows = {one.service_point_id for one in rows if one.body["won"]}
    slots = select(DutySlot.staff_id).where(DutySlot.window_id.in_(windows)).distinct()
    return frozenset(session.scalars(slots))
