"""Signing in to the console: first administrator, sign-in, sign-out, password, and who is at the browser."""

import json
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError, Gone, Refused
from feedback_app.services import accounts, sign_ins
from feedback_app.services.accounts import NewAccount
from feedback_app.web.access import CONSOLE, PUBLIC, allow, allowed_roles
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.languages import local_path

blueprint = Blueprint("auth", __name__)
_TOKEN = "console"  # noqa: S105 - the name of the entry in the signed cookie
_MOST_KEPT = 200_000  # characters of a form that are kept over a sign-in


@blueprint.before_app_request
def recognise() -> Any:
    """Set ``g.account`` and ``g.roles``; keep the text of a form whose sender has been signed out meanwhile."""
    g.account = None
    token = session.get(_TOKEN)
    if token:
        _recognise(str(token))
    if g.account is None and request.method == "POST" and _is_console_only() and _kept_form() is not None:
        return _sign_in_page(kept=_kept_form(), kept_to=request.full_path.rstrip("?"), note=t("auth.kept")), 401
    return None


def _recognise(token: str) -> None:
    now = runtime().now()
    security = runtime().settings.security
    with runtime().reading() as reading:
        found = accounts.of_sign_in(reading, token, security, now)
    if found is None:
        session.pop(_TOKEN)
        return
    g.account, stale = found
    g.roles = {*g.get("roles", ()), g.account.role}
    if stale:
        with runtime().transaction() as writing:
            sign_ins.seen(writing, token, now)


def _is_console_only() -> bool:
    if request.endpoint is None or request.blueprint == blueprint.name:
        return False
    wanted = allowed_roles(current_app, request.endpoint)
    return bool(wanted) and wanted <= set(CONSOLE)


def _kept_form() -> str | None:
    """What was being sent, as JSON, when it is plain text, small and without a password."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    kept = json.dumps(fields, ensure_ascii=False)
    if request.files or len(kept) > _MOST_KEPT or any("password" in name for name, _ in fields):
        return None
    return kept


def sign_in_browser(token: str) -> None:
    """From now on this browser is signed in. Everything it held before is dropped, so nothing can be fixed beforehand."""
    session.clear()
    session[_TOKEN] = token


def _sign_in_page(
    *, error: str = "", note: str = "", kept: str | None = None, kept_to: str = "", back: str = "", login: str = ""
) -> str:
    return render_template(
        "admin/sign_in.html", error=error, note=note, kept=kept, kept_to=kept_to, back=back, login=login
    )


@blueprint.get("/admin/sign-in")
@allow(PUBLIC)
def sign_in() -> Any:
    back = local_path(request.args.get("next"), "")
    if g.account is not None:
        return redirect(back or url_for("admin_home.index"))
    return _sign_in_page(back=back)


@blueprint.post("/admin/sign-in")
@allow(PUBLIC)
def sign_in_with_password() -> Any:
    form = request.form
    security = runtime().settings.security
    with runtime().transaction() as writing:
        attempt = accounts.begin_attempt(writing, form.get("login", ""), security, runtime().now())
    if not accounts.is_right(attempt, form.get("password", ""), security):
        words = t("auth.wrong", failures=security.lockout_failures, minutes=security.lockout_minutes)
        page = _sign_in_page(
            error=words,
            kept=form.get("kept"),
            kept_to=local_path(form.get("kept_to"), ""),
            back=local_path(form.get("next"), ""),
            login=form.get("login", ""),
        )
        return page, 401
    with runtime().transaction() as writing:
        token = accounts.complete(writing, attempt, runtime().now())
    sign_in_browser(token)
    return _resume(form.get("kept"), form.get("kept_to")) or redirect(
        local_path(form.get("next"), url_for("admin_home.index")), 303
    )


def _resume(kept: str | None, kept_to: str | None) -> str | None:
    """The page that offers the kept text again; None when there is none."""
    try:
        fields = [(str(name), str(value)) for name, value in json.loads(kept or "[]")]
    except (ValueError, TypeError):
        return None
    path = local_path(kept_to, "")
    return render_template("admin/resume.html", fields=fields, path=path) if fields and path else None


@blueprint.post("/admin/sign-out")
@allow(PUBLIC)
def sign_out() -> Response:
    token = session.get(_TOKEN)
    if token:
        with runtime().transaction() as writing:
            sign_ins.end(writing, str(token))
    session.clear()
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.route("/admin/setup/<token>", methods=["GET", "POST"])
@allow(PUBLIC)
def setup(token: str) -> Any:
    """The page behind a one-time link."""
    with runtime().reading() as reading:
        link = accounts.open_link(reading, token, runtime().now())
        known = link.account
    if request.method == "GET":
        return render_template("admin/setup.html", known=known, role=link.role, form={}, error="")
    form = request.form
    try:
        _same_twice(form.get("password", ""), form.get("password_again", ""))
        wanted = NewAccount(form.get("login", ""), form.get("name", ""), form.get("password", ""))
        with runtime().transaction() as writing:
            made = accounts.create_by_link(writing, token, wanted, runtime().settings.security, runtime().now())
            started = sign_ins.start(writing, accounts.SUBJECT, made.id, runtime().now())
    except Gone:
        raise
    except FeedbackError as error:
        words = explain(error.code, error.params)
        return render_template("admin/setup.html", known=known, role=link.role, form=form, error=words), 400
    sign_in_browser(started)
    return redirect(url_for("admin_home.index"), 303)


@blueprint.get("/admin/password")
@allow(*CONSOLE)
def password() -> str:
    return render_template("admin/password.html", error="")


@blueprint.post("/admin/password")
@allow(*CONSOLE)
def change_password() -> Any:
    form, security = request.form, runtime().settings.security
    with runtime().transaction() as writing:
        attempt = accounts.begin_attempt(writing, g.account.login, security, runtime().now())
    try:
        if not accounts.is_right(attempt, form.get("old_password", ""), security):
            return render_template("admin/password.html", error=t("accounts.errors.wrong_old")), 400
        _same_twice(form.get("password", ""), form.get("password_again", ""))
        with runtime().transaction() as writing:
            token = accounts.change_password(writing, attempt, form.get("password", ""), security, runtime().now())
    except FeedbackError as error:
        return render_template("admin/password.html", error=explain(error.code, error.params)), 400
    sign_in_browser(token)
    flash(t("auth.password_changed"), "ok")
    return redirect(url_for("admin_home.index"), 303)


def _same_twice(first: str, second: str) -> None:
    if first != second:
        raise Refused("accounts.not_the_same")


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"account": g.get("account")}


@blueprint.get("/admin")
@allow(PUBLIC)
def door() -> Response:
    if g.account is None:
        abort(redirect(url_for("auth.sign_in")))
    return redirect(url_for("admin_home.index"))
