"""The builder: a question set as a list of cards, one of them open; every button keeps what was typed."""

from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain import draft_fields, draft_problems
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.draft_notes import notes_of
from feedback_app.domain.questionnaire_changes import changes
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.domain.questionnaires import types
from feedback_app.errors import Conflict, Refused
from feedback_app.services import draft_history
from feedback_app.services import questionnaire_editing as editing
from feedback_app.services.transaction import Session
from feedback_app.web import question_builder
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.question_words import faults, names, set_key, step_words

blueprint = Blueprint("admin_questions", __name__)


@blueprint.get("/admin/questions")
@allow(ADMIN)
def index() -> str:
    with runtime().reading() as session:
        return _builder(session, editing.working_body(session, set_key()), opened=request.args.get("q", ""))


def _builder(session: Session, body: Body, *, opened: str, problem: str = "", theirs: Any = ()) -> str:
    begun, kept = editing.draft(session, set_key()), editing.working_body(session, set_key())
    found = faults(body, draft_problems.problems(body))
    question = drafts.find(body, opened)
    question = question if question and question["kind"] in types() else None
    standing = draft_history.standing(session, begun, g.account.login, runtime().now())
    return render_template(
        "admin/questions.html",
        body=body,
        set_key=set_key(),
        seen=editing.digest(kept),
        set_seen=editing.digest(editing.set_part(kept)),
        draft=begun,
        opened=opened if question else "",
        view=question_builder.editing(body, question) if question else None,
        cards=question_builder.cards(body, found),
        problems=found,
        remarks=faults(body, draft_problems.notes(body)),
        groups=question_builder.groups(),
        adding=request.args.get("add", ""),
        open_set=request.args.get("part") == "set" or any(one.place == "title" for one in found),
        look=request.args.get("look", ""),
        sizes={group["key"]: _size(body, group["key"]) for group in body.get("group", ())},
        about=notes_of(draft_fields.about_of(body)),
        standing=standing,
        undo_words=step_words(standing.undo, body) if standing.undo else "",
        redo_words=step_words(standing.redo, body) if standing.redo else "",
        problem=problem,
        theirs=theirs,
        zone=runtime().zone,
    )


def _size(body: Body, group: str) -> int:
    return sum(question.get("group") == group for question in body["question"])


@blueprint.get("/admin/questions/state")
@allow(ADMIN)
def state() -> Response:
    """Which draft there is now, for a page that has been open for a while."""
    with runtime().reading() as session:
        begun = editing.draft(session, set_key())
        seen = editing.digest(editing.working_body(session, set_key()))
        return jsonify(seen=seen, by=begun.created_by if begun else "")


@blueprint.post("/admin/questions")
@allow(ADMIN)
def edit() -> Any:
    step = request.form.get("do", "save")
    fields = {name: request.form.getlist(name) for name in request.form}
    try:
        where = _done(step, fields)
    except Conflict as error:
        return _conflict(error, fields)
    except Refused as error:
        flash(explain(error.code, error.params), "warn")
        where = _kept("save", fields)
    return redirect(where, 303)


def _done(step: str, fields: editing.Fields) -> str:
    """Do it, and say where the page goes on."""
    name, _, at = step.partition(":")
    opened = request.form.get("open", "")
    if name in {"undo", "redo"}:
        return _gone(-1 if name == "undo" else 1, fields)
    if name not in {"open", "close", "palette", "publish"}:
        return _kept(step, fields)
    _keep("save", fields)
    if name == "publish":
        return url_for("admin_question_publish.confirm", set=set_key())
    if name == "open":
        return _at(at, anchor=f"q-{at}")
    if name == "palette":
        return _at(opened, anchor="palette", add=at)
    return _at("", anchor=f"q-{opened}" if opened else None)


def _at(opened: str, *, anchor: str | None = None, **more: str) -> str:
    kept: dict[str, Any] = {"look": request.args.get("look") or None, **more}
    return url_for("admin_questions.index", set=set_key(), q=opened or None, _anchor=anchor, **kept)


def _keep(step: str, fields: editing.Fields) -> editing.Edited:
    with runtime().transaction() as session:
        done = editing.edit(
            session,
            fields,
            step,
            seen=request.form.get("seen", ""),
            by=g.account.login,
            now=runtime().now(),
            key=set_key(),
        )
    for text in done.unread:
        flash(t("builder.unread", text=text), "warn")
    if done.merged:
        flash(t("builder.merged"), "warn")
    return done


def _kept(step: str, fields: editing.Fields) -> str:
    with runtime().reading() as session:
        named = names(editing.working_body(session, set_key()))
    done, opened = _keep(step, fields), request.form.get("open", "")
    name, _, at = step.partition(":")
    if name == "save":
        flash(t("questionnaire.saved"), "ok")
    if name == "remove":
        flash(t("builder.removed", name=named.get(at, "")), "ok")
        return _at(opened if opened != at else "", anchor="bar")
    if name in {"add", "duplicate"}:
        return _at(done.place, anchor=f"q-{done.place}")
    return _at(opened, anchor=f"q-{done.place}" if done.place else None)


def _gone(steps: int, fields: editing.Fields) -> str:
    """One step back or forth. Words that were typed and not yet kept are a step of their own."""
    with runtime().transaction() as session:
        done = editing.edit(
            session,
            fields,
            "save",
            seen=request.form.get("seen", ""),
            by=g.account.login,
            now=runtime().now(),
            key=set_key(),
        )
        if done.merged:
            raise Conflict("questions.moved")
        seen = editing.digest(done.draft.body)
        before = done.draft.body
        did = editing.go(session, steps, seen=seen, by=g.account.login, now=runtime().now(), key=set_key())
        after = editing.working_body(session, set_key())
    named = step_words(did, before if drafts.find(before, (did.split(":") + [""])[1]) else after)
    flash(t("builder.undone" if steps < 0 else "builder.redone", step=named), "ok")
    opened = request.form.get("open", "")
    return _at(opened if drafts.find(after, opened) else "", anchor="bar")


def _conflict(error: Conflict, fields: editing.Fields) -> Any:
    """The page with what was typed on top of what somebody else made of the draft, and what differs."""
    with runtime().reading() as session:
        kept = editing.working_body(session, set_key())
        mine = draft_fields.typed(kept, fields)
        differing = [one for one in changes(kept, mine, language()) if one.before or one.after]
        opened = request.form.get("open", "") if drafts.find(mine, request.form.get("open", "")) else ""
        page = _builder(session, mine, opened=opened, problem=explain(error.code, error.params), theirs=differing)
        return page, 409
