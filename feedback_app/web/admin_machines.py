"""The first page of the hospital's IT: what runs, what waits, what ends soon."""

from datetime import datetime, timedelta

from flask import Blueprint, render_template

from feedback_app.services import machines, reasons
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, IT, allow
from feedback_app.web.context import language, runtime, t

blueprint = Blueprint("admin_machines", __name__)
navigation.add(80, "admin_machines.index", "machines.nav")
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@blueprint.get("/admin/machines")
@allow(ADMIN, IT)
def index() -> str:
    """No rating, no case, no person: what IT needs to keep it running."""
    now = runtime().now()
    with runtime().reading() as session:
        return render_template(
            "admin/machines.html",
            found=machines.look(session, runtime(), now),
            now=now,
            zone=runtime().zone,
            since=lambda at: _since(now, at),
            why=lambda kept: reasons.words(kept, language()),
            size=_size,
            database=runtime().database.engine.dialect.name,
        )


def _since(now: datetime, at: datetime | None) -> str:
    """刚刚、12 分钟前、3 小时前、5 天前."""
    if at is None:
        return "–"
    passed = now - at
    if passed < _MINUTE:
        return t("machines.ago.now")
    if passed < _HOUR:
        return t("machines.ago.minutes", n=passed // _MINUTE)
    if passed.days < 2:
        return t("machines.ago.hours", n=passed // _HOUR)
    return t("machines.ago.days", n=passed.days)


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GB" if count >= 2**30 else f"{count / 2**20:,.0f} MB"
