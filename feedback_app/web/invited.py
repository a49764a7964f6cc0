"""The link of an invitation: to the form, or to silence."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.identity import tidy
from feedback_app.services import codes, visit_invitations
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("invited", __name__)
OUTSIDE_CSRF = True  # the ticket in the address is the proof


@blueprint.get("/i/<ticket>")
@allow(PUBLIC)
def follow(ticket: str) -> Response:
    """To the form of whoever served, with the visit's ticket."""
    now, vault = runtime().now(), runtime().vault
    with runtime().transaction() as session:
        _, point = visit_invitations.follow(session, vault, ticket, now)
        code = codes.issue(session, vault, point, now).text or ""
    return redirect(url_for("patient.form", code=code, v=tidy(ticket)))


@blueprint.get("/i/<ticket>/stop")
@allow(PUBLIC)
def stop(ticket: str) -> str:
    """Asks first: a message program that looks at links in advance must not silence anybody."""
    with runtime().reading() as session:
        visit_invitations.follow(session, runtime().vault, ticket, runtime().now())
    return render_template("patient/invitation_stop.html", ticket=tidy(ticket), done=False)


@blueprint.post("/i/<ticket>/stop")
@allow(PUBLIC)
def stopped(ticket: str) -> str:
    with runtime().transaction() as session:
        visit_invitations.stop(session, runtime().vault, ticket, runtime().now())
    return render_template("patient/invitation_stop.html", ticket=tidy(ticket), done=True)
