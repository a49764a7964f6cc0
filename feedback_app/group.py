"""Several hospitals in one installation: a folder with one configuration file for each.

Each hospital keeps its own database, keys, official account, administrators and address; what they share is the program and
the machine. A request is handed to a hospital by the name in its ``Host`` alone, before anything else is looked at. Nothing
here knows rows or columns, so no query can forget to ask whose they are.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.test import EnvironBuilder, run_wsgi_app

from feedback_app import settings as configuration
from feedback_app import whose
from feedback_app.app import create_app
from feedback_app.errors import ConfigurationError
from feedback_app.settings import Settings
from feedback_app.web import health

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)
_UNKNOWN = (
    '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>没有找到这家医院</title><p>这个网址没有登记在这里。请核对医院给您的网址，或者重新扫码。"
    "<p>No hospital is registered here under this address. Please check it, or scan the code again.</html>"
)


@dataclass(frozen=True)
class Hospital:
    """``name``: the file's name without ``.toml``; used in logs and by ``check``, never shown to patients."""

    name: str
    settings: Settings

    @property
    def host(self) -> str:
        return (urlsplit(self.settings.server.base_url).hostname or "").lower()


def read(folder: Path) -> tuple[Hospital, ...]:
    """All hospitals of the folder, by name.

    Raises ConfigurationError: as ``settings.load`` for a file that is wrong; ``group.empty``; ``group.shared`` when two of
    them name the same address, database, key or account: then one could see what is the other's.
    """
    found = tuple(Hospital(file.stem, configuration.load(file)) for file in sorted(folder.glob("*.toml")))
    if not found:
        raise ConfigurationError("group.empty", path=str(folder))
    for what, key in _OWN.items():
        seen: dict[str, str] = {}
        for one in found:
            value = key(one)
            if value and value in seen:
                raise ConfigurationError("group.shared", what=what, first=seen[value], second=one.name)
            seen[value] = one.name
    return found


def _database(one: Hospital) -> str:
    url = one.settings.database.url
    kind, _, path = url.partition(":///")
    return f"{kind}:{Path(path).resolve()}" if kind.startswith("sqlite") else _without_password(url)


def _path(told: str) -> str:
    return str(Path(told).resolve()) if told else ""


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}?{parts.query}"


_OWN: Mapping[str, Callable[[Hospital], str]] = {
    "server.base_url": lambda one: one.host,
    "database.url": _database,
    "security.secret_key": lambda one: one.settings.security.secret_key.get_secret_value(),
    "wechat.app_id": lambda one: one.settings.wechat.app_id if one.settings.wechat.enabled else "",
    "visits.drop_folder": lambda one: _path(one.settings.visits.drop_folder),
    "evidence.file": lambda one: _path(one.settings.evidence.file),
}
"""What no two hospitals may have in common: name of the setting -> its value, "" when unused."""


class ByHost:
    """The web applications of all hospitals behind one door."""

    def __init__(self, applications: Mapping[str, tuple[str, "WSGIApplication"]]) -> None:
        self._applications = applications  # host -> name and application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        name, application = self._applications.get(_name(environ.get("HTTP_HOST", "")), ("", None))
        whose.is_of(name)
        if application is not None:
            environ[health.AMONG_OTHERS] = len(self._applications) > 1
            return application(environ, start_response)
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            return _say(start_response, "200 OK", "application/json", json.dumps({"status": "ok"}))
        if path == "/readyz":
            return self._ready(start_response)
        if path == "/metrics":
            return _say(start_response, "200 OK", CONTENT_TYPE_LATEST, health.counters().decode())
        return _say(start_response, "421 Misdirected Request", "text/html; charset=utf-8", _UNKNOWN)

    def _ready(self, start_response: "StartResponse") -> Iterable[bytes]:
        """For whoever watches the machine by its number: 200 when every hospital is ready."""
        environs = (EnvironBuilder("/readyz", f"http://{host}").get_environ() for host in self._applications)
        answers = zip(self._applications.values(), environs, strict=True)
        ready = sum(run_wsgi_app(application, environ)[1].startswith("200") for (_, application), environ in answers)
        words = json.dumps({"status": f"{ready} of {len(self._applications)} hospitals are ready"})
        status = "200 OK" if ready == len(self._applications) else "503 Service Unavailable"
        return _say(start_response, status, "application/json", words)


def _name(host: str) -> str:
    """``Stars.Hospital.Example.:8443`` -> ``stars.hospital.example``; "" for what is no name."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _say(start_response: "StartResponse", status: str, kind: str, words: str) -> Iterator[bytes]:
    body = words.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
    return iter([body])


def application(hospitals: Sequence[Hospital]) -> ByHost:
    """One web application for each hospital, each over its own database with its own keys."""
    return ByHost({one.host: (one.name, create_app(one.settings, create=False)) for one in hospitals})


def at_once(hospitals: Sequence[Hospital], work: Callable[[Hospital], None], stop: threading.Event) -> None:
    """Do this for every hospital in a thread of its own until all have ended; what breaks one does not end the others."""

    def guarded(one: Hospital) -> None:
        whose.is_of(one.name)
        while not stop.is_set():
            try:
                work(one)
                return
            except Exception:  # a database that is down now may be there in a minute
                _log.exception("the work broke off and begins again in a minute")
                stop.wait(60)

    threads = [threading.Thread(target=guarded, args=(one,), name=one.name) for one in hospitals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
