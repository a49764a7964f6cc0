"""Letters of thanks and banners in the console: registered in half a minute, found again, the same deed merged."""

import secrets
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import case_media, deeds
from feedback_app.web import deed_forms, navigation
from feedback_app.web.access import ADMIN, OFFICE, QUALITY, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_deeds", __name__, url_prefix="/admin/deeds")
navigation.add(58, "admin_deeds.index", "deeds.nav")


@blueprint.get("/")
@allow(ADMIN, QUALITY, OFFICE)
def index() -> str:
    return _page()


def _page(problem: str = "", options: tuple[Any, ...] = ()) -> str:
    with runtime().reading() as session:
        told = deeds.listed(session)
    today = runtime().now().astimezone(runtime().zone).date()
    return render_template(
        "admin/deeds.html",
        told=told,
        problem=problem,
        options=options,
        typed=request.form,
        today=today,
        key=request.form.get("key") or secrets.token_urlsafe(18),
    )


@blueprint.post("/")
@allow(ADMIN, QUALITY, OFFICE)
def register() -> Any:
    try:
        number = deed_forms.take(g.account.login)
    except deed_forms.Several as several:
        return _page(t("deeds.which"), several.options), 400
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("deeds.kept", number=number), "ok")
    return redirect(url_for("admin_deeds.index"), 303)


@blueprint.post("/merge")
@allow(ADMIN, QUALITY, OFFICE)
def merge() -> Any:
    """The same deed, told twice."""
    number, into = request.form.get("number", ""), request.form.get("into", "")
    try:
        with runtime().transaction() as session:
            deeds.merge(session, number, into, by=g.account.login, now=runtime().now(), zone=runtime().zone)
    except FeedbackError as error:
        return _page(explain(error.code, error.params)), status_of(error)
    flash(t("deeds.merged", number=number, into=into), "ok")
    return redirect(url_for("admin_deeds.index"), 303)


@blueprint.get("/<number>/<int:photo>.jpg")
@allow(ADMIN, QUALITY, OFFICE)
def photo(number: str, photo: int) -> Response:
    with runtime().reading() as session:
        file = case_media.file(session, number, photo)
    return Response(file.content, mimetype=file.content_type)
