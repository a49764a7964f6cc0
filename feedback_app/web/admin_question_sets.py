"""All question sets: which there are, where each is asked, files in and files out."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.question_choice import Rule
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import (
    question_publishing,
    question_rules,
    question_sets,
    questionnaire_editing,
    rating_lists,
)
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.file_names import named

blueprint = Blueprint("admin_question_sets", __name__)
navigation.add(36, "admin_question_sets.index", "questionnaire.nav")


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
            waiting=question_publishing.waiting(session),
            zone=runtime().zone,
        )


@blueprint.post("/admin/question-sets")
@allow(ADMIN)
def create() -> Any:
    """A new set, empty or like another one."""
    title, like = request.form.get("title", ""), request.form.get("like", "")
    key = request.form.get("key", "").strip()
    try:
        with runtime().transaction() as session:
            named = key or question_sets.free_key(session, title)
            made = questionnaire_editing.create(session, named, title, like, by=g.account.login, now=runtime().now())
            made_key = made.key
    except (Refused, NotFound) as error:
        return _page(_said(error)), 400
    return redirect(url_for("admin_questions.index", set=made_key), 303)


@blueprint.get("/admin/question-sets/<key>.toml")
@allow(ADMIN)
def export(key: str) -> Any:
    """The set as a file that can be imported again, in our own form or (``form=neutral``) in the neutral notation."""
    is_draft, is_neutral = request.args.get("draft") == "1", request.args.get("form") == "neutral"
    try:
        with runtime().reading() as session:
            text = question_sets.written(session, key, as_neutral=is_neutral, draft=is_draft)
    except Refused as error:
        flash(t("question_sets.not_written", why=explain(error.code, error.params)), "warn")
        return redirect(url_for("admin_questions.index", set=key), 303)
    answer = Response(text, mimetype="application/toml")
    return named(answer, f"{question_sets.key_of(key + '.toml')}.toml")


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
