"""Whoever holds a certificate can check it: by its picture, or by typing its code."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError
from feedback_app.services import certificate_papers, certificates
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, language, runtime
from feedback_app.web.errors import status_of
from qr import codes

blueprint = Blueprint("certificates", __name__, url_prefix="/stars/check")
LONGEST = 60


@blueprint.get("/")
@allow(PUBLIC)
def ask() -> str | Response:
    """The field; with ``?code=`` on to that certificate."""
    typed = request.args.get("code", "").replace("\0", "").strip()[:LONGEST]
    if typed:
        return redirect(
            url_for("certificates.check", code=codes.tidy(typed) or "-", lang=request.args.get("lang")), 303
        )
    return render_template("boards/check.html", typed="", problem="", found=None)


@blueprint.get("/<code>")
@allow(PUBLIC)
def check(code: str) -> str | tuple[str, int]:
    """Valid, revoked, or not one of ours: each in plain words."""
    typed = code[:LONGEST]
    try:
        with runtime().reading() as session:
            found = certificates.check(session, runtime().vault, typed)
            revoked = certificates.is_revoked(session, found)
    except FeedbackError as error:
        problem = explain(error.code, error.params)
        return render_template("boards/check.html", typed=typed, problem=problem, found=None), status_of(error)
    said = certificate_papers.period(found.period, language())
    return render_template(
        "boards/check.html",
        typed=typed,
        problem="",
        found=found,
        revoked=revoked,
        grouped=codes.grouped(found.code or ""),
        period=said,
    )
