"""Large type, for eyes that are weak: a cookie for a year, no script needed."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import CARE, runtime
from feedback_app.web.languages import YEAR, local_path

blueprint = Blueprint("ease", __name__)


@blueprint.get("/care/<wish>")
@allow(PUBLIC)
def care(wish: str) -> Response:
    """Remember "on" or forget it, and go back to the page the wish was made on."""
    back = redirect(local_path(request.args.get("next")), 303)
    https = runtime().settings.server.base_url.startswith("https://")
    if wish == "on":
        back.set_cookie(CARE, "1", max_age=YEAR, httponly=True, samesite="Lax", secure=https)
    else:
        back.delete_cookie(CARE, httponly=True, samesite="Lax", secure=https)
    return back
