"""/api/v1: the one door for other programs. Who may call, what is checked and what is answered stands in the declarations."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from feedback_app.errors import FeedbackError, Refused
from feedback_app.services import api_keys
from feedback_app.services.api_keys import Caller
from feedback_app.services.checked import read
from feedback_app.web import api_directory, api_openapi, api_problems, api_replies, api_results, api_visits
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.api_declaring import ENDPOINTS, Answer, Call, Endpoint
from feedback_app.web.context import explain, runtime
from feedback_app.web.errors import status_of

__all__ = ["ENDPOINTS", "blueprint"]

blueprint = Blueprint("api", __name__, url_prefix=api_openapi.PREFIX)
OUTSIDE_CSRF = True  # a key instead: no browser sends it by itself
LARGEST_BODY = 2 * 1024 * 1024
DECLARING = (api_visits, api_directory, api_results, api_replies)
_IDEMPOTENCY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_NEVER = re.compile("[\x00\ud800-\udfff]")  # no database and no program after us takes them


@blueprint.get("/openapi.json")
@allow(PUBLIC)
def openapi() -> Response:
    """The description of this interface; open to everybody, for it says nothing about anybody."""
    return jsonify(described(runtime().settings.hospital.name, runtime().settings.server.base_url))


@cache
def described(hospital: str, base_url: str) -> dict[str, Any]:
    return api_openapi.document(ENDPOINTS, hospital, base_url)


def _answer(one: Endpoint, path: dict[str, str]) -> Response:
    now, vault = runtime().now(), runtime().vault
    with runtime().reading() as session:
        caller = api_keys.recognise(session, vault, request.headers.get("Authorization", ""), now)
    if caller is None:
        return api_problems.said(401, "api.no_key", explain("api.no_key", {}))
    with runtime().transaction() as session:
        api_keys.count(session, vault, caller, now)
    api_keys.demand(caller, one.scope)
    sent = _body() if one.body else b""
    body = _checked(one.body, _parsed(sent)) if one.body else None
    if isinstance(body, Response):
        return body
    query = _checked(one.query, {name: request.args[name] for name in request.args}) if one.query else None
    if isinstance(query, Response):
        return query
    act = one.handler(Call(caller, path, query, body))
    if not one.writes:
        with runtime().reading() as session:
            return _told(act(session))
    return _once(one, caller, sent, act)


def _once(one: Endpoint, caller: Caller, sent: bytes, act: Callable[[Any], Answer]) -> Response:
    """With an Idempotency-Key the effect and the answer are of one transaction."""
    key = request.headers.get("Idempotency-Key", "")
    if key and not _IDEMPOTENCY.fullmatch(key):
        raise Refused("api.bad_idempotency_key")
    whole = f"{one.method} {request.path}\n".encode() + sent
    with runtime().transaction() as session:
        before = api_keys.answered(session, caller, key, whole) if key else None
        if before is not None:
            return _json(before[1], before[0], again=True)
        done = act(session)
        told = done.body.model_dump(mode="json")
        if key:
            api_keys.keep_answer(session, caller, key, whole, done.status, told, runtime().now())
    return _json(told, done.status)


def _body() -> bytes:
    request.max_content_length = LARGEST_BODY
    if request.mimetype != "application/json":
        raise _Wrong(415, "api.not_json")
    return request.get_data(cache=False)


def _parsed(sent: bytes) -> Any:
    try:
        text = sent.decode("utf-8")
        told = json.loads(text, parse_constant=_no_such_number)
    except (ValueError, RecursionError):
        raise _Wrong(400, "api.unreadable") from None
    if (
        _NEVER.search(text)
        or ("\\u" in text and _NEVER.search(json.dumps(told, ensure_ascii=False)))
        or "\\u0000" in text
    ):
        raise _Wrong(400, "api.bad_characters")
    return told


def _no_such_number(_name: str) -> Any:
    raise ValueError


def _checked(form: type[BaseModel] | None, told: Any) -> Any:
    assert form is not None  # noqa: S101 - the callers looked
    found = read(form, told)
    return (
        api_problems.said(422, "api.invalid", explain("api.invalid", {}), found) if isinstance(found, list) else found
    )


def _told(done: Answer) -> Response:
    return _json(done.body.model_dump(mode="json"), done.status)


def _json(body: Any, status: int, *, again: bool = False) -> Response:
    made = Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json")
    if again:
        made.headers["Idempotent-Replayed"] = "true"
    return made


class _Wrong(Exception):
    """The request itself cannot be read."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


def _view(one: Endpoint) -> Callable[..., Response]:
    @allow(PUBLIC)
    def view(**path: str) -> Response:
        try:
            return _answer(one, path)
        except _Wrong as wrong:
            return api_problems.said(wrong.status, wrong.code, explain(wrong.code, {}))
        except RequestEntityTooLarge:
            return api_problems.said(
                413, "api.too_large", explain("api.too_large", {"most": LARGEST_BODY // 1024 // 1024})
            )
        except FeedbackError as error:
            status = status_of(error)
            return api_problems.of_error(error, 422 if status == 400 else status)

    view.__doc__ = one.what
    return view


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = "api.bad_request" if status == 400 else "api.unexpected"
    return api_problems.said(status, code, explain(code, {}))


for _one in ENDPOINTS:
    blueprint.add_url_rule(_one.rule, _one.name, _view(_one), methods=[_one.method])
