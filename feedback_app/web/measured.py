"""How many requests of which sort, and how long they took: one layer around everything, also what answers ahead of Flask."""

import time
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import Counter, Histogram

_LONG = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 5.0)
_answers = Counter("service_star_answers", "Answers by sort of request and class of status", ["sort", "status"])
_seconds = Histogram("service_star_answer_seconds", "Seconds until the answer was made", ["sort"], buckets=_LONG)


def sort_of(method: str, path: str) -> str:
    """form | rating | callback | other: few enough to be a label, and nothing of who or what."""
    if path.startswith("/s/"):
        return "rating" if method == "POST" else "form"
    return "callback" if path == "/wechat" else "other"


class Measured:
    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self._timed = {sort: _seconds.labels(sort) for sort in ("form", "rating", "callback", "other")}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sort, began = sort_of(environ["REQUEST_METHOD"], environ["PATH_INFO"]), time.perf_counter()

        def counted(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            _answers.labels(sort, f"{status[:1]}xx").inc()
            return start_response(status, headers, *more)

        try:
            return self.application(environ, counted)
        finally:
            self._timed[sort].observe(time.perf_counter() - began)
