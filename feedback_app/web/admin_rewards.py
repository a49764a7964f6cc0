"""Reward lists: from a published board, sums typed by a person, confirmed by another, then a file for the pay office."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError, NotFound
from feedback_app.services import awards, budgets, rewards
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow, asks_again
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_rewards", __name__, url_prefix="/admin/campaign/rewards")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.post("/")
@allow(ADMIN, QUALITY)
def make() -> Any:
    try:
        with runtime().transaction() as session:
            made = rewards.make(
                session, request.form.get("award", ""), request.form.get("period", ""), by=g.account.login,
                now=runtime().now(),
            ).id  # fmt: skip
    except FeedbackError as error:
        flash(explain(error.code, error.params), "bad")
        return redirect(url_for("admin_money.index"), 303)
    return redirect(url_for("admin_rewards.show", reward_list=made), 303)


@blueprint.get("/<int:reward_list>")
@allow(ADMIN, QUALITY, DIRECTOR)
def show(reward_list: int) -> str:
    return _page(reward_list)


def _page(reward_list: int, problem: str = "") -> str:
    with runtime().reading() as session:
        one = rewards.get(session, reward_list)
        return render_template(
            "admin/money/rewards.html",
            one=one,
            scheme=awards.schemes(session).get(one.award_key),
            stands=rewards.stands(session, one),
            yuan=budgets.yuan,
            typed=request.form,
            me=g.account.login,
            may=g.account.role in (ADMIN, QUALITY),
            problem=problem,
        )


@blueprint.post("/<int:reward_list>")
@allow(ADMIN, QUALITY)
def act(reward_list: int) -> Any:
    by, now = g.account.login, runtime().now()
    try:
        with runtime().transaction() as session:
            if request.form.get("action") == "confirm":
                rewards.confirm(session, reward_list, by=by, now=now)
            else:
                sums = {name[4:]: value for name, value in request.form.items() if name.startswith("sum-")}
                rewards.type_sums(session, reward_list, sums, by=by, now=now)
    except FeedbackError as error:
        return _page(reward_list, explain(error.code, error.params)), status_of(error)
    flash(t("money.kept"), "ok")
    return redirect(url_for("admin_rewards.show", reward_list=reward_list), 303)


@blueprint.get("/<int:reward_list>/as/<form>")
@allow(ADMIN, QUALITY)
@asks_again
def file(reward_list: int, form: str) -> Response:
    """Goes to the pay office: the password is asked for again, and the log says who took it."""
    if form not in ("csv", "xlsx"):
        raise NotFound("money.no_list")
    with runtime().transaction() as session:
        rows = rewards.table(session, reward_list, by=g.account.login, now=runtime().now())
    answer = Response(rewards.as_csv(rows), mimetype="text/csv") if form == "csv" else Response(rewards.as_xlsx(rows), mimetype=_XLSX)  # fmt: skip
    return named(answer, f"rewards-{reward_list}.{form}")
