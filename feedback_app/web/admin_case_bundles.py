"""Several cases at once: merged into one, one split into two, many joined as one systemic case.

None of it can be taken back, so each is shown once more with what it does before it is done.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.domain import complaints as rules
from feedback_app.errors import Conflict, FeedbackError, NotFound, Refused
from feedback_app.services import case_bundles, case_sight, case_steps
from feedback_app.services.case_bundles import Cause
from feedback_app.services.transaction import Session
from feedback_app.web.access import ADMIN, DIRECTOR, OFFICE, allow, viewer
from feedback_app.web.admin_complaints import CASE, case_refused, seen_version
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("admin_case_bundles", __name__)
_PATH = "/admin/complaints/<number>"


@blueprint.post(f"{_PATH}/merge")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def merge(number: str) -> Any:
    """First the two cases side by side, then, when that was confirmed, the one lives on in the other."""
    into, seen, by, now = (
        request.form.get("into", "").strip().upper()[:20],
        seen_version(),
        g.account.login,
        runtime().now(),
    )
    try:
        if not request.form.get("sure"):
            with runtime().reading() as session:
                case, target = case_steps.get(session, number), _theirs(session, into)
                case_bundles.check_merge(case, target, seen=seen)
                return render_template(
                    "admin/case_sure.html", move="merge", case=case, target=target, seen=seen, text=""
                )
        with runtime().transaction() as session:
            _theirs(session, into)
            case_bundles.merge(session, number, into, seen=seen, by=by, now=now, zone=runtime().zone)
    except (Conflict, NotFound, Refused) as error:
        return case_refused(number, error, {"into": into})
    flash(t("desk.done.merged", number=number), "ok")
    return redirect(url_for("admin_complaints.show", number=into), 303)


@blueprint.post(f"{_PATH}/split")
@allow(OFFICE, ADMIN, DIRECTOR, of=CASE)
def split(number: str) -> Any:
    """First what the new case will say, then the case itself."""
    text, seen, by, now = request.form.get("text", ""), seen_version(), g.account.login, runtime().now()
    try:
        if not request.form.get("sure"):
            with runtime().reading() as session:
                case = case_steps.get(session, number)
                case_bundles.check_split(case, text, seen=seen)
                return render_template(
                    "admin/case_sure.html", move="split", case=case, target=None, seen=seen, text=text
                )
        with runtime().transaction() as session:
            second = case_bundles.split(session, number, text, seen=seen, by=by, now=now, zone=runtime().zone)
            made = second.number or ""
    except (Conflict, NotFound, Refused) as error:
        return case_refused(number, error, {"split": text})
    flash(t("desk.done.split", number=made), "ok")
    return redirect(url_for("admin_complaints.show", number=made), 303)


@blueprint.get("/admin/complaints/join")
@allow(OFFICE, ADMIN, DIRECTOR)
def choose() -> str:
    """The cases that were ticked in the list, or a place to write their numbers."""
    return _joining(_numbers(request.args.getlist("number")))


@blueprint.post("/admin/complaints/join")
@allow(OFFICE, ADMIN, DIRECTOR)
def join() -> Any:
    """One systemic case for all of them, each as it was when the page showed it."""
    form, by, now = request.form, g.account.login, runtime().now()
    numbers = _numbers(form.getlist("number"))
    seen = {number: whole_number(form.get(f"seen {number}", "")) for number in numbers}
    if not form.get("sure") or None in seen.values():
        return _joining(numbers)
    versions = {number: version for number, version in seen.items() if version is not None}
    try:
        with runtime().transaction() as session:
            points = {_theirs(session, number).service_point_id for number in numbers}
            cause = Cause(form.get("text", ""), points.pop() if len(points) == 1 else None, form.get("category", ""))
            made = (
                case_bundles.join(session, numbers, cause, by=by, now=now, zone=runtime().zone, seen=versions).number
                or ""
            )
    except (Conflict, NotFound, Refused) as error:
        return _joining(numbers, explain(error.code, error.params), form), status_of(error)
    flash(t("desk.done.joined", n=len(numbers)), "ok")
    return redirect(url_for("admin_complaints.show", number=made), 303)


def _joining(numbers: Sequence[str], problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    """The cases that can be joined, and by name those that cannot."""
    cases, unknown = [], []
    with runtime().reading() as session:
        for number in numbers:
            try:
                cases.append(_theirs(session, number))
            except FeedbackError:
                unknown.append(number)
        return render_template(
            "admin/case_join.html",
            cases=[
                (case, case_steps.version(case), rules.MERGE in rules.moves(case.state, case.kind)) for case in cases
            ],
            unknown=unknown,
            categories=rules.CATEGORIES,
            problem=problem,
            kept=kept or {},
        )


def _numbers(told: Sequence[str]) -> list[str]:
    """Each once, in the order told; a field may hold several."""
    parts = " ".join(told).replace("，", " ").replace("、", " ").replace(",", " ").upper().split()
    return list(dict.fromkeys(part[:20] for part in parts))[: case_bundles.LONGEST_LIST]


def _theirs(session: Session, number: str) -> Any:
    """A case that is theirs to see, named in a form; any other is as if it did not exist. Raises Refused ``complaints.no_case``."""
    if not case_sight.sees(session, viewer(), number):
        raise Refused("complaints.no_case", number=number)
    return case_steps.get(session, number)
