"""Signing in and sending forms in tests of console pages."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback_app.db.accounts import Account
from feedback_app.services import accounts, passwords, sign_ins
from feedback_app.services.runtime import Runtime

PASSWORD = "blue-heron-42"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def account(runtime: Runtime, role: str = "admin", *, login: str | None = None) -> Account:
    """The account of this role (login = role unless told), made when there is none; its password is PASSWORD."""
    name = login or role
    with runtime.transaction() as session:
        found = session.query(Account).filter_by(login=name).one_or_none()
        if found is None:
            stored = passwords.hash_of(PASSWORD, runtime.settings.security.hashing)
            found = Account(login=name, name="王芳", role=role, password_hash=stored, created_at=runtime.now())
            session.add(found)
            session.flush()
        return found


def sign_in(client: FlaskClient, runtime: Runtime, role: str = "admin") -> None:
    """From now on ``client`` is signed in with an account of this role."""
    who = account(runtime, role)
    with runtime.transaction() as session:
        token = sign_ins.start(session, accounts.SUBJECT, who.id, runtime.now())
    with client.session_transaction() as cookie:
        cookie["console"] = token


def csrf(client: FlaskClient, page: str = "/admin/sign-in") -> str:
    """The hidden token of the first form on ``page``; every page of the console has one once signed in."""
    found = _TOKEN.search(client.get(page, follow_redirects=True).text)
    assert found, f"no form on {page}"
    return found[1]


def submit(client: FlaskClient, path: str, fields: dict[str, Any] | None = None, **options: Any) -> TestResponse:
    """POST a form as a browser would, with the hidden token."""
    return client.post(path, data={"csrf_token": csrf(client), **(fields or {})}, **options)
