"""A draft as patients would meet it: on a phone, as a message, on paper."""

import secrets
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for

from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.draft_conditions import lenient
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.errors import Refused
from feedback_app.services import paper_slips, question_publishing
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services.questionnaires import plain_key
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.asking import asking
from feedback_app.web.context import explain, language, runtime
from feedback_app.web.file_names import named
from feedback_app.web.question_words import set_key

blueprint = Blueprint("admin_question_preview", __name__)


@blueprint.get("/admin/questions/preview")
@allow(ADMIN)
def phone() -> Response:
    """The draft as patients would see it; a page that may stand in a frame, and only in ours."""
    with runtime().reading() as session:
        return _as_on_a_phone(editing.working_body(session, set_key()))


@blueprint.get("/admin/questions/versions/<int:version_id>")
@allow(ADMIN)
def old_version(version_id: int) -> Response:
    with runtime().reading() as session:
        return _as_on_a_phone(question_publishing.version(session, version_id).body)


def _as_on_a_phone(body: Body) -> Response:
    """However incomplete the draft is; its conditions work as far as they can."""
    made = _soundly(lenient(body), body)
    lot = request.args.get("lot", "")[:40]
    context = asking(made, lot)
    page = make_response(
        render_template(
            "admin/question_preview.html",
            title=body["title"],
            draft=SimpleNamespace(values={}, key=""),
            draws=bool(made.groups),
            lot=lot,
            next_lot=secrets.token_hex(4),
            nothing=not body["question"],
            **context,
        )
    )
    return _in_our_frame(page)


def _soundly(made: Questionnaire, body: Body) -> Questionnaire:
    """The whole set where it can be read as one: only then its draws are known."""
    try:
        return from_body(body)
    except Refused:
        return made


def _in_our_frame(page: Response) -> Response:
    page.headers["Content-Security-Policy"] = (
        f"default-src 'self'; style-src 'self' 'nonce-{g.csp_nonce}'; img-src 'self' data:; "
        f"script-src 'nonce-{g.csp_nonce}'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return page


@blueprint.get("/admin/questions/message")
@allow(ADMIN)
def message() -> Response:
    """The conversation by message: what the account says after a scan, and after an answer."""
    with runtime().reading() as session:
        body = editing.working_body(session, set_key())
    made = lenient(body)
    overall = made.question(drafts.overall_of(body))
    page = render_template("admin/question_message.html", body=body, overall=overall, listed=made.questions)
    return _in_our_frame(make_response(page))


@blueprint.get("/admin/questions/paper")
@allow(ADMIN)
def paper() -> Any:
    """The set on paper, as a sample."""
    with runtime().reading() as session:
        body = editing.working_body(session, set_key())
    try:
        pdf = paper_slips.sample(from_body(body), runtime().settings, language(), runtime().now())
    except Refused as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_questions.index", set=set_key()), 303)
    answer = Response(pdf, mimetype="application/pdf")
    return named(answer, f"{plain_key(set_key())}.pdf", shown=True)
