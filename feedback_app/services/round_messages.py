"""What is written to people about a selection: reminders to whoever runs it, one letter to each finalist."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Candidate
from feedback_app.domain import phases
from feedback_app.domain.periods import local_day
from feedback_app.domain.phases import Reminder
from feedback_app.services import outbox, reaching
from feedback_app.services.rounds import Opened
from feedback_app.settings import Settings
from feedback_app.texts import text

GROUP = "stars"
"""Name of the group webhook that hears about selections, where one is configured."""


def remind(session: Session, opened: Opened, settings: Settings, now: datetime) -> int:
    """Queue the reminders whose day is today; each goes out once, in working hours. Returns how many."""
    return sum(_send(session, opened, one, settings, now) for one in _today(opened, settings, now))


def is_due(session: Session, opened: Opened, settings: Settings, now: datetime) -> bool:
    """Whether a reminder of today has not been queued."""
    to_owner = opened.round.owner_id is not None and bool(
        reaching.reachable(session, settings, only=(opened.round.owner_id,))
    )
    keys = [_dedupe(opened, one) for one in _today(opened, settings, now)]
    known = [*(keys if to_owner else ()), *(f"{key}:group" for key in keys if GROUP in settings.group_names)]
    return any(not outbox.is_known(session, key) for key in known)


def _today(opened: Opened, settings: Settings, now: datetime) -> list[Reminder]:
    today = local_day(now, settings.hospital.zone)
    return [one for one in phases.reminders(opened.rules.phases, opened.rules.remind_days) if one.day == today]


def _dedupe(opened: Opened, told: Reminder) -> str:
    return f"round:{opened.round.key}:{told.kind}:{told.about}:{told.day}"


def _send(session: Session, opened: Opened, told: Reminder, settings: Settings, now: datetime) -> int:
    found = opened.round
    phase = phases.of_kind(opened.rules.phases, told.kind)
    last = phase.last.isoformat() if phase else ""
    name = text(f"rounds.terms.{told.kind}")
    payload = {
        "title": text(f"rounds.reminder.{told.about}_title", round=found.title, phase=name),
        "text": text(f"rounds.reminder.{told.about}", round=found.title, phase=name, last=last)
        + text(f"rounds.reminder.todo_{told.kind}"),
        "url": f"{settings.server.base_url}/admin/rounds/{found.key}",
    }
    start, queued = reaching.goes_out(now, settings), 0
    dedupe = _dedupe(opened, told)
    if found.owner_id is not None:
        for one in reaching.reachable(session, settings, only=(found.owner_id,)):
            queued += outbox.put(
                session,
                dedupe_key=dedupe,
                purpose="round_reminder",
                channel=one.channel,
                recipient=one.address_sealed,
                payload=payload,
                now=now,
                not_before=start,
                service_point_id=one.member.id,
            )
    if GROUP in settings.group_names:
        queued += outbox.put(
            session,
            dedupe_key=f"{dedupe}:group",
            purpose="round_reminder",
            channel="wecom_group",
            recipient=GROUP,
            payload=payload,
            now=now,
            not_before=start,
        )
    return queued


def letters(session: Session, opened: Opened, settings: Settings, now: datetime) -> int:
    """One letter to each finalist who is a member of staff and can be reached. Returns how many."""
    finalists = tables.candidates(session, opened.round.id, states=("won", "not_won"))
    by_point = {one.service_point_id: one for one in finalists}
    start, queued = reaching.goes_out(now, settings), 0
    for one in reaching.reachable(session, settings, only=tuple(by_point)):
        queued += outbox.put(
            session,
            dedupe_key=f"round:{opened.round.key}:letter:{one.member.id}",
            purpose="round_letter",
            channel=one.channel,
            recipient=one.address_sealed,
            payload={
                "title": text("rounds.letter.title", round=opened.round.title),
                "text": "\n".join(letter_lines(opened, by_point[one.member.id])),
                "url": f"{settings.server.base_url}/staff/",
            },
            now=now,
            not_before=start,
            service_point_id=one.member.id,
        )
    return queued


def letter_lines(opened: Opened, candidate: Candidate, language: str = "zh") -> Iterator[str]:
    """What one finalist is told: their own outcome and figures, nobody else's."""
    name, title = candidate.service_point.name, opened.round.title
    yield text("rounds.letter.dear", language, name=name)
    yield text("rounds.letter.won" if candidate.state == "won" else "rounds.letter.not_won", language, round=title)
    body = candidate.body
    for part in ("board", "experts"):
        value = body.get("parts", {}).get(part)
        if value is not None:
            yield text(f"rounds.letter.{part}", language, value=f"{value:.1f}", judged_by=body.get("judged_by", 0))
    if body.get("votes") is not None:
        key = "rounds.letter.votes" if opened.rules.shares.get("votes") else "rounds.letter.votes_beside"
        yield text(key, language, votes=body["votes"])
    yield text("rounds.letter.why", language, contact=opened.rules.contact or text("rounds.letter.office", language))
