"""A question set as data, and what must be so in each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feedback_app import registry
from feedback_app.domain import questions
from feedback_app.domain.conditions import parse
from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused

OVERALL = "overall"
"""Key of the question whose level is the rating's score, unless the set names another one."""
NO_LEVEL = 0
"""The score of a form whose overall answer has none ("don't know"): kept, shown, and counted in no average."""
RESERVED = frozenset(
    {
        "key",
        "version",
        "contact",
        "wants_answer",
        "for_child",
        "csrf_token",
        "seen",
        "slip",
        "visit",
        "canary",
        "lang",
        "do",
    }
)
"""Names of other fields of the pages that ask."""
_KEY = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Group:
    """Of its questions ``ask`` are drawn for each form."""

    key: str
    ask: int


@dataclass(frozen=True)
class Questionnaire:
    key: str
    title: Mapping[str, str]
    questions: tuple[Question, ...]
    overall: str = OVERALL
    groups: tuple[Group, ...] = ()
    dimensions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # key -> words
    positive: tuple[str, ...] = ()  # option values of the overall question that count as positive
    source: Mapping[str, Any] = field(default_factory=dict)  # what an imported file said about the whole

    def question(self, key: str) -> Question | None:
        return next((one for one in self.questions if one.key == key), None)


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
        raise Refused("questions.unknown_kind", kind=question.kind[:40]) from None


def check(made: Questionnaire) -> None:
    """Raises Refused ``questions.*`` that names the wrong place; conditions are read here, judged by ``question_logic``."""
    keys = [one.key for one in made.questions]
    repeated = next((key for key in keys if keys.count(key) > 1), None)
    if repeated is not None:
        raise Refused("questions.repeated_key", key=repeated)
    for one in made.questions:
        if not _KEY.fullmatch(one.key) or one.key in RESERVED:
            raise Refused("questions.bad_key", key=one.key[:40])
        if not one.text.get("zh", "").strip():
            raise Refused("questions.no_text", key=one.key)
        type_of(one).check(one)
        if one.show_if:
            parse_condition(one)
    _check_overall(made)
    _check_groups(made)


def parse_condition(question: Question) -> Any:
    """Raises Refused ``questions.bad_condition`` with the question's key."""
    try:
        return parse(question.show_if)
    except Refused as refused:
        raise Refused(refused.code, key=question.key, **refused.params) from None


def _check_overall(made: Questionnaire) -> None:
    one = made.question(made.overall)
    if one is None:
        raise Refused("questions.no_overall")
    kind = type_of(one)
    possible = kind.possible(one) or ()
    if one.show_if or one.group or not any(kind.score(one, value) is not None for value in possible):
        raise Refused("questions.no_overall")
    if not set(made.positive).issubset({str(value) for value in possible}):
        raise Refused("questions.unknown_option", key=one.key)


def _check_groups(made: Questionnaire) -> None:
    asked = {group.key: group.ask for group in made.groups}
    for key, ask in asked.items():
        size = sum(one.group == key for one in made.questions)
        if not 1 <= ask <= size:
            raise Refused("questions.bad_group", group=key[:40], ask=ask, size=size)
    lost = next((one for one in made.questions if one.group and one.group not in asked), None)
    if lost is not None:
        raise Refused("questions.bad_group", group=lost.group[:40], ask=0, size=0)


def level(made: Questionnaire, values: Mapping[str, Any]) -> int:
    """1..5 from the overall answer: its 0..100 cut into five, 12.5 | 37.5 | 62.5 | 87.5; NO_LEVEL when it has no score.

    Five levels give themselves, three give 5, 3, 1, and 1–10 goes in pairs (docs/decisions/0066).
    """
    one = made.question(made.overall)
    score = type_of(one).score(one, values[made.overall]) if one else None
    return NO_LEVEL if score is None else int(score / 25 + 0.5) + 1
