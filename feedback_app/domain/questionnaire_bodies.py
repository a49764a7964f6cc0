"""A question set as JSON or TOML and back. Fields that say nothing are left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app.domain.questionnaires import OVERALL, Group, Questionnaire, check
from feedback_app.domain.questions._base import Option, Question
from feedback_app.errors import Refused

Body = dict[str, Any]


def from_body(body: Mapping[str, Any]) -> Questionnaire:
    """Build from the TOML/JSON form. Raises Refused ``questions.*`` that names the wrong place."""
    try:
        made = Questionnaire(
            key=str(body["key"]),
            title=_words(body["title"]),
            questions=tuple(question_of(one) for one in body["question"]),
            overall=str(body.get("overall", OVERALL)),
            groups=tuple(Group(str(one["key"]), int(one["ask"])) for one in body.get("group", ())),
            dimensions={str(key): _words(words) for key, words in body.get("dimension", {}).items()},
            positive=tuple(str(value) for value in body.get("positive", ())),
            source=dict(body.get("source", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Refused("questions.incomplete", what=str(error)[:80]) from None
    check(made)
    return made


def question_of(one: Mapping[str, Any]) -> Question:
    """Raises KeyError, TypeError or ValueError."""
    worst, best = one.get("score_range", (0, 100))
    return Question(
        key=str(one["key"]),
        kind=str(one["kind"]),
        text=_words(one["text"]),
        hint=_words(one.get("hint", {})),
        options=_options(one.get("options", ())),
        longest=int(one.get("longest", 500)),
        rows=_options(one.get("rows", ())),
        unit=_words(one.get("unit", {})),
        least=_number(one.get("least")),
        most=_number(one.get("most")),
        low=_words(one.get("low", {})),
        high=_words(one.get("high", {})),
        score_range=(float(worst), float(best)),
        unscored=bool(one.get("unscored", False)),
        show_if=str(one.get("show_if", "")),
        dimension=str(one.get("dimension", "")),
        group=str(one.get("group", "")),
        shown_as=str(one.get("shown_as", "")),
        required=bool(one.get("required", False)),
        source=dict(one.get("source", {})),
    )


def _options(listed: Sequence[Mapping[str, Any]]) -> tuple[Option, ...]:
    return tuple(
        Option(str(one["value"]), _words(one["text"]), _number(one.get("score")), bool(one.get("other", False)))
        for one in listed
    )


def _words(text: Any) -> dict[str, str]:
    if not isinstance(text, Mapping):
        raise TypeError("words by language, as in { zh = …, en = … }")
    return {str(language): str(words) for language, words in text.items()}


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return _plain(value)


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


def to_body(made: Questionnaire) -> Body:
    """The inverse of :func:`from_body`."""
    body: Body = {"key": made.key, "title": dict(made.title)}
    more = {
        "overall": "" if made.overall == OVERALL else made.overall,
        "positive": list(made.positive),
        "source": dict(made.source),
        "dimension": {key: dict(words) for key, words in made.dimensions.items()},
        "group": [{"key": group.key, "ask": group.ask} for group in made.groups],
    }
    return {**body, **_telling(more), "question": [question_body(one) for one in made.questions]}


def question_body(one: Question) -> Body:
    """One question of :func:`to_body`."""
    more = {
        "rows": [_option_body(row) for row in one.rows],
        "unit": dict(one.unit),
        "least": one.least,
        "most": one.most,
        "low": dict(one.low),
        "high": dict(one.high),
        "score_range": None if one.score_range == (0, 100) else [_plain(end) for end in one.score_range],
        "unscored": one.unscored,
        "show_if": one.show_if,
        "dimension": one.dimension,
        "group": one.group,
        "shown_as": one.shown_as,
        "required": one.required,
        "source": dict(one.source),
    }
    return {
        "key": one.key,
        "kind": one.kind,
        "text": dict(one.text),
        "hint": dict(one.hint),
        "options": [_option_body(option) for option in one.options],
        "longest": one.longest,
        **_telling(more),
    }


def _option_body(one: Option) -> Body:
    return {"value": one.value, "text": dict(one.text), **_telling({"score": one.score, "other": one.other})}


def _telling(fields: Mapping[str, Any]) -> Body:
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ("", [], {})
    }
