"""How invitations go: who was invited by which way, how many rated, why others were not, and what rules would have done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import Invitation, InvitationSilence
from feedback_app.db.ratings import Rating
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.domain.invitations import CHANNELS, ONCE_IN, rule_for
from feedback_app.domain.periods import Month
from feedback_app.services import invitation_rules, quiet_visits

AT_ONCE = 2000


@dataclass(frozen=True)
class Way:
    """``reached``: sent or printed; ``answered``: counted ratings that came by such an invitation."""

    channel: str
    invited: int
    reached: int
    failed: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.reached if self.reached else None


@dataclass(frozen=True)
class Figures:
    visits: int
    ways: tuple[Way, ...]
    not_invited: Mapping[str, int]
    waiting: int
    silenced: int


def of_days(session: Session, first: date, last: date, zone: ZoneInfo) -> Figures:
    """Visits that ended in these days, the invitations about them, and the ratings of these days that came by invitation."""
    within = HospitalVisit.day.between(first, last)
    total = session.scalar(select(func.count()).select_from(HospitalVisit).where(within)) or 0
    counts = select(HospitalVisit.not_invited, func.count()).where(within, HospitalVisit.not_invited != "")
    why = {str(reason): int(count) for reason, count in session.execute(counts.group_by(HospitalVisit.not_invited))}
    waiting = session.scalar(
        select(func.count()).select_from(HospitalVisit).where(within, HospitalVisit.decide_at.is_not(None))
    )
    silenced = session.scalar(select(func.count()).select_from(InvitationSilence)) or 0
    return Figures(total, _ways(session, first, last), why, waiting or 0, silenced)


def _ways(session: Session, first: date, last: date) -> tuple[Way, ...]:
    query = (
        select(Invitation.channel, Invitation.state, func.count())
        .join(HospitalVisit, Invitation.visit_id == HospitalVisit.id)
        .where(HospitalVisit.day.between(first, last))
    )
    made: Counter[tuple[str, str]] = Counter()
    for channel, state, count in session.execute(query.group_by(Invitation.channel, Invitation.state)):
        made[channel, state] = count
    rated = select(Rating.verified_how, func.count()).where(
        Rating.day.between(first, last), Rating.status == "counted", Rating.verified_how.startswith("visit_")
    )
    answers = {str(how): int(count) for how, count in session.execute(rated.group_by(Rating.verified_how))}
    return tuple(
        Way(
            channel=one,
            invited=sum(count for (channel, _), count in made.items() if channel == one),
            reached=made[one, "sent"] + made[one, "printed"],
            failed=made[one, "failed"],
            answered=answers.get(f"visit_{one}", 0),
        )
        for one in CHANNELS
    )


@dataclass
class Rehearsal:
    """What the rules in force would have done with the visits of a month. Nothing is sent."""

    month: str
    visits: int = 0
    invited: Counter[str] = field(default_factory=Counter)  # by name of the rule
    not_invited: Counter[str] = field(default_factory=Counter)


def rehearse(session: Session, month: Month, zone: ZoneInfo, now: datetime) -> Rehearsal:
    """Each visit of the month in its order, under the rules as they are now, as far as it is still known who was whose."""
    rows = invitation_rules.listed(session)
    rules, names = invitation_rules.in_force(session), {one.id: one.name for one in rows}
    silent = set(session.scalars(select(InvitationSilence.hash)))
    quiet = {one.id: quiet_visits.is_quiet_place(session, one) for one in session.scalars(select(ServicePoint))}
    last_of: dict[str, datetime] = {}
    told = Rehearsal(str(month))
    first, last = month.starts(zone).date(), (month.ends(zone) - timedelta(seconds=1)).astimezone(zone).date()
    columns: tuple[Any, ...] = (
        HospitalVisit.kind, HospitalVisit.department_id, HospitalVisit.service_point_id, HospitalVisit.quiet,
        HospitalVisit.person_hash, HospitalVisit.ended_at, VisitContact.visit_id,
    )  # fmt: skip
    query = select(*columns).outerjoin(VisitContact, VisitContact.visit_id == HospitalVisit.id)
    query = query.where(HospitalVisit.day.between(first, last)).order_by(HospitalVisit.ended_at, HospitalVisit.id)
    for kind, department, point, muted, person, ended, contact in session.execute(
        query.execution_options(yield_per=AT_ONCE)
    ):
        told.visits += 1
        rule = rule_for(rules, kind, department)
        if muted or quiet.get(point, True):
            told.not_invited["quiet"] += 1
        elif rule is None:
            told.not_invited["no_rule"] += 1
        elif contact is None:
            told.not_invited["no_contact"] += 1
        elif person is None:
            told.not_invited["no_person"] += 1
        elif person in silent:
            told.not_invited["silence"] += 1
        elif person in last_of and ended + timedelta(hours=rule.after_hours) < last_of[person] + ONCE_IN:
            told.not_invited["lately"] += 1
        else:
            last_of[person] = ended + timedelta(hours=rule.after_hours)
            told.invited[names[rule.id]] += 1
    return told
