"""A made-up hospital with months of made-up ratings, every one marked as such: for the demo and for trying things out.

The same seed and day make the same people and ratings. Ratings are written in bulk, because the demo has to stand in a
minute, but every row is made by the rules of ``services.ratings``: commitment, evidence entry, day and month, opened case.
"""

import random
import secrets
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from feedback_app.db.directory import DutySlot, ServicePoint
from feedback_app.db.evidence import Evidence
from feedback_app.db.ratings import Rating
from feedback_app.domain import evidence as entries
from feedback_app.domain.complaints import ANSWER, CLOSE
from feedback_app.domain.cycles import month_period
from feedback_app.domain.identity import readable
from feedback_app.domain.periods import Month, local_day
from feedback_app.services import (
    awards,
    bindings,
    codes,
    complaint_desk,
    complaints,
    evidence,
    leaderboards,
    publications,
    questionnaires,
)
from feedback_app.services.complaints import Filing
from feedback_app.services.pinyin import sort_key, syllables
from feedback_app.services.ratings import LOW, RECEIPT_LENGTH
from feedback_app.services.vault import Vault
from feedback_app.settings import Settings

PRESET = Path(__file__).parent.parent / "presets" / "demo" / "hospital.toml"
BY = "demo"
_BATCH = 1000
_SHIFTS = (("上午", time(7, 30), time(12)), ("下午", time(12), time(17)))
_HOURS = (4, 17, 19, 18, 13, 6, 7, 9, 5, 2)  # from 8 o'clock; outpatients come in the morning
_TITLES = {
    "医师": ("住院医师", "主治医师", "副主任医师", "主任医师"),
    "护理": ("护士", "护师", "主管护师"),
}
_LEVELS = (0.015, 0.015, 0.05, 0.14, 0.78)  # 1 to 5 stars: what hospitals with a code at the counter see
_COMMENTED = {5: 0.12, 4: 0.14, 3: 0.3, 2: 0.5, 1: 0.6}
_ANSWERED_AFTER = timedelta(days=3)
Progress = Callable[[int], object]


@dataclass(frozen=True)
class Size:
    """How much is made. ``months`` are whole past months; the running one comes on top."""

    ratings: int = 25_000
    months: int = 4


