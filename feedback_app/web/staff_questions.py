"""Questions of patients to a member of staff or their department: answered here, without knowing who asked."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError
from feedback_app.services import case_steps, own_cases, patient_questions
from feedback_app.web.access import STAFF, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of

blueprint = Blueprint("staff_questions", __name__)


@blueprint.get("/staff/questions")
@allow(STAFF)
def index() -> str:
    return _page()


@blueprint.post("/staff/questions")
@allow(STAFF)
def answer() -> Response | tuple[str, int]:
    """What was written stays where it could not be taken."""
    number, words = request.form.get("number", "")[:20], request.form.get("text", "")
    seen = whole_number(request.form.get("seen", "")) or 0
    try:
        with runtime().transaction() as session:
            patient_questions.answer(session, g.staff, number, words, seen, now=runtime().now(), zone=runtime().zone)
    except FeedbackError as error:
        return _page(explain(error.code, error.params), {number: words}), status_of(error)
    flash(t("questions_to_staff.done"), "ok")
    return redirect(url_for("staff_questions.index"), 303)


def _page(problem: str = "", kept: dict[str, str] | None = None) -> str:
    with runtime().reading() as session:
        cases = patient_questions.of_staff(session, g.staff)
        answers = {case.id: own_cases.last_answer(session, case) for case in cases}
        versions = {case.id: case_steps.version(case) for case in cases}
        return render_template(
            "staff/questions.html", cases=cases, answers=answers, versions=versions, problem=problem, kept=kept or {}
        )
