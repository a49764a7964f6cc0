"""The screen of a window: a code that changes every minute, so that only who stands there rates as a visitor."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from feedback_app.services import codes, forms, tickets
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime
from qr import images

blueprint = Blueprint("windows", __name__)
SECONDS = 20  # the page asks anew so often: a code stands there for a minute and holds for ten


@blueprint.get("/window/<code>/now")
@allow(PUBLIC)
def now(code: str) -> Response:
    """The code of this minute, as a picture. Only with the screen's own key in the address."""
    with runtime().reading() as session:
        shown = tickets.screen(session, runtime().vault, code, request.args.get("screen", ""), runtime().now())
        place = forms.place_of(shown.point)
    url = f"{codes.address(runtime().settings.server.base_url, shown.code)}?v={shown.ticket}"
    page = make_response(render_template("patient/window.html", place=place, picture=images.svg(url)))
    page.headers["Refresh"] = str(SECONDS)
    return page