@dataclass
class Hospital:
    """What is being made: the session it goes into, when, and the chance everything is drawn from."""

    session: Session
    vault: Vault
    settings: Settings
    now: datetime
    size: Size
    chance: random.Random
    preset: Mapping[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.hospital.zone

    @property
    def first_month(self) -> Month:
        return Month.of(self.now, self.zone).shifted(-self.size.months)


def is_empty(session: Session) -> bool:
    """Whether there is nothing yet: a demo is seeded once."""
    return session.scalar(select(ServicePoint.id).limit(1)) is None


def an_address_each(session: Session, vault: Vault, base_url: str, now: datetime) -> list[tuple[str, str]]:
    """The form of one window and of one doctor: (label, address). Empty for an empty hospital."""
    found = []
    for kind, category in (("window", "收费"), ("staff", "医师")):
        point = session.scalar(
            select(ServicePoint)
            .where(ServicePoint.kind == kind, ServicePoint.category == category, ServicePoint.active)
            .order_by(ServicePoint.id.desc())
            .limit(1)
        )
        if point is not None:
            code = codes.issue(session, vault, point, now)
            found.append((f"评价 / rate: {point.name}", codes.address(base_url, code.text or "")))
    return found


def wecom_members(session: Session) -> list[dict[str, str]]:
    """Everybody of the directory who has a WeCom account, for the stand-in's list of members."""
    query = select(ServicePoint).where(
        ServicePoint.kind == "staff", ServicePoint.active, ServicePoint.wecom_userid != ""
    )
    return [{"userid": point.wecom_userid, "name": point.name} for point in session.scalars(query)]


def seed(
    session: Session, vault: Vault, settings: Settings, *, now: datetime, progress: Progress, size: Size | None = None
) -> None:
    """Make everything in the caller's transaction: all of it or nothing. ``progress`` is told how many ratings were
    written since it was last told."""
    made = Hospital(
        session=session,
        vault=vault,
        settings=settings,
        now=now,
        size=size or Size(),
        chance=random.Random(2026),  # noqa: S311 - made-up data, and the same every time
        preset=tomllib.loads(PRESET.read_text("utf-8")),
    )
    people = _people(made)
    roster = _duty(made, people)
    _ratings(made, [point for point in people if point.kind != "department"], roster, progress)
    _cases(made, people)
    _boards(made)
    _bind_half(made, people)
    while evidence.give_places(session):
        pass
    evidence.sign_head(session, vault, now)


def _people(made: Hospital) -> list[ServicePoint]:
    """Departments, staff, windows and teams, with their codes."""
    departments = {
        ward["key"]: _point(made, "department", ward["key"], ward["name"], category=ward["kind"])
        for ward in made.preset["wards"]
    }
    made.session.add_all(departments.values())
    made.session.flush()
    members = [member for ward in made.preset["wards"] for member in _members(made, ward, departments[ward["key"]])]
    counters = [
        _point(
            made,
            "window",
            f"W{index:02d}",
            f"{place}号{group['name']}窗口",
            department=departments[group["ward"]],
            category=group["name"],
            building="门诊楼",
            floor=group["floor"],
            open_hours="07:30-17:00",
            status="启用",
        )
        for index, (group, place) in enumerate(
            ((group, place) for group in made.preset["windows"] for place in range(1, group["count"] + 1)), 1
        )
    ]
    teams = [
        _point(made, "logistics", f"L{index:02d}", team["name"], department=departments["ZW"])
        for index, team in enumerate(made.preset["teams"], 1)
    ]
    points = [*departments.values(), *members, *counters, *teams]
    made.session.add_all(points)
    made.session.flush()
    for point in points:
        codes.issue(made.session, made.vault, point, made.first_month.starts(made.zone))
    return points


def _point(
    made: Hospital, kind: str, key: str, name: str, *, department: ServicePoint | None = None, **more: Any
) -> ServicePoint:
    return ServicePoint(
        kind=kind,
        key=key,
        name=name,
        sort_key=sort_key(name, person=kind == "staff"),
        department=department,
        changed_at=made.now,
        made_up=True,
        **more,
    )


def _members(made: Hospital, ward: Mapping[str, Any], department: ServicePoint) -> Iterator[ServicePoint]:
    posts = [
        *[("医师", rank) for rank in range(ward.get("doctors", 0))],
        *[("护理", rank) for rank in range(ward.get("nurses", 0))],
        *[(ward.get("category", ""), rank) for rank in range(ward.get("other", 0))],
    ]
    for number, (category, rank) in enumerate(posts, 1):
        titles = _TITLES.get(category, (ward.get("title", ""),))
        name = made.chance.choice(made.preset["surnames"]) + made.chance.choice(made.preset["given"])
        key = f"{ward['key']}{number:02d}"
        yield _point(
            made,
            "staff",
            key,
            name,
            department=department,
            category=category,
            title=titles[-1] if rank == 0 else made.chance.choice(titles),
            duty={"医师": "科主任", "护理": "护士长"}.get(category, "") if rank == 0 else "",
            hire_date=date(made.now.year - made.chance.randint(2, 25), made.chance.randint(1, 12), 1),
            status="在岗",
            wecom_userid=f"{''.join(syllables(name, person=True))}.{key.lower()}",
        )


Roster = Mapping[tuple[int, date, str], int]
"""(window, day, shift) -> who served there."""


def _duty(made: Hospital, points: Sequence[ServicePoint]) -> Roster:
    """Who served at which window, from the first month to two weeks from now."""
    by_unit: dict[int | None, list[ServicePoint]] = {}
    for point in points:
        if point.kind == "staff":
            by_unit.setdefault(point.department_id, []).append(point)
    roster: dict[tuple[int, date, str], int] = {}
    day, last = local_day(made.first_month.starts(made.zone), made.zone), local_day(made.now, made.zone)
    while day <= last + timedelta(days=14):
        for unit, members in by_unit.items():
            counters = [point for point in points if point.kind == "window" and point.department_id == unit]
            for shift, *_ in _SHIFTS:
                for counter, member in zip(counters, made.chance.sample(members, len(members)), strict=False):
                    roster[counter.id, day, shift] = member.id
        day += timedelta(days=1)
    spans = {name: (start, end) for name, start, end in _SHIFTS}
    rows = [
        {
            "window_id": window,
            "staff_id": member,
            "shift": shift,
            "starts_at": datetime.combine(on, spans[shift][0], made.zone),
            "ends_at": datetime.combine(on, spans[shift][1], made.zone),
        }
        for (window, on, shift), member in roster.items()
    ]
    if rows:
        made.session.execute(insert(DutySlot), rows)
    return roster


def _ratings(made: Hospital, points: Sequence[ServicePoint], roster: Roster, progress: Progress) -> None:
    version, _ = questionnaires.current(made.session)
    printed = {point.id: codes.issue(made.session, made.vault, point, made.now).id for point in points}
    busy = [made.chance.lognormvariate(0, 0.5) * (1.6 if point.kind == "window" else 1.0) for point in points]
    merit = {point.id: made.chance.gauss(0, 0.45) for point in points}
    moments = sorted(_moment(made) for _ in range(made.size.ratings))
    rated = made.chance.choices(points, busy, k=len(moments))
    by_id = {point.id: point for point in points}
    rows: list[dict[str, Any]] = []
    for moment, point in zip(moments, rated, strict=True):
        row = _rating(made, point, moment, roster, merit[point.id])
        rows.append({**row, "code_id": printed[point.id], "questionnaire_version_id": version.id})
        if len(rows) == _BATCH:
            _write(made, rows, by_id)
            progress(len(rows))
            rows = []
    if rows:
        _write(made, rows, by_id)
        progress(len(rows))


def _moment(made: Hospital) -> datetime:
    """An instant before now: working days three times as busy as weekends, mornings busier than evenings."""
    start = made.first_month.starts(made.zone)
    while True:
        day = local_day(start + (made.now - start) * made.chance.random(), made.zone)
        if day.weekday() >= 5 and made.chance.random() > 0.33:
            continue
        hour = 8 + made.chance.choices(range(len(_HOURS)), _HOURS)[0]
        clock = time(hour, made.chance.randrange(60), made.chance.randrange(60))
        moment = datetime.combine(day, clock, made.zone)
        if start <= moment < made.now:
            return moment


def _rating(made: Hospital, point: ServicePoint, moment: datetime, roster: Roster, merit: float) -> dict[str, Any]:
    chance = made.chance
    weights = [share * 2.0 ** (merit * (level - 2) * 0.8) for level, share in enumerate(_LEVELS)]
    score = chance.choices((1, 2, 3, 4, 5), weights)[0]
    said = made.preset["comments"][point.kind]["high" if score >= 4 else "low" if score <= LOW else "middle"]
    comment = chance.choice(said) if chance.random() < _COMMENTED[score] else ""
    answers: dict[str, Any] = {"overall": score, **({"comment": comment} if comment else {})}
    salt, day = secrets.token_hex(16), local_day(moment, made.zone)
    shift = "上午" if moment.astimezone(made.zone).hour < 12 else "下午"
    return {
        "receipt": readable(secrets.token_bytes(8), RECEIPT_LENGTH),
        "idempotency_key": f"demo-{secrets.token_hex(12)}",
        "service_point_id": point.id,
        "on_duty_id": roster.get((point.id, day, shift)),
        "score": score,
        "answers": answers,
        "comment": comment,
        "answers_salt": salt,
        "answers_digest": entries.commitment(salt, evidence.answers_of(comment, answers)),
        "language": "zh",
        "channel": chance.choices(("form", "bot", "paper"), (90, 8, 2))[0],
        "rater_hash": made.vault.person(f"made-up-{chance.randrange(9000)}") if chance.random() < 0.4 else None,
        "received_at": moment,
        "day": day,
        "period": str(Month.of(moment, made.zone)),
        "status": "counted",
        "why_not": "",
        "made_up": True,
        "unit_id": point.id if point.kind == "department" else point.department_id,
    }


def _write(made: Hospital, rows: Sequence[Mapping[str, Any]], points: Mapping[int, ServicePoint]) -> None:
    made.session.execute(insert(Rating), list(rows))
    made.session.execute(
        insert(Evidence), [_entry(Rating(**row), points[row["service_point_id"]], row["received_at"]) for row in rows]
    )


def _entry(rating: Rating, point: ServicePoint, moment: datetime) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    shown = evidence.shown_of(rating, point)
    hidden = entries.commitment(salt, evidence.hidden_of(rating))
    return {
        "kind": "rating",
        "subject": evidence.rating_subject(rating.receipt),
        "shown": shown,
        "salt": salt,
        "hidden": hidden,
        "leaf": entries.leaf("rating", shown, hidden),
        "written_at": moment,
    }


def _cases(made: Hospital, points: Sequence[ServicePoint]) -> None:
    """What low ratings open, older ones dealt with; and some praise and suggestions by message."""
    low = made.session.scalars(select(Rating).where(Rating.score <= LOW).order_by(Rating.received_at)).all()
    for rating in low:
        filing = Filing(
            text=rating.comment,
            source="rating",
            origin_key=f"rating:{rating.id}",
            point_id=rating.service_point_id,
            rating_id=rating.id,
            made_up=True,
        )
        case = complaints.file(made.session, filing, zone=made.zone, now=rating.received_at)
        answered = rating.received_at + _ANSWERED_AFTER
        if answered < made.now and case.number:
            _deal_with(made, case.number, answered)
    staff = [point for point in points if point.kind == "staff"]
    for kind, listed in (("praise", made.preset["praise"]), ("suggestion", made.preset["suggestions"])):
        for index, one in enumerate(listed):
            filing = Filing(
                text=one["text"],
                source="bot",
                origin_key=f"demo:{kind}:{index}",
                kind=kind,
                point_id=made.chance.choice(staff).id if kind == "praise" else None,
                made_up=True,
            )
            complaints.file(made.session, filing, zone=made.zone, now=made.now - timedelta(hours=5 * index + 2))


def _deal_with(made: Hospital, number: str, at: datetime) -> None:
    words = "您说的情况已经了解，向您致歉。科室当天调整了安排，之后会有人再看一遍。"
    for action in (ANSWER, CLOSE):
        seen = complaint_desk.version(complaint_desk.get(made.session, number))
        step = complaint_desk.Step(action, words if action == ANSWER else "", seen, BY)
        complaint_desk.take(made.session, number, step, at, made.zone)


def _boards(made: Hospital) -> None:
    """Past months closed; all but the last one published, so that there is something left to publish."""
    current = Month.of(made.now, made.zone)
    for back in range(made.size.months, 0, -1):
        period = month_period(current.shifted(-back))
        closed_at = period.ends(made.zone) + timedelta(minutes=1)
        leaderboards.close(made.session, awards.BUILT_IN, period, now=closed_at, zone=made.zone, actor=BY)
        if back > 1:
            released = closed_at + timedelta(days=2, hours=10)
            publications.publish(
                made.session, awards.BUILT_IN, period, by="演示", now=released, settings=_without_groups(made.settings)
            )


def _without_groups(settings: Settings) -> Settings:
    """Nobody is bound yet; without group robots too, publishing the past sends nothing."""
    return settings.model_copy(update={"wecom": settings.wecom.model_copy(update={"webhooks": {}})})


def _bind_half(made: Hospital, points: Sequence[ServicePoint]) -> None:
    for place, point in enumerate(point for point in points if point.kind == "staff"):
        if place % 2 == 0:
            bindings.bind(made.session, made.vault, point, bindings.WECOM, point.wecom_userid, now=made.now)
