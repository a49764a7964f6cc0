"""From figures to winners: put together by the frozen weights, settled by one person, objected to, published by another."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.db import rounds as tables
from feedback_app.db.rounds import Candidate, Round
from feedback_app.domain import ballots
from feedback_app.domain.boards import row_from
from feedback_app.domain.cycles import Period
from feedback_app.domain.phases import PUBLICATION
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Conflict, Refused
from feedback_app.services import audit, certificates, evidence, reviews, round_messages, rounds
from feedback_app.services.certificates import Honour
from feedback_app.services.leaderboards import board_without_rows
from feedback_app.services.rounds import Opened
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings

IN = ("listed", "won", "not_won")
RULE = "rule"


@dataclass(frozen=True)
class Figures:
    """One finalist's figures, 0 to 100 each; None where there is none. ``votes`` is a plain count beside them."""

    candidate: Candidate
    parts: Mapping[str, float | None]
    total: float | None
    votes: int | None
    judged_by: int
    able: str = ""  # why they cannot win; "" when they can

    @property
    def won(self) -> bool:
        return self.candidate.state == "won"


def figures(session: Session, opened: Opened) -> list[Figures]:
    """Every finalist, the best total first, then by number."""
    found, rules = opened.round, opened.rules
    listed = tables.candidates(session, found.id, states=IN)
    votes = {int(number): count for number, count in found.result.get("vote", {}).get("votes", {}).items()}
    experts = reviews.means(reviews.marks(session, found, rules))
    board = _board(session, rules)
    most = max(votes.values(), default=0)
    made = []
    for one in listed:
        count = votes.get(one.number or 0) if "vote" in found.result else None
        parts: dict[str, float | None] = {
            "board": board.get(one.service_point_id),
            "experts": experts[one.id][0] if one.id in experts else None,
            "votes": None if count is None else (100 * count / most if most else 0.0),
        }
        total = _total(rules, parts)
        able = "left" if not one.service_point.active else "no_figures" if total is None else ""
        made.append(Figures(one, parts, total, count, experts.get(one.id, (0.0, 0))[1], able))
    return sorted(made, key=lambda one: (one.total is None, -(one.total or 0), one.candidate.number or 0))


def _board(session: Session, rules: RoundRules) -> dict[int, float]:
    """Service point -> score of the closed board; few ratings are already drawn towards the group there."""
    board = leaderboards.find(session, rules.award, rules.period) if rules.award else None
    rows = leaderboards.rows(session, board) if board is not None else ()
    return {row.service_point_id: round(row_from(row.body).score, 4) for row in rows}


def _total(rules: RoundRules, parts: Mapping[str, float | None]) -> float | None:
    """The weighted sum; None as long as something that weighs is missing."""
    total = 0.0
    for part, weight in rules.shares.items():
        value = parts[part]
        if weight and value is None:
            return None
        total += weight * (value or 0.0) / 100
    return round(total, 4)


def by_rule(session: Session, opened: Opened) -> tuple[int, ...]:
    """The candidates (ids) that the frozen rules choose now. Nobody with nothing in their favour wins."""
    rules = opened.rules
    ranked = [
        (one.candidate.id, one.candidate.department, one.total)
        for one in figures(session, opened)
        if not one.able and one.total
    ]
    return ballots.chosen([(i, unit, total or 0.0) for i, unit, total in ranked], rules.winners, rules.per_department)


def settle(
    session: Session, key: str, *, chosen: Collection[int] | None, why: str = "", by: str, now: datetime, zone: ZoneInfo
) -> int:
    """Say who wins: by the rule (``chosen`` None), or these candidates, with a reason where that differs from the rule.

    Raises Conflict ``rounds.not_yet_settled`` while something before the publication still runs, ``rounds.over``,
    ``rounds.cancelled``; Refused ``rounds.no_reason``, ``rounds.cannot_win`` (``name``).
    """
    opened = rounds.opened(session, key, now=now, zone=zone)
    _may_settle(opened, now, zone)
    rule = by_rule(session, opened)
    winners = rule if chosen is None else tuple(sorted(set(chosen)))
    if set(winners) != set(rule) and not why.strip():
        raise Refused("rounds.no_reason")
    everybody = figures(session, opened)
    for one in everybody:
        if one.candidate.id in winners and one.able:
            raise Refused("rounds.cannot_win", name=one.candidate.service_point.name)
    _write(opened.round, everybody, winners)
    opened.round.decided_by = by
    details = {"winners": len(winners), "by_rule": set(winners) == set(rule), "why": why.strip()[:200]}
    opened.round.result = {**opened.round.result, "settled": {**details, "at": now.isoformat()}}
    audit.write(session, actor=by, action="round.settled", subject=key, now=now, **details)
    session.flush()
    return len(winners)


def _may_settle(opened: Opened, now: datetime, zone: ZoneInfo) -> None:
    if opened.round.cancelled_at is not None:
        raise Conflict("rounds.cancelled")
    if opened.round.published_at is not None:
        raise Conflict("rounds.over")
    before = [one for one in opened.rules.phases if one.kind != PUBLICATION]
    if opened.round.started_at is None or any(one.state(now, zone) != "over" for one in before):
        raise Conflict("rounds.not_yet_settled")


