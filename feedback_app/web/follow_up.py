"""How are you, some days after discharge: the page behind the link of a follow-up."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from feedback_app.domain.periods import local_day
from feedback_app.errors import Refused
from feedback_app.services import follow_ups
from feedback_app.services.follow_ups import Sheet
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import explain, runtime

blueprint = Blueprint("follow_up", __name__)
OUTSIDE_CSRF = True  # the link is the proof
LARGEST = 20_000

Page = str | tuple[str, int] | Response


@blueprint.get("/f/<link>")
@allow(PUBLIC)
def form(link: str) -> Page:
    return _page(_sheet(link), link)


@blueprint.post("/f/<link>")
@allow(PUBLIC)
def send(link: str) -> Page:
    request.max_content_length = LARGEST
    sheet = _sheet(link)
    try:
        with runtime().transaction() as session:
            worrying = follow_ups.answer(
                session, runtime(), sheet, request.form, request.form.get("note", ""), by="", now=runtime().now()
            )
    except Refused as error:
        return _page(sheet, link, explain(error.code, error.params)), 400
    return render_template("patient/follow_up_thanks.html", worrying=worrying, duty=runtime().settings.duty)


def _sheet(link: str) -> Sheet:
    with runtime().reading() as session:
        today = local_day(runtime().now(), runtime().zone)
        return follow_ups.by_link(session, runtime().vault, link, today)


def _page(sheet: Sheet, link: str, problem: str = "") -> str:
    return render_template("patient/follow_up.html", sheet=sheet, link=link, problem=problem, typed=request.form)
