"""The second step of signing in, and the password asked for again before what cannot be taken back."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from feedback_app.errors import NotAllowed, NotFound
from feedback_app.services import accounts, passkeys, second_factors, sign_ins
from feedback_app.services.accounts import Account
from feedback_app.services.second_factors import Held
from feedback_app.services.transaction import Session
from feedback_app.web import entering
from feedback_app.web.access import CONSOLE, PUBLIC, allow
from feedback_app.web.context import day, explain, runtime, t
from feedback_app.web.languages import local_path

blueprint = Blueprint("second_step", __name__)

_WITHOUT = {"auth", "second_step", "admin_security"}
NOTICE_BEFORE = timedelta(days=14)
HALFWAY_FOR = timedelta(minutes=10)
_HALFWAY = "halfway"  # entry of the signed cookie, and the purpose of the ticket in it
PROOF = "passkey"  # entry of the signed cookie: the challenge a passkey is to sign


def ask(account: Account, has: Held, form: Mapping[str, str]) -> str:
    """The password was right: now the code. Nobody is signed in yet."""
    session.clear()
    passed = [account.id, runtime().now().isoformat(), account.password_hash]
    session[_HALFWAY] = runtime().vault.ticket(_HALFWAY, json.dumps(passed))
    return _page(has, form)


@blueprint.post("/admin/sign-in/second")
@allow(PUBLIC)
def second() -> Any:
    form, security, now = request.form, runtime().settings.security, runtime().now()
    with runtime().transaction() as writing:
        account = _halfway(writing, now)
        if account is None:
            flash(t("second.too_late"), "warn")
            return redirect(url_for("auth.sign_in", next=local_path(form.get("next"), "") or None), 303)
        has = second_factors.held(writing, account)
        problem = second_factors.check(writing, runtime().vault, account.id, form.get("code", ""), security, now)
    if problem:
        return _page(has, form, error=explain(problem, {"minutes": security.lockout_minutes})), 401
    entering.enter(account)
    return entering.onward(form)


def _halfway(reading: Session, now: datetime) -> Account | None:
    """Whose password was right in this browser a short while ago."""
    try:
        account_id, at, password_hash = json.loads(runtime().vault.read_ticket(_HALFWAY, session.get(_HALFWAY, "")))
        account = accounts.get(reading, int(account_id))
        fresh = datetime.fromisoformat(at) <= now < datetime.fromisoformat(at) + HALFWAY_FOR
    except (ValueError, TypeError, NotFound):
        return None
    return account if fresh and account.active and account.password_hash == password_hash else None


def _page(has: Held, form: Mapping[str, str], error: str = "") -> str:
    return render_template(
        "admin/second_step.html", has=has, form=form, error=error, question=question(bool(has.passkeys))
    )


def question(wanted: bool = True) -> passkeys.Question | None:
    """What the browser may ask a passkey on this page; None where passkeys are not possible."""
    if not wanted or not passkeys.are_offered(runtime().settings):
        return None
    asked = passkeys.ask_for_proof(runtime().settings)
    session[PROOF] = asked.challenge
    return asked


def set_up_first() -> Response | None:
    """An administrator whose days without a second factor are over sets one up before anything else."""
    account, settings = g.account, runtime().settings
    if account is None or account.role != second_factors.REQUIRED_OF or account.totp_sealed:
        return None
    with runtime().reading() as reading:
        due = second_factors.due_on(account, second_factors.held(reading, account), settings.security)
    g.second_factor_due = due
    if due is None or due > runtime().now() or request.blueprint in _WITHOUT or not request.path.startswith("/admin"):
        return None
    if request.method == "GET":
        return redirect(url_for("admin_security.codes"))
    raise NotAllowed("second.set_up_first")


def confirm_first() -> Response:
    """Before a view that asks again: a GET comes back afterwards; what was sent is kept and offered again."""
    if request.method == "GET":
        return redirect(url_for("second_step.confirm", next=request.full_path.rstrip("?")))
    return make_response(_confirm_page(kept=entering.kept_form(), kept_to=request.full_path.rstrip("?")), 401)


@blueprint.get("/admin/confirm")
@allow(*CONSOLE)
def confirm() -> str:
    return _confirm_page(back=local_path(request.args.get("next"), ""))


@blueprint.post("/admin/confirm")
@allow(*CONSOLE)
def confirm_now() -> Any:
    form, security, now = request.form, runtime().settings.security, runtime().now()
    kept, kept_to = form.get("kept"), local_path(form.get("kept_to"), "")
    back = local_path(form.get("next"), "")
    with runtime().transaction() as writing:
        attempt = accounts.begin_attempt(writing, g.account.login, security, now)
    if not accounts.is_right(attempt, form.get("password", ""), security):
        words = t("second.wrong_password", failures=security.lockout_failures, minutes=security.lockout_minutes)
        return _confirm_page(kept=kept, kept_to=kept_to, back=back, error=words), 401
    with runtime().transaction() as writing:
        accounts.passed(writing, attempt)
        sign_ins.confirm(writing, entering.own_token(), now)
    return entering.resume(kept, kept_to) or redirect(back or url_for("admin_home.index"), 303)


def _confirm_page(*, kept: str | None = None, kept_to: str = "", back: str = "", error: str = "") -> str:
    return render_template("admin/confirm.html", kept=kept, kept_to=kept_to, back=back, error=error)


@blueprint.app_context_processor
def _notices() -> dict[str, Any]:
    """For the top of every console page: a word once the last fortnight has begun."""
    due = g.get("second_factor_due")
    if due is None or due - runtime().now() > NOTICE_BEFORE:
        return {}
    return {"second_factor_due": day(due.astimezone(runtime().zone).date())}
