"""The short codes that are printed: one active code a service point, retired ones kept for ever."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ForeignKey, Select, String, and_, case, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, joinedload, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.directory import ServicePoint


class Code(Base):
    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(20), unique=True)  # made from the id, hence written after the row
    service_point_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    status: Mapped[str] = mapped_column(String(10), default="active")  # active | retired
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_why: Mapped[str] = mapped_column(String(200), default="")
    chat_url: Mapped[str] = mapped_column(String(200), default="")  # of the account's parametric code; "" without one

    service_point: Mapped[ServicePoint] = relationship()


@dataclass(frozen=True)
class Wanted:
    """Which codes; an empty field asks for nothing."""

    kind: str = ""
    department: str = ""  # key or exact name
    status: str = ""  # active | paused (the point itself is out of use) | retired | printable
    keys: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    search: str = ""  # part of a name, of a key or of a code


Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
KINDS = ("window", "staff", "place", "logistics", "department")  # in the order people print them
_Unit = aliased(ServicePoint, name="unit")


def find(session: Session, text: str) -> Code | None:
    return session.scalar(select(Code).where(Code.text == text).options(joinedload(Code.service_point)))


def without_chat(session: Session, most: int) -> Sequence[str]:
    query = select(Code.text).where(Code.status == "active", Code.chat_url == "", Code.text.is_not(None))
    return [text for text in session.scalars(query.order_by(Code.id).limit(most)) if text]


def of_point(session: Session, point_id: int, *, active_only: bool = True) -> Sequence[Code]:
    query = select(Code).where(Code.service_point_id == point_id).order_by(Code.id)
    return session.scalars(query.where(Code.status == "active") if active_only else query).all()


def matching(session: Session, wanted: Wanted, *, most: int | None = None, skip: int = 0) -> Sequence[Code]:
    """With their service points and departments: by kind, department, then name (windows: number)."""
    by_name = case((ServicePoint.kind == "window", ServicePoint.key), else_=ServicePoint.sort_key)
    query = _chosen(select(Code), wanted).options(
        contains_eager(Code.service_point).contains_eager(ServicePoint.department.of_type(_Unit))
    )
    by_kind = case({kind: place for place, kind in enumerate(KINDS)}, value=ServicePoint.kind)
    query = query.order_by(by_kind, _Unit.sort_key, _Unit.key, by_name, ServicePoint.key, Code.id)
    return session.scalars(query.limit(most).offset(skip)).all()


def count(session: Session, wanted: Wanted) -> int:
    return session.scalar(_chosen(select(func.count(Code.id)), wanted)) or 0


def count_by_kind(session: Session, status: str) -> dict[str, int]:
    """How many codes of this status there are, by kind."""
    query = _chosen(select(ServicePoint.kind, func.count(Code.id)), Wanted(status=status))
    return dict(session.execute(query.group_by(ServicePoint.kind)).all())


def departments_of(session: Session, wanted: Wanted) -> Sequence[tuple[str, str, int]]:
    """(key, name, number of codes) of the departments the codes belong to."""
    query = _chosen(select(_Unit.key, _Unit.name, func.count(Code.id)), wanted).where(_Unit.id.is_not(None))
    query = query.group_by(_Unit.id, _Unit.key, _Unit.name, _Unit.sort_key).order_by(_Unit.sort_key, _Unit.key)
    return [(key, name, number) for key, name, number in session.execute(query)]


def points_without(session: Session) -> Sequence[ServicePoint]:
    """Service points that should have a code and have none."""
    coded = select(Code.service_point_id).where(Code.status == "active")
    query = select(ServicePoint).where(_KEEPS_CODE, ServicePoint.id.not_in(coded))
    return session.scalars(query.order_by(ServicePoint.kind, ServicePoint.key)).all()


def _chosen(query: Query, wanted: Wanted) -> Query:
    query = query.select_from(Code).join(ServicePoint, Code.service_point_id == ServicePoint.id)
    query = query.outerjoin(_Unit, ServicePoint.department_id == _Unit.id)
    return query.where(Code.text.is_not(None), *_conditions(wanted))


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    if wanted.kind:
        yield ServicePoint.kind == wanted.kind
    if wanted.department:
        own = and_(ServicePoint.kind == "department", _named(ServicePoint, wanted.department))
        yield or_(_named(_Unit, wanted.department), own)
    if wanted.status:
        yield _STATUS[wanted.status]
    if wanted.keys:
        yield ServicePoint.key.in_(wanted.keys)
    if wanted.codes:
        yield Code.text.in_(wanted.codes)
    if wanted.search:
        fields = (ServicePoint.name, ServicePoint.key, Code.text)
        yield or_(*(field.icontains(wanted.search, autoescape=True) for field in fields))


def _named(unit: type[ServicePoint], name: str) -> ColumnElement[bool]:
    return or_(unit.key == name, unit.name == name)


# A place that rests for a while keeps its code on the wall; a person who has left does not.
_KEEPS_CODE = or_(ServicePoint.active, ServicePoint.kind != "staff")
PRINTABLE = "printable"
_STATUS: dict[str, ColumnElement[bool]] = {
    "active": and_(Code.status == "active", ServicePoint.active),
    "paused": and_(Code.status == "active", ~ServicePoint.active),
    "retired": Code.status == "retired",
    PRINTABLE: and_(Code.status == "active", _KEEPS_CODE),
}
STATUSES = ("active", "paused", "retired")
