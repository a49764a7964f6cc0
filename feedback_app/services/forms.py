"""What a patient sees behind a code: who or what is rated, and the questions of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import codes as code_rows
from feedback_app.db.codes import Code
from feedback_app.db.directory import ServicePoint
from feedback_app.domain.badge_names import badge_name
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.services import codes, pilot, place_profiles, question_rules, questionnaires, quiet_visits, tickets
from feedback_app.services.vault import Vault
from qr import codes as short_codes


@dataclass(frozen=True)
class Place:
    """What is rated, in the words that stand on the sign."""

    id: int
    kind: str
    name: str
    title: str = ""
    department: str = ""
    building: str = ""
    floor: str = ""
    open_hours: str = ""


@dataclass(frozen=True)
class OpenForm:
    code: str
    code_id: int
    place: Place
    version_id: int
    questionnaire: Questionnaire
    slips: bool = False  # whether slips have been printed for this place
    quiet: bool = False  # a sensitive place: nobody is invited or reminded
    profile: bool = False  # something is known to tell about the place itself
    trial: bool = False  # the department tries it out: levels will not count
    until: datetime | None = None  # another question set may be asked from then on


@dataclass(frozen=True)
class Alternative:
    """Another code to offer when this one is retired."""

    code: str
    place: Place


def place_of(point: ServicePoint, names: str = "full") -> Place:
    """``names``: setting hospital.staff_names; ``surname`` shows of staff surname and number only."""
    department = point.department.name if point.department else ""
    short = names == "surname" and point.kind == "staff"
    name = badge_name(point.name, point.category, point.key) if short else point.name
    return Place(point.id, point.kind, name, point.title, department, point.building, point.floor, point.open_hours)


def open_form(session: Session, vault: Vault, typed: str, now: datetime, names: str = "full") -> OpenForm:
    """The form of a code. Raises what ``codes.open_code`` raises."""
    code = codes.open_code(session, vault, typed)
    version, questionnaire = questionnaires.for_point(session, code.service_point, now)
    place = place_of(code.service_point, names)
    return OpenForm(
        code.text or "",
        code.id,
        place,
        version.id,
        questionnaire,
        slips=tickets.any_printed(session, place.id),
        quiet=quiet_visits.is_quiet_place(session, code.service_point),
        profile=bool(place_profiles.of(session, place.id)),
        trial=pilot.stage(session).is_trial,
        until=question_rules.next_change(session, now),
    )


def form_again(session: Session, point: ServicePoint, names: str = "full") -> OpenForm:
    """The empty form of a place that has been rated already; its code may have been retired since."""
    version, questionnaire = questionnaires.current(session)
    return OpenForm("", 0, place_of(point, names), version.id, questionnaire)


def alternatives(session: Session, vault: Vault, typed: str, names: str = "full") -> Sequence[Alternative]:
    """After a retired code: the codes now active for the same place, else for others of its kind and department."""
    code = code_rows.find(session, short_codes.read(typed, vault.key(codes.PURPOSE)))
    if code is None:
        return ()
    gone = code.service_point
    active = select(Code).join(ServicePoint, Code.service_point_id == ServicePoint.id)
    active = active.where(Code.status == "active", ServicePoint.active).order_by(
        ServicePoint.sort_key, ServicePoint.key
    )
    here = session.scalars(active.where(ServicePoint.id == gone.id)).all()
    if not here:
        near = active.where(ServicePoint.kind == gone.kind, ServicePoint.department_id == gone.department_id)
        here = session.scalars(near.limit(30)).all()
    return [Alternative(one.text or "", place_of(one.service_point, names)) for one in here]
