"""Selections: their frozen rules, how far their phases are, who is proposed, and the sealed votes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from feedback_app.db.base import KEYED_HASH, Base, Instant
from feedback_app.db.directory import ServicePoint


class Round(Base):
    """One selection. ``body`` are its rules (domain.round_rules), fixed by ``rules_hash`` once ``started_at`` is set."""

    __tablename__ = "rounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)  # stands in its address
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
    started_by: Mapped[str] = mapped_column(String(60), default="")
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    rules_hash: Mapped[str] = mapped_column(String(64), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))  # who is reminded
    key_sealed: Mapped[str] = mapped_column(Text, default="")  # of votes and marks; emptied when they are counted
    counted_at: Mapped[datetime | None] = mapped_column(Instant)
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # votes, agreement, winners; empty before
    decided_by: Mapped[str] = mapped_column(String(60), default="")  # who settled the winners
    published_by: Mapped[str] = mapped_column(String(60), default="")
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_why: Mapped[str] = mapped_column(String(200), default="")

    owner: Mapped[ServicePoint | None] = relationship()


class RoundStep(Base):
    """A phase has begun or ended, and what had to be done then is done. Written in the transaction that does it."""

    __tablename__ = "round_steps"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)  # domain.phases.KINDS
    step: Mapped[str] = mapped_column(String(10), primary_key=True)  # begun | ended
    done_at: Mapped[datetime] = mapped_column(Instant)


class Nomination(Base):
    """Somebody proposed somebody. ``mark`` says without a name that this person has proposed this one."""

    __tablename__ = "nominations"
    __table_args__ = (UniqueConstraint("round_id", "mark"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"))
    proposer: Mapped[str] = mapped_column(String(12))  # patient | colleague | self | unit
    source: Mapped[str] = mapped_column(String(12))  # form | bot | paper | staff
    mark: Mapped[str] = mapped_column(KEYED_HASH)
    reason: Mapped[str] = mapped_column(Text, default="")
    day: Mapped[date] = mapped_column()
    set_aside_why: Mapped[str] = mapped_column(String(200), default="")

    service_point: Mapped[ServicePoint] = relationship()


class Candidate(Base):
    """Somebody who was proposed. ``number`` is the place on the ballot, given by lot with the list that is voted on."""

    __tablename__ = "candidates"
    __table_args__ = (UniqueConstraint("round_id", "service_point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="nominated")  # nominated | listed | left_out | won | not_won
    number: Mapped[int | None] = mapped_column()
    department: Mapped[str] = mapped_column(String(100), default="")  # on the day of the list
    why: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # dossier and, in the end, figures
    public: Mapped[bool] = mapped_column(default=True)  # agreed to be named if chosen

    service_point: Mapped[ServicePoint] = relationship()


class VoteMark(Base):
    """Somebody, or some visit, has voted in this round. Says nothing of the vote, and nothing at all once counted."""

    __tablename__ = "vote_marks"

    mark: Mapped[str] = mapped_column(KEYED_HASH, primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)


class Ballot(Base):
    """One vote, sealed; its id is drawn by lot and stands for no order."""

    __tablename__ = "ballots"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    sealed: Mapped[str] = mapped_column(Text)


class JurySeat(Base):
    """A patient drawn by lot from verified visits, by the keyed hash of the person; ``receipt`` is the drawn rating."""

    __tablename__ = "jury_seats"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    person_hash: Mapped[str] = mapped_column(KEYED_HASH, default="")
    receipt: Mapped[str] = mapped_column(String(20), default="")


class Reviewer(Base):
    """A member of the expert panel, asked by a link of their own."""

    __tablename__ = "reviewers"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    department: Mapped[str] = mapped_column(String(100), default="")  # own one: its candidates are not shown to them
    service_point_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"))
    token_hash: Mapped[str] = mapped_column(KEYED_HASH, unique=True)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ReviewSheet(Base):
    """One reviewer's points for one candidate, or that they stood aside."""

    __tablename__ = "review_sheets"
    __table_args__ = (UniqueConstraint("reviewer_id", "candidate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewers.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"))
    points: Mapped[list[int]] = mapped_column(JSON, default=list)  # in the order of the rules' items
    recused: Mapped[bool] = mapped_column(default=False)
    recused_why: Mapped[str] = mapped_column(String(40), default="")
    remark: Mapped[str] = mapped_column(Text, default="")
    written_at: Mapped[datetime] = mapped_column(Instant)


class Objection(Base):
    """Somebody disagrees with a name on the list of winners; decided with a reason by somebody of the office."""

    __tablename__ = "objections"

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidates.id"))
    form_key: Mapped[str] = mapped_column(String(80), unique=True)
    text: Mapped[str] = mapped_column(Text)
    contact_sealed: Mapped[str] = mapped_column(Text, default="")
    filed_at: Mapped[datetime] = mapped_column(Instant)
    day: Mapped[date] = mapped_column()
    decision: Mapped[str] = mapped_column(String(12), default="")  # upheld | dismissed
    decision_why: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(60), default="")
    decided_at: Mapped[datetime | None] = mapped_column(Instant)

    candidate: Mapped[Candidate | None] = relationship()


def find(session: Session, key: str) -> Round | None:
    return session.scalar(select(Round).where(Round.key == key))


def listed(session: Session) -> Sequence[Round]:
    """All rounds, the newest first."""
    return session.scalars(select(Round).order_by(Round.id.desc())).all()


def open_rounds(session: Session) -> Sequence[Round]:
    """Started, neither cancelled nor published."""
    query = select(Round).where(
        Round.started_at.is_not(None), Round.cancelled_at.is_(None), Round.published_at.is_(None)
    )
    return session.scalars(query.order_by(Round.id)).all()


def candidates(session: Session, round_id: int, *, states: Sequence[str] = ()) -> Sequence[Candidate]:
    """With their service points: those with a number by number, the others by name."""
    query = select(Candidate).where(Candidate.round_id == round_id).options(
        joinedload(Candidate.service_point).joinedload(ServicePoint.department)
    )  # fmt: skip
    if states:
        query = query.where(Candidate.state.in_(states))
    found = session.scalars(query).all()
    return sorted(found, key=lambda one: (one.number or 10**6, one.service_point.sort_key, one.service_point.key))


def nominations(session: Session, round_id: int) -> Sequence[Nomination]:
    query = select(Nomination).where(Nomination.round_id == round_id).options(joinedload(Nomination.service_point))
    return session.scalars(query.order_by(Nomination.id)).all()


def reviewers(session: Session, round_id: int) -> Sequence[Reviewer]:
    """The panel as it is now."""
    query = select(Reviewer).where(Reviewer.round_id == round_id, Reviewer.ended_at.is_(None))
    return session.scalars(query.order_by(Reviewer.id)).all()


def sheets(session: Session, round_id: int) -> Sequence[ReviewSheet]:
    """All sheets of the reviewers of this round who still belong to the panel."""
    query = select(ReviewSheet).join(Reviewer, ReviewSheet.reviewer_id == Reviewer.id)
    return session.scalars(
        query.where(Reviewer.round_id == round_id, Reviewer.ended_at.is_(None)).order_by(ReviewSheet.id)
    ).all()


def objections(session: Session, round_id: int) -> Sequence[Objection]:
    query = select(Objection).where(Objection.round_id == round_id).order_by(Objection.id)
    return session.scalars(query.options(joinedload(Objection.candidate).joinedload(Candidate.service_point))).all()


def is_done(session: Session, round_id: int, kind: str, step: str) -> bool:
    return session.get(RoundStep, (round_id, kind, step)) is not None
