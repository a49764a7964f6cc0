"""Codes: issued, read, retired and reissued. The address in a picture comes from the configuration only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import codes
from feedback_app.db.codes import KINDS, PRINTABLE, STATUSES, Code, Wanted
from feedback_app.db.directory import ServicePoint
from feedback_app.db.engine import lock
from feedback_app.domain.badge_names import badge_name
from feedback_app.errors import Gone, NotFound, Refused
from feedback_app.services import audit, pilot
from feedback_app.services.vault import Vault
from qr import codes as short_codes

__all__ = ["KINDS", "PRINTABLE", "STATUSES", "Code", "Wanted"]  # handed on to the doors

PURPOSE = "codes"
_MAKING = "codes"  # one process at a time, so that no service point gets two


@dataclass(frozen=True)
class CodeRow:
    """A code with what it stands for."""

    code: str
    url: str
    kind: str
    key: str
    name: str
    status: str  # active | paused (its service point is out of use) | retired
    title: str
    department: str
    building: str
    floor: str
    created_at: datetime
    retired_at: datetime | None
    retired_why: str
    badge_name: str = ""  # staff: surname and number, for hospitals that show no full names
    chat_url: str = ""  # what a picture holds instead of ``url`` where a scan is to open the chat

    @property
    def grouped(self) -> str:
        """The code as people read it: ``0001-7XK2-9QDM``."""
        return short_codes.grouped(self.code)

    @property
    def printable(self) -> bool:
        """Whether it may hang on a wall: it works, or its place only rests."""
        return self.status == "active" or (self.status == "paused" and self.kind != "staff")


def keeps_code(point: ServicePoint) -> bool:
    """Whether a code belongs to it. A place that rests for a while keeps its code; a person who has left does not."""
    return point.active or point.kind != "staff"


def address(base_url: str, code: str) -> str:
    """Where a scan leads."""
    return f"{base_url}/s/{code}"


def issue(session: Session, vault: Vault, point: ServicePoint, now: datetime) -> Code:
    """The active code of the service point; made now if there is none."""
    active = codes.of_point(session, point.id)
    if not active:
        lock(session, _MAKING)
        active = codes.of_point(session, point.id)
    if active:
        return active[-1]
    return _issue(session, vault, [point], now)[0]


def issue_missing(session: Session, vault: Vault, *, actor: str, now: datetime) -> int:
    """A code for everybody in service and every place, resting ones too, that has none; returns how many were made."""
    lock(session, _MAKING)
    made = _issue(session, vault, codes.points_without(session), now)
    if made:
        audit.write(session, actor=actor, action="codes.issued", now=now, number=len(made))
    return len(made)


def missing(session: Session) -> int:
    """How many service points have no code yet."""
    return len(codes.points_without(session))


def _issue(session: Session, vault: Vault, points: Sequence[ServicePoint], now: datetime) -> list[Code]:
    made = [Code(service_point_id=point.id, created_at=now) for point in points]
    session.add_all(made)
    session.flush()
    key = vault.key(PURPOSE)
    for code in made:
        code.text = short_codes.make(code.id, key)
    session.flush()
    return made


def issue_all(session: Session, vault: Vault, points: Sequence[ServicePoint], now: datetime) -> int:
    """An active code for each of these points that has none, in a few statements for thousands; returns how many."""
    lock(session, _MAKING)
    served = set(session.scalars(select(Code.service_point_id).where(Code.status == "active")))
    return len(_issue(session, vault, [point for point in points if point.id not in served], now))


def open_code(session: Session, vault: Vault, typed: str) -> Code:
    """The code somebody scanned or typed.

    Raises Refused ``codes.forged``, NotFound ``codes.unknown``, Gone ``codes.retired`` or, for a place that rests,
    ``codes.paused``, or ``codes.not_open`` while a trial runs elsewhere (all with the name it stood for).
    """
    code = find(session, vault, typed)
    point = code.service_point
    if code.status != "active" or not keeps_code(point):
        raise Gone("codes.retired", name=point.name)
    if not point.active:
        raise Gone("codes.paused", name=point.name)
    pilot.check(session, point)
    return code


def find(session: Session, vault: Vault, typed: str) -> Code:
    """The same, retired codes included. Raises Refused ``codes.forged``, NotFound ``codes.unknown``."""
    text = short_codes.read(typed, vault.key(PURPOSE))
    code = codes.find(session, text)
    if code is None:
        raise NotFound("codes.unknown")
    return code


def is_ours(vault: Vault, typed: str) -> bool:
    """Whether the signature is ours; asks no database."""
    try:
        short_codes.read(typed, vault.key(PURPOSE))
    except Refused:
        return False
    return True


def rows(
    session: Session, base_url: str, wanted: Wanted, *, most: int | None = None, skip: int = 0
) -> Sequence[CodeRow]:
    """The codes asked for: by kind, department, then name (windows: number)."""
    return [row(code, base_url) for code in codes.matching(session, wanted, most=most, skip=skip)]


def count(session: Session, wanted: Wanted) -> int:
    return codes.count(session, wanted)


def count_by_kind(session: Session) -> dict[str, int]:
    """How many codes can be printed: every kind of :data:`KINDS` and its number."""
    counted = codes.count_by_kind(session, PRINTABLE)
    return {kind: counted.get(kind, 0) for kind in KINDS}


def resting_by_kind(session: Session) -> dict[str, int]:
    """How many of them belong to places that are out of use for now; kinds without any are left out."""
    counted = codes.count_by_kind(session, "paused")
    return {kind: number for kind, number in counted.items() if kind != "staff"}


def departments(session: Session, wanted: Wanted) -> Sequence[tuple[str, str, int]]:
    """(key, name, number of codes) of each department the codes belong to."""
    return codes.departments_of(session, wanted)


def without_chat(session: Session, most: int) -> Sequence[str]:
    """Active codes for which the account has no parametric code yet, oldest first."""
    return codes.without_chat(session, most)


def keep_chat(session: Session, text: str, chat_url: str) -> None:
    """Remember the address of the parametric code whose scene is the code ``text``."""
    code = codes.find(session, text)
    if code is not None:
        code.chat_url = chat_url
        session.flush()


def retire(session: Session, code: Code, *, why: str, actor: str, now: datetime) -> None:
    """Stop the code at once. Doing it again changes nothing."""
    if code.status == "retired":
        return
    code.status = "retired"
    code.retired_at = now
    code.retired_why = why
    audit.write(session, actor=actor, action="code.retired", subject=code.text or "", now=now, why=why)


def reissue(session: Session, vault: Vault, code: Code, *, why: str, actor: str, now: datetime) -> Code:
    """Stop the code and give its service point a new one. Doing it again gives the same new one.

    Raises Refused ``codes.out_of_use`` for somebody who has left.
    """
    if not keeps_code(code.service_point):
        raise Refused("codes.out_of_use", name=code.service_point.name)
    retire(session, code, why=why, actor=actor, now=now)
    session.flush()
    new = issue(session, vault, code.service_point, now)
    audit.write(session, actor=actor, action="code.reissued", subject=new.text or "", now=now, instead_of=code.text)
    return new


def current(session: Session, code: Code) -> str:
    """The code on the wall now for the same service point; "" when there is none."""
    active = codes.of_point(session, code.service_point_id)
    return (active[-1].text or "") if active and keeps_code(code.service_point) else ""


def note_printing(session: Session, *, number: int, layout: str, actor: str, now: datetime) -> None:
    """Remember that sheets were made: the first page of the console asks for it."""
    audit.write(session, actor=actor, action="codes.printed", now=now, number=number, layout=layout)


def row(code: Code, base_url: str) -> CodeRow:
    """The code with what it stands for, for showing."""
    point = code.service_point
    return CodeRow(
        code=code.text or "",
        url=address(base_url, code.text or ""),
        kind=point.kind,
        key=point.key,
        name=point.name,
        status="paused" if code.status == "active" and not point.active else code.status,
        title=point.title,
        department=point.department.name if point.department else "",
        building=point.building,
        floor=point.floor,
        created_at=code.created_at,
        retired_at=code.retired_at,
        retired_why=code.retired_why,
        badge_name=badge_name(point.name, point.category, point.key) if point.kind == "staff" else "",
        chat_url=code.chat_url,
    )
