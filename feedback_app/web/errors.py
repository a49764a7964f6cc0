"""From an error of the rules to a page: the only place where they meet HTTP."""

import logging

from flask import Flask, Response, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from feedback_app.errors import Conflict, FeedbackError, Gone, NotAllowed, NotFound, Refused, TooOften, Unavailable
from feedback_app.web import api_problems
from feedback_app.web.context import explain, t

_STATUS: dict[type[FeedbackError], int] = {
    TooOften: 429,  # before Refused, which it is a kind of
    Refused: 400,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Unavailable: 503,
}
_KNOWN = {400, 403, 404, 405, 410, 413, 500, 503}
Answer = Response | tuple[str, int]
_log = logging.getLogger(__name__)


def status_of(error: FeedbackError) -> int:
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def install(app: Flask) -> None:
    @app.errorhandler(FeedbackError)
    def _refused(error: FeedbackError) -> Answer:
        if _is_program():
            return api_problems.of_error(error, status_of(error))
        if error.code == "database.unavailable" and not _is_inside():
            return _later()
        return page(explain(error.code, error.params), status_of(error))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Answer:
        status = error.code or 500
        if _is_program():
            return api_problems.said(status, "api.unexpected", explain("api.unexpected", {}))
        name = str(status) if status in _KNOWN else "other"
        return page(t(f"common.http.{name}"), status)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Answer:
        _log.exception("unexpected error at %s", request.endpoint)
        if _is_program():
            return api_problems.said(500, "api.broken", t("common.http.500"))
        return page(t("common.http.500"), 500)


def _is_program() -> bool:
    """Whether another program asks, which reads no pages."""
    return request.path.startswith("/api/")


def _is_inside() -> bool:
    return request.path.startswith("/admin/")


_KEPT_FOR = frozenset({"patient", "invited", "follow_up", "asked"})
"""Pages whose forms nobody signs in for, and whose answers carry a key: sent twice they count once."""
_WORDS = ("comment", "text")


def _later() -> Response:
    """The database cannot be used. What a patient sent, without a script that would keep it, stays on the page they get."""
    sent: list[tuple[str, str]] = []
    if request.method == "POST" and request.blueprint in _KEPT_FOR:
        sent = [(name, value) for name, values in request.form.lists() for value in values]
    made = make_response(
        render_template(
            "patient/later.html",
            sent=sent,
            again=request.full_path.rstrip("?"),
            written="\n".join(value for name, value in sent if name in _WORDS and value),
            pictures=any(one.filename for one in request.files.values()) if sent else False,
        ),
        503,
    )
    made.headers["Retry-After"] = "60"
    return made


def page(message: str, status: int) -> tuple[str, int]:
    """A calm page that says what happened and what to do; inside the console with its menu."""
    inside = _is_inside() and g.get("account") is not None
    return render_template(
        "admin/message.html" if inside else "patient/message.html", message=message, status=status
    ), status
