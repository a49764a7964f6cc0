"""One's own case, by its number and code: where it stands, what was answered, and saying whether that settles it."""

from collections.abc import Callable, Mapping
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.complaints import KINDS
from feedback_app.errors import FeedbackError
from feedback_app.services import case_codes, case_consent, case_story, own_cases
from feedback_app.services.own_cases import Case
from feedback_app.services.transaction import Session
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime

blueprint = Blueprint("own_case", __name__)
OUTSIDE_CSRF = True  # nobody is signed in here; the code in the address is the secret
LARGEST = 64 * 1024
Act = Callable[[Session, Case, str], None]


@blueprint.before_request
def _small_bodies() -> None:
    request.max_content_length = LARGEST


@blueprint.get("/case")
@allow(PUBLIC)
def ask() -> str:
    """Number and code, as they stood on the page after writing."""
    return render_template("cases/ask.html", number="", problem="")


@blueprint.post("/case")
@allow(PUBLIC)
def find() -> Response | tuple[str, int]:
    number, code = request.form.get("number", "").strip()[:40], request.form.get("code", "").strip()[:40]
    try:
        with runtime().reading() as session:
            case = case_codes.open_case(session, runtime().vault, number, code)
            found = case.number or ""
    except FeedbackError as error:
        problem = explain(error.code, error.params)
        return render_template("cases/ask.html", number=number, problem=problem), 404
    return redirect(url_for("own_case.show", number=found, code=case_codes.code(runtime().vault, found)), 303)


@blueprint.get("/case/<number>/<code>")
@allow(PUBLIC)
def show(number: str, code: str) -> str:
    with runtime().reading() as session:
        return _page(session, case_codes.open_case(session, runtime().vault, number, code), code)


@blueprint.post("/case/<number>/<code>")
@allow(PUBLIC)
def act(number: str, code: str) -> Response | tuple[str, int]:
    """One thing the writer says. What was written is shown again where it could not be taken."""
    words, action = request.form.get("text", ""), request.form.get("action", "")
    try:
        with runtime().transaction() as session:
            case = case_codes.open_case(session, runtime().vault, number, code)
            if action in _ACTS:
                _ACTS[action](session, case, words)
    except FeedbackError as error:
        with runtime().reading() as session:
            case = case_codes.open_case(session, runtime().vault, number, code)
            return _page(session, case, code, explain(error.code, error.params), {action: words}), 400
    return redirect(url_for("own_case.show", number=number, code=code, done=action), 303)


def _settle(session: Session, case: Case, words: str) -> None:
    if words.strip():
        own_cases.add(session, case, words, runtime().now())
    case_consent.settle(session, case, runtime().now(), runtime().zone)


def _refuse(session: Session, case: Case, words: str) -> None:
    case_consent.refuse(session, case, words, runtime().now(), runtime().zone)


def _new_facts(session: Session, case: Case, words: str) -> None:
    case_consent.new_facts(session, case, words, runtime().now(), runtime().zone)


def _add(session: Session, case: Case, words: str) -> None:
    own_cases.add_checked(session, case, words, runtime().now())


def _withdraw(session: Session, case: Case, words: str) -> None:
    own_cases.withdraw(session, case, words, runtime().now())


def _rate(session: Session, case: Case, words: str) -> None:
    score = whole_number(request.form.get("score", "")) or 0
    case_consent.rate(session, case, score, words, runtime().now())


def _consent(session: Session, case: Case, words: str) -> None:
    case_consent.consent(session, case, request.form.get("agrees") == "yes", runtime().now())


_ACTS: Mapping[str, Act] = {
    "settle": _settle,
    "refuse": _refuse,
    "new_facts": _new_facts,
    "add": _add,
    "withdraw": _withdraw,
    "rate": _rate,
    "consent": _consent,
}


def _page(session: Session, case: Case, code: str, problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    story = case_story.of(session, case, runtime().zone)
    return render_template(
        "cases/own.html",
        story=story,
        code=code,
        problem=problem,
        kept=kept or {},
        done=request.args.get("done", "") if not problem else "",
        acts=_ACTS,
        kinds=KINDS,
        as_day=date.fromisoformat,
    )
