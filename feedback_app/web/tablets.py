"""The shared tablet: its link, its first page, and what other pages ask about it."""

from flask import Blueprint, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import Gone
from feedback_app.services import tablets
from feedback_app.services.tablets import Mode
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import CARE, runtime

blueprint = Blueprint("tablets", __name__)
COOKIE = "tablet"
IDLE_SECONDS = 30
_YEAR = 365 * 24 * 3600
_OF_ONE_PERSON = ("lang", CARE)


def mode() -> Mode | None:
    """The tablet at this browser, None for everybody's own phone."""
    if "tablet" not in g:
        secret = request.cookies.get(COOKIE, "")
        g.tablet = None
        if secret:
            with runtime().reading() as session:
                g.tablet = tablets.mode_of(session, secret[:100])
    found: Mode | None = g.tablet
    return found


@blueprint.get("/tablet/<secret>")
@allow(PUBLIC)
def begin(secret: str) -> Response:
    """Opened once on the device. Raises Gone ``tablets.ended``."""
    with runtime().reading() as session:
        if tablets.mode_of(session, secret) is None:
            raise Gone("tablets.ended")
    answer = redirect(url_for("tablets.start"), 303)
    https = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(COOKIE, secret, max_age=_YEAR, httponly=True, samesite="Lax", secure=https)
    return answer


@blueprint.get("/tablet")
@allow(PUBLIC)
def start() -> Response:
    """The first page for the next patient; what the one before chose for themselves is forgotten.

    A switch of language or type size leads back with ``?for=me``: then the choice is this patient's.
    """
    now = mode()
    if now is None:
        raise Gone("tablets.ended")
    chosen = [name for name in _OF_ONE_PERSON if name in request.cookies]
    if chosen and request.args.get("for") != "me":
        again: Response = redirect(url_for("tablets.start"), 303)
        for name in chosen:
            again.delete_cookie(name)
        return again
    with runtime().reading() as session:
        places = tablets.offered(session, now)
    here = f"{url_for('tablets.start')}?for=me"
    return make_response(render_template("patient/tablet.html", places=places, here=here))
