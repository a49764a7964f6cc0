"""All question sets: which there are, where each is asked, files in and files out."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.question_choice import Rule
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import question_rules, question_sets, rating_lists
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_question_sets", __name__)


@blueprint.get("/admin/question-sets")
@allow(ADMIN)
def index() -> str:
    return _page()


def _page(problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/question_sets.html",
            sets=question_sets.listed(session),
            rules=question_rules.listed(session, runtime().now()),
            kinds=question_rules.KINDS,
            departments=rating_lists.departments(session),
            categories=[(one, one) for one in question_rules.categories(session)],
            one_day=timedelta(days=1),
            problem=problem,
            zone=runtime().zone,
        )


@blueprint.post("/admin/question-sets/import")
@allow(ADMIN)
def receive() -> Any:
    """A file becomes the draft of the set named after it; what is wrong is said with its place."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Refused("questions.no_file")
        made = question_sets.read(sent.read(question_sets.LARGEST_FILE + 1), question_sets.key_of(sent.filename))
        with runtime().transaction() as session:
            kept = question_sets.take(session, made, publish=False, by=g.account.login, now=runtime().now())
            key, is_draft = kept.key, kept.state == "draft"
    except Refused as error:
        return _page(explain(error.code, error.params)), 400
    flash(t("question_sets.imported" if is_draft else "question_sets.known", n=len(made.questions)), "ok")
    return redirect(url_for("admin_questions.index", set=key), 303)


@blueprint.get("/admin/question-sets/<key>.toml")
@allow(ADMIN)
def export(key: str) -> Response:
    """The set as a file that can be imported again."""
    with runtime().reading() as session:
        text = question_sets.written(session, key)
    answer = Response(text, mimetype="application/toml")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{question_sets.key_of(key + '.toml')}.toml")
    return answer


@blueprint.post("/admin/question-sets/rules")
@allow(ADMIN)
def assign() -> Any:
    try:
        rule = _rule()
        with runtime().transaction() as session:
            question_rules.add(session, rule, by=g.account.login, now=runtime().now())
    except (Refused, NotFound) as error:
        return _page(_said(error)), 400
    flash(t("question_sets.assigned"), "ok")
    return redirect(url_for("admin_question_sets.index", _anchor="rules"), 303)


def _said(error: FeedbackError) -> str:
    return explain(error.code, error.params)


def _rule() -> Rule:
    first, last = _day("from"), _day("until")
    department = request.form.get("department", "")
    return Rule(
        id=0,
        set_key=request.form.get("set", ""),
        kind=request.form.get("kind", ""),
        department_id=int(department)
        if department.isascii() and department.isdigit() and len(department) < 10
        else None,
        category=request.form.get("category", "").strip(),
        starts_at=_begin(first) if first else None,
        ends_at=_begin(last + timedelta(days=1)) if last else None,
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), runtime().zone)


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Refused("questions.not_a_date") from None
    if not 2000 <= found.year <= 2200:
        raise Refused("questions.not_a_date")
    return found


@blueprint.post("/admin/question-sets/rules/<int:rule_id>/remove")
@allow(ADMIN)
def unassign(rule_id: int) -> Any:
    with runtime().transaction() as session:
        question_rules.remove(session, rule_id, by=g.account.login, now=runtime().now())
    flash(t("question_sets.unassigned"), "ok")
    return redirect(url_for("admin_question_sets.index", _anchor="rules"), 303)
