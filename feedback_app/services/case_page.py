"""Everything the page of one case shows to one person, read with a handful of queries however long the case is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.accounts import Account
from feedback_app.db.case_media import CaseMedia
from feedback_app.db.case_privacy import CaseGuard, CaseRelease
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.desk import CaseFile
from feedback_app.domain import complaints as rules
from feedback_app.domain.roles import OFFICE, Viewer
from feedback_app.services import case_files, case_identity, case_media, case_releases, case_sight, case_watch
from feedback_app.services.case_identity import Standing
from feedback_app.services.case_watch import Colleague

PATIENT, ANSWER, INSIDE, SYSTEM = "patient", "answer", "inside", "system"


@dataclass(frozen=True)
class Said:
    """One entry of the conversation. ``side``: patient, answer, inside (colleagues only) or system (one line)."""

    event: CaseEvent
    side: str
    text: str | None  # None: it waits for a protection officer
    who: str
    files: Sequence[CaseFile] = ()
    media: CaseMedia | None = None


@dataclass(frozen=True)
class CasePage:
    case: Case
    said: Sequence[Said]
    text: str | None
    masked: Sequence[str]
    near: rules.Nearness
    guard: CaseGuard | None
    release: CaseRelease | None
    identity: Standing
    others: Sequence[Colleague]
    colleagues: Sequence[tuple[str, str]]  # (login, name) of whom a case can be offered to
    veiled: bool
    names: Mapping[str, str]
    found: str  # what was found last (domain.complaints.FINDINGS); "": nothing yet


def read(session: Session, case: Case, viewer: Viewer, now: datetime, today: date) -> CasePage:
    veiled = case_sight.is_veiled(session, viewer, case)
    accounts = session.execute(select(Account.login, Account.name, Account.role, Account.active)).all()
    names = {login: name for login, name, _, _ in accounts}
    return CasePage(
        case=case,
        said=_said(session, case, veiled, names),
        text=None if veiled else case.text,
        masked=case_releases.masked(case.text),
        near=rules.nearness(case.state, case.due_on, today),
        guard=case_sight.guard(session, case),
        release=case_sight.released(session, case),
        identity=case_identity.standing(session, case, viewer, now),
        others=case_watch.others(session, case, viewer.login, now),
        colleagues=[(login, name) for login, name, role, active in accounts if active and role == OFFICE],
        veiled=veiled,
        names=names,
        found=next((one.details["found"] for one in reversed(case.events) if one.action == rules.FIND), ""),
    )


def version(case: Case) -> int:
    """Changes whenever anything is added to the case."""
    return case.events[-1].id if case.events else 0


def _said(session: Session, case: Case, veiled: bool, names: Mapping[str, str]) -> list[Said]:
    files, media = case_files.of_case(session, case), case_media.of_case(session, case)
    found = []
    for event in case.events:
        side = _side(event)
        found.append(
            Said(
                event=event,
                side=side,
                text=None if veiled and side == PATIENT and event.text else event.text,
                who=names.get(event.actor, event.actor.removeprefix("staff:")),
                files=files.get(event.id, ()),
                media=media.get(event.id),
            )
        )
    return found


def _side(event: CaseEvent) -> str:
    if event.action == rules.ANSWER or (event.action == rules.CLOSE and event.text):
        return ANSWER
    if event.actor == "patient" or event.action == "filed":
        return PATIENT
    return INSIDE if event.text else SYSTEM
