"""Expert review: people asked by a link of their own judge dossiers without names, and stand aside where they are not free."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import assessments
from feedback_app.db import rounds as tables
from feedback_app.db.assessments import Assessment
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Candidate, Reviewer, ReviewSheet, Round
from feedback_app.domain import ballots, phases, round_rules
from feedback_app.domain.ballots import Agreement
from feedback_app.domain.identity import keyed_hash, readable, tidy
from feedback_app.domain.phases import EXPERT_REVIEW
from feedback_app.domain.round_rules import RoundRules
from feedback_app.errors import Gone, NotFound, Refused
from feedback_app.services import audit, dossiers, rounds
from feedback_app.services.rounds import Opened
from feedback_app.services.vault import Vault

TOKEN_LENGTH = 16
LONGEST_REMARK = 500
MOST_REVIEWERS = 60


@dataclass(frozen=True)
class Dossier:
    """What a reviewer sees of one candidate: a number and figures, no name, no department, no photo."""

    candidate_id: int
    number: int
    lines: tuple[str, ...]
    points: tuple[int, ...] | None
    recused: bool
    remark: str


@dataclass(frozen=True)
class Desk:
    """A reviewer's page."""

    reviewer: Reviewer
    opened: Opened
    dossiers: tuple[Dossier, ...]
    hidden: int  # candidates not shown, because they are of the reviewer's own department

    @property
    def left(self) -> int:
        return sum(one.points is None and not one.recused for one in self.dossiers)


def invite(
    session: Session,
    vault: Vault,
    key: str,
    name: str,
    *,
    department: str = "",
    staff_key: str = "",
    by: str,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Reviewer, str]:
    """A new member of the panel and the token of their link, which is stored nowhere.

    Raises Refused ``rounds.no_name``, ``rounds.too_many_reviewers``, ``rounds.no_staff``, ``rounds.panel_over``.
    """
    opened = rounds.opened(session, key, now=now, zone=zone)
    phase = phases.of_kind(opened.rules.phases, EXPERT_REVIEW)
    if phase is None or phase.state(now, zone) == "over" or opened.round.cancelled_at:
        raise Refused("rounds.panel_over")
    member = _member(session, staff_key)
    name = (name or (member.name if member else "")).strip()[:60]
    if not name:
        raise Refused("rounds.no_name")
    if len(tables.reviewers(session, opened.round.id)) >= MOST_REVIEWERS:
        raise Refused("rounds.too_many_reviewers", most=MOST_REVIEWERS)
    token = readable(secrets.token_bytes(10), TOKEN_LENGTH)
    reviewer = Reviewer(
        round_id=opened.round.id,
        name=name,
        department=member.department.name if member and member.department else department.strip()[:100],
        service_point_id=member.id if member else None,
        token_hash=_hash(vault, token),
    )
    session.add(reviewer)
    session.flush()
    audit.write(session, actor=by, action="round.reviewer_asked", subject=key, now=now, reviewer=reviewer.id)
    return reviewer, token


def _member(session: Session, staff_key: str) -> ServicePoint | None:
    if not staff_key.strip():
        return None
    query = select(ServicePoint).where(ServicePoint.kind == "staff", ServicePoint.key == staff_key.strip())
    found = session.scalar(query)
    if found is None or not found.active:
        raise Refused("rounds.no_staff", key=staff_key.strip())
    return found


def member_id(session: Session, staff_key: str) -> int | None:
    """The id of an active member of staff; None for nobody. Raises Refused ``rounds.no_staff``."""
    found = _member(session, staff_key)
    return found.id if found else None


def _hash(vault: Vault, token: str) -> str:
    return keyed_hash(vault.key("reviewers"), tidy(token))


