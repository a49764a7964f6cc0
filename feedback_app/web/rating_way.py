"""A form that is sent in, answered ahead of Flask: the hottest path there is.

It takes only what is plainly such a form: from a phone that carries nothing of staff, tablets or sign-ins, without a ticket, a
contact or a picture. Everything else takes the plain way, ``patient.rate``, and so does whatever could not be accepted here: it
has been undone by then, and the plain way says it properly. Both ways build the same submission, end in the same
``visits.accept`` and keep the same cookies; that they answer alike is their test.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from werkzeug.http import http_date, parse_cookie

from feedback_app.domain.answers import read_answers
from feedback_app.errors import FeedbackError
from feedback_app.services import visits
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Writing
from feedback_app.services.visits import Arrival
from feedback_app.web import arrivals, context, patient, sender_cookies, staff_devices, tablets, traffic
from feedback_app.web.kept_forms import KeptForms

_PATH = re.compile(r"/s/([0-9A-Za-z-]{8,20})", re.ASCII)
_QUERY = re.compile(r"(?:lang=([A-Za-z-]{2,10}))?", re.ASCII)
_ENCODED = "application/x-www-form-urlencoded"
_MOST_FIELDS = 200
_ELSEWHERE = ("contact", "visit", "slip", "canary")
"""Fields that only the plain way reads."""
_BODY = '<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<p><a href="{where}">{where}</a>\n'
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Sent:
    code: str
    wished: str  # the language in the address, "" for none
    language: str
    device: str  # the name this browser has, "" for none yet
    address: str | None
    fields: Mapping[str, Sequence[str]]


class RatingWay:
    """WSGI: POST /s/<code>."""

    def __init__(self, plainly: WSGIApplication, app: Flask, runtime: Runtime, forms: KeptForms) -> None:
        self._plainly, self._runtime, self._forms = plainly, runtime, forms
        self._key: bytes = app.config["SECRET_KEY"]
        self._secure = bool(app.config["SESSION_COOKIE_SECURE"])
        self._theirs = frozenset({str(app.config["SESSION_COOKIE_NAME"]), staff_devices.COOKIE, tablets.COOKIE})
        self._languages = context.offered(runtime.settings.hospital.languages)
        self._headers = _headers(https=self._secure)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH"):  # else Flask takes a body that broke off for the whole of it
            environ.pop("wsgi.input_terminated", None)
        sent = self._sent(environ) if environ["REQUEST_METHOD"] == "POST" else None
        answer = self._answer(sent) if sent else None
        if answer is None:
            return self._plainly(environ, start_response)
        where, cookies = answer
        body = _BODY.format(where=where).encode()
        kept = (("Set-Cookie", one) for one in cookies)
        start_response(
            "303 SEE OTHER", [*self._headers, ("Content-Length", str(len(body))), ("Location", where), *kept]
        )
        return [body]

    def _sent(self, environ: WSGIEnvironment) -> _Sent | None:
        """None for everything that is not plainly a form. A body that has been read is put back."""
        path, query = _PATH.fullmatch(environ["PATH_INFO"]), _QUERY.fullmatch(environ.get("QUERY_STRING", ""))
        length = environ.get("CONTENT_LENGTH") or ""
        if path is None or query is None or environ.get("CONTENT_TYPE") != _ENCODED or environ.get("SCRIPT_NAME"):
            return None
        if not length.isdecimal() or not 0 < int(length) <= patient.LARGEST_FORM:
            return None
        cookies = parse_cookie(environ["HTTP_COOKIE"]) if "HTTP_COOKIE" in environ else {}
        if not self._theirs.isdisjoint(cookies):
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        if len(body) < int(length):  # broken off: half a form would keep the whole one out, for both carry the same key
            return None
        fields = _fields(body)
        if fields is None:
            return None
        wished, accepted = query[1] or "", environ.get("HTTP_ACCEPT_LANGUAGE", "")
        language = context.preferred(wished or cookies.get("lang", ""), accepted, self._languages)
        device = arrivals.known_device(cookies.get(sender_cookies.DEVICE, ""))
        return _Sent(path[1], wished, language, device, environ.get("REMOTE_ADDR"), fields)

    def _answer(self, sent: _Sent) -> tuple[str, list[str]] | None:
        """Where to go and what to keep in the browser; None when it could not be accepted here."""
        device = sent.device or arrivals.new_device()
        try:
            done = self._store(sent, device)
        except FeedbackError:
            return None
        except Exception:
            _log.exception("a rating is sent the plain way")
            return None
        if done is None:
            return None
        accepted, masked = done
        where = f"/r/{accepted.receipt}"
        kept = [*sender_cookies.of_rating(self._key, accepted, where, masked=masked)]
        if not sent.device:
            kept.append(sender_cookies.of_device(device))
        return f"{where}?lang={sent.wished}" if sent.wished else where, [self._dumped(one) for one in kept]

    def _dumped(self, one: sender_cookies.Cookie) -> str:
        ends = _moment(int(time.time()) + one.max_age)
        secure = "; Secure" if self._secure else ""
        return f"{one.name}={one.value}; Expires={ends}; Max-Age={one.max_age}{secure}; HttpOnly; Path={one.path}; SameSite=Lax"

    def _store(self, sent: _Sent, device: str) -> tuple[Accepted, bool] | None:
        """What was accepted, and whether numbers in the text were masked; raises what ``patient.rate`` catches."""
        opened, runtime = self._forms.form(sent.code), self._runtime
        version_id = patient.version_of(sent.fields.get("version", ("",))[0], opened)
        asked = self._forms.questions(version_id)
        if asked is None or any(one.kind == "picture" for one in asked.questions):
            return None
        key = sent.fields["key"][0]
        answers = read_answers(asked, sent.fields, key)
        submission = patient.submission_of(opened, version_id, key, answers, sent.language)
        network = arrivals.network_of(sent.address, runtime.settings.limits.shared_networks)
        counted = traffic.counter_of(runtime, "ratings", sent.address)
        work = _accepting(runtime, submission, Arrival(device=device, network=network), counted)
        return runtime.together(work), answers.masked


@lru_cache(100)
def _moment(seconds: int) -> str:
    return http_date(seconds)


def _accepting(
    runtime: Runtime, submission: Submission, arrival: Arrival, counted: Callable[[Writing], None]
) -> Callable[[Writing], Accepted]:
    def accept(unit: Writing) -> Accepted:
        counted(unit)
        return visits.accept(unit, runtime.vault, submission, arrival, zone=runtime.zone, now=runtime.now())

    return accept


def _fields(body: bytes) -> dict[str, list[str]] | None:
    """What was filled in; None for what only the plain way reads, or what no browser sends."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    has_key = bool(patient.KEY.match(fields.get("key", [""])[0]))
    return fields if has_key and not any(any(fields.get(name, ())) for name in _ELSEWHERE) else None


def _headers(*, https: bool) -> tuple[tuple[str, str], ...]:
    """As every answer has them; nothing on this one may do anything."""
    transport = (("Strict-Transport-Security", "max-age=31536000"),) if https else ()
    return (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "default-src 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        *transport,
    )


def install(app: Flask, runtime: Runtime, forms: KeptForms) -> None:
    """Stand in front of the application; behind whatever corrects addresses for proxies."""
    app.wsgi_app = RatingWay(app.wsgi_app, app, runtime, forms)  # type: ignore[method-assign]
