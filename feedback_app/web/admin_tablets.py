"""Shared tablets in the console: make one, get its link once, end it."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError
from feedback_app.services import directory, tablets
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_tablets", __name__)
navigation.add(24, "admin_tablets.index", "tablets.nav")


@blueprint.get("/admin/tablets")
@allow(ADMIN)
def index() -> str:
    return _page()


@blueprint.post("/admin/tablets")
@allow(ADMIN)
def make() -> str | tuple[str, int]:
    """The link is shown on the answer and nowhere again."""
    try:
        with runtime().transaction() as session:
            made, secret = tablets.make(
                session,
                request.form.get("name", ""),
                whole_number(request.form.get("department", "")),
                by=g.account.login,
                now=runtime().now(),
            )
            name = made.name
    except FeedbackError as error:
        return _page(problem=explain(error.code, error.params)), status_of(error)
    return _page(link=runtime().settings.server.base_url + url_for("tablets.begin", secret=secret), link_for=name)


@blueprint.post("/admin/tablets/<int:tablet_id>/end")
@allow(ADMIN)
def end(tablet_id: int) -> Response:
    with runtime().transaction() as session:
        tablets.end(session, tablet_id, by=g.account.login, now=runtime().now())
    flash(t("tablets.is_ended"), "ok")
    return redirect(url_for("admin_tablets.index"), 303)


def _page(*, problem: str = "", link: str = "", link_for: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/tablets.html",
            tablets=tablets.listed(session),
            departments=directory.departments(session),
            problem=problem,
            link=link,
            link_for=link_for,
            typed=request.form.get("name", "")[:60] if problem else "",
            zone=runtime().zone,
        )
