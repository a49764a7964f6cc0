"""What a view needs from its surroundings: the runtime, the language, the words."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import cast
from urllib.parse import urlencode

from flask import Flask, current_app, g, request
from werkzeug.datastructures import LanguageAccept

from feedback_app import texts
from feedback_app.domain.cycles import Period
from feedback_app.services import explanations
from feedback_app.services.runtime import Runtime

_EXTENSION = "service_star"
NONCE_BYTES = 16  # of randomness behind the nonce of each page's scripts
CARE = "care"  # the cookie of those who asked for large type


def attach(app: Flask, runtime: Runtime) -> None:
    app.extensions[_EXTENSION] = runtime


def runtime() -> Runtime:
    """The runtime of the application that serves this request."""
    return cast(Runtime, current_app.extensions[_EXTENSION])


def language() -> str:
    """?lang=, else the remembered choice, else what the browser prefers, else Chinese."""
    if "language" not in g:
        wished = request.args.get("lang") or request.cookies.get("lang") or ""
        g.language = best_language(wished, request.accept_languages, tuple(offered_languages()))
    return cast(str, g.language)


def best_language(wished: str, accepted: LanguageAccept, offered: Collection[str]) -> str:
    """``wished`` if it is offered, else what the browser likes best of those offered, else Chinese."""
    return wished if wished in offered else accepted.best_match(offered) or texts.DEFAULT_LANGUAGE


def offered_languages() -> Mapping[str, str]:
    """The languages this hospital offers, each with its own name for itself."""
    return {name: texts.text("common.language.name", name) for name in offered(runtime().settings.hospital.languages)}


def offered(configured: Iterable[str]) -> tuple[str, ...]:
    """Those of the configured languages that have a catalogue."""
    return tuple(name for name in configured if name in texts.languages())


def large_type() -> bool:
    """Whether this browser asked for large type (关怀模式)."""
    return request.cookies.get(CARE) == "1"


def here() -> str:
    """The path of this page, to come back to after a switch; without ``lang``, which would overrule the new choice."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode(kept)}" if kept and request.method == "GET" else request.path


def t(key: str, /, **params: object) -> str:
    """The sentence ``key`` in the language of this request."""
    return texts.text(key, language(), **params)


def explain(code: str, params: dict[str, object]) -> str:
    """The words for an error: ``area.name`` is found under ``area.errors.name``."""
    area, _, name = code.partition(".")
    return t(f"{area}.errors.{name}", **params)


def words(by_language: Mapping[str, str]) -> str:
    """One of several translations that an administrator typed: this language, else Chinese."""
    return by_language.get(language()) or by_language.get(texts.DEFAULT_LANGUAGE, "")


def month_name(number: int) -> str:
    """A month (1 to 12) as the sentences of this language take it: 11, November."""
    return t("patient.day.months").split()[number - 1]


def period_words(period: Period) -> str:
    """The name of an award's period with its year."""
    return explanations.period_title(period, language())


def day(date: date) -> str:
    """A date as one says it: 12 月 2 日（周三）."""
    names = t("patient.day.weekdays")
    weekdays = names.split() if " " in names else list(names)
    return t("patient.day.long", month=month_name(date.month), day=date.day, weekday=weekdays[date.weekday()])
