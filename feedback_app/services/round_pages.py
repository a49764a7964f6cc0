"""What the public page of a selection shows: finalists by number, winners who agreed to be named; never anybody's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.db.directory import ServicePoint
from feedback_app.db.rounds import Candidate
from feedback_app.domain import phases
from feedback_app.domain.phases import NOMINATION, PUBLICATION, VOTE
from feedback_app.services import rounds
from feedback_app.services.rounds import Opened


@dataclass(frozen=True)
class Name:
    """Somebody as everyone may read it."""

    key: str
    name: str
    department: str
    number: int = 0
    left: bool = False


@dataclass(frozen=True)
class Shown:
    view: Opened
    finalists: tuple[Name, ...]  # on the ballot, by number
    winners: tuple[Name, ...]  # from the first day of publication; who agreed to be named
    unnamed: int  # winners who did not
    jury: Mapping[str, Any] | None  # seed, size of the pool, seats

    def can(self, action: str) -> bool:
        """Whether ``nominate``, ``vote`` or ``object`` is possible now."""
        phase = self.view.phase
        return phase is not None and phases.ALLOWED[action] == phase.kind and self.view.round.cancelled_at is None


def shown(session: Session, key: str, *, now: datetime, zone: ZoneInfo) -> Shown:
    """Raises NotFound ``rounds.unknown``, for drafts and cancelled ones too."""
    view = rounds.opened(session, key, now=now, zone=zone, public=True)
    everybody = tables.candidates(session, view.round.id)
    won = [one for one in everybody if one.state == "won"] if _winners_are_public(view, now, zone) else []
    jury = view.round.result.get("jury")
    return Shown(
        view=view,
        finalists=tuple(_named(one) for one in everybody if one.number and one.state != "left_out"),
        winners=tuple(_named(one) for one in won if one.public),
        unnamed=sum(not one.public for one in won),
        jury={"seed": jury["seed"], "pool": len(jury["pool"]), "seats": len(jury["seats"])} if jury else None,
    )


def _winners_are_public(view: Opened, now: datetime, zone: ZoneInfo) -> bool:
    """From the first day of publication on, or once published where there is no such phase."""
    if view.round.published_at is not None:
        return True
    phase = phases.of_kind(view.rules.phases, PUBLICATION)
    return phase is not None and phase.state(now, zone) != "coming" and bool(view.round.decided_by)


def _named(one: Candidate) -> Name:
    point = one.service_point
    return Name(point.key, point.name, one.department, one.number or 0, not point.active)


def name_of(point: ServicePoint) -> Name:
    return Name(point.key, point.name, point.department.name if point.department else "")


def votable(session: Session, *, now: datetime, zone: ZoneInfo) -> Sequence[Opened]:
    """Selections with a running vote."""
    return rounds.in_phase(session, VOTE, now=now, zone=zone)


def open_for_proposals(session: Session, *, now: datetime, zone: ZoneInfo) -> Sequence[Opened]:
    """Selections with running nominations."""
    return rounds.in_phase(session, NOMINATION, now=now, zone=zone)


def ballot(session: Session, view: Opened) -> list[Name]:
    """Those on the list that is voted on, by number."""
    return [_named(one) for one in tables.candidates(session, view.round.id, states=("listed",)) if one.number]


def is_asking(session: Session, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether somebody can propose or vote now."""
    return bool(votable(session, now=now, zone=zone) or open_for_proposals(session, now=now, zone=zone))
