"""Refusals of the API: application/problem+json (RFC 9457), in Chinese or English."""

import json
from collections.abc import Sequence

from flask import Response

from feedback_app.errors import FeedbackError, TooOften
from feedback_app.services.checked import Problem
from feedback_app.web.api_forms import ProblemAnswer, fault
from feedback_app.web.context import explain, t

TYPE = "application/problem+json"


def said(status: int, code: str, words: str, problems: Sequence[Problem] = ()) -> Response:
    body = ProblemAnswer(
        type=f"urn:service-star:problem:{code}",
        title=t(f"api.status.{status}") if status in STATUSES else t("api.status.other"),
        status=status,
        code=code,
        detail=words,
        errors=[fault(one) for one in problems],
    )
    text = json.dumps(body.model_dump(mode="json"), ensure_ascii=False)
    answer = Response(text, status, content_type=TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return answer


def of_error(error: FeedbackError, status: int) -> Response:
    answer = said(status, error.code, explain(error.code, error.params))
    if isinstance(error, TooOften):
        answer.headers["Retry-After"] = str(error.params.get("seconds", 60))
    if status == 503:
        answer.headers["Retry-After"] = "30"
    return answer


STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
