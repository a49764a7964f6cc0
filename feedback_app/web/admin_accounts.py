"""Who may sign in to the console: invite by one-time link, let out, give a new password."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from feedback_app.errors import Refused
from feedback_app.services import accounts, rating_lists
from feedback_app.services.accounts import ROLES, Place
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow, asks_again
from feedback_app.web.asked import whole_number
from feedback_app.web.context import explain, runtime, t

blueprint = Blueprint("admin_accounts", __name__)
navigation.add(80, "admin_accounts.index", "accounts.nav")


def _page(*, link: str = "", link_for: str = "", problem: str = "", kept: Mapping[str, str] | None = None) -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/accounts.html",
            accounts=accounts.all_accounts(session),
            links=accounts.open_links(session, runtime().now()),
            roles=ROLES,
            link=link,
            link_for=link_for,
            problem=problem,
            kept=kept or {},
            departments=rating_lists.departments(session),
            zone=runtime().zone,
        )


def _address(token: str) -> str:
    return f"{runtime().settings.server.base_url}{url_for('auth.setup', token=token)}"


@blueprint.get("/admin/accounts")
@allow(ADMIN)
def index() -> str:
    return _page()


@blueprint.post("/admin/accounts/invite")
@allow(ADMIN)
@asks_again
def invite() -> Any:
    """Make a link for a new account; it is shown once, here."""
    form = request.form
    role, place = form.get("role", ""), Place(whole_number(form.get("department", "")), form.get("staff_no", ""))
    try:
        with runtime().transaction() as session:
            token = accounts.make_setup_link(session, role, runtime().now(), by=g.account.login, place=place)
    except Refused as error:
        return _page(problem=explain(error.code, error.params), kept=form), 400
    return _page(link=_address(token), link_for=t(f"admin.roles.{role}"))


@blueprint.post("/admin/accounts/<int:account_id>/new-password")
@allow(ADMIN)
@asks_again
def new_password(account_id: int) -> str:
    with runtime().transaction() as session:
        known = accounts.get(session, account_id)
        token = accounts.make_setup_link(session, known.role, runtime().now(), by=g.account.login, account_id=known.id)
    return _page(link=_address(token), link_for=known.name)


@blueprint.post("/admin/accounts/<int:account_id>/active")
@allow(ADMIN)
@asks_again
def set_active(account_id: int) -> Any:
    wished = request.form.get("active") == "1"
    try:
        with runtime().transaction() as session:
            changed = accounts.set_active(session, account_id, wished, runtime().now(), by=g.account.login)
        flash(t("accounts.activated" if wished else "accounts.deactivated", name=changed.name), "ok")
    except Refused as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_accounts.index"), 303)


@blueprint.post("/admin/accounts/links/withdraw")
@allow(ADMIN)
def withdraw() -> Any:
    with runtime().transaction() as session:
        accounts.withdraw_link(session, request.form.get("link", ""), runtime().now(), by=g.account.login)
    flash(t("accounts.withdrawn"), "ok")
    return redirect(url_for("admin_accounts.index"), 303)
