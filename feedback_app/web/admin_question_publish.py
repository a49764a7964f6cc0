"""From a draft to what patients see: what would change, asking a second person, publishing, versions, going back."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain import draft_problems
from feedback_app.domain.questionnaire_changes import changes
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import question_publishing as publishing
from feedback_app.services import questionnaire_editing as editing
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.question_words import set_key

blueprint = Blueprint("admin_question_publish", __name__)


def _builder() -> str:
    return url_for("admin_questions.index", set=set_key())


@blueprint.get("/admin/questions/publish")
@allow(ADMIN)
def confirm() -> Any:
    """Says what changes before it does."""
    with runtime().reading() as session:
        begun = editing.draft(session, set_key())
        found = publishing.pending(session, set_key(), language())
        if begun is None or draft_problems.problems(begun.body):
            flash(t("questions.errors.not_ready" if begun else "questions.errors.nothing_to_publish"), "warn")
            return redirect(_builder(), 303)
        return render_template(
            "admin/question_publish.html",
            draft=begun,
            changes=found,
            seen=editing.digest(begun.body),
            set_key=set_key(),
            impact=publishing.impact(session, begun),
            second=_second_person(),
            mine=begun.asked_by == g.account.login,
            zone=runtime().zone,
        )


def _second_person() -> bool:
    return runtime().settings.questions.second_person


def _story() -> dict[str, Any]:
    return {"by": g.account.login, "now": runtime().now(), "key": set_key()}


@blueprint.post("/admin/questions/publish")
@allow(ADMIN)
def publish() -> Response:
    seen, note = request.form.get("seen", ""), request.form.get("note", "")
    try:
        with runtime().transaction() as session:
            made = publishing.publish(session, seen=seen, note=note, second_person=_second_person(), **_story())
            flash(t("questionnaire.published", number=made.number), "ok")
    except (Conflict, Refused, NotAllowed) as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(_builder(), 303)


@blueprint.post("/admin/questions/ask")
@allow(ADMIN)
def ask() -> Response:
    """The first of two persons."""
    try:
        with runtime().transaction() as session:
            publishing.ask(session, seen=request.form.get("seen", ""), note=request.form.get("note", ""), **_story())
        flash(t("questionnaire.asked"), "ok")
    except (Conflict, Refused) as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(_builder(), 303)


@blueprint.post("/admin/questions/return")
@allow(ADMIN)
def hand_back() -> Response:
    """The second person does not publish it, and says why."""
    try:
        with runtime().transaction() as session:
            publishing.hand_back(session, note=request.form.get("note", ""), **_story())
        flash(t("questionnaire.handed_back"), "ok")
    except (Conflict, Refused) as error:
        flash(explain(error.code, error.params), "warn")
        return redirect(url_for("admin_question_publish.confirm", set=set_key()), 303)
    return redirect(_builder(), 303)


@blueprint.post("/admin/questions/discard")
@allow(ADMIN)
def discard() -> Response:
    with runtime().transaction() as session:
        publishing.discard(session, **_story())
        gone = not publishing.history(session, set_key())
    flash(t("questionnaire.discarded"), "ok")
    return redirect(url_for("admin_question_sets.index") if gone else _builder(), 303)


@blueprint.get("/admin/questions/versions")
@allow(ADMIN)
def history() -> str:
    """All versions, and the difference between any two of them."""
    with runtime().reading() as session:
        listed = publishing.history(session, set_key())
        if not listed and editing.draft(session, set_key()) is None:
            raise NotFound("questions.no_set", key=set_key())
        before, after = _two(listed)
        found = changes(before.body, after.body, language()) if before and after and before is not after else []
        compared = publishing.between(before, after) if found and before and after else None
        return render_template(
            "admin/question_versions.html",
            listed=listed,
            set_key=set_key(),
            title=editing.working_body(session, set_key())["title"],
            draft=editing.draft(session, set_key()),
            before=before,
            after=after,
            changes=found,
            impact=compared,
            zone=runtime().zone,
        )


def _two(listed: Any) -> tuple[Any, Any]:
    """The versions asked for, else the last two."""
    by_number = {str(one.number): one for one in listed}
    newest = listed[0] if listed else None
    last = listed[1] if len(listed) > 1 else newest
    return by_number.get(request.args.get("from", ""), last), by_number.get(request.args.get("to", ""), newest)


@blueprint.post("/admin/questions/versions/<int:version_id>/restore")
@allow(ADMIN)
def restore(version_id: int) -> Response:
    """Take it as the draft, and go on to publishing it."""
    with runtime().transaction() as session:
        key = publishing.restore(session, version_id, by=g.account.login, now=runtime().now()).key
    flash(t("questionnaire.restored"), "ok")
    return redirect(url_for("admin_question_publish.confirm", set=key), 303)
