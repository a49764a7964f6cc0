"""Being signed in to the console: the entry in the cookie, and what was being written when somebody had to sign in."""

import json
from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for

from feedback_app.services import accounts
from feedback_app.services.accounts import Account
from feedback_app.web import known_browsers
from feedback_app.web.context import runtime
from feedback_app.web.languages import local_path

_TOKEN = "console"  # noqa: S105 - the name of the entry in the signed cookie
_MOST_KEPT = 200_000  # characters of a form that are kept over a sign-in


def own_token() -> str:
    """The sign-in of this browser as its cookie says; "" without one."""
    return str(session.get(_TOKEN) or "")


def drop() -> None:
    """It does not hold any more."""
    session.pop(_TOKEN, None)


def sign_in_browser(token: str) -> None:
    """From now on this browser is signed in. Everything it held before is dropped, so nothing can be fixed beforehand."""
    session.clear()
    session[_TOKEN] = token


def enter(account: Account) -> None:
    """Everything asked for was right: sign this browser in."""
    with runtime().transaction() as writing:
        mine = accounts.get(writing, account.id)
        known = known_browsers.knows(mine.id)
        token = accounts.enter(writing, mine, runtime().now(), browser=known_browsers.name(), known=known)
    known_browsers.learn(account.id)
    sign_in_browser(token)


def onward(form: Mapping[str, str]) -> Any:
    """After signing in: what was being written, the page that was wanted, or the first page."""
    answer = make_response(
        resume(form.get("kept"), form.get("kept_to"))
        or redirect(local_path(form.get("next"), url_for("admin_home.index")), 303)
    )
    known_browsers.write(answer)
    return answer


def kept_form() -> str | None:
    """What was being sent, as JSON, when it is plain text, small and without a password."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    kept = json.dumps(fields, ensure_ascii=False)
    if request.files or len(kept) > _MOST_KEPT or any("password" in name for name, _ in fields):
        return None
    return kept


def resume(kept: str | None, kept_to: str | None) -> str | None:
    """The page that offers the kept text again; None when there is none."""
    try:
        fields = [(str(name), str(value)) for name, value in json.loads(kept or "[]")]
    except (ValueError, TypeError):
        return None
    path = local_path(kept_to, "")
    return render_template("admin/resume.html", fields=fields, path=path) if fields and path else None
