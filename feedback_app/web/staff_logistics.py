"""Staff rate logistics and contractors from their own page: the same five levels, a few words, no name."""

import re
import secrets

from flask import Blueprint, g, render_template, request
from werkzeug.wrappers import Response

from feedback_app.domain.questions.text import clean
from feedback_app.errors import FeedbackError
from feedback_app.services import staff_ratings
from feedback_app.web.access import STAFF, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime
from feedback_app.web.errors import status_of

blueprint = Blueprint("staff_logistics", __name__)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@blueprint.get("/staff/logistics")
@allow(STAFF)
def index() -> str:
    with runtime().reading() as session:
        units = staff_ratings.units(session, g.staff)
    return render_template("staff/logistics.html", units=units)


@blueprint.get("/staff/logistics/<int:point_id>")
@allow(STAFF)
def form(point_id: int) -> str:
    return _page(point_id)


@blueprint.post("/staff/logistics/<int:point_id>")
@allow(STAFF)
def rate(point_id: int) -> str | tuple[str, int] | Response:
    """The same page with thanks and the receipt; refused words stay in the field."""
    sent = request.form.get("key", "")
    comment = clean(request.form.get("comment", ""))
    try:
        with runtime().transaction() as session:
            accepted = staff_ratings.rate(
                session,
                runtime().vault,
                g.staff,
                point_id,
                score=whole_number(request.form.get("overall", "")) or 0,
                comment=comment,
                key=sent if _KEY.fullmatch(sent) else secrets.token_urlsafe(18),
                zone=runtime().zone,
                now=runtime().now(),
            )
            receipt, name = accepted.receipt, staff_ratings.unit(session, g.staff, point_id).name
    except FeedbackError as error:
        return _page(point_id, explain(error.code, error.params), comment), status_of(error)
    return render_template("staff/logistics_done.html", receipt=receipt, name=name)


def _page(point_id: int, problem: str = "", comment: str = "") -> str:
    with runtime().reading() as session:
        unit = staff_ratings.unit(session, g.staff, point_id)
        return render_template(
            "staff/logistics_form.html", unit=unit, key=secrets.token_urlsafe(18), problem=problem, comment=comment
        )
