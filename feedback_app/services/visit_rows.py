"""One visit as another system tells it, whichever way it came (API, file, HL7), and what may be believed of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from feedback_app.services.checked import Form, Problem

Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
PointKind = Literal["staff", "window", "logistics", "department", "place"]
VisitKind = Literal["outpatient", "emergency", "inpatient", "window", "examination"]
INPATIENT = "inpatient"

AHEAD = timedelta(minutes=10)
"""How far another system's clock may be ahead of ours: such a visit ended now."""
OLDEST = timedelta(days=800)
"""Older visits are in no figure that could still change."""


class PointName(Form):
    """A service point by its kind and the hospital's own number."""

    kind: PointKind
    key: Key


class Visit(Form):
    """One visit. ``reference`` is the hospital's own number of it; sent again it is the same visit."""

    reference: Key
    point: PointName
    ended_at: datetime = Field(description="When it ended. Without an offset it is read in the hospital's time zone.")
    kind: VisitKind = "outpatient"
    patient: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="The hospital's number of the person, so that nobody is invited too often."
    )
    phone: Annotated[str, StringConstraints(max_length=20, pattern=r"^(\+?[0-9][0-9 -]{4,17}[0-9])?$")] = ""
    openid: Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")] = ""
    outcome: Literal["", "loss"] = Field(default="", description="loss: after a death nobody is ever invited.")
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    with_guardian: bool = False
    diagnosis_group: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="", description="Of discharged patients: which plan of follow-up is theirs."
    )

    @property
    def who(self) -> str:
        """What tells whether two visits are the same person's; "" when nothing does."""
        if self.patient:
            return f"patient:{self.patient}"
        return f"phone:{digits(self.phone)}" if self.phone else f"openid:{self.openid}" if self.openid else ""


@dataclass(frozen=True)
class Ended:
    """``at`` is aware and not in our future."""

    at: datetime
    clock_ahead: bool = False


def ended(visit: Visit, zone: ZoneInfo, now: datetime, line: int = 0) -> Ended | Problem:
    """When the visit ended by our clock, or why that cannot be."""
    told = visit.ended_at if visit.ended_at.tzinfo else visit.ended_at.replace(tzinfo=zone)
    try:
        if told > now + AHEAD:
            return Problem("visits.in_future", "ended_at", line, {"minutes": int(AHEAD.total_seconds() // 60)})
        if told < now - OLDEST:
            return Problem("visits.too_old", "ended_at", line, {"days": OLDEST.days})
    except OverflowError:
        return Problem("api.bad_moment", "ended_at", line, {"field": "ended_at"})
    return Ended(min(told, now), told > now)


def digits(phone: str) -> str:
    """The number as it is compared: digits alone, without 86 before a mobile number of this country."""
    plain = "".join(sign for sign in phone if sign.isdecimal())
    return plain[2:] if len(plain) == 13 and plain.startswith("86") else plain


_HEADINGS: Mapping[str, str] = {
    "reference": "reference visit_no 就诊号 就诊流水号 门诊号 住院号 流水号",
    "kind": "kind 就诊类型 类型",
    "point_kind": "point_kind 对象类型",
    "point_key": "point_key staff_no 工号 医生工号 编号",
    "ended_at": "ended_at 结束时间 就诊时间 出院时间",
    "patient": "patient patient_id 患者编号 病人ID 病人编号",
    "phone": "phone mobile 手机 手机号 联系电话",
    "openid": "openid",
    "outcome": "outcome 结局",
    "age": "age 年龄",
    "with_guardian": "with_guardian 监护人陪同",
    "diagnosis_group": "diagnosis_group 诊断分组 病种",
}
_WORDS = {"门诊": "outpatient", "急诊": "emergency", "住院": INPATIENT, "窗口": "window", "检查": "examination"} | {
    "职工": "staff", "医生": "staff", "班组": "logistics", "科室": "department", "地点": "place",
    "死亡": "loss", "是": "true", "否": "false",
}  # fmt: skip


def headings(cells: tuple[str, ...]) -> dict[int, str]:
    """Which column of a file holds which field, by its heading."""
    known = {word.lower(): field for field, words in _HEADINGS.items() for word in words.split()}
    return {place: known[cell.strip().lower()] for place, cell in enumerate(cells) if cell.strip().lower() in known}


def from_cells(columns: Mapping[int, str], cells: tuple[str, ...]) -> dict[str, Any]:
    """A line of a file as the API would have had it; what is wrong with it shows when it is checked."""
    told = {
        name: cells[place].strip() for place, name in columns.items() if place < len(cells) and cells[place].strip()
    }
    said = {name: _WORDS.get(value, value) for name, value in told.items()}
    if told.get("point_kind") == "窗口":
        said["point_kind"] = "window"
    point = {"kind": said.pop("point_kind", "staff"), "key": said.pop("point_key", "")}
    return {**said, "point": point, **({"ended_at": said["ended_at"].replace("/", "-")} if "ended_at" in said else {})}
