"""How much may come from one network address: the doors' side of ``services.buckets``."""

from collections.abc import Callable
from typing import Literal

from flask import request

from feedback_app.domain import networks
from feedback_app.services import buckets
from feedback_app.services.buckets import Limit
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session, Writing
from feedback_app.settings import Limits
from feedback_app.web.context import runtime

Door = Literal["ratings", "complaints", "sign_ins"]

SHARED = 10  # times as much from a network where many phones share an address
BURST_MINUTES = 4  # of ratings at once: a full waiting room that was just asked


def count(session: Session, door: Door) -> None:
    """Inside the transaction that does the work, first of all. Raises TooOften; then nothing of it happens."""
    counter(door)(session)


def counter(door: Door) -> Callable[[Session | Writing], None]:
    """The same for work that another thread may do: who it is about is found out now."""
    return counter_of(runtime(), door, request.remote_addr)


def counter_of(opened: Runtime, door: Door, address: str | None) -> Callable[[Session | Writing], None]:
    """The same for a connection from ``address``."""
    who = networks.customer(address)
    if not who:
        return lambda unit: None
    shared = networks.is_within(address, opened.settings.limits.shared_networks)
    limit = limit_of(opened.settings.limits, door, shared=shared)
    return lambda unit: buckets.take(unit, opened.vault, limit, who, opened.now())


def limit_of(limits: Limits, door: Door, *, shared: bool) -> Limit:
    times = SHARED if shared else 1
    match door:
        case "ratings":
            each_minute = limits.ratings_per_minute * times
            return Limit(door, burst=each_minute * BURST_MINUTES, per_hour=each_minute * 60)
        case "complaints":
            return Limit(
                door, burst=max(limits.complaints_per_hour * times // 3, 1), per_hour=limits.complaints_per_hour * times
            )
        case "sign_ins":
            return Limit(
                door, burst=max(limits.sign_ins_per_hour * times // 2, 1), per_hour=limits.sign_ins_per_hour * times
            )
