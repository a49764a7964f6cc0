"""A question set as data, and the answers of one form checked against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedback_app import registry
from feedback_app.domain import questions
from feedback_app.domain.questions._base import Option, Question, QuestionType
from feedback_app.errors import Refused

OVERALL = "overall"
"""Key of the one question whose level is the rating's score; every question set has it."""


@dataclass(frozen=True)
class Questionnaire:
    key: str
    title: Mapping[str, str]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Answers:
    """What a form said: ``score`` 1..5 of the overall question, the free text, and every value by question key."""

    score: int
    comment: str
    values: Mapping[str, Any] = field(default_factory=dict)


def types() -> Mapping[str, QuestionType]:
    """All question types, by kind."""
    return registry.discover_one(questions, "TYPE", QuestionType)  # type: ignore[type-abstract]


_TYPES: dict[str, QuestionType] = {}


def type_of(question: Question) -> QuestionType:
    """Raises Refused ``questions.unknown_kind``."""
    if not _TYPES:
        _TYPES.update(types())
    try:
        return _TYPES[question.kind]
    except KeyError:
        raise Refused("questions.unknown_kind", kind=question.kind) from None


def from_body(body: Mapping[str, Any]) -> Questionnaire:
    """Build from the TOML/JSON form. Raises Refused ``questions.*`` that names the wrong place."""
    try:
        listed = tuple(_question(one) for one in body["question"])
        made = Questionnaire(str(body["key"]), dict(body["title"]), listed)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("questions.incomplete", what=str(error)) from None
    _check(made)
    return made


def to_body(made: Questionnaire) -> dict[str, Any]:
    """The inverse of :func:`from_body`."""
    return {
        "key": made.key,
        "title": dict(made.title),
        "question": [
            {
                "key": one.key,
                "kind": one.kind,
                "text": dict(one.text),
                "hint": dict(one.hint),
                "options": [{"value": option.value, "text": dict(option.text)} for option in one.options],
                "longest": one.longest,
            }
            for one in made.questions
        ],
    }


def _question(one: Mapping[str, Any]) -> Question:
    options = tuple(Option(str(option["value"]), dict(option["text"])) for option in one.get("options", ()))
    return Question(
        key=str(one["key"]),
        kind=str(one["kind"]),
        text=dict(one["text"]),
        hint=dict(one.get("hint", {})),
        options=options,
        longest=int(one.get("longest", 500)),
    )


def _check(made: Questionnaire) -> None:
    keys = [one.key for one in made.questions]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise Refused("questions.repeated_key", key=repeated)
    if [one.key for one in made.questions if one.kind == "level"][:1] != [OVERALL]:
        raise Refused("questions.no_overall")
    for one in made.questions:
        if not one.text.get("zh", "").strip():
            raise Refused("questions.no_text", key=one.key)
        type_of(one).check(one)


def read_answers(made: Questionnaire, form: Mapping[str, Sequence[str]]) -> Answers:
    """Check what was sent. ``form`` maps a question's key to the values sent under it.

    Raises Refused with the code of the first question that cannot be accepted; values that belong to no question are
    not looked at.
    """
    values: dict[str, Any] = {}
    for one in made.questions:
        value = type_of(one).read(one, tuple(form.get(one.key, ())))
        if value is not None:
            values[one.key] = value
    if OVERALL not in values:
        raise Refused("questions.no_level", key=OVERALL)
    comment = next((values[one.key] for one in made.questions if one.kind == "text" and one.key in values), "")
    return Answers(score=int(values[OVERALL]), comment=comment, values=values)
