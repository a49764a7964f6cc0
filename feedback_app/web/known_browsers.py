"""Browsers in which somebody was signed in before: a new one is told to the owner, and strangers' wrong guesses do not count here."""

import json
import secrets

from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from feedback_app.domain.browsers import name_of
from feedback_app.services import accounts
from feedback_app.services.transaction import Session

KEPT_SECONDS = 180 * 24 * 3600
_COOKIE = "browser"
_MOST = 5  # accounts on one shared computer


def name() -> str:
    """What its owner would call it."""
    return name_of(request.headers.get("User-Agent", ""))


def knows(account_id: int) -> bool:
    return account_id in _read()[1]


def device_for(reading: Session, login: str) -> str:
    """A name of this browser for counting wrong passwords apart; "" unless this login was signed in here before."""
    device, known = _read()
    account = accounts.by_login(reading, login)
    return device if account is not None and account.id in known else ""


def learn(account_id: int) -> None:
    """Somebody signed in here; :func:`write` puts it into the browser."""
    device, known = _read()
    others = [one for one in known if one != account_id]
    g.known_browser = (device or secrets.token_urlsafe(9), [account_id, *others][:_MOST])


def write(answer: Response) -> None:
    answer.set_cookie(
        _COOKIE,
        _signer().dumps(json.dumps(_read())),
        max_age=KEPT_SECONDS,
        path="/admin",
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )


def _read() -> tuple[str, list[int]]:
    if "known_browser" not in g:
        try:
            device, known = json.loads(_signer().loads(request.cookies.get(_COOKIE, "")))
            g.known_browser = (str(device), [int(one) for one in known])
        except (BadSignature, ValueError, TypeError):
            g.known_browser = ("", [])
    kept: tuple[str, list[int]] = g.known_browser
    return kept


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known-browser")
