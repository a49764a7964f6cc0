"""Conditions in the words of the person who writes them: 当“总的满意吗”答了 不满意 或 非常不满意. Pure."""

from collections.abc import Callable

from feedback_app import texts
from feedback_app.domain.condition_rows import Part, Rows, rows_of
from feedback_app.domain.conditions import Compare, parse
from feedback_app.domain.question_logic import fitting
from feedback_app.domain.questionnaires import Questionnaire, type_of
from feedback_app.domain.questions._base import Question, words_of
from feedback_app.errors import Refused

_LONGEST_NAME = 24


def condition_words(made: Questionnaire, show_if: str, language: str) -> str:
    """When a question is asked, "" for always; a condition that cannot be read is given as it stands."""
    if not show_if:
        return ""
    try:
        rows = rows_of(parse(show_if))
    except Refused:
        return show_if
    return said(made, rows, language)


def said(made: Questionnaire, part: Part, language: str) -> str:
    """One row, or a group of them."""
    if isinstance(part, Compare):
        return _row(made, part, language)
    say = _sayer(language)
    inner = [said(made, one, language) for one in part.parts]
    grouped = [
        say("group", what=words) if isinstance(one, Rows) and len(part.parts) > 1 else words
        for one, words in zip(part.parts, inner, strict=True)
    ]
    joined = say("any" if part.join in {"or", "nor"} else "all").join(grouped)
    return say("not", what=joined) if part.join in {"nand", "nor"} else joined


def _sayer(language: str) -> Callable[..., str]:
    def say(name: str, **params: object) -> str:
        return texts.text(f"builder.when.{name}", language, **params)

    return say


def _row(made: Questionnaire, row: Compare, language: str) -> str:
    say = _sayer(language)
    target = made.question(row.key)
    if target is None:
        return say("gone", about=row.key)
    name = say("name", text=short(words_of(target.text, language) or row.key))
    listed = _listed(target, row, language)
    if listed:
        answers = say("or").join(listed)
        return say("none_of" if row.op == "!=" else "answered", about=name, answers=answers)
    value = "/".join(row.values) + (words_of(target.unit, language) if target.kind == "number" else "")
    return say(f"op_{_OPS[row.op]}", about=name, value=value)


_OPS = {"==": "is", "in": "is", "!=": "is_not", ">=": "least", "<=": "most", ">": "more", "<": "less"}


def _listed(target: Question, row: Compare, language: str) -> list[str]:
    """The answers the row speaks of, in words; none where they cannot be listed."""
    kind = type_of(target)
    possible = kind.possible(target)
    if possible is None:
        names = {one.value: words_of(one.text, language) for one in target.options}
        return [names.get(value, value) for value in row.values] if names else []
    if len(possible) > 7 and row.op not in {"==", "!=", "in"}:
        return []
    positive = Compare(row.key, "==", row.values) if row.op == "!=" else row
    found = [kind.said(target, value, language) for value in fitting(target, positive, possible)]
    return found or list(row.values)


def short(text: str) -> str:
    """A question's text as a name inside another sentence."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_NAME else f"{flat[: _LONGEST_NAME - 1]}…"
