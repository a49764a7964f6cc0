"""What patients are invited to: symposia, lectures, and naming whom they would honour. Accepting takes two taps."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from feedback_app.errors import FeedbackError
from feedback_app.services import activities, guests, round_pages
from feedback_app.web import traffic
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, runtime
from feedback_app.web.errors import status_of

OUTSIDE_CSRF = True  # the form has a key of its own, and nobody is signed in
blueprint = Blueprint("guests", __name__, url_prefix="/events")


@blueprint.get("")
@allow(PUBLIC)
def index() -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        views = round_pages.open_for_proposals(session, now=now, zone=zone)
        return render_template(
            "patient/gatherings.html",
            found=guests.open_now(session, now),
            rounds=[one for one in views if "patient" in one.rules.proposers],
            zone=zone,
        )


@blueprint.get("/<int:activity>")
@allow(PUBLIC)
def show(activity: int) -> str:
    return _page(activity)


def _page(activity: int, problem: str = "") -> str:
    with runtime().reading() as session:
        one = guests.get(session, activity, runtime().now())
        return render_template(
            "patient/gathering.html",
            one=one,
            kind=activities.kind_of(one),
            key=guests.new_form(),
            problem=problem,
            zone=runtime().zone,
        )


@blueprint.post("/<int:activity>")
@allow(PUBLIC)
def accept(activity: int) -> Any:
    try:
        with runtime().transaction() as session:
            traffic.count(session, "ratings")
            number = guests.accept(session, activity, request.form.get("key", ""), now=runtime().now())
    except FeedbackError as error:
        return _page(activity, explain(error.code, error.params)), status_of(error)
    return redirect(url_for("guests.expected", activity=activity, number=number), 303)


@blueprint.get("/<int:activity>/<number>")
@allow(PUBLIC)
def expected(activity: int, number: str) -> str:
    """The guest's own page: when, where, the number to say at the door, and how not to come after all."""
    with runtime().reading() as session:
        one, guest = guests.guest(session, activity, number)
        return render_template(
            "patient/expected.html", one=one, guest=guest, number=guests.shown(number), zone=runtime().zone
        )


@blueprint.post("/<int:activity>/<number>")
@allow(PUBLIC)
def withdraw(activity: int, number: str) -> Any:
    with runtime().transaction() as session:
        guests.withdraw(session, activity, number, now=runtime().now())
    return redirect(url_for("guests.expected", activity=activity, number=number), 303)
