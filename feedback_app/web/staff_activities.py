"""Activities on the phone of a member of staff: what is coming, checking in at the door, inspecting with pictures, own advice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.activities import MARKS
from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import (
    activities,
    activity_actions,
    activity_pages,
    advice,
    attendance,
    growth,
    inspections,
)
from feedback_app.services.transaction import Session
from feedback_app.web import activity_forms
from feedback_app.web.access import STAFF, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.kept_files import sent

blueprint = Blueprint("staff_activities", __name__, url_prefix="/staff")


@blueprint.get("/activities")
@allow(STAFF)
def index() -> str:
    now = runtime().now()
    with runtime().reading() as session:
        found = activities.of_person(session, g.staff, now)
        return render_template(
            "staff/activities.html",
            coming=[one for one in reversed(found) if _is_coming(session, one, now)],
            past=[one for one in found if one.state == activities.CLOSED],
            actions=activity_actions.of_owner(session, g.staff),
            weak=growth.of_person(session, g.staff, now, runtime().zone),
            advice=advice.own(session, runtime().vault, g.staff),
            zone=runtime().zone,
        )


def _is_coming(session: Session, one: Any, now: datetime) -> bool:
    """Not over yet; what the person inspects stays until it is closed."""
    fresh = one.starts_at > now - timedelta(days=1) or inspections.may_fill(session, one, g.staff)
    return one.state == activities.PLANNED and fresh


@blueprint.get("/activities/<int:activity>")
@allow(STAFF)
def show(activity: int) -> str:
    return _page(activity)


def _page(activity: int, problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    with runtime().reading() as session:
        one = _mine(session, activity)
        kind = activities.kind_of(one)
        inspects = one.state == activities.PLANNED and inspections.may_fill(session, one, g.staff)
        shows_list = inspects or one.state == activities.CLOSED
        return render_template(
            "staff/activity.html",
            one=one,
            kind=kind,
            row=attendance.of(session, one.id, g.staff.id),
            inspects=inspects,
            marks=activity_pages.marks(session, one.id) if shows_list else {},
            files=inspections.files_by_item(session, one.id) if shows_list else {},
            choices=tuple(MARKS),
            problem=problem,
            kept=kept or {},
            zone=runtime().zone,
        )


def _mine(session: Session, activity: int) -> Any:
    """One that this person may know of. Raises NotFound ``activities.none``."""
    found = next((one for one in activities.of_person(session, g.staff, runtime().now()) if one.id == activity), None)
    if found is None:
        raise NotFound("activities.none")
    return found


@blueprint.post("/activities/<int:activity>")
@allow(STAFF)
def inspect(activity: int) -> Any:
    """The checklist with its pictures. Sent again after a bad connection it changes nothing."""
    try:
        named = [name.removeprefix("file-") for name in request.files if name.startswith("file-")][:60]
        files = [(item, file) for item in named for file in activity_forms.files(f"file-{item}")]
        with runtime().transaction() as session:
            one = _mine(session, activity)
            if not inspections.may_fill(session, one, g.staff):
                raise NotFound("activities.none")
            by, now = f"staff:{g.staff.key}", runtime().now()
            inspections.mark(session, activity, activity_forms.marks(), by=by, now=now)
            for item, file in files:
                inspections.attach(session, activity, file, item=item, by=by, now=now)
    except FeedbackError as error:
        return _page_or_list(activity, explain(error.code, error.params)), status_of(error)
    flash(t("activities.inspected"), "ok")
    return redirect(url_for("staff_activities.show", activity=activity), 303)


def _page_or_list(activity: int, problem: str) -> str:
    try:
        return _page(activity, problem, request.form)
    except NotFound:
        return render_template("staff/message.html", problem=problem)


@blueprint.get("/activities/<int:activity>/files/<int:file>")
@allow(STAFF)
def file(activity: int, file: int) -> Response:
    with runtime().reading() as session:
        one = _mine(session, activity)
        if one.state != activities.CLOSED and not inspections.may_fill(session, one, g.staff):
            raise NotFound("activities.no_file")
        return sent(inspections.file(session, activity, file))


@blueprint.get("/in/<code>")
@allow(STAFF)
def door(code: str) -> str:
    """What the picture at the door leads to: one button."""
    with runtime().reading() as session:
        one = attendance.by_code(session, code)
        return render_template(
            "staff/door.html", one=one, row=attendance.of(session, one.id, g.staff.id), zone=runtime().zone
        )


@blueprint.post("/in/<code>")
@allow(STAFF)
def check_in(code: str) -> Any:
    try:
        with runtime().transaction() as session:
            attendance.check_in(session, code, g.staff, runtime().now())
    except FeedbackError as error:
        return render_template("staff/message.html", problem=explain(error.code, error.params)), status_of(error)
    return redirect(url_for("staff_activities.door", code=code), 303)


@blueprint.post("/advice/<int:row>")
@allow(STAFF)
def consent(row: int) -> Any:
    """Whether the own head may read this advice."""
    with runtime().transaction() as session:
        agrees = request.form.get("agrees") == "yes"
        advice.let_head_read(session, g.staff, row, agrees, now=runtime().now())
    flash(t("activities.agreed_yes" if agrees else "activities.agreed_no"), "ok")
    return redirect(url_for("staff_activities.index"), 303)


@blueprint.post("/actions/<int:action>")
@allow(STAFF)
def end(action: int) -> Any:
    """Done, by whoever it was given to, with what came of it."""
    try:
        with runtime().transaction() as session:
            if action not in {one.id for one in activity_actions.of_owner(session, g.staff)}:
                raise NotFound("activities.no_action")
            activity_actions.end(
                session, action, activity_actions.DONE, request.form.get("effect", ""), by=f"staff:{g.staff.key}",
                now=runtime().now(), settings=runtime().settings,
            )  # fmt: skip
    except FeedbackError as error:
        return render_template("staff/message.html", problem=explain(error.code, error.params)), status_of(error)
    flash(t("activities.kept"), "ok")
    return redirect(url_for("staff_activities.index"), 303)
