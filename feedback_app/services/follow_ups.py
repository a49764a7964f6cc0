"""Follow-up of discharged patients (出院随访): asked by message, called when nobody answers, and seen to when an answer worries.

What is kept belongs to the visit and is sealed; it is no chart, and goes with the contact. A plan is applied once, when the
visit has been told: its diagnosis group is looked at then and stored nowhere else (decision 1000).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from feedback_app.db.follow_ups import FollowUp
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.domain.follow_ups import MOST_CALLS, Asked, dates, plan_for, read_answers, worries
from feedback_app.domain.invitations import goes_out
from feedback_app.domain.periods import local_day
from feedback_app.domain.questions.text import clean
from feedback_app.domain.roles import HEAD, OFFICE, Viewer
from feedback_app.errors import Conflict, Gone, NotFound
from feedback_app.services import audit, complaints, follow_up_plans, outbox, pilot
from feedback_app.services.complaints import Filing
from feedback_app.services.runtime import Runtime
from feedback_app.services.vault import Vault
from feedback_app.services.visit_rows import INPATIENT
from feedback_app.texts import text

AT_ONCE = 100
OPEN = ("planned", "asked", "to_call")
KEPT_AFTER = timedelta(days=30)  # a contact stays so long after the last time somebody is asked
SILENT = ("20:00", "09:00")  # nobody who lies in bed is asked earlier or later
LONGEST_NOTE = 300


def has_work(session: Session, runtime: Runtime, now: datetime) -> bool:
    """Exactly whether :func:`work` would do something now."""
    today = local_day(now, runtime.zone)
    new = select(HospitalVisit.id).where(HospitalVisit.kind == INPATIENT, HospitalVisit.follow_up == "")
    due = select(FollowUp.id).where(FollowUp.state == "planned", FollowUp.due_on <= today)
    if session.scalar(new.limit(1)) is not None or _silent_ones(session, today):
        return True
    return goes_out(now, runtime.zone, *SILENT) <= now and session.scalar(due.limit(1)) is not None


def plan_new(session: Session, runtime: Runtime, now: datetime) -> int:
    """Give the discharged of whom was told lately their dates; how many visits were looked at."""
    fresh = (
        select(HospitalVisit, VisitContact)
        .outerjoin(VisitContact, VisitContact.visit_id == HospitalVisit.id)
        .where(HospitalVisit.kind == INPATIENT, HospitalVisit.follow_up == "")
        .order_by(HospitalVisit.id)
        .limit(AT_ONCE)
    )
    plans, today = follow_up_plans.in_force(session), local_day(now, runtime.zone)
    found = session.execute(fresh).all()
    for visit, contact in found:
        told = json.loads(runtime.vault.unseal(contact.sealed)) if contact is not None else {}
        plan = None if visit.quiet or not told else plan_for(plans, visit.department_id, told.get("d", ""))
        visit.follow_up = "planned" if plan else "none"
        if plan is None:
            continue
        times = dates(visit.day, plan.days, today)
        session.add_all(
            FollowUp(visit_id=visit.id, plan_id=plan.id, department_id=visit.department_id, after_days=day, due_on=due)
            for day, due in times
        )
        if times:
            contact.forget_on = max(contact.forget_on, times[-1][1] + KEPT_AFTER)
    session.flush()
    return len(found)


def ask_due(session: Session, runtime: Runtime, now: datetime) -> int:
    """Send the questions whose day has come, by day; whoever cannot be written to is called. How many."""
    if goes_out(now, runtime.zone, *SILENT) > now:
        return 0
    today = local_day(now, runtime.zone)
    due = (
        select(FollowUp, VisitContact.sealed)
        .outerjoin(VisitContact, VisitContact.visit_id == FollowUp.visit_id)
        .where(FollowUp.state == "planned", FollowUp.due_on <= today)
        .order_by(FollowUp.due_on, FollowUp.id)
        .limit(AT_ONCE)
    )
    found = session.execute(due).all()
    closed = {
        one.id for one in pilot.closed_among(session, {row.department_id for row, _ in found if row.department_id})
    }
    for row, sealed in found:
        if row.department_id in closed:  # no messages from what is not open yet: people call, as they always did
            row.state = "to_call"
            continue
        told = json.loads(runtime.vault.unseal(sealed)) if sealed else {}
        way, address = ("official_account", told["o"]) if "o" in told else ("sms", told.get("p", ""))
        usable = {"official_account": runtime.settings.wechat.enabled, "sms": runtime.settings.sms.enabled}
        if way == "official_account" and not usable[way]:
            way, address = "sms", told.get("p", "")
        if not address or not usable[way]:
            row.state = "to_call"
            continue
        row.state, row.asked_at = "asked", now
        _send(session, runtime, row, way, address, now)
    session.flush()
    return len(found)


def _send(session: Session, runtime: Runtime, row: FollowUp, way: str, address: str, now: datetime) -> None:
    name = runtime.settings.hospital.name
    link = f"{runtime.settings.server.base_url}/f/{link_of(runtime.vault, row.id)}"
    outbox.put(
        session,
        dedupe_key=f"follow:{row.id}",
        purpose="follow_up",
        channel=way,
        recipient=runtime.vault.seal(address),
        payload={
            "title": text("follow_ups.message.title", hospital=name),
            "text": text("follow_ups.message.ask", hospital=name),
            "url_sealed": runtime.vault.seal(link),
        },
        now=now,
    )


def call_silent(session: Session, today: date) -> int:
    """Whoever has not answered within the plan's days is to be called; how many."""
    silent = _silent_ones(session, today)
    for one in silent:
        one.state = "to_call"
    session.flush()
    return len(silent)


