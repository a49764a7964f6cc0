"""Invitations in the console: how they go, the rules, a rehearsal on last month, and slips to print."""

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.invitations import CHANNELS, LONGEST_REMINDER, Rule
from feedback_app.domain.periods import Month, local_day
from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import directory, invitation_figures, invitation_rules, invitation_slips
from feedback_app.services.invitation_figures import Rehearsal
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, OFFICE, QUALITY, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of
from qr import images

blueprint = Blueprint("admin_invitations", __name__, url_prefix="/admin/invitations")
navigation.add(37, "admin_invitations.index", "visit_invitations.nav")
SHOWN_DAYS = 30


@blueprint.get("")
@allow(ADMIN, QUALITY, OFFICE)
def index() -> str:
    return _page()


@blueprint.post("")
@allow(ADMIN)
def add() -> Response | tuple[str, int]:
    form = request.form
    hours, days = whole_number(form.get("after_hours", "")), whole_number(form.get("remind_days", "") or "0")
    ways = [form.get(f"way{place}", "") for place in range(len(CHANNELS))]
    wanted = Rule(
        id=0,
        kinds=form.getlist("kind"),
        department_id=whole_number(form.get("department", "")),
        after_hours=-1 if hours is None else hours,
        silent_from=form.get("silent_from", ""),
        silent_until=form.get("silent_until", ""),
        channels=[one for one in ways if one],
        remind_days=-1 if days is None else days,
    )
    try:
        with runtime().transaction() as session:
            invitation_rules.save(session, form.get("name", ""), wanted, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        return _page(problem=explain(error.code, error.params)), status_of(error)
    flash(t("visit_invitations.is_added"), "ok")
    return redirect(url_for("admin_invitations.index"), 303)


@blueprint.post("/rules/<int:rule_id>/end")
@allow(ADMIN)
def end(rule_id: int) -> Response:
    with runtime().transaction() as session:
        invitation_rules.end(session, rule_id, by=g.account.login, now=runtime().now())
    flash(t("visit_invitations.is_ended"), "ok")
    return redirect(url_for("admin_invitations.index"), 303)


@blueprint.get("/rehearsal")
@allow(ADMIN)
def rehearsal() -> str:
    month = Month.of(runtime().now(), runtime().zone).shifted(-1)
    with runtime().reading() as session:
        told = invitation_figures.rehearse(session, month, runtime().zone, runtime().now())
    return _page(told=told)


@blueprint.get("/slips/<int:point_id>")
@allow(ADMIN, OFFICE)
def slips(point_id: int) -> str:
    """Raises NotFound ``directory.no_point`` through the directory."""
    with runtime().reading() as session:
        place = directory.find(session, point_id)
        found = invitation_slips.to_print(
            session, runtime().vault, point_id, runtime().settings.server.base_url, runtime().now()
        )
    pictures = [(one, images.svg(one.address)) for one in found]
    return render_template("admin/invitation_slips.html", place=place, slips=pictures, zone=runtime().zone)


@blueprint.post("/slips/<int:point_id>")
@allow(ADMIN, OFFICE)
def printed(point_id: int) -> Response:
    ids = [number for one in request.form.getlist("slip") if (number := whole_number(one)) is not None]
    with runtime().transaction() as session:
        if directory.find(session, point_id) is None:
            raise NotFound("visit_invitations.no_rule")
        count = invitation_slips.printed(session, ids)
    flash(t("visit_invitations.are_printed", n=count), "ok")
    return redirect(url_for("admin_invitations.index"), 303)


def _page(*, problem: str = "", told: Rehearsal | None = None) -> str:
    now = runtime().now()
    last = local_day(now, runtime().zone)
    first = last - timedelta(days=SHOWN_DAYS - 1)
    with runtime().reading() as session:
        return render_template(
            "admin/invitations.html",
            figures=invitation_figures.of_days(session, first, last, runtime().zone),
            first=first,
            last=last,
            rules=invitation_rules.listed(session),
            departments=directory.departments(session),
            kinds=invitation_rules.VISIT_KINDS,
            channels=CHANNELS,
            most_days=LONGEST_REMINDER,
            slips=invitation_slips.waiting(session, now),
            typed=request.form,
            problem=problem,
            told=told,
            sms=runtime().settings.sms.enabled,
        )
