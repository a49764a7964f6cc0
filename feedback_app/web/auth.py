"""Signing in to the console: first administrator, sign-in, sign-out, password, and who is at the browser."""

from collections.abc import Mapping
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from feedback_app.errors import FeedbackError, Gone, Refused, TooOften
from feedback_app.services import accounts, passkeys, second_factors, sign_ins
from feedback_app.services.accounts import NewAccount
from feedback_app.web import entering, known_browsers, second_step, traffic
from feedback_app.web.access import CONSOLE, PUBLIC, allow, allowed_roles
from feedback_app.web.context import explain, runtime, t
from feedback_app.web.errors import status_of
from feedback_app.web.languages import local_path

blueprint = Blueprint("auth", __name__)


@blueprint.before_app_request
def recognise() -> Any:
    """Set ``g.account`` and ``g.roles``; keep the text of a form whose sender has been signed out meanwhile."""
    g.account, g.confirmed = None, False
    token = entering.own_token()
    if token:
        _recognise(token)
    if g.account is None and request.method == "POST" and _is_console_only() and entering.kept_form() is not None:
        return _sign_in_page(kept=entering.kept_form(), kept_to=request.full_path.rstrip("?"), note=t("auth.kept")), 401
    return second_step.set_up_first()


def _recognise(token: str) -> None:
    now = runtime().now()
    security = runtime().settings.security
    with runtime().reading() as reading:
        found = accounts.of_sign_in(reading, token, security, now)
    if found is None:
        entering.drop()
        return
    g.account, g.confirmed = found.account, found.confirmed
    g.roles = {*g.get("roles", ()), g.account.role}
    if found.stale:
        with runtime().transaction() as writing:
            sign_ins.seen(writing, token, now)


def _is_console_only() -> bool:
    if request.endpoint is None or request.blueprint == blueprint.name:
        return False
    wanted = allowed_roles(current_app, request.endpoint)
    return bool(wanted) and wanted <= set(CONSOLE)


def _sign_in_page(
    *, error: str = "", note: str = "", kept: str | None = None, kept_to: str = "", back: str = "", login: str = ""
) -> str:
    return render_template(
        "admin/sign_in.html",
        error=error,
        note=note,
        kept=kept,
        kept_to=kept_to,
        back=back,
        login=login,
        question=second_step.question(),
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
    """The password; with a second factor, that is asked for next (``web.second_step``)."""
    form, now, security = request.form, runtime().now(), runtime().settings.security
    try:
        with runtime().transaction() as writing:
            traffic.count(writing, "sign_ins")
            device = known_browsers.device_for(writing, form.get("login", ""))
            attempt = accounts.begin_attempt(writing, form.get("login", ""), security, now, device=device)
    except TooOften as much:
        return _again(form, explain(much.code, much.params), status_of(much))
    if not accounts.is_right(attempt, form.get("password", ""), security):
        words = t("auth.wrong", failures=security.lockout_failures, minutes=security.lockout_minutes)
        return _again(form, words, 401)
    with runtime().transaction() as writing:
        account = accounts.passed(writing, attempt)
        has = second_factors.held(writing, account)
    if has:
        return second_step.ask(account, has, form)
    entering.enter(account)
    return entering.onward(form)


@blueprint.post("/admin/sign-in/passkey")
@allow(PUBLIC)
def sign_in_with_passkey() -> Any:
    """A passkey stands for both: the device, and the finger or number that unlocked it."""
    challenge = str(session.pop(second_step.PROOF, ""))
    try:
        with runtime().transaction() as writing:
            traffic.count(writing, "sign_ins")
            account = passkeys.prove(
                writing, runtime().settings, request.form.get("answer", ""), challenge, runtime().now()
            )
    except Refused as refused:
        return _again(request.form, explain(refused.code, refused.params), 401)
    entering.enter(account)
    return entering.onward(request.form)


def _again(form: Mapping[str, str], error: str, status: int) -> tuple[str, int]:
    page = _sign_in_page(
        error=error,
        kept=form.get("kept"),
        kept_to=local_path(form.get("kept_to"), ""),
        back=local_path(form.get("next"), ""),
        login=form.get("login", ""),
    )
    return page, status


@blueprint.post("/admin/sign-out")
@allow(PUBLIC)
def sign_out() -> Response:
    token = entering.own_token()
    if token:
        with runtime().transaction() as writing:
            sign_ins.end(writing, token)
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
            started = accounts.enter(writing, made, runtime().now(), browser=known_browsers.name())
    except Gone:
        raise
    except FeedbackError as error:
        words = explain(error.code, error.params)
        return render_template("admin/setup.html", known=known, role=link.role, form=form, error=words), 400
    entering.sign_in_browser(started)
    return entering.onward({})


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
    entering.sign_in_browser(token)
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
