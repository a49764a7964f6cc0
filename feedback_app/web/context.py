"""What a view needs from its surroundings: the runtime, the language, the words."""

from collections.abc import Mapping
from datetime import date
from typing import cast

from flask import Flask, current_app, g, request

from feedback_app import texts
from feedback_app.services.runtime import Runtime

_EXTENSION = "service_star"


def attach(app: Flask, runtime: Runtime) -> None:
    app.extensions[_EXTENSION] = runtime


def runtime() -> Runtime:
    """The runtime of the application that serves this request."""
    return cast(Runtime, current_app.extensions[_EXTENSION])


def language() -> str:
    """?lang=, else the remembered choice, else what the browser prefers, else Chinese."""
    if "language" not in g:
        offered = [name for name in runtime().settings.hospital.languages if name in texts.languages()]
        wished = request.args.get("lang") or request.cookies.get("lang")
        best = wished if wished in offered else request.accept_languages.best_match(offered)
        g.language = best or texts.DEFAULT_LANGUAGE
    return cast(str, g.language)


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


def day(date: date) -> str:
    """A date as one says it: 12 月 2 日（周三）."""
    names = t("patient.day.weekdays")
    weekdays = names.split() if " " in names else list(names)
    return t("patient.day.long", month=date.month, day=date.day, weekday=weekdays[date.weekday()])
