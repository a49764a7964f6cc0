"""Whether two forms come from one person, asked of WeChat silently and without holding anybody up.

Inside WeChat's browser the form is opened by way of the platform once; what comes back is kept in this browser's session
as a sealed keyed hash. Whatever goes wrong on the way, the form opens anonymously and says nothing of it.
"""

import hmac
import secrets
from typing import Any, cast

from flask import Blueprint, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import ConfigurationError, FeedbackError
from feedback_app.services.identities import IdentityProvider
from feedback_app.web.access import PUBLIC, allow
from feedback_app.web.context import runtime

blueprint = Blueprint("rater", __name__)

KNOWN_SECONDS = 2 * 3600
ASK_AGAIN_SECONDS = 600  # after an attempt that led to nothing
GUEST = "guest"  # ?as=guest: do not ask
_KNOWN, _ASKED = "rater", "rater_asked"


def provider() -> IdentityProvider | None:
    """The official account, when the hospital has switched this on."""
    return cast(IdentityProvider | None, current_app.extensions.get("patient_identity"))


def known() -> str | None:
    """The keyed hash of whoever is at this browser; None when nobody knows, or the time is over."""
    kept = session.get(_KNOWN) if provider() else None
    if not _is_recent(kept, KNOWN_SECONDS):
        return None
    try:
        return runtime().vault.unseal(str(cast(dict[str, Any], kept).get("who", ""))) or None
    except ConfigurationError:
        return None


def way_round(code: str, endpoint: str = "rater.back", value: str = "code") -> Response | None:
    """Off to WeChat, where that can tell us something, and back to ``endpoint``; None: show the form."""
    asker = provider()
    if (
        asker is None
        or not is_wechat(request.headers.get("User-Agent", ""))
        or request.args.get("as") == GUEST
        or known()
    ):
        return None
    if _is_recent(session.get(_ASKED), ASK_AGAIN_SECONDS):
        return None  # it was tried a moment ago and led to nothing: nobody is sent in circles
    state = secrets.token_hex(16)
    back = runtime().settings.server.base_url + url_for(endpoint, **{value: code, **_kept()})
    try:
        there = asker.authorize_url(back, state)
    except FeedbackError:
        return None
    session[_ASKED] = {"state": state, "code": code, "at": _seconds()}
    return redirect(there)


@blueprint.get("/s/<code>/back")
@allow(PUBLIC)
def back(code: str) -> Response:
    """Back from WeChat with a single-use code: on to the form at its clean address, known or not."""
    return _to_form(code, guest=not learn(code))


def learn(code: str) -> bool:
    """Read what WeChat sent back with for a way that began with ``code``; whether we know now who is here."""
    asked = session.get(_ASKED) or {}
    state, told = str(asked.get("state", "")), request.args.get("state", "")
    asker = provider()
    genuine = bool(state) and asked.get("code") == code and hmac.compare_digest(told.encode(), state.encode())
    if genuine:
        session[_ASKED] = {"at": asked.get("at")}  # the state is spent, right or wrong
    if asker is None or not genuine:
        return known() is not None
    try:
        openid = asker.identify(request.args.get("code", "")[:512])
    except FeedbackError:
        return False
    who = runtime().vault.person(openid, runtime().settings.wechat.app_id)
    session[_KNOWN] = {"who": runtime().vault.seal(who), "at": _seconds()}
    return True


def _to_form(code: str, *, guest: bool) -> Response:
    more: dict[str, Any] = {"as": GUEST} if guest else {}
    return redirect(url_for("patient.form", code=code, **_kept(), **more))


def _kept() -> dict[str, Any]:
    """What must not be lost on the way: the language and the visit ticket."""
    return {name: request.args.get(name) for name in ("lang", "v")}


def is_wechat(agent: str) -> bool:
    """Whether a browser that calls itself so is WeChat's own."""
    name = agent.lower()
    return "micromessenger" in name and "wxwork" not in name


def _seconds() -> int:
    return int(runtime().now().timestamp())


def _is_recent(kept: object, seconds: int) -> bool:
    at = kept.get("at") if isinstance(kept, dict) else None
    return isinstance(at, int) and 0 <= _seconds() - at < seconds
