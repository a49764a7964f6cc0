"""What the clock does to selections: every phase begins and ends once, whatever crashes and however long nothing ran.

A step is written in the transaction that does its work. Steps are done in the order of the days, so that after a standstill
of weeks the list is made before the vote is counted and the vote is counted before winners are chosen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Round, RoundStep
from feedback_app.domain.cycles import Period
from feedback_app.domain.phases import EXPERT_REVIEW, FIRST_REVIEW, NOMINATION, PUBLICATION, VOTE, Phase
from feedback_app.domain.round_rules import RoundRules
from feedback_app.services import audit, evidence, reviews, round_messages, round_results, rounds, shortlists, votes
from feedback_app.services import leaderboards as closing
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings


@dataclass(frozen=True)
class _Moment:
    """Everything a step may need."""

    session: Session
    vault: Vault
    settings: Settings
    found: Round
    rules: RoundRules
    now: datetime


def has_work(session: Session, *, now: datetime, settings: Settings) -> bool:
    """Whether a step or a reminder of today is due; cheap, for a reading transaction."""
    zone = settings.hospital.zone
    views = [rounds.view_of(one, now=now, zone=zone) for one in tables.open_rounds(session)]
    return any(_due(session, one.round, one.rules, now, settings) for one in views) or any(
        round_messages.is_due(session, one, settings, now) for one in views
    )


def advance(session: Session, vault: Vault, *, now: datetime, settings: Settings) -> list[str]:
    """Do every step that is due, of every selection, and queue today's reminders; what was done."""
    done = []
    for found in tables.open_rounds(session):
        rules = rounds.view_of(found, now=now, zone=settings.hospital.zone).rules
        moment = _Moment(session, vault, settings, found, rules, now)
        for phase, step in _due(session, found, rules, now, settings):
            if _take(session, found, phase, step, now):
                _DO.get((phase.kind, step), _nothing)(moment)
                audit.write(
                    session,
                    actor="system",
                    action="round.phase",
                    subject=found.key,
                    now=now,
                    phase=phase.kind,
                    step=step,
                )
                done.append(f"{found.key} {phase.kind} {step}")
        round_messages.remind(session, rounds.view_of(found, now=now, zone=settings.hospital.zone), settings, now)
    return done


def _due(
    session: Session, found: Round, rules: RoundRules, now: datetime, settings: Settings
) -> list[tuple[Phase, str]]:
    zone = settings.hospital.zone
    due: list[tuple[Phase, str]] = []
    for phase in rules.phases:
        for step, at in (("begun", phase.begins(zone)), ("ended", phase.ends(zone))):
            if at <= now and not tables.is_done(session, found.id, phase.kind, step):
                if (phase.kind, step) == (PUBLICATION, "begun") and not _board_can_be_had(session, rules, now, zone):
                    return due  # whatever comes after it waits too
                due.append((phase, step))
    return due


def _board_can_be_had(session: Session, rules: RoundRules, now: datetime, zone: ZoneInfo) -> bool:
    """Nothing to wait for, closed already, or over and only to be closed."""
    if not rules.award or leaderboards.find(session, rules.award, rules.period) is not None:
        return True
    return Period.parse(rules.period).ends(zone) <= now


def _take(session: Session, found: Round, phase: Phase, step: str, now: datetime) -> bool:
    """Claim the step in this transaction. False: another process has it."""
    try:
        with session.begin_nested():
            session.add(RoundStep(round_id=found.id, kind=phase.kind, step=step, done_at=now))
    except IntegrityError:
        return False
    return True


def _nothing(moment: _Moment) -> None:
    """Most beginnings need nothing but to be written down."""


def _nomination_ended(moment: _Moment) -> None:
    if not moment.rules.has(FIRST_REVIEW):
        shortlists.close(moment.session, moment.found, moment.rules, moment.now)
    _forget_without_vote(moment)


def _first_review_ended(moment: _Moment) -> None:
    shortlists.close(moment.session, moment.found, moment.rules, moment.now)


def _forget_without_vote(moment: _Moment) -> None:
    """Without a vote the key is of no more use once proposals are in."""
    if not moment.rules.has(VOTE):
        moment.found.key_sealed, moment.found.counted_at = "", moment.now


def _vote_begun(moment: _Moment) -> None:
    votes.draw_jury(moment.session, moment.vault, moment.found, moment.rules, moment.now)


def _vote_ended(moment: _Moment) -> None:
    votes.count(moment.session, moment.vault, moment.found, moment.now)


def _review_ended(moment: _Moment) -> None:
    agreement = reviews.agreement(moment.session, moment.found, moment.rules)
    means = reviews.means(reviews.marks(moment.session, moment.found, moment.rules))
    reviewed = {
        "w": None if agreement.w is None else round(agreement.w, 4),
        "reviewers": agreement.reviewers,
        "candidates": agreement.candidates,
        "words": agreement.words,
        "means": {str(candidate): list(mean) for candidate, mean in sorted(means.items())},
    }
    moment.found.result = {**moment.found.result, "review": reviewed}
    subject = rounds.subject(moment.found.key)
    shown = {"round": moment.found.key, "reviewers": agreement.reviewers}
    evidence.write(moment.session, "reviewed", subject, shown=shown, hidden={"reviewed": reviewed}, now=moment.now)


def _publication_begun(moment: _Moment) -> None:
    zone = moment.settings.hospital.zone
    if moment.rules.award:  # closed already in most cases; twice changes nothing
        closing.close(moment.session, moment.rules.award, Period.parse(moment.rules.period), now=moment.now, zone=zone)
    round_results.settle_by_clock(moment.session, moment.found, moment.now, zone)


_DO: Mapping[tuple[str, str], Callable[[_Moment], None]] = {
    (NOMINATION, "ended"): _nomination_ended,
    (FIRST_REVIEW, "ended"): _first_review_ended,
    (VOTE, "begun"): _vote_begun,
    (VOTE, "ended"): _vote_ended,
    (EXPERT_REVIEW, "ended"): _review_ended,
    (PUBLICATION, "begun"): _publication_begun,
}
