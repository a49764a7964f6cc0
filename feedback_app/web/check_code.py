"""For people whose camera fails, and for those who doubt a sticker: type the code that is printed in clear."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.services import codes
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime, t
from qr import codes as short_codes

blueprint = Blueprint("check_code", __name__)
LONGEST = 200


@blueprint.get("/")
@allow(PUBLIC)
def front() -> Response:
    """Who types the bare address has a code in front of them, or nothing: either way, here is where to go on."""
    return redirect(url_for("check_code.ask"))


@blueprint.get("/c")
@allow(PUBLIC)
def ask() -> str | Response | tuple[str, int]:
    """The field; with ``?code=`` on to the form of that code, or the field again with a word about what to look at."""
    typed = request.args.get("code", "").replace("\0", "")[:LONGEST]
    code = short_codes.tidy(_last_part(typed))
    if codes.is_ours(runtime().vault, code):
        return redirect(url_for("patient.form", code=code), code=303)
    if not typed.strip():
        return render_template("patient/check_code.html", typed="", problem="", sticker="")
    if len(code) != short_codes.LENGTH:
        problem, sticker = t("codes.check.short", number=len(code)), ""
    else:
        problem = t("codes.check.wrong")
        sticker = t("codes.check.sticker", phone=runtime().settings.complaints.phone)
    return render_template("patient/check_code.html", typed=typed, problem=problem, sticker=sticker), 404


def _last_part(typed: str) -> str:
    """Some copy the whole address from a scanner; only its end is the code."""
    return typed.strip().split("?")[0].rstrip("/").rsplit("/", 1)[-1]
