"""Staff sign-in: through Enterprise WeChat, or with a one-time slip. Nobody has a password here.

The cookie is its own, seen by /staff only, so that one browser can hold a console account and a member of staff.
"""

import secrets
from datetime import timedelta
from typing import cast

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.identity import tidy
from feedback_app.errors import FeedbackError, NotFound, Refused
from feedback_app.services import bindings, mail_bindings, sign_ins, slips
from feedback_app.services.identities import IdentityProvider
from feedback_app.web.access import PUBLIC, STAFF, allow
from feedback_app.web.context import explain, language, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.languages import local_path

blueprint = Blueprint("staff_auth", __name__)
COOKIE = "staff"
_PATH = "/staff"
_STATE = "wecom"  # entry of the signed cookie: what this browser asked Enterprise WeChat for


@blueprint.before_app_request
def recognise() -> None:
    """Set ``g.staff`` (a service point) and add the role."""
    g.staff = None
    token = request.cookies.get(COOKIE) if request.path.startswith(_PATH) else None
    if not token:
        return
    now = runtime().now()
    idle = timedelta(minutes=runtime().settings.security.session_idle_minutes)
    with runtime().reading() as reading:
        found = bindings.of_sign_in(reading, token, now, idle=idle)
    if found is None:
        return
    g.staff, stale = found
    g.roles = {*g.get("roles", ()), STAFF}
    if stale:
        with runtime().transaction() as writing:
            sign_ins.seen(writing, token, now)


def identity() -> IdentityProvider | None:
    """Enterprise WeChat, when it is configured."""
    return cast(IdentityProvider | None, current_app.extensions.get("staff_identity"))


@blueprint.get("/staff/sign-in")
@allow(PUBLIC)
def sign_in() -> str | Response:
    """Inside the Enterprise WeChat browser there is nothing to choose: go straight on, once."""
    back = local_path(request.args.get("next"), "")
    in_wecom = "wxwork" in request.headers.get("User-Agent", "").lower()
    if in_wecom and identity() is not None and not session.pop("staff_tried", None):
        session["staff_tried"] = True
        return redirect(url_for("staff_auth.to_wecom", next=back or None))
    return _sign_in_page(back=back)


@blueprint.post("/staff/sign-in")
@allow(PUBLIC)
def typed_code() -> tuple[str, int] | Response:
    """The code of a slip, typed by hand. A wrong one stays in the field."""
    typed = request.form.get("code", "")
    try:
        with runtime().reading() as reading:
            slips.find(reading, runtime().vault, typed, runtime().now())
    except FeedbackError as error:
        return _sign_in_page(error=explain(error.code, error.params), typed=typed[:40]), status_of(error)
    return redirect(url_for("staff_auth.slip", code=tidy(typed)), 303)


@blueprint.post("/staff/sign-in/mail")
@allow(PUBLIC)
def by_mail() -> Response:
    """Send a sign-in letter if the address is bound; the page says the same either way."""
    page = runtime().settings.server.base_url + "/staff/bind/"
    if runtime().settings.mail.enabled:
        with runtime().transaction() as writing:
            mail_bindings.send_sign_in(
                writing,
                runtime().vault,
                request.form.get("address", ""),
                page=page,
                language=language(),
                now=runtime().now(),
            )
    flash(t("staff.sign_in.mail_sent"), "ok")
    return redirect(url_for("staff_auth.sign_in"), 303)


@blueprint.get("/staff/bind/<code>")
@allow(PUBLIC)
def slip(code: str) -> str:
    """What a slip's picture leads to. Looking spends nothing: chat programs open addresses on their own."""
    with runtime().reading() as reading:
        found = slips.find(reading, runtime().vault, code, runtime().now())
        person, department = found.service_point, found.service_point.department
    return render_template(
        "staff/slip.html", person=person, department=department, code=tidy(code), wecom=identity() is not None
    )


@blueprint.post("/staff/bind/<code>")
@allow(PUBLIC)
def use_slip(code: str) -> Response:
    """Sign in with the slip alone, without Enterprise WeChat."""
    with runtime().transaction() as writing:
        person = bindings.redeem(writing, runtime().vault, code, now=runtime().now())
        token = bindings.sign_in(writing, person, runtime().now())
    return _signed_in(token, url_for("staff.bind"))


@blueprint.get("/staff/wecom")
@allow(PUBLIC)
def to_wecom() -> Response:
    """Off to Enterprise WeChat; what comes back must carry the state that only this browser has."""
    provider = identity()
    if provider is None:
        raise NotFound("staff.platform_down")
    state = secrets.token_hex(24)  # letters and digits only: the platform takes nothing else
    session[_STATE] = {
        "state": state,
        "next": local_path(request.args.get("next"), ""),
        "slip": tidy(request.args.get("slip", "")),
    }
    base = runtime().settings.server.base_url
    return redirect(provider.authorize_url(base + url_for("staff_auth.from_wecom"), state))


@blueprint.get("/staff/wecom/back")
@allow(PUBLIC)
def from_wecom() -> Response:
    """Back from Enterprise WeChat with a single-use code. The state is spent at once, right or wrong."""
    asked = session.pop(_STATE, None) or {}
    told = request.args.get("state", "")
    provider = identity()
    if provider is None or not told or not secrets.compare_digest(told.encode(), str(asked.get("state", "")).encode()):
        raise Refused("staff.state")
    userid = provider.identify(request.args.get("code", ""))  # asks the platform: outside any transaction
    now, vault = runtime().now(), runtime().vault
    with runtime().transaction() as writing:
        if asked["slip"]:
            person = bindings.redeem(writing, vault, asked["slip"], now=now, userid=userid)
        else:
            person = bindings.identify_wecom(writing, vault, userid, now=now)
        token = bindings.sign_in(writing, person, now)
    session.pop("staff_tried", None)
    return _signed_in(token, asked["next"] or url_for("staff.bind" if asked["slip"] else "staff.index"))


@blueprint.post("/staff/sign-out")
@allow(PUBLIC)
def sign_out() -> Response:
    token = request.cookies.get(COOKIE)
    if token:
        with runtime().transaction() as writing:
            sign_ins.end(writing, token)
    answer = redirect(url_for("staff_auth.sign_in"), 303)
    answer.delete_cookie(COOKIE, path=_PATH)
    return answer


def _sign_in_page(*, error: str = "", typed: str = "", back: str = "") -> str:
    return render_template(
        "staff/sign_in.html",
        error=error,
        typed=typed,
        back=back,
        wecom=identity() is not None,
        mail=runtime().settings.mail.enabled,
    )


def _signed_in(token: str, to: str) -> Response:
    answer = redirect(to, 303)
    secure = runtime().settings.server.base_url.startswith("https://")
    answer.set_cookie(COOKIE, token, path=_PATH, httponly=True, samesite="Lax", secure=secure)
    return answer
