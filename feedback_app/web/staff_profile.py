"""Whether one stands on the public page of stars: one's own decision, changed with one tap."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.services import public_profiles
from feedback_app.web.access import STAFF, allow
from feedback_app.web.context import runtime, t

blueprint = Blueprint("staff_profile", __name__, url_prefix="/staff/profile")


@blueprint.get("")
@allow(STAFF)
def show() -> str:
    with runtime().reading() as session:
        return render_template("staff/profile.html", agrees=public_profiles.agrees(session, g.staff))


@blueprint.post("")
@allow(STAFF)
def decide() -> Any:
    agrees = request.form.get("agrees") == "yes"
    with runtime().transaction() as session:
        public_profiles.agree(session, g.staff, agrees, now=runtime().now())
    flash(t("profile.agreed" if agrees else "profile.withdrawn"), "ok")
    return redirect(url_for("staff_profile.show"), 303)