def _silent_ones(session: Session, today: date) -> list[FollowUp]:
    asked = select(FollowUp).where(FollowUp.state == "asked").options(joinedload(FollowUp.plan))
    rows = session.scalars(asked.order_by(FollowUp.due_on, FollowUp.id).limit(5 * AT_ONCE))
    return [one for one in rows if today >= one.due_on + timedelta(days=one.plan.call_after_days)]


def work(session: Session, runtime: Runtime, now: datetime) -> int | None:
    """A hundred of each; None when nothing is left for now."""
    today = local_day(now, runtime.zone)
    done = plan_new(session, runtime, now) + ask_due(session, runtime, now) + call_silent(session, today)
    return done or None


def link_of(vault: Vault, follow_up_id: int) -> str:
    return vault.cover(follow_up_id)


@dataclass(frozen=True)
class Sheet:
    """What is asked, of the patient or by whoever calls."""

    row: FollowUp
    asked: Sequence[Asked]
    department: str


def by_link(session: Session, vault: Vault, link: str, today: date) -> Sheet:
    """Raises Gone ``follow_ups.over``: answered, given up, forged, or a month old."""
    number = vault.uncover(link)
    row = session.get(FollowUp, number) if number else None
    if row is None or row.state not in {"asked", "to_call"} or today > row.due_on + KEPT_AFTER:
        raise Gone("follow_ups.over")
    return _sheet(row)


def _sheet(row: FollowUp) -> Sheet:
    return Sheet(row, follow_up_plans.asked(row.plan), row.department.name if row.department else "")


def answer(
    session: Session, runtime: Runtime, sheet: Sheet, sent: Mapping[str, str], note: str, *, by: str, now: datetime
) -> bool:
    """Keep the answers, sealed; whether one of them worries: then the complaints office has a case about it, at once.

    ``by``: login of whoever called, "" by link. Raises Refused ``follow_ups.unanswered``, Conflict ``follow_ups.answered``.
    """
    row = session.scalar(select(FollowUp).where(FollowUp.id == sheet.row.id).with_for_update()) or sheet.row
    if row.state not in {"asked", "to_call"}:
        raise Conflict("follow_ups.answered")
    answers = read_answers(sheet.asked, sent)
    said = clean(note)[:LONGEST_NOTE]
    found = worries(sheet.asked, answers)
    row.state, row.how, row.done_on, row.done_by = "done", "call" if by else "link", local_day(now, runtime.zone), by
    row.answers_sealed = runtime.vault.seal(json.dumps({"answers": answers, "note": said}, ensure_ascii=False))
    row.worrying = bool(found)
    if found:
        row.case_id = _worry(session, runtime, row, found, said, by, now)
    if by:
        audit.write(session, actor=by, action="follow_ups.called", subject=str(row.id), now=now, worrying=row.worrying)
    session.flush()
    return row.worrying


def _worry(
    session: Session, runtime: Runtime, row: FollowUp, found: Sequence[str], note: str, by: str, now: datetime
) -> int:
    """A question that waits for a person, with how to reach whoever asked it."""
    kept = session.get(VisitContact, row.visit_id)
    told = json.loads(runtime.vault.unseal(kept.sealed)) if kept else {}
    words = text("follow_ups.case", day=row.after_days, found="；".join(found), note=note)
    filing = Filing(
        text=words,
        source="phone" if by else "form",
        origin_key=f"follow:{row.id}",
        kind="question",
        urgency="urgent",
        point_id=row.department_id,
        first_receiver=by,
        contact_sealed=runtime.vault.seal(told.get("p", "")),
    )
    case = complaints.file(session, filing, zone=runtime.zone, now=now)
    outbox.put(
        session,
        dedupe_key=f"follow:{row.id}:worry",
        purpose="follow_up_worry",
        channel="wecom_group",
        recipient="complaints",
        payload={
            "title": text("follow_ups.message.worry_title"),
            "text": text("follow_ups.message.worry", number=case.number),
        },
        now=now,
    )
    return case.id