def end(session: Session, key: str, reviewer_id: int, *, by: str, now: datetime) -> None:
    """Take somebody off the panel; their sheets no longer count. Raises NotFound ``rounds.no_reviewer``."""
    found = rounds.find(session, key)
    reviewer = session.get(Reviewer, reviewer_id)
    if reviewer is None or reviewer.round_id != found.id:
        raise NotFound("rounds.no_reviewer")
    reviewer.ended_at = now
    _take_back(session, found, round_rules.parse(found.body), reviewer_id)
    audit.write(session, actor=by, action="round.reviewer_ended", subject=key, now=now, reviewer=reviewer_id)


def desk(session: Session, vault: Vault, token: str, *, now: datetime, zone: ZoneInfo, language: str = "zh") -> Desk:
    """The page behind a link. Raises Gone ``rounds.link_over`` for an unknown, ended or cancelled one."""
    reviewer = session.scalar(select(Reviewer).where(Reviewer.token_hash == _hash(vault, token)))
    found = session.get(Round, reviewer.round_id) if reviewer else None
    if reviewer is None or found is None or reviewer.ended_at is not None or found.cancelled_at is not None:
        raise Gone("rounds.link_over")
    opened = rounds.view_of(found, now=now, zone=zone)
    listed = tables.candidates(session, found.id, states=("listed", "won", "not_won"))
    shown = [one for one in listed if not _own(reviewer, one)]
    sheets = {one.candidate_id: one for one in tables.sheets(session, found.id) if one.reviewer_id == reviewer.id}
    texts = dossiers.lines(session, opened, shown, language)
    made = tuple(_dossier(one, sheets.get(one.id), texts[one.id]) for one in shown)
    return Desk(reviewer, opened, made, len(listed) - len(shown))


def _own(reviewer: Reviewer, candidate: Candidate) -> bool:
    """Oneself, or somebody of one's own department (S5: recusal)."""
    if reviewer.service_point_id is not None and reviewer.service_point_id == candidate.service_point_id:
        return True
    return bool(reviewer.department) and reviewer.department == candidate.department


def _dossier(one: Candidate, sheet: ReviewSheet | None, lines: Sequence[str]) -> Dossier:
    points = tuple(sheet.points) if sheet is not None and not sheet.recused else None
    remark = sheet.remark if sheet else ""
    return Dossier(one.id, one.number or 0, tuple(lines), points, bool(sheet and sheet.recused), remark)


