"""Who and what is rated: departments, staff, windows, logistics teams, and who sat at which window when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from feedback_app.db.base import Base, Instant
from feedback_app.db.writing import Prepared, Unit, unit_of


class ServicePoint(Base):
    """A department, a member of staff, a service window or a logistics team. ``kind`` and ``key`` name it for ever."""

    __tablename__ = "service_points"
    __table_args__ = (UniqueConstraint("kind", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))  # department | staff | window | logistics | place
    key: Mapped[str] = mapped_column(String(64))  # dept_code | staff_no | window_no | unit_no
    name: Mapped[str] = mapped_column(String(100))
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    sort_key: Mapped[str] = mapped_column(
        String(200), default="", index=True
    )  # pinyin, because no database here collates it
    initials: Mapped[str] = mapped_column(String(40), default="")  # of the pinyin: zw for 张伟
    department_id: Mapped[int | None] = mapped_column(ForeignKey("service_points.id"), index=True)
    category: Mapped[str] = mapped_column(
        String(40), default=""
    )  # staff: 医师, 护理 …; department: 临床 …; window: 挂号, 收费 …
    title: Mapped[str] = mapped_column(String(60), default="")
    duty: Mapped[str] = mapped_column(String(60), default="")  # 科主任, 护士长 … empty for most
    sex: Mapped[str] = mapped_column(String(4), default="")
    hire_date: Mapped[date | None] = mapped_column()
    status: Mapped[str] = mapped_column(String(20), default="")  # as the hospital writes it: 在岗, 离职, 停用 …
    active: Mapped[bool] = mapped_column(default=True, index=True)  # may be rated and may sign in now
    building: Mapped[str] = mapped_column(String(60), default="")
    floor: Mapped[str] = mapped_column(String(20), default="")
    open_hours: Mapped[str] = mapped_column(String(60), default="")
    wecom_userid: Mapped[str] = mapped_column(String(64), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    made_up: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    department: Mapped["ServicePoint | None"] = relationship(remote_side=[id])


class DutySlot(Base):
    """Who served at a window from ``starts_at`` until before ``ends_at``."""

    __tablename__ = "duty_slots"
    __table_args__ = (UniqueConstraint("window_id", "starts_at", "staff_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("service_points.id"), index=True)
    shift: Mapped[str] = mapped_column(String(20), default="")
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)


def find(session: Session, kind: str, key: str) -> ServicePoint | None:
    return session.scalar(select(ServicePoint).where(ServicePoint.kind == kind, ServicePoint.key == key))


def get(session: Session, point_id: int) -> ServicePoint | None:
    return session.get(ServicePoint, point_id)


def all_points(session: Session, *, kind: str | None = None, active_only: bool = False) -> Sequence[ServicePoint]:
    """Service points in pinyin order."""
    query = select(ServicePoint).order_by(ServicePoint.sort_key, ServicePoint.key)
    if kind is not None:
        query = query.where(ServicePoint.kind == kind)
    if active_only:
        query = query.where(ServicePoint.active)
    return session.scalars(query).all()


@dataclass(frozen=True)
class Rated:
    """As much of a service point as accepting a rating needs."""

    id: int
    kind: str
    key: str
    department_id: int | None

    @property
    def unit_id(self) -> int | None:
        """The department it belongs to, or is."""
        return self.id if self.kind == "department" else self.department_id


_RATED = Prepared(
    select(ServicePoint.id, ServicePoint.kind, ServicePoint.key, ServicePoint.department_id).where(
        ServicePoint.id == bindparam("point", type_=ServicePoint.id.type)
    )
)
_ON_DUTY = Prepared(
    select(DutySlot.staff_id)
    .where(
        DutySlot.window_id == bindparam("window", type_=DutySlot.window_id.type),
        DutySlot.starts_at <= bindparam("at", type_=Instant()),
        bindparam("at", type_=Instant()) < DutySlot.ends_at,
    )
    .order_by(DutySlot.staff_id)
)


def rated(unit: Unit, point_id: int) -> Rated | None:
    found = _RATED.rows(unit_of(unit), point=point_id)
    return Rated(*found[0]) if found else None


def on_duty(unit: Unit, window_id: int, at: datetime) -> Sequence[int]:
    """Ids of the staff who served at the window at that moment."""
    return [staff_id for (staff_id,) in _ON_DUTY.rows(unit_of(unit), window=window_id, at=at)]
