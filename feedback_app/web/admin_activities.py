"""Activities in the console: the list and the calendar of a month, planning, the page of one, the open actions."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.activities import MARKS, ROLES, worth
from feedback_app.domain.periods import local_day
from feedback_app.domain.roles import HEAD
from feedback_app.errors import FeedbackError
from feedback_app.services import (
    accounts,
    activities,
    activity_actions,
    activity_kinds,
    activity_pages,
    advice,
    effects,
    growth,
    guests,
    inspections,
)
from feedback_app.web import activity_forms, navigation
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, QUALITY, allow, viewer
from feedback_app.web.access import HEAD as HEADS
from feedback_app.web.asked import one_of
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.kept_files import sent
from qr import images

blueprint = Blueprint("admin_activities", __name__, url_prefix="/admin/activities")
navigation.add(59, "admin_activities.index", "activities.nav")
VIEWS = ("list", "calendar")


@blueprint.get("/")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def index() -> str:
    month, shown = activity_forms.month(), one_of("view", VIEWS) or "list"
    with runtime().reading() as session:
        kinds = activity_kinds.all_kinds(session)
        found = activities.listed(
            session, viewer(), month, kind=one_of("kind", tuple(kinds)), state=one_of("state", activities.STATES)
        )
        return render_template(
            "admin/activities/index.html",
            found=found,
            month=month,
            shown=shown,
            views=VIEWS,
            calendar=activities.calendar(month, found),
            kinds=kinds,
            states=activities.STATES,
            today=local_day(runtime().now(), runtime().zone),
            zone=runtime().zone,
            weak=growth.of_hospital(session, runtime().now(), runtime().zone) if viewer().role != HEAD else (),
        )


@blueprint.get("/new")
@allow(ADMIN, QUALITY)
def new() -> Any:
    return _new()


def _new(problem: str = "", status: int = 200) -> Any:
    with runtime().reading() as session:
        offered = activity_kinds.offered(session)
        kind = offered.get(request.values.get("kind", ""))
        page = render_template(
            "admin/activities/new.html",
            offered=offered,
            kind=kind,
            typed=request.values,
            problem=problem,
            key=request.form.get("key") or secrets.token_urlsafe(18),
            **_choices(session, kind),
        )
    return (page, status) if status != 200 else page


def _choices(session: Any, kind: Any) -> dict[str, Any]:
    return {
        "targets": activity_pages.points(session, kind.targets) if kind and kind.targets else (),
        "departments": activity_pages.points(session, ("department",)),
        "dimensions": growth.dimensions(session),
        "campaigns": activity_pages.campaigns(session),
    }


@blueprint.post("/new")
@allow(ADMIN, QUALITY)
def make() -> Any:
    try:
        with runtime().transaction() as session:
            kind = activity_kinds.get(session, request.form.get("kind", ""))
            wanted = activity_forms.plan(session, kind)
            made = activities.plan(session, wanted, by=g.account.login, now=runtime().now(), zone=runtime().zone).id
    except FeedbackError as error:
        return _new(explain(error.code, error.params), status_of(error))
    flash(t("activities.planned"), "ok")
    return redirect(url_for("admin_activities.show", activity=made), 303)


@blueprint.get("/<int:activity>")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def show(activity: int) -> str:
    return page(activity)


def page(activity: int, problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    """The page of one activity; after a step that could not be taken with what was typed."""
    with runtime().reading() as session:
        one = activities.seen_by(session, viewer(), activity)
        kind = activities.kind_of(one)
        people, marks = activity_pages.people(session, one.id), activity_pages.marks(session, one.id)
        return render_template(
            "admin/activities/show.html",
            one=one,
            kind=kind,
            people=people,
            marks=marks,
            change=effects.change_of(one),
            worth=worth(kind.items, {item: row.mark for item, row in marks.items()}),
            choices=tuple(MARKS),
            roles=ROLES,
            files=inspections.files_by_item(session, one.id),
            actions=activity_pages.actions(session, one.id),
            advice=advice.shown(runtime().vault, people, viewer()),
            guests=guests.count(session, one.id),
            owners=[each for each in accounts.all_accounts(session) if each.active],
            today=local_day(runtime().now(), runtime().zone),
            may=viewer().role in (ADMIN, QUALITY),
            zone=runtime().zone,
            problem=problem,
            kept=kept or {},
            **_choices(session, kind),
        )


@blueprint.get("/<int:activity>/files/<int:file>")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def file(activity: int, file: int) -> Response:
    with runtime().reading() as session:
        activities.seen_by(session, viewer(), activity)
        return sent(inspections.file(session, activity, file))


@blueprint.get("/<int:activity>/door")
@allow(ADMIN, QUALITY)
def door(activity: int) -> str:
    """The sheet for the door: whoever scans it and taps once has checked in."""
    with runtime().reading() as session:
        one = activities.get(session, activity)
    address = f"{runtime().settings.server.base_url}/staff/in/{one.code}"
    return render_template(
        "admin/activities/door.html", one=one, picture=images.svg(address), address=address, zone=runtime().zone
    )


@blueprint.get("/actions")
@allow(ADMIN, QUALITY, OFFICE, DIRECTOR, HEADS)
def actions() -> str:
    """What is to be done after meetings, inspections and reviews; a head sees the own department's."""
    state = one_of("state", activity_actions.STATES) or activity_actions.OPEN
    unit = viewer().department_id or 0 if viewer().role == HEAD else None
    with runtime().reading() as session:
        return render_template(
            "admin/activities/actions.html",
            rows=activity_actions.listed(session, department_id=unit, state=state),
            state=state,
            states=activity_actions.STATES,
            today=local_day(runtime().now(), runtime().zone),
            agreed=advice.for_head(session, runtime().vault, viewer()),
        )