def _write(found: Round, everybody: Sequence[Figures], winners: Collection[int]) -> None:
    for one in everybody:
        candidate = one.candidate
        candidate.state = "won" if candidate.id in winners else "not_won"
        candidate.body = {
            **candidate.body,
            "parts": dict(one.parts),
            "total": one.total,
            "votes": one.votes,
            "judged_by": one.judged_by,
        }


def settle_by_clock(session: Session, found: Round, now: datetime, zone: ZoneInfo) -> None:
    """When publication begins and nobody has settled the winners, the rule does."""
    if not found.decided_by:
        settle(session, found.key, chosen=None, by="system", now=now, zone=zone)


def strike(session: Session, found: Round, candidate: Candidate, why: str, now: datetime, zone: ZoneInfo) -> None:
    """Off the list after an objection was upheld; where the rule had chosen, the next in order moves up."""
    by_the_rule = found.result.get("settled", {}).get("by_rule", True)
    candidate.state, candidate.why = "left_out", why[:200]
    session.flush()
    opened = rounds.view_of(found, now=now, zone=zone)
    if by_the_rule:
        _write(found, figures(session, opened), by_rule(session, opened))


def missing(session: Session, opened: Opened, now: datetime, zone: ZoneInfo) -> list[str]:
    """What still stands in the way of publishing, as keys under ``rounds.terms``."""
    found, lacking = opened.round, []
    if any(one.state(now, zone) != "over" for one in opened.rules.phases):
        lacking.append("phases_run")
    if not found.decided_by:
        lacking.append("not_settled")
    if any(not one.decision for one in tables.objections(session, found.id)):
        lacking.append("objections_open")
    if opened.rules.award and leaderboards.find(session, opened.rules.award, opened.rules.period) is None:
        lacking.append("board_not_closed")
    return lacking


def publish(session: Session, vault: Vault, key: str, *, by: str, login: str, now: datetime, settings: Settings) -> int:
    """Announce the winners: certificates for them, a letter to every finalist; how many messages were queued. Twice: 0.

    Raises Conflict ``rounds.cancelled`` / ``rounds.not_started`` / ``rounds.still_missing`` (``what``) and, where the rules
    ask for it, ``rounds.second_person`` when whoever settled the winners wants to publish them too.
    """
    zone = settings.hospital.zone
    opened = rounds.opened(session, key, now=now, zone=zone)
    found = opened.round
    if found.published_at is not None:
        return 0
    if found.cancelled_at is not None:
        raise Conflict("rounds.cancelled")
    if found.started_at is None:
        raise Conflict("rounds.not_started")
    lacking = missing(session, opened, now, zone)
    if lacking:
        raise Conflict("rounds.still_missing", what=lacking[0])
    if opened.rules.second_person and login in {_first_person(found)}:
        raise Conflict("rounds.second_person")
    found.published_at, found.published_by = now, by
    winners = tables.candidates(session, found.id, states=("won",))
    honour = _honour(session, opened)
    for one in winners:
        if one.service_point.active:
            certificates.issue(session, vault, honour, one.service_point, by=by, now=now, zone=zone)
    shown = {"round": key, "winners": [one.service_point.key for one in winners if one.public], "all": len(winners)}
    evidence.write(session, "published", rounds.subject(key), shown=shown, hidden=_whole(session, found), now=now)
    queued = round_messages.letters(session, opened, settings, now)
    audit.write(
        session, actor=login, action="round.published", subject=key, now=now, winners=len(winners), messages=queued
    )
    return queued


def _first_person(found: Round) -> str:
    return found.started_by if found.decided_by == "system" else found.decided_by


def _whole(session: Session, found: Round) -> dict[str, Any]:
    candidates = tables.candidates(session, found.id, states=IN)
    return {"result": found.result, "candidates": {str(one.number): [one.state, one.body] for one in candidates}}


def source_of(opened: Opened) -> str:
    """What its certificates come from: the award's board where there is one, so that nobody gets two for one honour."""
    rules = opened.rules
    return evidence.board_subject(rules.award, rules.period) if rules.award else rounds.subject(opened.round.key)


def _honour(session: Session, opened: Opened) -> Honour:
    rules = opened.rules
    board = leaderboards.find(session, rules.award, rules.period) if rules.award else None
    frozen = board_without_rows(board) if board is not None else None
    first, last = rules.phases[0].first, rules.phases[-1].last
    return Honour(
        source=source_of(opened),
        award=rules.title,
        period=str(Period.campaign(first, last)),
        unverified=bool(frozen and frozen.unverified and rules.shares.get("board")),
        made_up=bool(frozen and frozen.made_up) or _any_made_up(session, opened.round),
    )


def _any_made_up(session: Session, found: Round) -> bool:
    return any(one.service_point.made_up for one in tables.candidates(session, found.id, states=("won",)))