def judge(
    session: Session,
    vault: Vault,
    token: str,
    candidate_id: int,
    *,
    points: Sequence[int] = (),
    recused: bool = False,
    remark: str = "",
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """Write or change a sheet, within the days of the review.

    Raises Gone ``rounds.link_over``, Conflict as ``rounds.require``, NotFound ``rounds.no_candidate``, Refused
    ``rounds.bad_points`` (``title``, ``most``), ``rounds.remark_too_long``.
    """
    sat = desk(session, vault, token, now=now, zone=zone)
    rounds.require(session, sat.opened.round.key, "score", now=now, zone=zone)
    if candidate_id not in {one.candidate_id for one in sat.dossiers}:
        raise NotFound("rounds.no_candidate")
    if len(remark) > LONGEST_REMARK:
        raise Refused("rounds.remark_too_long", most=LONGEST_REMARK, length=len(remark))
    if not recused:
        _check(sat.opened.rules, points)
    query = select(ReviewSheet).where(
        ReviewSheet.reviewer_id == sat.reviewer.id, ReviewSheet.candidate_id == candidate_id
    )
    sheet = session.scalar(query) or ReviewSheet(reviewer_id=sat.reviewer.id, candidate_id=candidate_id)
    sheet.points, sheet.recused, sheet.remark = ([] if recused else list(points)), recused, remark.strip()
    sheet.recused_why = "own_wish" if recused else ""
    sheet.written_at = now
    session.add(sheet)
    session.flush()
    _hand_over(session, sat.opened.round, sat.opened.rules, sheet, now)


def _check(rules: RoundRules, points: Sequence[int]) -> None:
    for item, given in zip(rules.items, points, strict=False):
        if not 0 <= given <= item.most:
            raise Refused("rounds.bad_points", title=item.title, most=item.most)
    if len(points) != len(rules.items):
        missing = rules.items[min(len(points), len(rules.items) - 1)]
        raise Refused("rounds.bad_points", title=missing.title, most=missing.most)


def marks(session: Session, found: Round, rules: RoundRules) -> dict[int, dict[int, float]]:
    """Reviewer -> candidate -> points of 100, without recusals."""
    given: dict[int, dict[int, float]] = {}
    for one in tables.sheets(session, found.id):
        if not one.recused and one.points:
            given.setdefault(one.reviewer_id, {})[one.candidate_id] = 100 * sum(one.points) / rules.most_points
    return given


def _hand_over(session: Session, found: Round, rules: RoundRules, sheet: ReviewSheet, now: datetime) -> None:
    """What the sheet says, as assessments of the award that the selection belongs to, from the moment it is written: whoever
    closes the board, by clock or by hand, must find it there.

    Each item counts for the award's share of its key, one without a key for ``expert_score``. The reviewer is a pseudonym.
    """
    if not rules.award:
        return
    point = session.get_one(Candidate, sheet.candidate_id).service_point_id
    by = _pseudonym(found, sheet.reviewer_id)
    mine = (one for one in assessments.of_period(session, rules.award, rules.period) if one.given_by == by)
    earlier = {one.share: one for one in mine if one.service_point_id == point}
    given = _by_share(rules, sheet)
    for share, one in earlier.items():
        if share not in given:
            session.delete(one)
    for share, value in given.items():
        if share in earlier:
            earlier[share].points, earlier[share].given_at = value, now
            continue
        session.add(
            Assessment(
                award_key=rules.award,
                period=rules.period,
                share=share,
                service_point_id=point,
                given_by=by,
                points=value,
                given_at=now,
            )
        )
    session.flush()


def _take_back(session: Session, found: Round, rules: RoundRules, reviewer_id: int) -> None:
    if rules.award:
        by = _pseudonym(found, reviewer_id)
        for one in assessments.of_period(session, rules.award, rules.period):
            if one.given_by == by:
                session.delete(one)


def _pseudonym(found: Round, reviewer_id: int) -> str:
    return f"reviewer:{found.key}:{reviewer_id}"[:64]


def _by_share(rules: RoundRules, sheet: ReviewSheet) -> dict[str, float]:
    if sheet.recused or not sheet.points:
        return {}
    given: dict[str, list[tuple[int, int]]] = {}
    for item, points in zip(rules.items, sheet.points, strict=False):
        given.setdefault(item.key or "expert_score", []).append((points, item.most))
    return {
        share: round(100 * sum(points for points, _ in both) / sum(most for _, most in both), 4)
        for share, both in given.items()
    }


def agreement(session: Session, found: Round, rules: RoundRules) -> Agreement:
    """Kendall's W between the reviewers so far."""
    given = marks(session, found, rules)
    return ballots.agreement({str(reviewer): sheet for reviewer, sheet in given.items()})


def means(given: Mapping[int, Mapping[int, float]]) -> dict[int, tuple[float, int]]:
    """Candidate -> mean of 100 and how many judged."""
    by_candidate: dict[int, list[float]] = {}
    for sheet in given.values():
        for candidate, points in sheet.items():
            by_candidate.setdefault(candidate, []).append(points)
    return {one: (round(sum(points) / len(points), 4), len(points)) for one, points in by_candidate.items()}


def undone(session: Session, opened: Opened) -> dict[str, int]:
    """Reviewer's name -> candidates still to be judged."""
    listed = tables.candidates(session, opened.round.id, states=("listed",))
    sheets = tables.sheets(session, opened.round.id)
    left = {}
    for reviewer in tables.reviewers(session, opened.round.id):
        done = {one.candidate_id for one in sheets if one.reviewer_id == reviewer.id}
        left[reviewer.name] = sum(one.id not in done and not _own(reviewer, one) for one in listed)
    return left