@dataclass(frozen=True)
class Line:
    """One follow-up on the list of calls. ``phone`` and ``reference`` are shown to whoever calls alone."""

    row: FollowUp
    department: str
    plan: str
    days_late: int


def to_call(session: Session, viewer: Viewer, today: date) -> list[Line]:
    """Whom to call today, the longest waiting first: a head sees the own department, the office what plans give to it and
    what has been waiting for more than three days."""
    query = (
        select(FollowUp)
        .where(FollowUp.state == "to_call")
        .options(joinedload(FollowUp.plan), joinedload(FollowUp.department))
    )
    if viewer.role == HEAD:
        query = query.where(FollowUp.department_id == viewer.department_id)
    rows = session.scalars(query.order_by(FollowUp.due_on, FollowUp.id).limit(5 * AT_ONCE)).all()
    lines = [_line(one, today) for one in rows if one.last_call_on != today]
    if viewer.role == OFFICE:
        return [one for one in lines if one.row.plan.caller == "office" or one.days_late > OVERDUE_DAYS]
    return lines


OVERDUE_DAYS = 3


def overdue(session: Session, viewer: Viewer, today: date) -> int:
    """How many wait for a call for more than three days."""
    return sum(one.days_late > OVERDUE_DAYS for one in to_call(session, viewer, today))


def _line(row: FollowUp, today: date) -> Line:
    late = (today - row.due_on).days - row.plan.call_after_days
    return Line(row, row.department.name if row.department else "", row.plan.name, max(late, 0))


@dataclass(frozen=True)
class Call:
    """One call: what to ask, and whom."""

    sheet: Sheet
    phone: str
    reference: str


def call(session: Session, vault: Vault, covered: str, viewer: Viewer, today: date) -> Call:
    """Raises NotFound ``follow_ups.no_such`` for what is not on this viewer's list."""
    number = vault.uncover(covered)
    mine = {one.row.id for one in to_call(session, viewer, today)}
    row = session.get(FollowUp, number) if number in mine else None
    if row is None:
        raise NotFound("follow_ups.no_such")
    kept = session.get(VisitContact, row.visit_id)
    told = json.loads(vault.unseal(kept.sealed)) if kept else {}
    return Call(_sheet(row), told.get("p", ""), told.get("r", ""))


def not_reached(session: Session, row: FollowUp, *, by: str, today: date, now: datetime) -> None:
    """Nobody answered: again tomorrow, three times at most."""
    row.calls += 1
    row.last_call_on = today
    if row.calls >= MOST_CALLS:
        row.state = "unreached"
    audit.write(session, actor=by, action="follow_ups.not_reached", subject=str(row.id), now=now, calls=row.calls)
    session.flush()


@dataclass(frozen=True)
class Figures:
    """Of follow-ups due in some days."""

    due: int
    by_link: int
    by_call: int
    unreached: int
    waiting: int
    worrying: int

    @property
    def done_share(self) -> float | None:
        return (self.by_link + self.by_call) / self.due if self.due else None


def figures(session: Session, viewer: Viewer, first: date, last: date) -> Figures:
    columns = (FollowUp.state, FollowUp.how, FollowUp.worrying, func.count())
    query = select(*columns).where(FollowUp.due_on.between(first, last))
    if viewer.role == HEAD:
        query = query.where(FollowUp.department_id == viewer.department_id)
    rows = session.execute(query.group_by(FollowUp.state, FollowUp.how, FollowUp.worrying)).all()

    def count(*, state: str = "", how: str = "", worrying: bool = False) -> int:
        return sum(
            n for s, h, w, n in rows if (not state or s == state) and (not how or h == how) and (not worrying or w)
        )

    waiting = sum(count(state=one) for one in OPEN)
    return Figures(
        count(), count(how="link"), count(how="call"), count(state="unreached"), waiting, count(worrying=True)
    )


def forget(session: Session) -> int:
    """Answers whose visit's contact has been deleted go too; how many."""
    kept = select(VisitContact.visit_id)
    over = (
        update(FollowUp).where(FollowUp.answers_sealed != "", FollowUp.visit_id.not_in(kept)).values(answers_sealed="")
    )
    return len(session.execute(over.returning(FollowUp.id)).all())
