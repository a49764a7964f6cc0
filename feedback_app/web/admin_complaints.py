"""The complaints desk: the inbox and one case with its conversation, as each role may see them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, g, jsonify, redirect, render_template, request, url_for

from feedback_app.domain import complaints as rules
from feedback_app.domain.periods import local_day
from feedback_app.domain.roles import HEAD
from feedback_app.errors import Conflict, FeedbackError, NotAllowed, Refused
from feedback_app.services import (
    case_files,
    case_findings,
    case_media,
    case_page,
    case_releases,
    case_sight,
    case_watch,
    complaint_desk,
    desk_tools,
    rating_lists,
)
from feedback_app.services.case_files import Sent
from feedback_app.services.complaint_desk import KINDS, NEAR, STATES, URGENCIES, WHOSE, Step, Wanted
from feedback_app.services.transaction import Session
from feedback_app.web import access, navigation
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, PROTECTION, allow, viewer
from feedback_app.web.asked import number_from, one_of, whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_complaints", __name__)
navigation.add(40, "admin_complaints.index", "admin_complaints.nav")
CASE = "case"


def _is_theirs(who: access.Viewer, told: Mapping[str, Any]) -> bool:
    with runtime().reading() as session:
        return case_sight.sees(session, who, str(told["number"]))


access.objects(CASE, _is_theirs, "complaints.no_case")


def _wanted() -> Wanted:
    state = one_of("state", ("all", *STATES)) or "open"
    return Wanted(
        state="" if state == "all" else state,
        kind=one_of("kind", KINDS),
        urgency=one_of("urgency", URGENCIES),
        department_id=number_from("department"),
        words=request.args.get("q", "").strip()[:60],
        whose=one_of("whose", WHOSE),
        near=one_of("near", NEAR),
        category=one_of("category", rules.CATEGORIES),
    )


@blueprint.get("/admin/complaints")
@allow(OFFICE, ADMIN, DIRECTOR, own=(HEAD, PROTECTION))
def index() -> str:
    return inbox_page()


def inbox_page(problem: str = "") -> str:
    wanted, today, who = _wanted(), local_day(runtime().now(), runtime().zone), viewer()
    with runtime().reading() as session:
        counts = complaint_desk.counts(session, wanted, who, today)
        total = counts[wanted.state] if wanted.state else sum(counts.values())
        page = complaint_desk.inbox(session, wanted, number_from("page", 1) or 1, who, today, total)
        return render_template(
            "admin/complaints.html",
            page=page,
            words=complaint_desk.words_of(session, page.rows, who),
            counts=counts,
            wanted=wanted,
            departments=rating_lists.departments(session),
            views=desk_tools.views(session, who.login),
            names={one.login: one.name for one in desk_tools.officers(session)},
            kinds=KINDS,
            urgencies=URGENCIES,
            states=STATES,
            whose=WHOSE,
            nears=NEAR,
            categories=rules.CATEGORIES,
            nearness=lambda case: complaint_desk.nearness(case, today),
            problem=problem,
            today=today,
        )


@blueprint.get("/admin/complaints/<number>")
@allow(OFFICE, ADMIN, DIRECTOR, own=(HEAD, PROTECTION), of=CASE)
def show(number: str) -> str:
    _say_here(number)
    with runtime().reading() as session:
        return case_shown(session, number)


@blueprint.post("/admin/complaints/<number>")
@allow(OFFICE, ADMIN, DIRECTOR, own=(PROTECTION,), of=CASE)
def take(number: str) -> Any:
    """One step: answered, noted, closed, reopened. What was written is never lost."""
    form = request.form
    action, text = form.get("action", ""), form.get("text", "")
    step = Step(
        action, text, seen_version(), g.account.login, g.account.role,
        reason=form.get("reason", ""), new_facts=bool(form.get("new_facts")),
    )  # fmt: skip
    try:
        files = case_files.ready(_sent())
        if g.account.role == PROTECTION and action != rules.NOTE:
            raise NotAllowed("desk.notes_only")
        with runtime().transaction() as session:
            case = complaint_desk.take(session, number, step, runtime().now(), runtime().zone)
            if files:
                case_files.attach(session, case.events[-1], files, g.account.login, runtime().now())
            reach = complaint_desk.reach(case)
    except (Conflict, NotAllowed, Refused) as error:
        return case_refused(number, error, {action: text, "new_facts": form.get("new_facts", "")})
    said = reach if action == "answered" else action
    flash(t(f"admin_complaints.done.{said}"), "ok")
    return redirect(url_for("admin_complaints.show", number=number), 303)


@blueprint.post("/admin/complaints/<number>/prepared")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def insert(number: str) -> Any:
    """The page again with a prepared answer below what is written already."""
    form = request.form
    with runtime().reading() as session:
        case = complaint_desk.get(session, number)
        try:
            words = desk_tools.filled(session, whole_number(form.get("prepared", "")) or 0, _values(case))
        except FeedbackError as error:
            words = ""
            flash(explain(error.code, error.params), "warn")
        written = form.get("text", "").rstrip()
        kept = {rules.ANSWER: "\n".join(part for part in (written, words) if part)}
        return case_shown(session, number, kept=kept)


@blueprint.get("/admin/complaints/<number>/watch")
@allow(OFFICE, ADMIN, DIRECTOR, own=(PROTECTION,), of=CASE)
def watch(number: str) -> Response:
    """Who else is here, and whether something was added meanwhile; asked by the page now and then."""
    _say_here(number)
    with runtime().reading() as session:
        case = complaint_desk.get(session, number)
        others = case_watch.others(session, case, g.account.login, runtime().now())
        newest = case_page.version(case)
    told = "、".join(one.name for one in others)
    return jsonify(
        version=newest,
        others=t("desk.watch.here", names=told) if told else "",
        moved=t("desk.watch.moved") if str(newest) != request.args.get("seen", "") else "",
    )


@blueprint.get("/admin/complaints/<number>/media/<int:media_id>")
@allow(OFFICE)
def media(number: str, media_id: int) -> Response:
    """A picture or voice of the case, for the complaints office only; never run or guessed at by a browser."""
    with runtime().reading() as session:
        found = case_media.file(session, number, media_id)
    return _harmless(found.content, found.content_type, media_id)


@blueprint.get("/admin/complaints/<number>/files/<int:file_id>")
@allow(OFFICE, ADMIN, DIRECTOR, own=(PROTECTION,), of=CASE)
def file(number: str, file_id: int) -> Response:
    """What a colleague added to an entry."""
    with runtime().reading() as session:
        found = case_files.file(session, number, file_id)
    return _harmless(found.content, found.content_type, file_id)


def case_shown(
    session: Session, number: str, *, problem: str = "", kept: Mapping[str, str] | None = None, identity: Any = None
) -> str:
    """The page of a case for whoever is signed in; heads get the released words alone."""
    who, case, now = viewer(), complaint_desk.get(session, number), runtime().now()
    if who.role == HEAD:
        return render_template(
            "admin/complaint_released.html",
            case=case,
            release=case_sight.released(session, case),
            stated=case_releases.statements(case, [who.login]),
            problem=problem,
            kept=kept or {},
        )
    return render_template(
        "admin/complaint.html",
        page=case_page.read(session, case, who, now, local_day(now, runtime().zone)),
        case=case,
        moves=complaint_desk.moves(case),
        reach=complaint_desk.reach(case),
        version=complaint_desk.version(case),
        prepared=desk_tools.prepared(session),
        duty=desk_tools.on_duty(session, local_day(now, runtime().zone)),
        departments=rating_lists.departments(session),
        categories=rules.CATEGORIES,
        severities=rules.SEVERITIES,
        pauses=rules.PAUSES,
        possible=rules.moves(case.state, case.kind),
        findings=rules.FINDINGS,
        finding=case_findings.propose(session, case, runtime().zone),
        zone=runtime().zone,
        problem=problem,
        kept=kept or {},
        identity=identity,
    )


def case_refused(number: str, error: FeedbackError, kept: Mapping[str, str]) -> tuple[str, int]:
    """The page again, with why it could not be done and everything that was written."""
    with runtime().reading() as session:
        return case_shown(session, number, problem=explain(error.code, error.params), kept=kept), status_of(error)


def seen_version() -> int:
    """The version of the case that the sent form was made from."""
    seen = whole_number(request.form.get("seen", ""))
    return -1 if seen is None else seen


def _values(case: Any) -> dict[str, str]:
    settings = runtime().settings
    return {
        "编号": case.number or "",
        "对象": case.service_point.name if case.service_point else "",
        "科室": case.department.name if case.department else "",
        "期限": str(case.due_on or ""),
        "今天": str(local_day(runtime().now(), runtime().zone)),
        "医院": settings.hospital.name,
        "投诉电话": settings.complaints.phone,
        "经办人": g.account.name,
    }


def _sent() -> list[Sent]:
    given = [one for one in request.files.getlist("files") if one.filename]
    sent = [Sent(one.filename or "", one.stream.read(case_files.LARGEST + 1)) for one in given]
    for one in given:
        one.close()
    return sent


def _say_here(number: str) -> None:
    now, login = runtime().now(), g.account.login
    if viewer().role == HEAD:
        return
    with runtime().reading() as session:
        case = complaint_desk.get(session, number)
        stale = case_watch.is_stale(session, case, login, now)
    if stale:
        with runtime().transaction() as session:
            case_watch.here(session, case.id, login, now)


def _harmless(content: bytes, content_type: str, name: int) -> Response:
    answer = Response(content, content_type=content_type)
    shown = "inline" if content_type == "image/jpeg" else "attachment"
    ending = {"image/jpeg": "jpg", "audio/amr": "amr", "application/pdf": "pdf"}.get(content_type, "mp3")
    answer.headers["Content-Disposition"] = f'{shown}; filename="{name}.{ending}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
