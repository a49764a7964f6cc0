"""What kinds with options share. Answers are stored as option values, so that rewording never changes an answer."""

from collections.abc import Sequence
from typing import Any

from feedback_app.domain.questions._base import Form, Operand, Option, Question, QuestionType, scaled, words_of
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused

LONGEST_OTHER = 200


def check_options(question: Question, options: Sequence[Option], least: int = 1) -> None:
    """Raises Refused ``questions.bad_options`` or ``questions.bad_scores``."""
    values = [option.value for option in options]
    if len(values) < least or len(set(values)) != len(values) or not all(values):
        raise Refused("questions.bad_options", key=question.key)
    worst, best = question.score_range
    scores = [option.score for option in options if option.score is not None]
    if worst == best or any(not min(worst, best) <= score <= max(worst, best) for score in scores):
        raise Refused("questions.bad_scores", key=question.key, worst=f"{worst:g}", best=f"{best:g}")


def one_of(question: Question, options: Sequence[Option], sent: Sequence[str]) -> str | None:
    """The one option that was chosen. Raises Refused ``questions.unknown_option``."""
    chosen = {value for value in sent if value}
    if len(chosen) > 1 or not chosen.issubset({option.value for option in options}):
        raise Refused("questions.unknown_option", key=question.key)
    return next(iter(chosen), None)


def option(question: Question, value: Any) -> Option | None:
    return next((one for one in question.options if one.value == value), None)


def with_other(question: Question, form: Form, chosen: Sequence[str]) -> dict[str, Any]:
    """The words beside a chosen "other". Raises Refused ``questions.too_long``."""
    if not any(one.other and one.value in chosen for one in question.options):
        return {}
    name = other_name(question)
    text = clean("\n".join(form.get(name, ())))
    if len(text) > LONGEST_OTHER:
        raise Refused("questions.too_long", key=question.key, most=LONGEST_OTHER, length=len(text))
    return {name: text} if text else {}


def other_name(question: Question) -> str:
    return f"{question.key}.other"


class OneOption(QuestionType):
    """Exactly one of the options."""

    def check(self, question: Question) -> None:
        check_options(question, question.options, least=2)

    def read(self, question: Question, sent: Sequence[str]) -> str | None:
        return one_of(question, question.options, sent)

    def read_form(self, question: Question, form: Form) -> dict[str, Any]:
        read = super().read_form(question, form)
        return {**read, **with_other(question, form, list(read.values()))}

    def score(self, question: Question, value: Any) -> float | None:
        found = option(question, value)
        unscored = question.unscored or found is None or found.score is None
        return None if unscored else scaled(question, found.score)  # type: ignore[union-attr,arg-type]

    def said(self, question: Question, value: Any, language: str) -> str:
        found = option(question, value)
        return words_of(found.text, language) if found else str(value)

    def operand(self, question: Question, value: Any) -> Operand:
        found = option(question, value)
        words = {str(value), *(found.text.values() if found else ())}
        return Operand(frozenset(words), found.score if found else None)

    def possible(self, question: Question) -> Sequence[Any]:
        return [one.value for one in question.options]

    def fresh(self) -> dict[str, Any]:
        return {"options": [{"value": "o1", "text": {}}, {"value": "o2", "text": {}}]}
