"""Follow-up in the console: whom to call today, on a phone as well; the plans; how it goes."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.follow_ups import CALLERS
from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, Refused
from feedback_app.services import directory, follow_up_plans, follow_ups
from feedback_app.services.follow_up_plans import Wanted
from feedback_app.services.follow_ups import Call
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, HEAD, OFFICE, allow, viewer
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_follow_ups", __name__, url_prefix="/admin/follow-ups")
navigation.add(47, "admin_follow_ups.index", "follow_ups.nav")
SHOWN_DAYS = 30


@blueprint.get("")
@allow(OFFICE, DIRECTOR, HEAD, ADMIN)
def index() -> str:
    """A head's list holds the own department alone; who neither calls nor heads sees the figures."""
    today = local_day(runtime().now(), runtime().zone)
    with runtime().reading() as session:
        lines = follow_ups.to_call(session, viewer(), today) if viewer().role in {OFFICE, HEAD} else []
        return render_template(
            "admin/follow_ups.html",
            lines=[(one, runtime().vault.cover(one.row.id)) for one in lines],
            overdue=sum(one.days_late > follow_ups.OVERDUE_DAYS for one in lines),
            figures=follow_ups.figures(session, viewer(), today - timedelta(days=SHOWN_DAYS), today),
            calls=viewer().role in {OFFICE, HEAD},
        )


@blueprint.get("/call/<covered>")
@allow(OFFICE, HEAD)
def call(covered: str) -> str:
    return _call_page(_call(covered), covered)


@blueprint.post("/call/<covered>")
@allow(OFFICE, HEAD)
def answered(covered: str) -> Response | tuple[str, int]:
    """What was answered on the telephone, or that nobody answered it."""
    found, now = _call(covered), runtime().now()
    try:
        with runtime().transaction() as session:
            if request.form.get("not_reached"):
                row = session.merge(found.sheet.row)
                today = local_day(now, runtime().zone)
                follow_ups.not_reached(session, row, by=g.account.login, today=today, now=now)
                flash(t("follow_ups.is_noted"), "ok")
            else:
                note = request.form.get("note", "")
                worrying = follow_ups.answer(
                    session, runtime(), found.sheet, request.form, note, by=g.account.login, now=now
                )
                flash(t("follow_ups.case_opened" if worrying else "follow_ups.is_kept"), "warn" if worrying else "ok")
    except Refused as error:
        return _call_page(found, covered, explain(error.code, error.params)), 400
    return redirect(url_for("admin_follow_ups.index"), 303)


def _call(covered: str) -> Call:
    with runtime().reading() as session:
        today = local_day(runtime().now(), runtime().zone)
        return follow_ups.call(session, runtime().vault, covered, viewer(), today)


def _call_page(found: Call, covered: str, problem: str = "") -> str:
    return render_template(
        "admin/follow_up_call.html", call=found, covered=covered, problem=problem, typed=request.form
    )


@blueprint.get("/plans")
@allow(ADMIN)
def plans() -> str:
    return _plans_page()


@blueprint.post("/plans")
@allow(ADMIN)
def add_plan() -> Response | tuple[str, int]:
    form = request.form
    wait = whole_number(form.get("call_after_days", ""))
    wanted = Wanted(
        name=form.get("name", ""),
        days=form.get("days", ""),
        questions=form.get("questions", ""),
        caller=form.get("caller", ""),
        call_after_days=-1 if wait is None else wait,
        department_id=whole_number(form.get("department", "")),
        word=form.get("word", ""),
    )
    try:
        with runtime().transaction() as session:
            follow_up_plans.add(session, wanted, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        return _plans_page(explain(error.code, error.params)), status_of(error)
    flash(t("follow_ups.plan_added"), "ok")
    return redirect(url_for("admin_follow_ups.plans"), 303)


@blueprint.post("/plans/<int:plan_id>/end")
@allow(ADMIN)
def end_plan(plan_id: int) -> Response:
    with runtime().transaction() as session:
        follow_up_plans.end(session, plan_id, by=g.account.login, now=runtime().now())
    flash(t("follow_ups.plan_ended"), "ok")
    return redirect(url_for("admin_follow_ups.plans"), 303)


def _plans_page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/follow_up_plans.html",
            plans=follow_up_plans.listed(session),
            departments=directory.departments(session),
            callers=CALLERS,
            typed=request.form,
            problem=problem,
        )
