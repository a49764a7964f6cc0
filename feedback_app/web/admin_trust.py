"""Whether the figures can be believed: who was silent, where people spoke, whose share is odd, and who keeps our heads."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.periods import Month
from feedback_app.errors import Conflict, Refused
from feedback_app.services import evidence, outside_heads, silence
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, QUALITY, allow, asks_again
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_trust", __name__, url_prefix="/admin/trust")
navigation.add(36, "admin_trust.index", "trust.nav")


@blueprint.get("/")
@allow(QUALITY, DIRECTOR, ADMIN)
def index() -> str:
    month = _month()
    with runtime().reading() as session:
        found = silence.report(session, month)
        standing, sent = outside_heads.switch(session), outside_heads.last_sent(session)
        heads = evidence.heads(session, 1)
    return render_template(
        "admin/trust.html",
        month=month,
        report=found,
        least=silence.LEAST_SHOWN,
        needed=silence.LEAST,
        switch=standing,
        ways=outside_heads.ways(runtime().settings),
        sent=sent,
        head=heads[0] if heads else None,
        zone=runtime().zone,
    )


@blueprint.post("/heads")
@allow(DIRECTOR, ADMIN)
@asks_again
def heads() -> Response:
    """Switch the sending of heads on or off."""
    on = request.form.get("on") == "1"
    try:
        with runtime().transaction() as session:
            outside_heads.turn(session, runtime().settings, on=on, by=g.account.login, now=runtime().now())
        flash(t("trust.heads_on" if on else "trust.heads_off"), "ok")
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_trust.index"), 303)


def _month() -> Month:
    current = Month.of(runtime().now(), runtime().zone)
    try:
        return min(Month.parse(request.args.get("month", "")), current)
    except Refused:
        return current
