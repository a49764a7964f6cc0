"""Editing the question set: one form for everything, each button keeps what was typed; then preview and publish."""

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.domain.questionnaires import types
from feedback_app.errors import Conflict, Refused
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services.questionnaires import DEFAULT
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_questions", __name__)
navigation.add(55, "admin_questions.index", "questionnaire.nav")


@blueprint.get("/admin/questions")
@allow(ADMIN)
def index() -> str:
    with runtime().reading() as session:
        return _editor(session, editing.working_body(session, _set()))


def _set() -> str:
    """The question set the page is about."""
    return request.values.get("set", DEFAULT)[:40]


def _chosen() -> dict[str, Any]:
    return {} if _set() == DEFAULT else {"set": _set()}


def _index(**more: Any) -> str:
    return url_for("admin_questions.index", **_chosen(), **more)


def _editor(session: Session, body: Body, *, problem: str = "") -> str:
    begun = editing.draft(session, _set())
    found = drafts.problems(body)
    return render_template(
        "admin/questions.html",
        body=body,
        seen=editing.digest(editing.working_body(session, _set())),
        draft=begun,
        changed=bool(editing.pending(session, _set())),
        problems={one.place: explain(one.code, dict(one.params)) for one in reversed(found)},
        without_english=drafts.without_english(body),
        history=editing.history(session, _set()),
        kinds=sorted(types()),
        has_length=drafts.has_length,
        problem=problem,
        chosen=_chosen(),
        zone=runtime().zone,
    )


@blueprint.post("/admin/questions")
@allow(ADMIN)
def edit() -> Any:
    step = request.form.get("do", "save")
    try:
        _keep(step)
    except Conflict as error:
        with runtime().reading() as session:
            typed = drafts.typed(editing.working_body(session, _set()), request.form)
            return _editor(session, typed, problem=explain(error.code, error.params)), 409
    except Refused as error:
        _keep("save")
        flash(explain(error.code, error.params), "warn")
    if step == "save":
        flash(t("questionnaire.saved"), "ok")
    if step == "publish":
        return redirect(url_for("admin_questions.confirm", **_chosen()), 303)
    return redirect(_index(_anchor=_place_of(step)), 303)


def _keep(step: str) -> None:
    with runtime().transaction() as session:
        editing.edit(
            session,
            request.form,
            step,
            seen=request.form.get("seen", ""),
            by=g.account.login,
            now=runtime().now(),
            key=_set(),
        )


def _place_of(step: str) -> str | None:
    """Where the page should stand afterwards: at the question that was touched."""
    name, _, at = step.partition(":")
    if name == "add":
        return "last"
    return f"q-{at.partition(':')[0]}" if at and name != "remove" else None


@blueprint.get("/admin/questions/preview")
@allow(ADMIN)
def preview() -> Response:
    """The draft as patients would see it; the only page that may stand in a frame, and only in ours."""
    with runtime().reading() as session:
        return _preview(editing.working_body(session, _set()))


@blueprint.get("/admin/questions/versions/<int:version_id>")
@allow(ADMIN)
def old_version(version_id: int) -> Response:
    with runtime().reading() as session:
        return _preview(editing.version(session, version_id).body)


def _preview(body: Body) -> Response:
    page = make_response(
        render_template(
            "admin/question_preview.html",
            questions=body["question"],
            title=body["title"],
            draft=SimpleNamespace(values={}),
        )
    )
    page.headers["Content-Security-Policy"] = (
        f"default-src 'self'; style-src 'self' 'nonce-{g.csp_nonce}'; img-src 'self' data:; script-src 'none'; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return page


@blueprint.get("/admin/questions/publish")
@allow(ADMIN)
def confirm() -> Any:
    """Says what changes before it does."""
    with runtime().reading() as session:
        begun, found = editing.draft(session, _set()), editing.pending(session, _set())
        if begun is None or drafts.problems(begun.body):
            flash(t("questions.errors.not_ready" if begun else "questions.errors.nothing_to_publish"), "warn")
            return redirect(_index(), 303)
        return render_template(
            "admin/question_publish.html",
            draft=begun,
            changes=found,
            seen=editing.digest(begun.body),
            chosen=_chosen(),
            impact=editing.impact(session, begun),
        )


@blueprint.post("/admin/questions/publish")
@allow(ADMIN)
def publish() -> Response:
    try:
        with runtime().transaction() as session:
            made = editing.publish(
                session,
                seen=request.form.get("seen", ""),
                note=request.form.get("note", ""),
                by=g.account.login,
                now=runtime().now(),
                key=_set(),
            )
            flash(t("questionnaire.published", number=made.number), "ok")
    except (Conflict, Refused) as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(_index(), 303)


@blueprint.post("/admin/questions/discard")
@allow(ADMIN)
def discard() -> Response:
    with runtime().transaction() as session:
        editing.discard(session, by=g.account.login, now=runtime().now(), key=_set())
    flash(t("questionnaire.discarded"), "ok")
    return redirect(_index(), 303)


@blueprint.post("/admin/questions/versions/<int:version_id>/restore")
@allow(ADMIN)
def restore(version_id: int) -> Response:
    try:
        with runtime().transaction() as session:
            restored = editing.restore(session, version_id, by=g.account.login, now=runtime().now())
            chosen: dict[str, Any] = {} if restored.key == DEFAULT else {"set": restored.key}
        flash(t("questionnaire.restored"), "ok")
        return redirect(url_for("admin_questions.index", **chosen), 303)
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(_index(), 303)
