"""Inviting whoever was here to say how it was, away from the counter: by rule, at most once a month, never about a sensitive visit.

Nothing here knows whether somebody has rated, but for the mark of the visit under the month's key (decision 1003).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.invitations import Invitation, InvitationSilence
from feedback_app.db.outbox import OutboxMessage
from feedback_app.db.people import Person
from feedback_app.db.visit_feed import HospitalVisit, VisitContact
from feedback_app.domain.invitations import (
    LATEST,
    ONCE_IN,
    SLIP,
    SMS,
    WECHAT,
    Rule,
    channels_open,
    goes_out,
    is_opt_out,
    rule_for,
)
from feedback_app.domain.periods import Month
from feedback_app.errors import ConfigurationError, Gone
from feedback_app.services import invitation_rules, outbox, pilot, quiet_visits, tickets, visits
from feedback_app.services.runtime import Runtime
from feedback_app.services.vault import Vault
from feedback_app.services.visit_feed import person_hash
from feedback_app.services.visit_rows import digits
from feedback_app.texts import text

AT_ONCE = 100
WHY_NOT = (
    "quiet", "no_rule", "no_contact", "no_person", "lately", "silence", "too_late", "pilot"
)  # fmt: skip
_WAYS = {WECHAT: "official_account", SMS: "sms"}


@dataclass(frozen=True)
class Contact:
    phone: str = ""
    openid: str = ""


def contact_of(vault: Vault, sealed: str) -> Contact:
    """What was told of how to reach somebody; nothing when it cannot be read."""
    try:
        told = json.loads(vault.unseal(sealed) or "{}")
    except ConfigurationError:
        return Contact()
    return Contact(told.get("p", ""), told.get("o", ""))


def has_work(session: Session, now: datetime) -> bool:
    due = select(HospitalVisit.id).where(HospitalVisit.decide_at <= now)
    remind = select(Invitation.id).where(Invitation.state == "sent", Invitation.remind_at <= now)
    return (
        session.scalar(due.limit(1)) is not None
        or bool(_settled(session))
        or session.scalar(remind.limit(1)) is not None
    )


def work(session: Session, runtime: Runtime, now: datetime) -> int | None:
    """A hundred decisions, what became of messages, and a hundred reminders; how many, None when nothing is left."""
    done = decide(session, runtime, now) + settle(session, runtime, now) + remind(session, runtime, now)
    return done or None


@dataclass(frozen=True)
class _Candidate:
    visit: HospitalVisit
    contact: Contact
    names: frozenset[str]  # keyed hashes of person, phone and openid


def decide(session: Session, runtime: Runtime, now: datetime) -> int:
    """Invite, or write down why not, those whose time has come; how many were decided."""
    due = (
        select(HospitalVisit, VisitContact.sealed)
        .outerjoin(VisitContact, VisitContact.visit_id == HospitalVisit.id)
        .where(HospitalVisit.decide_at <= now)
        .order_by(HospitalVisit.decide_at, HospitalVisit.id)
        .limit(AT_ONCE)
        .with_for_update(of=HospitalVisit, skip_locked=True)
    )
    found = [_candidate(runtime.vault, visit, sealed or "") for visit, sealed in session.execute(due)]
    if not found:
        return 0
    rules = invitation_rules.in_force(session)
    silent, lately = _silent(session, runtime, found), _lately(session, found, now)
    places = _quiet_places(session, {one.visit.service_point_id for one in found})
    closed = {one.id for one in pilot.closed_among(session, {one.visit.service_point_id for one in found})}
    for one in found:
        rule = rule_for(rules, one.visit.kind, one.visit.department_id)
        not_open = one.visit.service_point_id in closed
        why = "pilot" if not_open else _why_not(one, rule, silent, lately, places, now)
        if not why and rule is not None:
            leaves = goes_out(now, runtime.zone, rule.silent_from, rule.silent_until)
            if leaves > now:  # in quiet hours nothing is decided either: whoever asks for silence meanwhile has it
                one.visit.decide_at = leaves
                continue
            _invite(session, runtime, one, rule, now)
            lately.add(one.visit.person_hash or "")
        one.visit.decide_at, one.visit.not_invited = None, why
    session.flush()
    return len(found)


def _candidate(vault: Vault, visit: HospitalVisit, sealed: str) -> _Candidate:
    contact = contact_of(vault, sealed)
    names = {visit.person_hash or "", *names_of(vault, contact)} - {""}
    return _Candidate(visit, contact, frozenset(names))


def names_of(vault: Vault, contact: Contact) -> list[str]:
    """Under which somebody who wants silence is remembered."""
    told = [f"phone:{contact.phone}" if contact.phone else "", f"openid:{contact.openid}" if contact.openid else ""]
    return [name for one in told if (name := person_hash(vault, one))]


def _why_not(
    one: _Candidate, rule: Rule | None, silent: set[int], lately: set[str], places: Mapping[int, bool], now: datetime
) -> str:
    visit = one.visit
    if visit.quiet or places.get(visit.service_point_id, True):
        return "quiet"
    if rule is None:
        return "no_rule"
    if not channels_open(rule, has_openid=bool(one.contact.openid), has_phone=bool(one.contact.phone)):
        return "no_contact"
    if not visit.person_hash:
        return "no_person"
    if visit.id in silent:
        return "silence"
    if visit.person_hash in lately:
        return "lately"
    return "too_late" if visit.decide_at is not None and now > visit.decide_at + LATEST else ""


def _silent(session: Session, runtime: Runtime, found: Sequence[_Candidate]) -> set[int]:
    """Visits of people who want no messages: said to an SMS, by a link, or to the official account."""
    names = {name for one in found for name in one.names}
    said = set(session.scalars(select(InvitationSilence.hash).where(InvitationSilence.hash.in_(names))))
    app_id = runtime.settings.wechat.app_id
    people = {runtime.vault.person(one.contact.openid, app_id): one.visit.id for one in found if one.contact.openid}
    quiet = session.scalars(select(Person.hash).where(Person.hash.in_(people), Person.quiet.is_(True)))
    return {one.visit.id for one in found if one.names & said} | {people[name] for name in quiet}


def _lately(session: Session, found: Sequence[_Candidate], now: datetime) -> set[str]:
    names = {one.visit.person_hash for one in found if one.visit.person_hash}
    query = select(Invitation.person_hash).where(Invitation.person_hash.in_(names), Invitation.made_at > now - ONCE_IN)
    return {name for name in session.scalars(query) if name}


def _quiet_places(session: Session, point_ids: set[int]) -> dict[int, bool]:
    points = session.scalars(select(ServicePoint).where(ServicePoint.id.in_(point_ids))).all()
    return {one.id: quiet_visits.is_quiet_place(session, one) or not one.active for one in points}


def _invite(session: Session, runtime: Runtime, one: _Candidate, rule: Rule, now: datetime) -> None:
    ways = channels_open(rule, has_openid=bool(one.contact.openid), has_phone=bool(one.contact.phone))
    row = Invitation(
        visit_id=one.visit.id,
        rule_id=rule.id,
        person_hash=one.visit.person_hash,
        month=str(Month.of(now, runtime.zone)),
        channel=ways[0],
        state="to_print" if ways[0] == SLIP else "queued",
        made_at=now,
    )
    session.add(row)
    if ways[0] != SLIP:
        _send(session, runtime, row, one.contact, "visit_invitation", now)


def _send(session: Session, runtime: Runtime, row: Invitation, contact: Contact, purpose: str, now: datetime) -> None:
    vault, reminding = runtime.vault, purpose == "visit_reminder"
    recipient = contact.openid if row.channel == WECHAT else contact.phone
    key = f"invite:{row.visit_id}:{'reminder' if reminding else row.channel}"
    words = "remind" if reminding else "invite"
    name = runtime.settings.hospital.name
    address = f"{runtime.settings.server.base_url}/i/{tickets.of_visit(vault, row.visit_id)}"
    outbox.put(
        session,
        dedupe_key=key,
        purpose=purpose,
        channel=_WAYS[row.channel],
        recipient=vault.seal(recipient),
        payload={
            "title": text("visit_invitations.message.title", hospital=name),
            "text": text(f"visit_invitations.message.{words}_{row.channel}", hospital=name),
            "url_sealed": vault.seal(address),
        },
        now=now,
    )
    if not reminding:
        row.message_key = key


def _settled(session: Session) -> Sequence[tuple[Invitation, OutboxMessage]]:
    """Invitations whose message has come to an end."""
    over = (
        select(Invitation, OutboxMessage)
        .join(OutboxMessage, OutboxMessage.dedupe_key == Invitation.message_key)
        .where(Invitation.state == "queued", OutboxMessage.state.in_(("sent", "failed", "unknown")))
    )
    return [(one, message) for one, message in session.execute(over.limit(AT_ONCE))]


def settle(session: Session, runtime: Runtime, now: datetime) -> int:
    """What was sent (or perhaps was) counts as sent; what certainly failed takes the rule's next way, once each."""
    over = _settled(session)
    rules = {one.id: one for one in invitation_rules.in_force(session)}
    for row, message in over:
        if message.state == "failed":
            _next_way(session, runtime, row, rules.get(row.rule_id), now)
            continue
        row.state = "sent"
        rule = rules.get(row.rule_id)
        if rule is not None and rule.remind_days:
            row.remind_at = (message.sent_at or now) + timedelta(days=rule.remind_days)
    session.flush()
    return len(over)


