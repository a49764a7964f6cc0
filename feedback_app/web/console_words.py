"""Words that console templates need for lists of kinds, levels, channels and departments."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint

from feedback_app import texts
from feedback_app.domain.questionnaires import type_of
from feedback_app.domain.questions._base import Question
from feedback_app.services.rating_lists import LEVELS
from feedback_app.web.context import language, t

blueprint = Blueprint("console_words", __name__)
Offered = list[tuple[Any, str]]


def kind_words(kinds: Iterable[str]) -> Offered:
    return [(kind, t(f"admin.kinds.{kind}")) for kind in kinds]


def channel_words(channels: Iterable[str]) -> Offered:
    return [(channel, t(f"admin_ratings.channels.{channel}")) for channel in channels]


def level_words() -> Offered:
    return [(level, t(f"patient.level.{level}")) for level in LEVELS]


def department_words(departments: Iterable[Any]) -> Offered:
    return [(department.id, department.name) for department in departments]


def text_words(prefix: str, names: Iterable[str]) -> Offered:
    return [(name, t(f"{prefix}{name}")) for name in names]


def known_word(prefix: str, name: str) -> str:
    """The words for a name that plug-ins may add to; the name itself when there are none yet."""
    key = f"{prefix}{name}"
    return t(key) if key in texts.catalogue(texts.DEFAULT_LANGUAGE) else name


def known_words(prefix: str, names: Iterable[str]) -> Offered:
    return [(name, known_word(prefix, name)) for name in names]


def answer_words(question: Question, value: Any) -> str:
    """An answer as the question's kind says it."""
    return type_of(question).said(question, value, language())


def answerable(question: Question) -> bool:
    return type_of(question).asks


@blueprint.app_context_processor
def _console_words() -> dict[str, Any]:
    offered = (
        kind_words,
        channel_words,
        level_words,
        department_words,
        text_words,
        known_word,
        known_words,
        answer_words,
        answerable,
    )
    return {function.__name__: function for function in offered}
