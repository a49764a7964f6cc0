"""The register the law asks for (医疗机构投诉管理办法: person, matter, inquiry and handling, feedback), and the summary of a year."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from feedback_app.db.appeals import Appeal
from feedback_app.db.case_privacy import IdentityLook, IdentityUnlock
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.directory import ServicePoint
from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import Month
from feedback_app.domain.roles import Viewer
from feedback_app.services import case_sight

SMALLEST = 5
"""Groups below are told as "fewer than five": in a small department a count is a name (R10)."""
_HANDLING = frozenset(
    {rules.NOTE, rules.ABOUT, rules.DEPARTMENTS, rules.PAUSE, rules.RESUME, rules.ESCALATE, rules.FIND, "stated"}
)


@dataclass(frozen=True)
class Line:
    """One case as it stands in the register. ``matter`` None: it waits for a protection officer."""

    case: Case
    matter: str | None
    handling: Sequence[CaseEvent]
    feedback: Sequence[CaseEvent]


@dataclass(frozen=True)
class Share:
    """How many of how many; ``count`` None where the group is too small to be told."""

    label: str
    count: int | None


@dataclass(frozen=True)
class Summary:
    """One year of complaints. ``on_time`` and ``answered`` count complaints with a date."""

    year: int
    total: int
    by_kind: Mapping[str, int]
    by_source: Mapping[str, int]
    by_category: Sequence[Share]
    by_department: Sequence[Share]
    by_month: Sequence[int]
    with_date: int
    on_time: int
    median_days: int | None
    settled: int
    silent: int
    refused: int
    final: int
    handling: float | None
    rated: int
    appeals: Mapping[str, int]
    unlocks: int
    looks: int


def register(session: Session, month: Month, viewer: Viewer) -> list[Line]:
    """All cases received in the month, in the order of their numbers."""
    first, beyond = date(month.year, month.number, 1), _beyond(month)
    query = select(Case).where(Case.day >= first, Case.day < beyond, case_sight.visible(viewer)).order_by(Case.id)
    shown = (joinedload(Case.service_point), joinedload(Case.department), selectinload(Case.events))
    cases = session.scalars(query.options(*shown)).unique().all()
    ids = [case.id for case in cases]
    readable = set(session.scalars(select(Case.id).where(Case.id.in_(ids), *case_sight.readable(viewer))))
    return [_line(case, case.id in readable) for case in cases]


def summary(session: Session, year: int) -> Summary:
    """What the hospital reports once a year; small groups are not told apart."""
    span = (Case.day >= date(year, 1, 1), Case.day < date(year + 1, 1, 1), Case.state != "merged")
    complaint = Case.kind == "complaint"

    def spread(column: object) -> dict[str, int]:
        return dict(session.execute(select(column, func.count()).where(*span).group_by(column)).all())  # type: ignore[call-overload]

    units = select(ServicePoint.name, func.count()).join(Case, Case.department_id == ServicePoint.id)
    by_unit = dict(session.execute(units.where(*span, complaint).group_by(ServicePoint.name)).all())
    times = session.execute(
        select(Case.day, Case.due_on, Case.answered_on).where(*span, Case.due_on.is_not(None))
    ).all()
    days = sorted((answered - day).days for day, _, answered in times if answered)
    rated = select(func.count(), func.avg(Case.handling_score)).where(*span, Case.handling_score.is_not(None))
    scores = session.execute(rated).one()
    how, kinds = spread(Case.closed_how), spread(Case.kind)
    months = Counter(day.month for (day,) in session.execute(select(Case.day).where(*span)))
    return Summary(
        year=year,
        total=sum(kinds.values()),
        by_kind=kinds,
        by_source=spread(Case.source),
        by_category=_told(spread(Case.category)),
        by_department=_told(by_unit),
        by_month=[months[number] for number in range(1, 13)],
        with_date=len(times),
        on_time=sum(bool(answered and due and answered <= due) for _, due, answered in times),
        median_days=days[len(days) // 2] if days else None,
        settled=how.get(rules.SETTLE, 0),
        silent=how.get(rules.SILENT, 0),
        refused=_events(session, rules.REFUSE, year),
        final=how.get("final", 0),
        handling=float(scores[1]) if scores[1] is not None else None,
        rated=scores[0],
        appeals=dict(session.execute(select(Appeal.state, func.count()).group_by(Appeal.state)).all()),
        unlocks=session.scalar(select(func.count()).select_from(IdentityUnlock).where(IdentityUnlock.granted)) or 0,
        looks=session.scalar(select(func.count()).select_from(IdentityLook)) or 0,
    )


def _line(case: Case, is_readable: bool) -> Line:
    return Line(
        case=case,
        matter=case.text if is_readable else None,
        handling=[event for event in case.events if event.action in _HANDLING],
        feedback=[event for event in case.events if event.action in {rules.ANSWER, rules.CLOSE} and event.text],
    )


def _told(groups: Mapping[str, int]) -> list[Share]:
    """The largest first; small ones without a figure, and if only one is small, the next larger one too: or it could be
    worked out from the total."""
    ordered = sorted(groups.items(), key=lambda item: (-item[1], item[0]))
    small = {name for name, count in ordered if count < SMALLEST}
    if len(small) == 1 and len(ordered) > 1:
        small.add(next(name for name, _ in reversed(ordered) if name not in small))
    return [Share(name, None if name in small else count) for name, count in ordered]


def _events(session: Session, action: str, year: int) -> int:
    query = select(func.count()).select_from(CaseEvent).join(Case, Case.id == CaseEvent.case_id)
    span = (Case.day >= date(year, 1, 1), Case.day < date(year + 1, 1, 1))
    return session.scalar(query.where(CaseEvent.action == action, *span)) or 0


def _beyond(month: Month) -> date:
    following = month.shifted(1)
    return date(following.year, following.number, 1)
