"""Receivers of events in the console: added with the password, ended, and their log with what can be sent again."""

import socket

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain import webhook_addresses
from feedback_app.errors import Conflict, Refused
from feedback_app.services import reasons, webhooks_out
from feedback_app.services.webhooks_out import EVENTS, Fresh
from feedback_app.web import navigation
from feedback_app.web.access import ADMIN, allow, asks_again
from feedback_app.web.asked import number_from
from feedback_app.web.context import explain, language, runtime, t

blueprint = Blueprint("admin_webhooks", __name__, url_prefix="/admin/webhooks")
navigation.add(84, "admin_webhooks.index", "webhooks.nav")


@blueprint.get("")
@allow(ADMIN)
def index() -> str:
    return _page()


@blueprint.post("")
@allow(ADMIN)
@asks_again
def add() -> str | tuple[str, int]:
    """The signing secret is on the answer to this request and nowhere else."""
    form = request.form
    url = form.get("url", "").strip()
    try:
        _look_at(url)
        with runtime().transaction() as session:
            fresh = webhooks_out.add(
                session,
                runtime().vault,
                name=form.get("name", ""),
                url=url,
                events=form.getlist("event"),
                by=g.account.login,
                now=runtime().now(),
            )
    except Refused as error:
        return _page(problem=explain(error.code, error.params)), 400
    return _page(fresh=fresh)


def _look_at(url: str) -> None:
    """Refuse at once what would be refused at every try. Raises Refused ``webhooks.private``, ``webhooks.no_such_host``."""
    _, host, port = webhook_addresses.check(url)
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise Refused("webhooks.no_such_host") from None
    inner = runtime().settings.webhooks.inner_networks
    if not all(webhook_addresses.may_be_reached(one, inner) for one in found):
        raise Refused("webhooks.private")


@blueprint.post("/<int:receiver_id>/end")
@allow(ADMIN)
@asks_again
def end(receiver_id: int) -> Response:
    with runtime().transaction() as session:
        name = webhooks_out.end(session, receiver_id, by=g.account.login, now=runtime().now())
    flash(t("webhooks.is_ended", name=name), "ok")
    return redirect(url_for("admin_webhooks.index"), 303)


@blueprint.get("/<int:receiver_id>")
@allow(ADMIN)
def log(receiver_id: int) -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/webhook_log.html",
            receiver=webhooks_out.get(session, receiver_id),
            page=webhooks_out.log(session, receiver_id, number_from("page", 1) or 1),
            zone=runtime().zone,
            why=lambda kept: reasons.words(kept, language()),
        )


@blueprint.post("/<int:receiver_id>/replay")
@allow(ADMIN)
def replay(receiver_id: int) -> Response:
    """One event, or with ``message`` empty all that failed."""
    wanted = request.form.get("message", "")
    try:
        with runtime().transaction() as session:
            webhooks_out.get(session, receiver_id)
            if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
                webhooks_out.replay(session, receiver_id, int(wanted), by=g.account.login, now=runtime().now())
                words = t("webhooks.is_replayed")
            else:
                count = webhooks_out.replay_failed(session, receiver_id, by=g.account.login, now=runtime().now())
                words = t("webhooks.are_replayed", n=count)
        flash(words, "ok")
    except Conflict as error:
        flash(explain(error.code, error.params), "warn")
    return redirect(url_for("admin_webhooks.log", receiver_id=receiver_id), 303)


def _page(*, fresh: Fresh | None = None, problem: str = "") -> str:
    with runtime().reading() as session:
        return render_template(
            "admin/webhooks.html",
            lines=webhooks_out.listed(session),
            events=EVENTS,
            typed=request.form,
            fresh=fresh,
            problem=problem,
            hours=runtime().settings.deliveries.give_up_hours,
            zone=runtime().zone,
        )
