"""The stand-in as one Flask application: both platforms' HTTP interfaces, the control interface and the phone page."""

from collections.abc import Callable, Sequence

from flask import Flask, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bots.sandbox import control, oauth, phone, wechat_api, wecom_api
from bots.sandbox.actions import Phone
from bots.sandbox.codes import Codes, no_codes
from bots.sandbox.faults import Faults
from bots.sandbox.pusher import CUT_SECONDS
from bots.sandbox.state import Member, Platform
from feedback_app.errors import ConfigurationError
from feedback_app.settings import Settings

_OWN_NAMES = ("127.0.0.1", "localhost")


def create_sandbox(
    settings: Settings,
    *,
    codes: Codes = no_codes,
    members: Callable[[], Sequence[Member]] = tuple,
    faults: Faults | None = None,
    cut_seconds: float = CUT_SECONDS,
) -> Flask:
    """The WSGI application.

    ``codes`` is asked each time the phone opens its scanner, ``members`` (of WeCom) whenever a userid is not known yet.

    Raises ConfigurationError ``sandbox.disabled`` unless ``[sandbox] enabled``: production has no sandbox.
    """
    if not settings.sandbox.enabled:
        raise ConfigurationError("sandbox.disabled")
    platform = Platform(settings, members)
    if faults is not None:
        platform.faults = platform.given_faults = faults
    app = Flask("bots.sandbox")
    app.extensions["sandbox"] = Phone(platform, cut_seconds)
    app.extensions["sandbox_codes"] = codes
    for module in (wechat_api, wecom_api, oauth, control, phone):
        app.register_blueprint(module.blueprint)
    _guards(app)
    return app


def _guards(app: Flask) -> None:
    """The front door, and no clicks from foreign pages: this listens on the machine of somebody who browses the web."""

    @app.get("/")
    def front() -> AnyResponse:
        return redirect(url_for("phone.home"))

    @app.before_request
    def _same_site() -> Response | None:
        if request.host.split(":")[0] not in _OWN_NAMES:  # a foreign name that was made to lead here (DNS rebinding)
            return Response("not by this name", 403)
        if request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            return Response("not from another site", 403)
        return None

    @app.after_request
    def _headers(answer: Response) -> Response:
        answer.headers.setdefault(
            "Content-Security-Policy", "default-src 'self'; img-src 'self' data:; object-src 'none'"
        )
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        if request.endpoint != "static":
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer
