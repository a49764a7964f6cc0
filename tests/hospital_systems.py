"""Other systems of the hospital in tests: a key, and requests with it."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback_app.services import api_keys
from feedback_app.services.api_keys import SCOPES
from feedback_app.services.runtime import Runtime


def key_of(runtime: Runtime, *scopes: str, per_minute: int = 6000, days: int | None = None) -> str:
    """A fresh key; with every right unless told."""
    with runtime.transaction() as session:
        return api_keys.make(
            session, runtime.vault, name="HIS", scopes=scopes or SCOPES, per_minute=per_minute, days=days,
            by="admin", now=runtime.now(),
        ).secret  # fmt: skip


class Program:
    """Another program: its key, and a client."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self._client, self._headers = client, {"Authorization": f"Bearer {key}"}

    def get(self, path: str, query: Any = None, **headers: str) -> TestResponse:
        return self._client.get(f"/api/v1{path}", query_string=query, headers={**self._headers, **headers})

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(f"/api/v1{path}", json=body, headers={**self._headers, **said})


def visit(number: object, key: str = "D01", **more: Any) -> dict[str, Any]:
    """A visit as a HIS tells it: yesterday morning, with the fields given over it."""
    return {
        "reference": f"MZ-{number}",
        "point": {"kind": "staff", "key": key},
        "ended_at": "2026-11-19T10:00:00+08:00",
        **more,
    }
