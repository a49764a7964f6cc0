"""The small hospital that tests speak of. Named people read better than numbers."""

from datetime import datetime

from feedback_app.db.directory import ServicePoint

DEPARTMENTS = (("XN", "心血管内科"), ("EK", "儿科"), ("SF", "收费处"), ("ZW", "总务科"))
STAFF = (
    ("D01", "张伟", "XN", "医师", "主任医师", ""),
    ("D02", "张敏", "EK", "医师", "主治医师", ""),
    ("D03", "李建国", "XN", "医师", "副主任医师", "科主任"),
    ("N01", "孙丽", "XN", "护理", "主管护师", "护士长"),
    ("N02", "周婷婷", "EK", "护理", "护士", ""),
    ("C01", "何静", "SF", "收费", "收费员", ""),
)
WINDOWS = (("W01", "1号挂号窗口", "挂号", "1"), ("W03", "3号收费窗口", "收费", "1"))
TEAMS = (("L02", "食堂"), ("L04", "电梯"))


def directory(now: datetime) -> list[ServicePoint]:
    """Departments, staff, windows and logistics teams, ready to be added to a session."""
    departments = {
        key: ServicePoint(kind="department", key=key, name=name, category="临床", sort_key=key, changed_at=now)
        for key, name in DEPARTMENTS
    }
    staff = [
        ServicePoint(
            kind="staff",
            key=key,
            name=name,
            department=departments[unit],
            category=category,
            title=title,
            duty=duty,
            status="在岗",
            sort_key=key,
            changed_at=now,
            wecom_userid=key.lower(),
        )
        for key, name, unit, category, title, duty in STAFF
    ]
    windows = [
        ServicePoint(
            kind="window",
            key=key,
            name=name,
            department=departments["SF"],
            category=category,
            building="门诊楼",
            floor=floor,
            open_hours="07:30-17:00",
            status="启用",
            sort_key=key,
            changed_at=now,
        )
        for key, name, category, floor in WINDOWS
    ]
    teams = [
        ServicePoint(kind="logistics", key=key, name=name, department=departments["ZW"], sort_key=key, changed_at=now)
        for key, name in TEAMS
    ]
    return [*departments.values(), *staff, *windows, *teams]
