"""Who may call a route. Every view says so; one that does not stops the application from starting."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"  # anyone
STAFF = "staff"  # a bound member of staff, about themself
ADMIN = "admin"  # directory, codes, question sets, awards, accounts
OFFICE = "office"  # complaints office
QUALITY = "quality"  # ratings and leaderboards
DIRECTOR = "director"  # heads of the hospital: cases that have gone up to them
CONSOLE = (ADMIN, OFFICE, QUALITY, DIRECTOR)
ROLES = (PUBLIC, STAFF, *CONSOLE)


def allow(*roles: str) -> Callable[[View], View]:
    """Declare who may call the view: ``@allow(PUBLIC)``, ``@allow(ADMIN, QUALITY)``."""
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"unknown roles {unknown or '(none)'}")

    def mark(view: View) -> View:
        view.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def asks_again(view: View) -> View:
    """Declare that the password must just have been entered: for what goes out of the house or cannot be taken back."""
    view.asks_again = True  # type: ignore[attr-defined]
    return view


def allowed_roles(app: Flask, endpoint: str) -> frozenset[str]:
    """The declared roles of an endpoint. Raises LookupError when it declares none."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return frozenset({PUBLIC})
    roles = getattr(app.view_functions[endpoint], "allowed_roles", None)
    if roles is None:
        raise LookupError(f"{endpoint} does not declare who may call it: use @allow")
    return frozenset(roles)


def enforce(app: Flask, confirm_first: Callable[[], Response]) -> None:
    """Check every declaration now, and every request from now on.

    ``g.roles`` (set by ``web.auth`` before this runs) is the set of roles of whoever is signed in; ``g.confirmed`` says
    whether their password was just entered. ``confirm_first`` answers when it must be entered again.
    """
    for endpoint in app.view_functions:
        allowed_roles(app, endpoint)

    @app.before_request
    def _refuse() -> Response | None:
        if request.endpoint is None:
            return None
        wanted = allowed_roles(app, request.endpoint)
        mine: set[str] = {PUBLIC, *g.get("roles", ())}
        if wanted & mine:
            must_confirm = getattr(app.view_functions[request.endpoint], "asks_again", False)
            return confirm_first() if must_confirm and not g.get("confirmed") else None
        if mine == {PUBLIC} and request.method == "GET":
            page = "staff_auth.sign_in" if wanted == {STAFF} else "auth.sign_in"
            return redirect(url_for(page, next=request.full_path.rstrip("?")))
        return abort(403)