def _next_way(session: Session, runtime: Runtime, row: Invitation, rule: Rule | None, now: datetime) -> None:
    contact = _contact(session, runtime.vault, row.visit_id)
    left = (
        list(rule.channels)[list(rule.channels).index(row.channel) + 1 :]
        if rule and row.channel in rule.channels
        else []
    )
    can = {
        WECHAT: bool(contact.openid),
        SMS: bool(contact.phone),
        SLIP: False,
    }  # whoever was to be reached at home has left
    row.state = "failed"
    for way in left:
        if can[way] and rule is not None and not _is_silent(session, runtime, row, contact):
            row.channel, row.state = way, "queued"
            _send(session, runtime, row, contact, "visit_invitation", now)
            return


def _contact(session: Session, vault: Vault, visit_id: int) -> Contact:
    kept = session.get(VisitContact, visit_id)
    return contact_of(vault, kept.sealed) if kept else Contact()


def _is_silent(session: Session, runtime: Runtime, row: Invitation, contact: Contact) -> bool:
    visit = session.get_one(HospitalVisit, row.visit_id)
    names = frozenset({visit.person_hash or "", *names_of(runtime.vault, contact)} - {""})
    return bool(_silent(session, runtime, [_Candidate(visit, contact, names)]))


def remind(session: Session, runtime: Runtime, now: datetime) -> int:
    """One reminder to those who have not rated and did not ask for silence; how many were looked at."""
    due = select(Invitation).where(Invitation.state == "sent", Invitation.remind_at <= now).limit(AT_ONCE)
    rules = {one.id: one for one in invitation_rules.in_force(session)}
    looked = session.scalars(due.order_by(Invitation.remind_at)).all()
    for row in looked:
        rule, contact = rules.get(row.rule_id), _contact(session, runtime.vault, row.visit_id)
        leaves = goes_out(now, runtime.zone, rule.silent_from, rule.silent_until) if rule else now
        if leaves > now:
            row.remind_at = leaves
            continue
        overdue = row.remind_at is None or now > row.remind_at + LATEST
        row.remind_at = None
        answered = visits.is_spent(session, runtime.vault, row.month, tickets.visit_mark(row.visit_id))
        if rule is None or overdue or answered or _is_silent(session, runtime, row, contact):
            continue
        if contact.openid if row.channel == WECHAT else contact.phone:
            _send(session, runtime, row, contact, "visit_reminder", now)
    session.flush()
    return len(looked)


