"""One's own account: the second factor, passkeys, codes on paper, and where one is signed in."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.browsers import UNKNOWN
from feedback_app.errors import Refused
from feedback_app.services import accounts, passkeys, second_factors, sign_ins
from feedback_app.services.second_factors import Offer
from feedback_app.web import entering
from feedback_app.web.access import CONSOLE, allow, asks_again
from feedback_app.web.context import explain, runtime, t
from qr import images

blueprint = Blueprint("admin_security", __name__, url_prefix="/admin/security")
_NEW_PASSKEY = "new_passkey"  # entry of the signed cookie: the challenge the new key is to sign


@blueprint.get("")
@allow(*CONSOLE)
def index() -> str:
    return _page()


def _page(*, fresh_codes: list[str] | None = None) -> str:
    now = runtime().now()
    with runtime().reading() as reading:
        mine = accounts.get(reading, g.account.id)
        return render_template(
            "admin/security.html",
            mine=mine,
            has=second_factors.held(reading, mine),
            sign_ins=sign_ins.listed(reading, accounts.SUBJECT, mine.id, now),
            own=sign_ins.token_hash(entering.own_token()),
            offered=passkeys.are_offered(runtime().settings),
            due=second_factors.due_on(mine, second_factors.held(reading, mine), runtime().settings.security),
            fresh_codes=fresh_codes,
            zone=runtime().zone,
            unknown=UNKNOWN,
        )


@blueprint.get("/codes")
@allow(*CONSOLE)
@asks_again
def codes() -> str:
    """A new secret, as a picture for the app on the phone; nothing changes until the first code comes back."""
    return _offer_page(second_factors.offer(runtime().vault, g.account, runtime().settings.hospital.name))


def _offer_page(offer: Offer, error: str = "") -> str:
    picture = images.svg(offer.address)
    return render_template("admin/one_time_codes.html", offer=offer, picture=picture, error=error)


@blueprint.post("/codes")
@allow(*CONSOLE)
@asks_again
def codes_on() -> Any:
    form = request.form
    try:
        with runtime().transaction() as writing:
            mine = accounts.get(writing, g.account.id)
            fresh = second_factors.switch_on(
                writing, runtime().vault, mine, form.get("ticket", ""), form.get("code", ""), runtime().now()
            )
    except Refused as refused:
        again = second_factors.offered_again(
            runtime().vault, g.account, runtime().settings.hospital.name, form.get("ticket", "")
        )
        return _offer_page(again, explain(refused.code, refused.params)), 400
    flash(t("second.codes_on"), "ok")
    return _page(fresh_codes=fresh)


@blueprint.post("/paper")
@allow(*CONSOLE)
@asks_again
def paper() -> str:
    """Ten new codes for a sheet of paper; shown once."""
    with runtime().transaction() as writing:
        fresh = second_factors.new_recovery_codes(writing, accounts.get(writing, g.account.id), runtime().now())
    return _page(fresh_codes=fresh)


@blueprint.get("/passkeys/new")
@allow(*CONSOLE)
@asks_again
def new_passkey() -> str:
    with runtime().reading() as reading:
        question = passkeys.ask_for_new(reading, runtime().settings, accounts.get(reading, g.account.id))
    session[_NEW_PASSKEY] = question.challenge
    return render_template("admin/new_passkey.html", question=question)


@blueprint.post("/passkeys")
@allow(*CONSOLE)
@asks_again
def add_passkey() -> Any:
    form, now = request.form, runtime().now()
    challenge = str(session.pop(_NEW_PASSKEY, ""))
    try:
        with runtime().transaction() as writing:
            mine = accounts.get(writing, g.account.id)
            name = form.get("name", "") or t(
                "second.passkey_name", number=len(second_factors.held(writing, mine).passkeys) + 1
            )
            passkeys.add(writing, runtime().settings, mine, form.get("answer", ""), challenge, name, now)
            writing.flush()
            first = not second_factors.held(writing, mine).on_paper
            fresh = second_factors.new_recovery_codes(writing, mine, now) if first else None
    except Refused as refused:
        flash(explain(refused.code, refused.params), "bad")
        return redirect(url_for("admin_security.index"), 303)
    flash(t("second.passkey_added"), "ok")
    return _page(fresh_codes=fresh)


@blueprint.post("/passkeys/<int:passkey_id>/remove")
@allow(*CONSOLE)
@asks_again
def remove_passkey(passkey_id: int) -> Response:
    with runtime().transaction() as writing:
        name = passkeys.remove(writing, accounts.get(writing, g.account.id), passkey_id, runtime().now())
    flash(t("second.passkey_removed", name=name), "ok")
    return redirect(url_for("admin_security.index"), 303)


@blueprint.post("/off")
@allow(*CONSOLE)
@asks_again
def off() -> Response:
    """The password alone again; an administrator is asked to set up a new one."""
    with runtime().transaction() as writing:
        mine = accounts.get(writing, g.account.id)
        second_factors.switch_off(writing, mine, runtime().now(), by=mine.login)
    flash(t("second.off_now"), "warn")
    return redirect(url_for("admin_security.index"), 303)


@blueprint.post("/elsewhere")
@allow(*CONSOLE)
def elsewhere() -> Response:
    """Sign out everywhere but here."""
    with runtime().transaction() as writing:
        ended = sign_ins.end_others(writing, accounts.SUBJECT, g.account.id, entering.own_token())
        accounts.told_of_new_browser(writing, g.account.id)
    flash(t("second.ended", n=ended), "ok")
    return redirect(url_for("admin_security.index"), 303)


@blueprint.post("/new-browser")
@allow(*CONSOLE)
def it_was_me() -> Response:
    with runtime().transaction() as writing:
        accounts.told_of_new_browser(writing, g.account.id)
    return redirect(url_for("admin_home.index"), 303)
