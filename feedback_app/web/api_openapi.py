"""The OpenAPI 3.1 document, made from the declarations."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from feedback_app.services.visit_rows import Visit
from feedback_app.web.api_declaring import Endpoint
from feedback_app.web.api_forms import ProblemAnswer

PREFIX = "/api/v1"
_ALWAYS = (400, 401, 403, 429, 500, 503)
_REF = "#/components/schemas/{model}"
_WHY = {
    400: "The request cannot be read.",
    401: "No key, or one that does not hold.",
    403: "The key has no such right.",
    404: "There is no such thing.",
    409: "The Idempotency-Key was used for another request, or what is closed stays closed.",
    413: "Too large.",
    415: "Not application/json.",
    422: "Understood, and something in it is wrong: see errors.",
    429: "Too many for this key: see Retry-After.",
    500: "A mistake of ours.",
    503: "We cannot serve now; nothing was stored.",
}


def document(endpoints: Iterable[Endpoint], title: str, base_url: str) -> dict[str, Any]:
    listed = list(endpoints)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "Every request carries `Authorization: Bearer <key>`. Problems are application/problem+json. "
            "POST requests may carry an Idempotency-Key: the same request then has its effect once.",
        },
        "servers": [{"url": base_url + PREFIX}],
        "security": [{"key": []}],
        "paths": _paths(listed),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(listed),
        },
    }


def statuses(one: Endpoint) -> tuple[int, ...]:
    """Every status this endpoint may answer with."""
    more = (409, 413, 415, 422) if one.writes else (422,) if one.query else ()
    found = {*one.answers, *_ALWAYS, *more, *one.refuses, *((404,) if "{" in one.path else ())}
    return tuple(sorted(found))


def _paths(endpoints: list[Endpoint]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return paths


def _operation(one: Endpoint) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.what,
        "description": f"{one.more} Right: `{one.scope}`.".strip(),
        "parameters": [*_in_path(one), *_in_query(one), *_headers(one)],
        "responses": {str(status): _answer(one, status) for status in statuses(one)},
    }
    if one.body is not None:
        content: dict[str, Any] = {"schema": {"$ref": _ref(one.body)}}
        if "body" in one.example:
            content["example"] = one.example["body"]
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    return made


def _answer(one: Endpoint, status: int) -> dict[str, Any]:
    if status in one.answers:
        schema = {"$ref": _ref(one.answers[status])}
        return {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    told: dict[str, Any] = {
        "description": _WHY[status],
        "content": {"application/problem+json": {"schema": {"$ref": _ref(ProblemAnswer)}}},
    }
    if status in {429, 503}:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return told


def _in_path(one: Endpoint) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    given: Mapping[str, Any] = one.example.get("path", {})
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 64}}
        | ({"example": given[name]} if name in given else {})
        for name in names
    ]


def _in_query(one: Endpoint) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema(ref_template=_REF)
    given: Mapping[str, Any] = one.example.get("query", {})
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": each}
        | ({"example": given[name]} if name in given else {})
        for name, each in schema["properties"].items()
    ]


def _headers(one: Endpoint) -> list[dict[str, Any]]:
    if not one.writes:
        return []
    schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,80}$"}
    about = "Your own name of this request; with the same one it has its effect once, for two days."
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": about}]


def _ref(model: type[BaseModel]) -> str:
    return _REF.format(model=model.__name__)


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    sent = {one.body for one in endpoints if one.body} | {Visit}
    told = {form for one in endpoints for form in one.answers.values()} | {ProblemAnswer}
    _, into = models_json_schema([(one, "validation") for one in sent], ref_template=_REF)
    _, out = models_json_schema([(one, "serialization") for one in told], ref_template=_REF)
    return dict(sorted({**into["$defs"], **out["$defs"]}.items()))