def follow(session: Session, vault: Vault, ticket: str, now: datetime) -> tuple[Invitation, ServicePoint]:
    """The invitation behind a link, and what it invites to rate. Raises Gone ``visit_invitations.over``."""
    visit_id = tickets.visit_of(vault, ticket)
    row = session.scalar(select(Invitation).where(Invitation.visit_id == visit_id)) if visit_id else None
    if row is None or now >= row.made_at + tickets.VALID:
        raise Gone("visit_invitations.over")
    visit = session.get_one(HospitalVisit, row.visit_id)
    return row, session.get_one(ServicePoint, visit.service_point_id)


def stop(session: Session, vault: Vault, ticket: str, now: datetime) -> None:
    """By the link: no more invitations to this person. Raises Gone ``visit_invitations.over``."""
    row, _ = follow(session, vault, ticket, now)
    names = [row.person_hash or "", *names_of(vault, _contact(session, vault, row.visit_id))]
    _silence(session, [one for one in names if one], "link", now)


def reply(session: Session, vault: Vault, phone: str, words: str, now: datetime) -> bool:
    """What came back by SMS: whether it was the word that ends invitations."""
    name = person_hash(vault, f"phone:{digits(phone)}")
    if not is_opt_out(words) or name is None:
        return False
    _silence(session, [name], "sms", now)
    return True


def _silence(session: Session, names: Sequence[str], how: str, now: datetime) -> None:
    for name in names:
        if session.get(InvitationSilence, name) is None:
            session.add(InvitationSilence(hash=name, at=now, how=how))
    session.flush()
