"""The stand-in as one Flask application: both platforms' HTTP interfaces, the control interface and the phone page."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from flask import Flask

from bots.sandbox import control, oauth, wechat_api, wecom_api
from bots.sandbox.actions import Phone
from bots.sandbox.faults import Faults
from bots.sandbox.pusher import CUT_SECONDS
from bots.sandbox.state import Platform
from feedback_app.errors import ConfigurationError
from feedback_app.settings import Settings


class ShownCode(TypedDict):
    """A code of the hospital that the phone can "scan"."""

    code: str
    url: str
    kind: str
    name: str


Codes = Callable[[], Sequence[ShownCode]]


def no_codes() -> Sequence[ShownCode]:
    return ()


def create_sandbox(
    settings: Settings,
    *,
    codes: Codes = no_codes,
    faults: Faults | None = None,
    cut_seconds: float = CUT_SECONDS,
) -> Flask:
    """The WSGI application. ``codes`` is asked each time the phone opens its scanner.

    Raises ConfigurationError ``sandbox.disabled`` unless ``[sandbox] enabled``: production has no sandbox.
    """
    if not settings.sandbox.enabled:
        raise ConfigurationError("sandbox.disabled")
    platform = Platform(settings)
    if faults is not None:
        platform.faults = platform.given_faults = faults
    app = Flask("bots.sandbox")
    app.extensions["sandbox"] = Phone(platform, cut_seconds)
    app.extensions["sandbox_codes"] = codes
    for module in (wechat_api, wecom_api, oauth, control):
        app.register_blueprint(module.blueprint)
    return app
