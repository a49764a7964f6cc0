"""What the console shows of a selection: who is proposed, what comes next, what is missing, in the words of the office."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.certificates import Certificate
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Candidate, Nomination, Objection, Reviewer
from feedback_app.domain.ballots import Agreement
from feedback_app.domain.periods import local_day
from feedback_app.domain.phases import EXPERT_REVIEW, FIRST_REVIEW, NOMINATION, PUBLICATION, VOTE
from feedback_app.services import audit, awards, bodies, certificates, nominations, reviews, round_results, rounds
from feedback_app.services.bodies import BodyMember
from feedback_app.services.round_results import Figures
from feedback_app.services.rounds import Opened


@dataclass(frozen=True)
class Note:
    """One sentence for the office: a key under ``rounds.next`` and its figures."""

    name: str
    params: Mapping[str, object]
    warns: bool = False


@dataclass(frozen=True)
class Desk:
    view: Opened
    notes: tuple[Note, ...]
    proposals: Sequence[Nomination]
    candidates: Sequence[Candidate]
    proposed: Mapping[int, int]  # service point -> proposals that stand
    reviewers: Sequence[Reviewer]
    undone: Mapping[str, int]  # reviewer -> candidates still to be judged
    agreement: Agreement | None
    figures: Sequence[Figures]
    objections: Sequence[Objection]
    missing: tuple[str, ...]  # what stands in the way of publishing
    papers: Sequence[Certificate]
    owner: ServicePoint | None
    panel: Sequence[BodyMember] = ()  # of the award's bodies that are charged with the review, not asked yet

    @property
    def can_settle(self) -> bool:
        return bool(self.figures) and self.view.round.published_at is None


def desk(session: Session, key: str, *, now: datetime, zone: ZoneInfo) -> Desk:
    """Raises NotFound ``rounds.unknown``."""
    view = rounds.opened(session, key, now=now, zone=zone)
    found = view.round
    numbered = any(one.number for one in tables.candidates(session, found.id))
    over = _all_before_publication_over(view, now, zone)
    undone = reviews.undone(session, view)
    missing = tuple(round_results.missing(session, view, now, zone)) if found.started_at else ()
    made = Desk(
        view=view,
        notes=(),
        proposals=tables.nominations(session, found.id),
        candidates=tables.candidates(session, found.id),
        proposed=nominations.counts(session, found),
        reviewers=tables.reviewers(session, found.id),
        undone=undone,
        agreement=reviews.agreement(session, found, view.rules) if view.rules.has(EXPERT_REVIEW) else None,
        figures=round_results.figures(session, view) if numbered and over else (),
        objections=tables.objections(session, found.id),
        missing=missing,
        papers=certificates.of_source(session, round_results.source_of(view)),
        owner=found.owner,
        panel=_panel(session, view, now, zone),
    )
    return Desk(**{**made.__dict__, "notes": tuple(_notes(made, now, zone))})


def _panel(session: Session, view: Opened, now: datetime, zone: ZoneInfo) -> list[BodyMember]:
    scheme = awards.schemes(session).get(view.rules.award)
    if scheme is None or not view.rules.has(EXPERT_REVIEW):
        return []
    asked = tables.reviewers(session, view.round.id)
    known = {(one.service_point_id, "" if one.service_point_id else one.name) for one in asked}
    sitting = bodies.entitled(session, scheme, "expert_score", local_day(now, zone))
    return [one for one in sitting if (one.service_point_id, "" if one.service_point_id else one.name) not in known]


def _all_before_publication_over(view: Opened, now: datetime, zone: ZoneInfo) -> bool:
    before = [one for one in view.rules.phases if one.kind != PUBLICATION]
    return view.round.started_at is not None and all(one.state(now, zone) == "over" for one in before)


def _notes(told: Desk, now: datetime, zone: ZoneInfo) -> list[Note]:
    view, found = told.view, told.view.round
    if view.state in {"draft", "cancelled", "published"}:
        return [Note(view.state, {"why": found.cancelled_why, "by": found.published_by})]
    notes = [_of_phase(told)] if view.phase else []
    if view.following:
        notes.append(Note("following", {"phase": view.following.kind, "day": view.following.first.isoformat()}))
    if found.owner_id is None:
        notes.append(Note("no_owner", {}, warns=True))
    if view.rules.has(EXPERT_REVIEW) and not told.reviewers and view.state != "deciding":
        notes.append(Note("no_reviewers", {}, warns=True))
    if view.state == "deciding":
        notes += [Note(f"missing_{one}", {}, warns=True) for one in told.missing] or [Note("publish", {})]
    return notes


def _of_phase(told: Desk) -> Note:
    phase = told.view.phase
    assert phase is not None  # noqa: S101 - asked by the caller
    day = phase.last.isoformat()
    if phase.kind == NOMINATION:
        return Note("nomination", {"day": day, "count": len(told.candidates)}, warns=not told.candidates)
    if phase.kind == FIRST_REVIEW:
        listed = sum(one.state == "listed" for one in told.candidates)
        places = told.view.rules.finalists
        return Note("first_review", {"day": day, "of": len(told.candidates), "listed": listed, "places": places})
    if phase.kind == VOTE:
        return Note("vote", {"day": day, "count": sum(bool(one.number) for one in told.candidates)})
    if phase.kind == EXPERT_REVIEW:
        left = sum(1 for count in told.undone.values() if count)
        return Note("expert_review", {"day": day, "left": left, "of": len(told.undone)}, warns=bool(left))
    if phase.kind == PUBLICATION:
        waiting = sum(not one.decision for one in told.objections)
        return Note("publication", {"day": day, "count": waiting}, warns=bool(waiting))
    return Note("phase", {"day": day, "phase": phase.kind})


def set_public(session: Session, key: str, candidate_id: int, public: bool, *, by: str, now: datetime) -> None:
    """Whether somebody agreed to be named if chosen (个人信息保护法 25)."""
    found = rounds.find(session, key)
    one = session.get(Candidate, candidate_id)
    if one is not None and one.round_id == found.id:
        one.public = public
        audit.write(session, actor=by, action="round.consent", subject=key, now=now, public=public)
