"""The only place where things are wired."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from bots import channels, dispatch, front, media, patient_identity, probes, webhook, wecom
from bots import explain as explaining
from bots.clients import asking
from bots.probes import Probe
from feedback_app import registry, texts, web
from feedback_app.services.case_media import MediaSource
from feedback_app.services.deliveries import Channel
from feedback_app.services.runtime import Runtime
from feedback_app.settings import Settings
from feedback_app.web import (
    access,
    compression,
    context,
    errors,
    kept_forms,
    navigation,
    page_cache,
    rating_way,
    second_step,
    statics,
    tablets,
)
from feedback_app.web.compiled_templates import COMPILED
from feedback_app.web.measured import Measured

ROOT = Path(__file__).parent.parent
LARGEST_FORM = 2 * 1024 * 1024  # of the consoles; patient forms and callbacks have their own, smaller limits
LARGEST_FILE = 12 * 1024 * 1024  # a list to import, and the form around it
LARGEST_ATTACHMENTS = 32 * 1024 * 1024  # five files of six megabytes, and the form around them
_TAKES_FILES = {
    "admin_imports.receive": LARGEST_FILE,
    "admin_complaints.take": LARGEST_ATTACHMENTS,
    "admin_deeds.register": LARGEST_FILE,
    "staff_area.register_deed": LARGEST_FILE,
    "admin_activity_steps.act": LARGEST_FILE,
    "admin_documents.write": LARGEST_FILE,
    "staff_activities.inspect": LARGEST_ATTACHMENTS,
}


class RowInteger(IntegerConverter):
    """``<int:…>`` in an address: what no column can hold is an address that does not exist, not an error of ours."""

    regex = r"[0-9]{1,9}"


def create_app(settings: Settings, *, create: bool = True) -> Flask:
    """The web application: patients, staff, consoles, public boards and the official account's callback.

    ``create``: a database file that is not there is made, empty; else its pages are calm until it is there.
    """
    runtime = Runtime.open(settings, settings.database.answer_seconds, create=create)
    https = settings.server.base_url.startswith("https://")
    app = Flask(
        "feedback_app",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "feedback_app" / "web" / "static"),
    )
    app.config.update(
        SECRET_KEY=runtime.vault.key("cookies"),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        SESSION_COOKIE_NAME="__Host-stars" if https else "stars",  # __Host-: no other site below our domain can set it
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=None,
        # Behind TLS it would want a Referer, which our own no-referrer forbids browsers to send: no form would work.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.url_map.converters["int"] = RowInteger
    context.attach(app, runtime)
    _headers(app, https=https)  # before whatever may refuse: a page of refusal needs its nonce too
    _room_for_files(app)
    csrf = CSRFProtect(app)
    for module in registry.discover(web):
        blueprint = getattr(module, "blueprint", None)
        if blueprint is None:
            continue
        app.register_blueprint(blueprint)
        if getattr(module, "OUTSIDE_CSRF", False):
            csrf.exempt(blueprint)
    app.extensions["staff_identity"] = wecom.open_identity(runtime)
    app.extensions["bot_explains"] = lambda text, context: explaining.explain(runtime, explaining.Told(text, context))
    app.extensions["patient_identity"] = patient_identity.open_identity(runtime)
    if settings.wechat.enabled:
        endpoint = webhook.Endpoint(runtime, dispatch.answer, front.is_ours)
        _receive_callbacks(app, csrf, webhook.make_blueprint(endpoint))
    errors.install(app)
    compression.install(app)
    statics.install(app)
    _words_in_templates(app, settings)
    access.enforce(app, second_step.confirm_first)
    rating_way.install(app, runtime, kept_forms.attach(app, runtime))
    page_cache.install(app, runtime)
    if settings.wechat.enabled:
        app.wsgi_app = webhook.ShortWay(app.wsgi_app, endpoint)  # type: ignore[method-assign]
    app.wsgi_app = Measured(app.wsgi_app)  # type: ignore[method-assign]
    if settings.server.trusted_proxies:
        hops = settings.server.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _room_for_files(app: Flask) -> None:
    """First of all: looking for the hidden token reads the body, so its limit must stand before."""

    @app.before_request
    def _larger() -> None:
        if request.endpoint in _TAKES_FILES:
            request.max_content_length = _TAKES_FILES[request.endpoint]


def _receive_callbacks(app: Flask, csrf: CSRFProtect, callback: Blueprint) -> None:
    app.register_blueprint(callback)
    csrf.exempt(callback)  # the platform signs it instead
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith(f"{callback.name}."):
            access.allow(access.PUBLIC)(view)


def open_channels(runtime: Runtime) -> Mapping[str, Channel]:
    """The ways out that are configured, by name; what `service-star work` sends through."""
    return channels.open_channels(runtime)


def open_probes(runtime: Runtime) -> Mapping[str, Probe]:
    """The ways in through which the canary sends its tests, by channel."""
    return probes.open_probes(runtime)


def open_media(runtime: Runtime) -> MediaSource | None:
    """Where pictures and voices sent to the official account are fetched; None without one."""
    return media.open_media(runtime)


def ask_platforms(runtime: Runtime) -> Mapping[str, str]:
    """Ask every configured platform for a token: name -> what is wrong, "" when it answers."""
    return asking.ask(runtime)


def _words_in_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.bytecode_cache = COMPILED
    app.jinja_env.trim_blocks = True
    app.jinja_env.filters["screened"] = context.screened
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["svg"] = context.svg

    @app.context_processor
    def _common() -> dict[str, object]:
        return {
            "t": context.t,
            "tm": context.tm,
            "named": context.named,
            "said": context.said,
            "code_of": context.code_of,
            "direction": context.direction(),
            "words": context.words,
            "day": context.day,
            "month_name": context.month_name,
            "period_words": context.period_words,
            "lang": context.language(),
            "languages": texts.languages(),
            "offered": context.offered_languages(),
            "offered_languages": context.offered_languages,
            "care": context.large_type(),
            "tablet": tablets.mode(),
            "idle_seconds": tablets.IDLE_SECONDS,
            "here": context.here(),
            "hospital": settings.hospital,
            "complaint_notice": settings.complaints,
            "navigation": navigation.groups,
            "csp_nonce": g.get("csp_nonce", ""),
            "sandbox": settings.sandbox.enabled,
        }


def _headers(app: Flask, *, https: bool) -> None:
    @app.before_request
    def _nonce() -> None:
        g.csp_nonce = secrets.token_urlsafe(context.NONCE_BYTES)

    @app.after_request
    def _secure(response: Response) -> Response:
        nonce = g.get("csp_nonce", "")
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
