"""What is done with a case besides writing: who has it, what it is about, who may read it, who wrote it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for

from feedback_app.domain import complaints as rules
from feedback_app.domain.roles import HEAD
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import case_findings, case_identity, case_owners, case_releases, case_steps
from feedback_app.services.case_findings import Finding
from feedback_app.services.case_releases import Release
from feedback_app.services.case_steps import Step
from feedback_app.services.transaction import Session
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, PROTECTION, allow, viewer
from feedback_app.web.admin_complaints import CASE, case_refused, case_shown, seen_version
from feedback_app.web.context import runtime, t

blueprint = Blueprint("admin_case_steps", __name__)
_PATH = "/admin/complaints/<number>"


def _done(number: str, said: str, work: Callable[[Session], object], kept: dict[str, str] | None = None) -> Any:
    """Do it and go back to the case; or the case again with why it could not be done."""
    try:
        with runtime().transaction() as session:
            work(session)
    except (Conflict, NotAllowed, NotFound, Refused) as error:
        return case_refused(number, error, kept or {})
    flash(t(f"desk.done.{said}"), "ok")
    return redirect(url_for("admin_complaints.show", number=number), 303)


@blueprint.post(f"{_PATH}/assign")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def assign(number: str) -> Any:
    """Offer it to a colleague, who has to accept; or take it oneself."""
    to, seen, by, now = request.form.get("to", ""), seen_version(), g.account.login, runtime().now()
    if to == by:
        return _done(number, "accepted", lambda session: case_owners.accept(session, number, seen=seen, by=by, now=now))
    return _done(number, "assigned", lambda session: case_owners.offer(session, number, to, seen=seen, by=by, now=now))


@blueprint.post(f"{_PATH}/about")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def about(number: str) -> Any:
    """Category and severity."""
    form = request.form
    step = Step(
        rules.ABOUT, "", seen_version(), g.account.login, g.account.role,
        category=form.get("category", ""), severity=form.get("severity", ""),
    )  # fmt: skip
    return _done(
        number, "about", lambda session: case_steps.take(session, number, step, runtime().now(), runtime().zone)
    )


@blueprint.post(f"{_PATH}/clock")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def clock(number: str) -> Any:
    """Stop the clock for a listed reason, let it go on, or take the case one level higher."""
    form = request.form
    action = form.get("action", "")
    if action not in {rules.PAUSE, rules.RESUME, rules.ESCALATE}:
        return redirect(url_for("admin_complaints.show", number=number), 303)
    step = Step(
        action, form.get("text", ""), seen_version(), g.account.login, g.account.role, reason=form.get("reason", "")
    )
    return _done(
        number, action, lambda session: case_steps.take(session, number, step, runtime().now(), runtime().zone),
        {action: step.text},
    )  # fmt: skip


@blueprint.post(f"{_PATH}/departments")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def departments(number: str) -> Any:
    """Which department leads, which help, which no longer does."""
    form, seen, by, now = request.form, seen_version(), g.account.login, runtime().now()
    role = form.get("role", "")

    def work(session: Session) -> object:
        key = form.get("department", "")
        if role == "none":
            return case_owners.release(session, number, key, seen=seen, by=by, now=now, zone=runtime().zone)
        return case_owners.involve(session, number, key, role, seen=seen, by=by, now=now, zone=runtime().zone)

    return _done(number, "departments", work)


@blueprint.post(f"{_PATH}/release")
@allow(OFFICE, own=(PROTECTION,), of=CASE)
def release(number: str) -> Any:
    """Let the department and the person concerned read these words; or take that back."""
    form, who, now = request.form, viewer(), runtime().now()
    if form.get("back"):
        seen = seen_version()
        return _done(
            number,
            "held_back",
            lambda session: case_releases.hold_back(session, number, seen=seen, viewer=who, now=now),
        )
    wanted = Release(form.get("text", ""), seen_version(), bool(form.get("care_over")), bool(form.get("checked")))
    kept = {"release": wanted.text, "care_over": form.get("care_over", ""), "may_check": "1"}
    return _done(number, "released", lambda session: case_releases.release(session, number, wanted, who, now), kept)


@blueprint.post(f"{_PATH}/clear")
@allow(OFFICE, own=(PROTECTION,), of=CASE)
def clear(number: str) -> Any:
    """The words hurt nobody: they may be read by everybody who sees the case."""
    seen, who, now = seen_version(), viewer(), runtime().now()
    return _done(
        number, "cleared", lambda session: case_releases.clear(session, number, seen=seen, viewer=who, now=now)
    )


@blueprint.post(f"{_PATH}/finding")
@allow(OFFICE, DIRECTOR, of=CASE)
def finding(number: str) -> Any:
    """Whether it is justified, on which day it happened, and against whom it counts."""
    form, who, now = request.form, viewer(), runtime().now()

    def work(session: Session) -> object:
        told = Finding(
            form.get("result", ""),
            _day(form.get("day", "")),
            form.get("text", ""),
            seen_version(),
            form.get("about", "").replace(",", " ").replace("，", " ").replace("、", " ").split()[:20],
        )
        return case_findings.find(session, number, told, who, now=now, zone=runtime().zone)

    kept = {name: form.get(name, "") for name in ("result", "day", "about")} | {"found": form.get("text", "")}
    return _done(number, "found", work, kept)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Refused("findings.no_day") from None


@blueprint.post(f"{_PATH}/statement")
@allow(own=(HEAD,), of=CASE)
def statement(number: str) -> Any:
    """What the department has to say about a released case."""
    words, who, now = request.form.get("text", ""), viewer(), runtime().now()

    def work(session: Session) -> object:
        return case_releases.state(session, case_steps.get(session, number), words, who, now)

    return _done(number, "stated", work, {"statement": words})


@blueprint.post(f"{_PATH}/unlock")
@allow(OFFICE, of=CASE)
def unlock(number: str) -> Any:
    """Ask for the second key, with a reason."""
    reason, who, now = request.form.get("reason", ""), viewer(), runtime().now()
    return _done(
        number, "asked", lambda session: case_identity.ask(session, number, reason, who, now), {"unlock": reason}
    )


@blueprint.post(f"{_PATH}/identity")
@allow(OFFICE, of=CASE)
def identity(number: str) -> Any:
    """Who complained, once: the next look is written down again."""
    try:
        with runtime().transaction() as session:
            opened = case_identity.look(session, number, viewer(), runtime().now())
    except NotAllowed as error:
        return case_refused(number, error, {})
    with runtime().reading() as session:
        return case_shown(session, number, identity=opened)
