"""gunicorn, started from our own command so that its dangerous defaults are ours to choose."""

import gc
import os
import re
import resource
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from feedback_app import texts, whose
from feedback_app.cli._logs import JsonFormatter, set_up
from feedback_app.cli._patient_worker import PatientWorker
from feedback_app.clock import system_clock
from feedback_app.services import schema
from feedback_app.settings import Settings

_SECRET_PATHS = re.compile(
    r"^(/+(?:r|evidence/check|evidence/receipts|admin/setup|staff/bind|staff/in|staff/mail|stars/check|stars/review|mine|i|f|tablet"
    r"|case/+[^/]+|events/+[^/]+)/+)[^/]+"
)
"""What stands behind these opens something to whoever reads it: a receipt, a one-time link, the code of one's own case.
Or it was typed by hand and may be anything (stars/check)."""
_FILES = 8192
_FORMATS = {
    "text": "%(t)s %(m)s %(U)s %(s)s %(b)s %(M)sms",
    # What is put in holds no quotation marks: gunicorn allows none in a method, and paths are quoted.
    "json": '{"at": "%(at)s", "logger": "access", "method": "%(m)s", "path": "%(U)s", "status": %(s)s, "ms": %(M)s}',
}
_FORMATS_OF_A_GROUP = {
    "text": f"%(h)s: {_FORMATS['text']}",
    "json": _FORMATS["json"].replace('"method"', '"hospital": "%(h)s", "method"'),
}


def discreet(path: str) -> str:
    """The path (as WSGI decodes it) on one line as it was asked for, without receipts and one-time tokens."""
    return quote(_SECRET_PATHS.sub(r"\1*", path).encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~?")


class DiscreetLogger(Logger):  # type: ignore[misc]
    """Writes what was asked for, not by whom: no address, no query string, no receipt and no one-time token."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> Any:
        """What our formats name, and nothing else: gunicorn's own puts in every header, for each request anew."""
        sent = getattr(resp, "sent", None)
        return {
            "t": self.now(),
            "at": system_clock().isoformat(timespec="milliseconds"),
            "m": environ.get("REQUEST_METHOD"),
            "U": discreet(environ.get("PATH_INFO", "")),
            "s": str(resp.status).partition(" ")[0],
            "b": "-" if sent is None else str(sent),
            "h": whose.name() or "-",
            "M": request_time.seconds * 1000 + request_time.microseconds // 1000,
        }

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if cfg.access_log_format.startswith("{"):
            for handler in self.error_log.handlers:
                handler.setFormatter(JsonFormatter())


def _forget_worker(_server: Any, worker: Any) -> None:
    """Its gauges end with it; its counters stay in the sums."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _keep_shared(_server: Any) -> None:
    """What has been imported by now is shared by all workers for as long as nobody writes to it: the collector must not."""
    gc.collect()
    gc.freeze()


def room_for_files() -> int:
    """As many open files as this process may have, up to ``_FILES``: each thread keeps some of each hospital's database, and
    each waiting phone is one. Shells often begin with 1,024. Returns the limit that holds now.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft


class Server(BaseApplication):  # type: ignore[misc]
    """The web application under gunicorn: made once, served by all workers, each with database connections of its own."""

    def __init__(
        self, settings: Settings, host: str, port: int, workers: int, make: Callable[[], Any], *, of_group: bool
    ) -> None:
        self._make, self._log_format = make, settings.server.log_format
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": settings.web_threads,
            "worker_class": PatientWorker,
            "preload_app": True,
            "control_socket_disable": True,  # two instances of one user would silently take the same path
            "accesslog": "-",
            "access_log_format": (_FORMATS_OF_A_GROUP if of_group else _FORMATS)[settings.server.log_format],
            "child_exit": _forget_worker,
            "when_ready": _keep_shared,
            "worker_connections": 2000,
            "keepalive": 15,
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
        """Made once, before the workers: they share what it takes, and open their own connections when they need one."""
        set_up(self._log_format)
        room_for_files()
        schema.configure_mappings()
        for language in texts.languages():
            texts.catalogue(language)
        return self._make()
