"""What is on file about people in the console: licences, justified complaints, accidents, disputes, vetoes."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, NotAllowed, NotFound, Refused
from feedback_app.services import assessing, directory, person_records
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_records", __name__, url_prefix="/admin/records")
navigation.add(56, "admin_records.index", "records.nav")


@blueprint.get("/")
@allow(ADMIN, QUALITY, DIRECTOR)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    kind, key = request.args.get("kind", ""), request.args.get("who", "").strip()[:60]
    today = local_day(runtime().now(), runtime().zone)
    with runtime().reading() as session:
        found = person_records.listed(session, runtime().vault, g.account.role, today, kind=kind, key=key)
    return render_template(
        "admin/records.html",
        found=found,
        kinds=person_records.kinds(g.account.role),
        kind=kind,
        who=key,
        today=today,
        problem=problem,
        typed=request.form,
    )


@blueprint.post("/")
@allow(ADMIN, QUALITY, DIRECTOR)
def put() -> Any:
    """Put something on file."""
    typed = request.form
    try:
        kind, until = typed.get("kind", ""), typed.get("until", "")
        if kind == person_records.DISCIPLINE and g.account.role not in person_records.MAY_VETO:
            raise NotAllowed("records.not_yours")
        with runtime().transaction() as session:
            point = directory.by_key(session, typed.get("key", "").strip())
            if point is None:
                raise NotFound("records.nobody")
            assessing.put_on_file(
                session,
                runtime().vault,
                point,
                kind,
                _day(typed.get("since", "")),
                _day(until) if until else None,
                reference=typed.get("reference", "").strip(),
                why=typed.get("why", "").strip()[:2000],
                by=g.account.login,
                now=runtime().now(),
                today=local_day(runtime().now(), runtime().zone),
            )
            name = point.name
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("records.kept", name=name), "ok")
    return redirect(url_for("admin_records.index"), 303)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused("stars.bad_record") from None


@blueprint.post("/<int:record_id>/end")
@allow(ADMIN, QUALITY, DIRECTOR)
def end(record_id: int) -> Any:
    """It was a mistake: it no longer counts, and stays to be seen."""
    try:
        with runtime().transaction() as session:
            kinds = person_records.kinds(g.account.role)
            assessing.take_off_file(session, record_id, by=g.account.login, now=runtime().now(), kinds=kinds)
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("records.taken_back"), "ok")
    return redirect(url_for("admin_records.index"), 303)
