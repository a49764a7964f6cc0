"""Good cases: written and released in the console, read by colleagues, and by everybody on the wall."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.papers import FORMS
from feedback_app.domain.periods import Month
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import good_cases, papers, theme_quotes
from feedback_app.services.good_cases import Told
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import DIRECTOR, HEAD, OFFICE, PUBLIC, QUALITY, STAFF, allow
from feedback_app.web.asked import number_from, whole_number
from feedback_app.web.context import explain, language, runtime, t

blueprint = Blueprint("good_cases", __name__)
navigation.add(46, "good_cases.index", "good_cases.nav")
_LONGEST_SEARCH = 40


def _words() -> str:
    return request.args.get("q", "").strip()[:_LONGEST_SEARCH]


@blueprint.get("/admin/good-cases")
@allow(OFFICE, QUALITY, DIRECTOR, HEAD)
def index() -> str:
    return _page()


def _page(problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    may_write = g.account.role != HEAD
    with runtime().reading() as session:
        shown = good_cases.every(session) if may_write and not _words() else good_cases.library(session, _words())
        return render_template(
            "admin/good_cases.html",
            cases=shown,
            candidates=good_cases.candidates(session) if may_write else [],
            number=request.args.get("number", "").strip().upper()[:20],
            words=_words(),
            may_write=may_write,
            month=Month.of(runtime().now(), runtime().zone),
            forms=("pdf", "docx", "txt"),
            problem=problem,
            kept=kept or {},
            me=g.account.login,
        )


@blueprint.post("/admin/good-cases")
@allow(OFFICE, QUALITY, DIRECTOR)
def act() -> Any:
    """One step with a good case. What was written is shown again where it could not be taken."""
    action = request.form.get("action", "")
    try:
        with runtime().transaction() as session:
            _ACTS.get(action, _nothing)(session)
    except FeedbackError as error:
        return _page(explain(error.code, error.params), request.form), 400
    flash(t(f"good_cases.done.{action}" if action in _ACTS else "good_cases.done.nothing"), "ok")
    return redirect(url_for("good_cases.index"), 303)


def _nothing(session: Session) -> object:
    return None


def _write(session: Session) -> object:
    form = request.form
    told = Told(form.get("title", ""), form.get("story", ""), form.get("lesson", ""), form.get("consent", ""))
    number = form.get("number", "").strip().upper()[:20]
    return good_cases.write(session, number, told, by=g.account.login, now=runtime().now())


def _share(session: Session) -> object:
    return good_cases.share(session, _id(), by=g.account.login, now=runtime().now())


def _publish(session: Session) -> object:
    return good_cases.publish(session, _id(), by=g.account.login, now=runtime().now())


def _withdraw(session: Session) -> None:
    good_cases.withdraw(session, _id(), by=g.account.login, now=runtime().now())


_ACTS: Mapping[str, Callable[[Session], object]] = {
    "write": _write, "share": _share, "publish": _publish, "withdraw": _withdraw,
}  # fmt: skip


def _id() -> int:
    return whole_number(request.form.get("id", "")) or 0


@blueprint.get("/admin/good-cases/newsletter.<form>")
@allow(OFFICE, QUALITY, DIRECTOR, HEAD)
def newsletter(form: str) -> Response:
    """Of this month, or of ``?month=2026-11``."""
    now = runtime().now()
    try:
        month = Month.parse(request.args.get("month", ""))
    except Refused:
        month = Month.of(now, runtime().zone)
    with runtime().reading() as session:
        paper = good_cases.newsletter(session, month, runtime().settings, now, language())
    if form == "txt":
        return Response(good_cases.plain(paper), mimetype="text/plain; charset=utf-8")
    if form not in FORMS:
        raise NotFound("reports.no_form")
    headers = {"Content-Disposition": f'attachment; filename="good-cases-{month}.{form}"'}
    return Response(papers.made(paper, form, now), mimetype=papers.MIME[form], headers=headers)


@blueprint.get("/staff/good-cases")
@allow(STAFF)
def library() -> str:
    with runtime().reading() as session:
        return render_template(
            "staff/good_cases.html",
            cases=good_cases.library(session, _words(), number_from("department")),
            departments=[one for one in theme_quotes.departments(session) if one.active],
            unit=number_from("department"),
            words=_words(),
        )


@blueprint.get("/good-cases")
@allow(PUBLIC)
def wall() -> str:
    """What everybody may read, newest first, with the month and never the day."""
    with runtime().reading() as session:
        return render_template(
            "boards/good_cases.html", cases=good_cases.wall(session, _words()), words=_words(), zone=runtime().zone
        )
