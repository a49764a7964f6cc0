"""The page of one expert, behind a link of their own: dossiers without names, points, standing aside."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.questions.text import clean
from feedback_app.errors import FeedbackError
from feedback_app.services import reviews
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("reviewing", __name__, url_prefix="/stars/review")
OUTSIDE_CSRF = True  # whoever has the link is the reviewer; no cookie is involved


@blueprint.get("/<token>")
@allow(PUBLIC)
def desk(token: str) -> str:
    return _page(token)


def _page(token: str, problem: str = "", about: int = 0) -> str:
    now, zone = runtime().now(), runtime().zone
    with runtime().reading() as session:
        sat = reviews.desk(session, runtime().vault, token, now=now, zone=zone, language=language())
    return render_template(
        "rounds/review.html", desk=sat, token=token, problem=problem, about=about, sent=request.form, view=sat.opened
    )


@blueprint.post("/<token>/<int:candidate>")
@allow(PUBLIC)
def judge(token: str, candidate: int) -> tuple[str, int] | Response:
    typed = request.form.getlist("points")
    points = [int(one) if one.isascii() and one.isdigit() and len(one) < 4 else -1 for one in typed]
    try:
        with runtime().transaction() as session:
            reviews.judge(
                session,
                runtime().vault,
                token,
                candidate,
                points=points,
                recused=request.form.get("recused") == "1",
                remark=clean(request.form.get("remark", "")),
                now=runtime().now(),
                zone=runtime().zone,
            )
    except FeedbackError as error:
        return _page(token, explain(error.code, error.params), candidate), status_of(error)
    flash(t("rounds.review.kept"), "ok")
    return redirect(url_for("reviewing.desk", token=token, lang=request.args.get("lang")), 303)
