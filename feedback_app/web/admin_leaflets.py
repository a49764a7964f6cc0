"""The public page of stars in the console: who agreed to stand there, and where one makes an appointment with them."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import public_profiles
from feedback_app.web.access import ADMIN, QUALITY, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_leaflets", __name__, url_prefix="/admin/our-stars")


@blueprint.get("/")
@allow(ADMIN, QUALITY)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/documents/our_stars.html",
            profiles=public_profiles.agreed(session),
            typed=request.form,
            problem=problem,
        )


@blueprint.post("/<key>")
@allow(ADMIN, QUALITY)
def link(key: str) -> Any:
    try:
        with runtime().transaction() as session:
            public_profiles.set_appointment(
                session, key, request.form.get("url", ""), by=g.account.login, now=runtime().now()
            )
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("profile.linked"), "ok")
    return redirect(url_for("admin_leaflets.index"), 303)
