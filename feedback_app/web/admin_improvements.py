"""What came of cases: tasks to put things right, and cards "You said, we did"."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import FeedbackError, Refused
from feedback_app.services import accounts, change_cards, improvements
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import DIRECTOR, OFFICE, QUALITY, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_improvements", __name__)
navigation.add(45, "admin_improvements.index", "improvements.nav")
Do = Callable[[Session], object]


@blueprint.get("/admin/improvements")
@allow(OFFICE, QUALITY, DIRECTOR)
def index() -> str:
    return _page()


@blueprint.post("/admin/improvements")
@allow(OFFICE, QUALITY, DIRECTOR)
def act() -> Any:
    """One step with a task or a card. What was written is shown again where it could not be taken."""
    action = request.form.get("action", "")
    try:
        with runtime().transaction() as session:
            _ACTS.get(action, _nothing)(session)
    except FeedbackError as error:
        return _page(explain(error.code, error.params), request.form), 400
    flash(t(f"improvements.done.{action}" if action in _ACTS else "improvements.done.nothing"), "ok")
    return redirect(url_for("admin_improvements.index"), 303)


def _nothing(session: Session) -> object:
    return None


def _make(session: Session) -> object:
    form = request.form
    try:
        due = date.fromisoformat(form.get("due_on", ""))
    except ValueError:
        raise Refused("complaints.bad_date") from None
    wanted = improvements.Wanted(form.get("kind", ""), form.get("what", ""), form.get("owner", ""), due)
    return improvements.make(session, _number(), wanted, by=_by(), now=runtime().now(), zone=runtime().zone)


def _finish(session: Session) -> object:
    return improvements.finish(session, _id(), _text(), by=_by(), now=runtime().now(), zone=runtime().zone)


def _drop(session: Session) -> object:
    return improvements.drop(session, _id(), _text(), by=_by(), now=runtime().now())


def _look(session: Session) -> object:
    return improvements.look(session, _id(), _text(), by=_by(), now=runtime().now(), zone=runtime().zone)


def _draft(session: Session) -> object:
    form = request.form
    return change_cards.draft(
        session, _number(), form.get("said", ""), form.get("did", ""), by=_by(), now=runtime().now()
    )


def _publish(session: Session) -> object:
    return change_cards.publish(session, _id(), by=_by(), now=runtime().now())


def _withdraw(session: Session) -> object:
    return change_cards.withdraw(session, _id(), by=_by(), now=runtime().now())


_ACTS: Mapping[str, Do] = {
    "make": _make,
    "finish": _finish,
    "drop": _drop,
    "look": _look,
    "draft": _draft,
    "publish": _publish,
    "withdraw": _withdraw,
}


def _number() -> str:
    return request.form.get("number", "").strip().upper()[:20]


def _id() -> int:
    return whole_number(request.form.get("id", "")) or 0


def _text() -> str:
    return request.form.get("text", "")


def _by() -> str:
    return str(g.account.login)


def _page(problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/improvements.html",
            tasks=improvements.listed(session),
            kinds=improvements.KINDS,
            cards=change_cards.listed(session),
            candidates=change_cards.candidates(session),
            owners=[one for one in accounts.all_accounts(session) if one.active],
            today=local_day(runtime().now(), runtime().zone),
            number=request.args.get("number", "").strip().upper()[:20],
            problem=problem,
            kept=kept or {},
            me=_by(),
        )
