"""Sensitive visits in the console: the rules that mute invitations and reminders."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.questions.text import clean
from feedback_app.domain.quiet_visits import LOSS, Rule
from feedback_app.errors import FeedbackError
from feedback_app.services import directory, quiet_visits
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_quiet", __name__)
navigation.add(57, "admin_quiet.index", "quiet.nav")


@blueprint.get("/admin/quiet")
@allow(ADMIN)
def index() -> str:
    return _page()


@blueprint.post("/admin/quiet")
@allow(ADMIN)
def add() -> tuple[str, int] | Response:
    """One more rule; a refused one stays in the fields."""
    rule = Rule(
        why=request.form.get("why", ""),
        department_id=whole_number(request.form.get("department", "")),
        word=clean(request.form.get("word", ""))[:40],
        outcome=LOSS if request.form.get("outcome") else "",
        under_age=whole_number(request.form.get("under_age", "")),
    )
    try:
        with runtime().transaction() as session:
            quiet_visits.add(session, rule, by=g.account.login, now=runtime().now())
    except FeedbackError as error:
        return _page(rule, explain(error.code, error.params)), status_of(error)
    flash(t("quiet.is_added"), "ok")
    return redirect(url_for("admin_quiet.index"), 303)


@blueprint.post("/admin/quiet/<int:rule_id>/back")
@allow(ADMIN)
def take_back(rule_id: int) -> Response:
    with runtime().transaction() as session:
        quiet_visits.take_back(session, rule_id, by=g.account.login, now=runtime().now())
    flash(t("quiet.is_back"), "ok")
    return redirect(url_for("admin_quiet.index"), 303)


def _page(typed: Rule | None = None, problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/quiet.html",
            rules=quiet_visits.listed(session),
            departments=directory.departments(session),
            reasons=quiet_visits.REASONS,
            typed=typed or Rule("other"),
            problem=problem,
        )
