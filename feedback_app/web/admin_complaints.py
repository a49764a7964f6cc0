"""The complaints office's pages: the inbox and one case."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from feedback_app.domain.periods import local_day
from feedback_app.errors import Conflict, NotAllowed, Refused
from feedback_app.services import accounts, case_media, complaint_desk, rating_lists
from feedback_app.services.complaint_desk import KINDS, STATES, URGENCIES, Step, Wanted
from feedback_app.services.transaction import Session
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, allow
from feedback_app.web.asked import number_from, one_of, whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_complaints", __name__)
navigation.add(40, "admin_complaints.index", "admin_complaints.nav")


def _wanted() -> Wanted:
    state = one_of("state", ("all", *STATES)) or "open"
    return Wanted(
        state="" if state == "all" else state,
        kind=one_of("kind", KINDS),
        urgency=one_of("urgency", URGENCIES),
        department_id=number_from("department"),
        words=request.args.get("q", "").strip()[:60],
    )


@blueprint.get("/admin/complaints")
@allow(OFFICE, ADMIN, DIRECTOR)
def index() -> str:
    wanted, today = _wanted(), local_day(runtime().now(), runtime().zone)
    with runtime().reading() as session:
        return render_template(
            "admin/complaints.html",
            page=complaint_desk.inbox(session, wanted, number_from("page", 1) or 1),
            counts=complaint_desk.counts(session, wanted),
            wanted=wanted,
            departments=rating_lists.departments(session),
            kinds=KINDS,
            urgencies=URGENCIES,
            states=STATES,
            nearness=lambda case: complaint_desk.nearness(case, today),
        )


@blueprint.get("/admin/complaints/<number>")
@allow(OFFICE, ADMIN, DIRECTOR)
def show(number: str) -> str:
    with runtime().reading() as session:
        return _case_page(session, number)


@blueprint.post("/admin/complaints/<number>")
@allow(OFFICE, ADMIN, DIRECTOR)
def take(number: str) -> Any:
    """One step: answered, noted, closed, reopened. What was written is never lost."""
    form = request.form
    seen = whole_number(form.get("seen", ""))
    action, text = form.get("action", ""), form.get("text", "")
    step = Step(
        action, text, -1 if seen is None else seen, g.account.login, g.account.role, reason=form.get("reason", "")
    )
    try:
        with runtime().transaction() as session:
            complaint_desk.take(session, number, step, runtime().now(), runtime().zone)
            reach = complaint_desk.reach(complaint_desk.get(session, number))
    except (Conflict, NotAllowed, Refused) as error:
        with runtime().reading() as session:
            status = {Conflict: 409, NotAllowed: 403}.get(type(error), 400)
            problem = explain(error.code, error.params)
            return _case_page(session, number, problem=problem, kept={action: text}), status
    said = reach if action == "answered" else action
    flash(t(f"admin_complaints.done.{said}"), "ok")
    return redirect(url_for("admin_complaints.show", number=number), 303)


@blueprint.post("/admin/complaints/<number>/contact")
@allow(OFFICE)
def contact(number: str) -> str:
    """How to reach the complainant: for the complaints office only, and each look is written down."""
    with runtime().transaction() as session:
        address = complaint_desk.contact(session, runtime().vault, number, by=g.account.login, now=runtime().now())
    with runtime().reading() as session:
        return _case_page(session, number, address=address)


@blueprint.get("/admin/complaints/<number>/media/<int:media_id>")
@allow(OFFICE)
def media(number: str, media_id: int) -> Response:
    """A picture or voice of the case, for the complaints office only; never run or guessed at by a browser."""
    with runtime().reading() as session:
        found = case_media.file(session, number, media_id)
    answer = Response(found.content, content_type=found.content_type)
    shown = "inline" if found.content_type == "image/jpeg" else "attachment"
    kind = {"image/jpeg": "jpg", "audio/amr": "amr"}.get(found.content_type, "mp3")
    answer.headers["Content-Disposition"] = f'{shown}; filename="{media_id}.{kind}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _case_page(
    session: Session, number: str, *, problem: str = "", kept: dict[str, str] | None = None, address: str = ""
) -> str:
    case = complaint_desk.get(session, number)
    return render_template(
        "admin/complaint.html",
        case=case,
        media=case_media.of_case(session, case),
        near=complaint_desk.nearness(case, local_day(runtime().now(), runtime().zone)),
        moves=complaint_desk.moves(case),
        reach=complaint_desk.reach(case),
        names={one.login: one.name for one in accounts.all_accounts(session)},
        version=complaint_desk.version(case),
        zone=runtime().zone,
        problem=problem,
        kept=kept or {},
        address=address,
    )
