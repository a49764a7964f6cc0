"""What became of our messages."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import Conflict
from feedback_app.services import delivery_desk, platform_problems, reasons
from feedback_app.services.delivery_desk import CHANNELS, STATES, Wanted
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asked import number_from, one_of
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.languages import local_path

blueprint = Blueprint("admin_deliveries", __name__)
navigation.add(70, "admin_deliveries.index", "deliveries.nav")


@blueprint.get("/admin/deliveries")
@allow(ADMIN)
def index() -> str:
    with runtime().reading() as session:
        purposes = delivery_desk.purposes(session)
        wanted = Wanted(one_of("state", STATES), one_of("channel", CHANNELS), one_of("purpose", tuple(purposes)))
        return render_template(
            "admin/deliveries.html",
            page=delivery_desk.page(session, wanted, number_from("page", 1) or 1),
            counts=delivery_desk.counts(session),
            wanted=wanted,
            states=STATES,
            channels=CHANNELS,
            purposes=purposes,
            zone=runtime().zone,
            again=delivery_desk.AGAIN,
            problems=platform_problems.listed(session),
            why=lambda kept: reasons.words(kept, language()),
        )


@blueprint.post("/admin/deliveries/<int:message_id>/again")
@allow(ADMIN)
def again(message_id: int) -> Response:
    try:
        with runtime().transaction() as session:
            delivery_desk.send_again(session, message_id, by=g.account.login, now=runtime().now())
        flash(t("deliveries.queued_again"), "ok")
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(local_path(request.form.get("back"), url_for("admin_deliveries.index")), 303)
