"""gunicorn, started from our own command so that its dangerous defaults are ours to choose."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from feedback_app.cli._patient_worker import PatientWorker
from feedback_app.settings import Settings

_SECRET_PATHS = re.compile(
    r"^(/+(?:r|evidence/check|evidence/receipts|admin/setup|staff/bind|staff/mail|stars/review|mine)/+)[^/]+"
)
_FORMAT = "%(t)s %(m)s %(U)s %(s)s %(b)s %(M)sms"


def discreet(path: str) -> str:
    """The path (as WSGI decodes it) on one line as it was asked for, without receipts and one-time tokens."""
    return quote(_SECRET_PATHS.sub(r"\1*", path).encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~?")


class DiscreetLogger(Logger):  # type: ignore[misc]
    """Writes what was asked for, not by whom: no address, no query string, no receipt and no one-time token."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> Any:
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["U"] = discreet(atoms["U"])
        return atoms


class Server(BaseApplication):  # type: ignore[misc]
    """The web application under gunicorn: every worker process opens its own database connections."""

    def __init__(self, settings: Settings, host: str, port: int, workers: int, make: Callable[[], Any]) -> None:
        self._make = make
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": settings.server.threads,
            "worker_class": PatientWorker,
            "preload_app": False,  # a pool of connections must not be shared over fork
            "control_socket_disable": True,  # two instances of one user would silently take the same path
            "accesslog": "-",
            "access_log_format": _FORMAT,
            "logger_class": DiscreetLogger,
            "graceful_timeout": 20,
            "timeout": 60,
            "proc_name": "service-star",
            "limit_request_line": 4094,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._make()
