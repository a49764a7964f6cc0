"""What a view needs from its surroundings: the runtime, the language, the words."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import cast
from urllib.parse import urlencode

from flask import Flask, current_app, g, request
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from feedback_app import texts
from feedback_app.domain import drawing, screening
from feedback_app.domain.cycles import Period
from feedback_app.services import explanations
from feedback_app.services.runtime import Runtime

_EXTENSION = "service_star"
NONCE_BYTES = 16  # of randomness behind the nonce of each page's scripts
FOR_PATIENTS = frozenset(
    {"patient", "check_code", "evidence", "windows", "rater", "languages", "ease", "tablets", "guests", "invited"}
    | {"leaflets", "follow_up"}
)
"""The blueprints whose pages are there in every language; the others in the complete ones."""
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
_CHINESE = ("zh", "zh-Hant")
_HAN = re.compile("[\u3400-\u9fff]")
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
        g.language = best_language(wished, request.accept_languages, _offered_here())
    return cast(str, g.language)


def best_language(wished: str, accepted: LanguageAccept, offered: Collection[str]) -> str:
    """``wished`` if it is offered, else what the browser likes best of those offered, else Chinese."""
    liked = (_called(name) for name, quality in accepted if quality > 0)
    return next((name for name in (wished, *liked) if name in offered), texts.DEFAULT_LANGUAGE)


@lru_cache(1000)
def preferred(wished: str, accepted: str, offered: tuple[str, ...]) -> str:
    """The same, of an ``Accept-Language`` header as it came."""
    return best_language(wished, parse_accept_header(accepted, LanguageAccept), offered)


def _called(tag: str) -> str:
    """What a browser calls a language, as our catalogues do: zh-TW is zh-Hant, en-US is en."""
    name = tag.lower()
    return "zh-Hant" if name.startswith(_TRADITIONAL) else name.split("-")[0]


def offered_languages() -> Mapping[str, str]:
    """The languages this page can be read in, each with its own name for itself."""
    return {name: texts.text("common.language.name", name) for name in _offered_here()}


def _offered_here() -> tuple[str, ...]:
    """Some languages have the patients' pages only: others are not half translated, but Chinese or English."""
    configured = offered(runtime().settings.hospital.languages)
    for_patients = request.blueprint is None or request.blueprint in FOR_PATIENTS
    return configured if for_patients else tuple(name for name in configured if name in texts.complete())


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
    if direction() == "rtl":  # a name or a number keeps its own direction inside the sentence
        params = {name: f"\u2068{value}\u2069" for name, value in params.items()}
    return texts.text(key, language(), **params)


def tm(key: str, /, **params: object) -> Markup:
    """The same for a page's body: parameters may be markup, such as ``named`` gives."""
    return escape(texts.text(key, language())).format(**params)


def code_of(name: str) -> str:
    """The language as pages call it: zh-CN for zh."""
    return texts.text("common.language.code", name)


def direction() -> str:
    """Of the writing: ltr or rtl."""
    return texts.text("common.language.direction", language())


def named(text: str) -> Markup:
    """A name as it stands in the directory, told apart on pages in other languages: screen readers change their voice."""
    return escape(text) if language() in _CHINESE or not _HAN.search(text) else _in_chinese(text)


def said(by_language: Mapping[str, str]) -> Markup:
    """What ``words`` gives, marked as Chinese where the translation is missing."""
    own = by_language.get(language())
    return escape(own) if own else _in_chinese(words(by_language)) if language() != "zh" else escape(words(by_language))


def _in_chinese(text: str) -> Markup:
    return Markup('<bdi lang="zh-CN">{}</bdi>').format(text) if text else Markup()


def explain(code: str, params: dict[str, object]) -> str:
    """The words for an error: ``area.name`` is found under ``area.errors.name``."""
    return texts.error(code, language(), params)


def screened(text: str | None, about: str = "") -> str:
    """A patient's words as others may read them: without names, phones, identity and bed numbers; whom it is ``about`` stays."""
    return screening.screened(text or "", {about})


def svg(drawn: drawing.Drawing, name: str, css: str = "chart") -> Markup:
    """A drawing as it stands in a page; ``name`` must be the only one of its kind there."""
    # nosemgrep: template-from-text
    return Markup(drawing.svg(drawn, name, css))  # noqa: S704  # nosec B704 - its words are escaped


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
