"""The second key of the vault: who asks to learn who complained, and why. Whoever agrees sees nothing of it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from feedback_app.errors import Conflict, NotAllowed
from feedback_app.services import case_identity
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow, viewer
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_unlocks", __name__)
navigation.add(46, "admin_unlocks.index", "desk.unlocks.nav")


@blueprint.get("/admin/unlocks")
@allow(DIRECTOR, QUALITY, ADMIN)
def index() -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/unlocks.html",
            waiting=case_identity.waiting(session),
            decided=case_identity.decided(session),
            zone=runtime().zone,
        )


@blueprint.post("/admin/unlocks/<int:unlock_id>")
@allow(DIRECTOR, QUALITY, ADMIN)
def decide(unlock_id: int) -> Any:
    granted = request.form.get("granted") == "1"
    try:
        with runtime().transaction() as session:
            case_identity.decide(session, unlock_id, granted, viewer(), runtime().now())
        flash(t("desk.unlocks.granted" if granted else "desk.unlocks.denied"), "ok")
    except (Conflict, NotAllowed) as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_unlocks.index"), 303)
