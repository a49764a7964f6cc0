"""Choosing the language of every page, remembered for a year."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from feedback_app import texts
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("languages", __name__)
YEAR = 365 * 24 * 3600


def local_path(wished: str | None, otherwise: str = "/") -> str:
    """``wished`` if it is a path on this server, else ``otherwise``: nobody is sent to a foreign site."""
    if not wished or not wished.startswith("/") or wished.startswith(("//", "/\\")):
        return otherwise
    if "\\" in wished or any(ord(sign) < 32 or ord(sign) == 127 for sign in wished):
        return otherwise
    parts = urlsplit(wished)
    return otherwise if parts.scheme or parts.netloc else wished


@blueprint.get("/language/<wished>")
@allow(PUBLIC)
def choose(wished: str) -> Response:
    back = redirect(local_path(request.args.get("next")), 303)
    if wished in texts.languages():
        https = runtime().settings.server.base_url.startswith("https://")
        back.set_cookie("lang", wished, max_age=YEAR, httponly=True, samesite="Lax", secure=https)
    return back
