"""Reports to download: choose a month and a department, then one press for a PDF, an editable DOCX or an XLSX."""

from typing import Any

from flask import Blueprint, Response, g, render_template, request

from feedback_app.domain.papers import FORMS
from feedback_app.domain.periods import Month
from feedback_app.errors import NotFound
from feedback_app.services import audit, papers, rating_lists, releases, reports, theme_quotes
from feedback_app.services.reports import OF_UNITS, Asked, Desk
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, HEAD, OFFICE, QUALITY, allow, asks_again, viewer
from feedback_app.web.asked import number_from
from feedback_app.web.context import language, runtime
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_reports", __name__)
navigation.add(5, "admin_reports.index", "reports.nav")
WITH_WORDS = "register"
"""Holds patients' words: has an address of its own, which asks for the password again."""
_FOR = {
    "month": {QUALITY, ADMIN, DIRECTOR, HEAD},
    "week": {QUALITY, ADMIN, DIRECTOR, HEAD, OFFICE},
    "notice": {QUALITY, ADMIN, DIRECTOR, OFFICE},
    "effect": {QUALITY, ADMIN, DIRECTOR, HEAD, OFFICE},
    "register": {OFFICE, DIRECTOR},
    "year": {OFFICE, DIRECTOR},
}


def _own_unit() -> int | None:
    """The department a head is confined to."""
    return (g.account.department_id or 0) if g.account.role == HEAD else None


def _month(session: Session) -> tuple[list[Month], Month]:
    """What can be chosen, and what was; without a choice the last month that has ended."""
    now = Month.of(runtime().now(), runtime().zone)
    months = rating_lists.months(session, now)
    if months[-1] == now:
        months.append(now.shifted(-1))
    if _own_unit() is not None:
        ripe = releases.ripe(runtime().now(), runtime().zone)
        months = [one for one in months if one <= ripe] or [ripe]
    asked = request.args.get("month", "")
    return months, next((one for one in months if str(one) == asked), next(one for one in months if one < now))


@blueprint.get("/admin/reports")
@allow(QUALITY, ADMIN, DIRECTOR, HEAD, OFFICE)
def index() -> str:
    with runtime().reading() as session:
        months, month = _month(session)
        return render_template(
            "admin/reports.html",
            kinds=[kind for kind in reports.KINDS if g.account.role in _FOR[kind]],
            of_units=OF_UNITS,
            forms=FORMS,
            months=months,
            month=month,
            unit=number_from("department"),
            departments=theme_quotes.departments(session),
            confined=_own_unit() is not None,
            with_words=WITH_WORDS,
            runs=month == Month.of(runtime().now(), runtime().zone),
        )


@blueprint.get("/admin/reports/<kind>.<form>")
@allow(QUALITY, ADMIN, DIRECTOR, HEAD, OFFICE)
def download(kind: str, form: str) -> Any:
    if kind == WITH_WORDS or g.account.role not in _FOR.get(kind, set()):
        raise NotFound("reports.no_kind")
    return _file(kind, form)


@blueprint.get("/admin/complaint-register.<form>")
@allow(OFFICE, DIRECTOR)
@asks_again
def register(form: str) -> Any:
    return _file(WITH_WORDS, form)


def _file(kind: str, form: str) -> Response:
    if form not in FORMS:
        raise NotFound("reports.no_form")
    now = runtime().now()
    with runtime().reading() as session:
        _, month = _month(session)
        own = _own_unit()
        unit = own if own is not None else number_from("department") if kind in OF_UNITS else None
        desk = Desk(session, runtime().settings, viewer(), now)
        paper = reports.paper(desk, kind, Asked(month, unit, language()))
    content = papers.made(paper, form, now)
    with runtime().transaction() as session:
        audit.write(session, actor=g.account.login, action="report.made", subject=f"{kind} {month}", now=now, form=form)
    answer = Response(content, mimetype=papers.MIME[form], headers={"Cache-Control": "no-store"})
    return named(answer, f"{paper.title} {paper.subtitle}.{form}", plain=f"{kind}-{month}.{form}")
