"""Money and effect of a campaign in the console: budget lines and spending, and what changed before and after."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError
from feedback_app.services import activity_pages, budgets, effects, rewards
from feedback_app.services.effects import Span
from feedback_app.web import activity_forms, navigation
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_money", __name__, url_prefix="/admin/campaign")
navigation.add(59, "admin_money.index", "money.nav")


@blueprint.get("/")
@allow(ADMIN, QUALITY, DIRECTOR)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/money/index.html",
            campaigns=budgets.campaigns(session),
            entries=budgets.entries(session),
            names=activity_pages.campaigns(session),
            lists=rewards.listed(session),
            yuan=budgets.yuan,
            typed=request.form,
            key=secrets.token_urlsafe(18),
            today=local_day(runtime().now(), runtime().zone),
            may=g.account.role in (ADMIN, QUALITY),
            problem=problem,
        )


@blueprint.post("/")
@allow(ADMIN, QUALITY)
def act() -> Any:
    form, by, now = request.form, g.account.login, runtime().now()
    try:
        with runtime().transaction() as session:
            if form.get("action") == "plan":
                budgets.plan(
                    session, form.get("campaign", ""), form.get("title", ""), form.get("amount", ""), by=by, now=now
                )
            elif form.get("action") == "spend":
                budgets.spend(
                    session, whole_number(form.get("line", "")) or 0, form.get("amount", ""), form.get("what", ""),
                    activity_forms.day(form.get("day", "")), form.get("key", ""), by=by, now=now,
                )  # fmt: skip
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("money.kept"), "ok")
    return redirect(url_for("admin_money.index"), 303)


@blueprint.get("/effects")
@allow(ADMIN, QUALITY, DIRECTOR)
def effect() -> str:
    """Before and after a date, over the hospital and the departments, with intervals."""
    today = local_day(runtime().now(), runtime().zone)
    ends = {
        "before_first": today - timedelta(days=180),
        "before_last": today - timedelta(days=91),
        "after_first": today - timedelta(days=90),
        "after_last": today - timedelta(days=1),
    }
    problem, lines = "", []
    try:
        told = {name: activity_forms.day(request.args.get(name) or day.isoformat()) for name, day in ends.items()}
        with runtime().reading() as session:
            lines = effects.report(
                session, Span(told["before_first"], told["before_last"]), Span(told["after_first"], told["after_last"])
            )
    except FeedbackError as error:
        told, problem = ends, explain(error.code, error.params)
    return render_template("admin/money/effects.html", lines=lines, told=told, problem=problem)
