"""How a rating came to the form: a ticket shown when it was opened, the browser it was sent from."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from flask import current_app, g, request
from itsdangerous import BadSignature
from werkzeug.wrappers import Response

from feedback_app.domain import networks
from feedback_app.errors import Refused
from feedback_app.services import tickets
from feedback_app.services.forms import OpenForm
from feedback_app.services.visits import Arrival
from feedback_app.web import sender_cookies, staff_devices
from feedback_app.web.context import runtime
from feedback_app.web.signing import signer

FILLING_IN = 2 * 3600
"""Seconds a form may stay open until the ticket it was opened with no longer holds."""
_DEVICE = re.compile(r"^[A-Za-z0-9_-]{16,32}$")


def seal_ticket(opened: OpenForm, ticket: str) -> str:
    """For the hidden field of the form: that this ticket held just now. "" when it does not hold."""
    now = runtime().now()
    with runtime().reading() as session:
        held = tickets.read(session, runtime().vault, ticket, opened.place.id, zone=runtime().zone, now=now)
    return signer("visit").dumps([ticket, now.isoformat()]) if held else ""


def read(opened: OpenForm) -> Arrival:
    """What the sent form shows. Raises Refused ``tickets.not_known`` for a typed ticket that does not hold."""
    shared = runtime().settings.limits.shared_networks
    network = network_of(request.remote_addr, shared)
    arrival = Arrival(device=_device(), network=network, staff=staff_devices.read())
    held = _held_ticket(request.form.get("visit", ""))
    if held is not None:
        return replace(arrival, ticket=held[0], ticket_seen_at=held[1])
    typed = request.form.get("slip", "").strip()
    if typed and not seal_ticket(opened, typed):
        raise Refused("tickets.not_known", key="slip")
    return replace(arrival, ticket=typed)


def _held_ticket(sealed: str) -> tuple[str, datetime] | None:
    """The ticket that held when the form was opened, and when that was; None when there was none, or too long ago."""
    if not sealed:
        return None
    try:
        ticket, at = signer("visit").loads(sealed)
    except BadSignature:
        return None
    seen_at = datetime.fromisoformat(at)
    return (ticket, seen_at) if abs((runtime().now() - seen_at).total_seconds()) <= FILLING_IN else None


def remember_device(answer: Response) -> None:
    """Keep the random name of this browser, if it has none."""
    if not known_device(request.cookies.get(sender_cookies.DEVICE, "")):
        keep(answer, sender_cookies.of_device(_device()))


def keep(answer: Response, one: sender_cookies.Cookie) -> None:
    answer.set_cookie(
        one.name,
        one.value,
        max_age=one.max_age,
        path=one.path,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )


def _device() -> str:
    """The name this browser has, or gets with this answer: the first rating bears it already, so the second is a second."""
    kept = known_device(request.cookies.get(sender_cookies.DEVICE, ""))
    if kept:
        return kept
    if "device" not in g:
        g.device = new_device()
    return str(g.device)


def known_device(kept: str) -> str:
    """What a cookie says, if it can be such a name."""
    return kept if _DEVICE.match(kept) else ""


def new_device() -> str:
    return secrets.token_urlsafe(16)


def network_of(address: str | None, shared: Iterable[str]) -> str:
    """Where the connection came from, "" for the hospital's own networks, inner ones and this machine."""
    if networks.is_within(address, shared) or networks.is_private(address):
        return ""
    return networks.customer(address)
