"""Who may call a route. Every view says so; one that does not stops the application from starting.

The declarations together are one table, role × route × own or foreign object (:func:`table`); :func:`enforce` is the only
place that keeps it.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from flask import Flask, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from feedback_app.domain.roles import ADMIN, CONSOLE, DIRECTOR, HEAD, IT, OFFICE, PROTECTION, QUALITY, Viewer
from feedback_app.errors import NotFound

__all__ = [
    "ADMIN", "CONSOLE", "DIRECTOR", "HEAD", "IT", "OFFICE", "PROTECTION", "PUBLIC", "QUALITY", "ROLES", "STAFF", "Viewer",
    "allow", "allowed_roles", "asks_again", "enforce", "objects", "table", "viewer",
]  # fmt: skip

View = TypeVar("View", bound=Callable[..., Any])
IsTheirs = Callable[[Viewer, Mapping[str, Any]], bool]

PUBLIC = "public"  # anyone
STAFF = "staff"  # a bound member of staff, about themself
ROLES = (PUBLIC, STAFF, *CONSOLE)
ALL, OWN, NONE = "all", "own", ""
"""Which objects a role may call a route for."""

_objects: dict[str, tuple[IsTheirs, str]] = {}


def allow(*roles: str, own: Collection[str] = (), of: str = "") -> Callable[[View], View]:
    """Declare who may call the view: ``@allow(PUBLIC)``, ``@allow(ADMIN, QUALITY)``.

    ``own`` roles may call it for what is theirs alone. ``of`` names the kind of object in the address (see
    :func:`objects`); without one the view shows a list, and its service is asked with :func:`viewer`.
    """
    unknown = {*roles, *own} - set(ROLES)
    if unknown or not (roles or own):
        raise ValueError(f"unknown roles {unknown or '(none)'}")

    def mark(view: View) -> View:
        view.allowed_roles = frozenset({*roles, *own})  # type: ignore[attr-defined]
        view.own_roles = frozenset(own) - set(roles)  # type: ignore[attr-defined]
        view.object_kind = of  # type: ignore[attr-defined]
        return view

    return mark


def asks_again(view: View) -> View:
    """Declare that the password must just have been entered: for what goes out of the house or cannot be taken back."""
    view.asks_again = True  # type: ignore[attr-defined]
    return view


def objects(kind: str, is_theirs: IsTheirs, unknown: str) -> None:
    """How to tell whether the object of an address is theirs; ``unknown`` is the code of the answer when it is not, the
    same as for one that does not exist: that it exists is nobody else's business.
    """
    _objects[kind] = (is_theirs, unknown)


def allowed_roles(app: Flask, endpoint: str) -> frozenset[str]:
    """The declared roles of an endpoint. Raises LookupError when it declares none."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return frozenset({PUBLIC})
    roles = getattr(app.view_functions[endpoint], "allowed_roles", None)
    if roles is None:
        raise LookupError(f"{endpoint} does not declare who may call it: use @allow")
    return frozenset(roles)


def table(app: Flask) -> Mapping[str, Mapping[str, str]]:
    """The whole declaration: endpoint -> role -> ``all``, ``own`` or "" (never)."""
    found: dict[str, dict[str, str]] = {}
    for endpoint in app.view_functions:
        roles = allowed_roles(app, endpoint)
        own: frozenset[str] = getattr(app.view_functions[endpoint], "own_roles", frozenset())
        found[endpoint] = {
            role: OWN if role in own else ALL if roles & {role, PUBLIC} else NONE for role in ROLES
        }  # fmt: skip
    return found


def viewer() -> Viewer:
    """Whoever is signed in, as services are asked. One browser may hold both: under /staff it is the member of staff."""
    account, staff = g.get("account"), g.get("staff")
    if staff is not None:
        return Viewer(STAFF, f"staff:{staff.key}", staff.department_id, staff.id)
    if account is not None:
        return Viewer(account.role, account.login, account.department_id, account.person_id)
    return Viewer(PUBLIC)


def enforce(app: Flask, confirm_first: Callable[[], Response]) -> None:
    """Check every declaration now, and every request from now on.

    ``g.roles`` (set by ``web.auth`` before this runs) is the set of roles of whoever is signed in; ``g.confirmed`` says
    whether their password was just entered. ``confirm_first`` answers when it must be entered again.
    """
    for endpoint in app.view_functions:
        allowed_roles(app, endpoint)
        kind = getattr(app.view_functions[endpoint], "object_kind", "")
        if kind and kind not in _objects:
            raise LookupError(f"{endpoint}: nobody said how to tell whose a {kind} is")

    @app.before_request
    def _refuse() -> Response | None:
        if request.endpoint is None:
            return None
        wanted = allowed_roles(app, request.endpoint)
        mine: set[str] = {PUBLIC, *g.get("roles", ())}
        if wanted & mine:
            view = app.view_functions[request.endpoint]
            _only_theirs(view, wanted & mine)
            return confirm_first() if getattr(view, "asks_again", False) and not g.get("confirmed") else None
        if mine == {PUBLIC} and request.method == "GET":
            page = "staff_auth.sign_in" if wanted == {STAFF} else "auth.sign_in"
            return redirect(url_for(page, next=request.full_path.rstrip("?")))
        return abort(403)


def _only_theirs(view: Callable[..., Any], by: frozenset[str] | set[str]) -> None:
    kind = getattr(view, "object_kind", "")
    if not kind or by - getattr(view, "own_roles", frozenset()):
        return
    is_theirs, unknown = _objects[kind]
    told = request.view_args or {}
    if not is_theirs(viewer(), told):
        raise NotFound(unknown, **{name: str(value)[:20] for name, value in told.items()})
