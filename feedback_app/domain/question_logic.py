"""Which questions a form asks: drawn at random, shown by earlier answers; and what can never work."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

from feedback_app.domain.conditions import Both, Compare, Condition, Not, as_number, compares, holds, parse
from feedback_app.domain.questionnaires import Questionnaire, level, type_of
from feedback_app.domain.questions._base import Operand, Question
from feedback_app.errors import Refused

MOST_TRIED = 20_000
"""Combinations of answers that are tried when looking for a dead branch; beyond it a branch is believed."""
_read = lru_cache(maxsize=1000)(parse)


def drawn(made: Questionnaire, form_key: str) -> tuple[Question, ...]:
    """The questions of this form: of each group the same ``ask`` for the same ``form_key``, every one equally often.

    Without a ``form_key`` all of them.
    """
    if not made.groups or not form_key:
        return made.questions
    kept = {key for group in made.groups for key in _lot(made, group.key, form_key)[: group.ask]}
    return tuple(one for one in made.questions if not one.group or one.key in kept)


def _lot(made: Questionnaire, group: str, form_key: str) -> list[str]:
    def ticket(key: str) -> bytes:
        return hashlib.sha256(f"{form_key}/{group}/{key}".encode()).digest()

    return sorted((one.key for one in made.questions if one.group == group), key=ticket)


def is_shown(made: Questionnaire, question: Question, values: Mapping[str, Any]) -> bool:
    """Whether the question's condition holds for the answers before it."""
    return not question.show_if or holds(_read(question.show_if), lambda key: _operand(made, key, values))


def _operand(made: Questionnaire, key: str, values: Mapping[str, Any]) -> Operand | None:
    one = made.question(key)
    return type_of(one).operand(one, values[key]) if one and key in values else None


def check_logic(made: Questionnaire) -> None:
    """Raises the first of :func:`logic_problems`."""
    for refused in logic_problems(made):
        raise refused


def logic_problems(made: Questionnaire) -> list[Refused]:
    """Conditions that can never work, one a question, each naming it (``key``): ``questions.cycle``,
    ``questions.unknown_reference``, ``questions.later_reference``, ``questions.unknown_answer``, ``questions.dead_branch``."""
    found = _cycles(made)
    for place, one in enumerate(made.questions):
        if not one.show_if or one.key in {refused.params["key"] for refused in found}:
            continue
        try:
            _check_references(made, one, [earlier.key for earlier in made.questions[:place]])
            if not _can_hold(made, one):
                found.append(Refused("questions.dead_branch", key=one.key, condition=one.show_if))
        except Refused as refused:
            found.append(refused)
    return found


def _cycles(made: Questionnaire) -> list[Refused]:
    """One entry a question that waits for itself."""
    leads = {one.key: references(one) for one in made.questions}
    ways = {
        one.key: next(filter(None, (_path(leads, one.key, key) for key in leads[one.key])), [])
        for one in made.questions
    }
    return [Refused("questions.cycle", key=key, path=" → ".join(way)) for key, way in ways.items() if way]


def _path(leads: Mapping[str, Sequence[str]], goal: str, start: str) -> list[str]:
    """goal → start → … → goal, [] when there is no way back."""
    ways, seen = [[goal, start]], {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == goal:
            return way
        for following in leads.get(way[-1], ()):
            if following == goal or following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return []


def references(question: Question) -> list[str]:
    """Keys of the questions that this one's condition looks at."""
    return [one.key for one in compares(_read(question.show_if))] if question.show_if else []


def _check_references(made: Questionnaire, question: Question, earlier: Sequence[str]) -> None:
    for one in compares(_read(question.show_if)):
        target = made.question(one.key)
        if target is None or not type_of(target).asks:
            raise Refused("questions.unknown_reference", key=question.key, about=one.key[:40])
        if one.key not in earlier:
            raise Refused("questions.later_reference", key=question.key, about=one.key)
        _check_values(question, target, one)


def _check_values(question: Question, target: Question, one: Compare) -> None:
    possible = type_of(target).possible(target)
    for value in one.values:
        ordered = one.op not in {"==", "!=", "in"}
        if ordered and as_number(value) is None:
            raise Refused("questions.unknown_answer", key=question.key, about=target.key, answer=value[:40])
        if ordered or possible is None:
            continue
        if not fitting(target, Compare(one.key, "==", (value,)), possible):
            raise Refused("questions.unknown_answer", key=question.key, about=target.key, answer=value[:40])


def _can_hold(made: Questionnaire, question: Question) -> bool:
    """Whether some answers show the question, the conditions of the questions it looks at included."""
    keys = _all_references(made, question)
    looked_at = [one for one in made.questions if one.key in keys]
    conditions = [_read(one.show_if) for one in (*looked_at, question) if one.show_if]
    tried = [_samples(one, conditions) for one in looked_at]
    if prod(map(len, tried)) > MOST_TRIED:
        return True
    return any(
        is_shown(made, question, _kept(made, dict(zip(keys, chosen, strict=True)), looked_at))
        for keys, chosen in ((tuple(one.key for one in looked_at), values) for values in itertools.product(*tried))
    )


def _kept(made: Questionnaire, chosen: Mapping[str, Any], asked: Iterable[Question]) -> dict[str, Any]:
    """Only the answers of questions that would have been shown."""
    values: dict[str, Any] = {}
    for one in asked:
        if chosen[one.key] is not None and is_shown(made, one, values):
            values[one.key] = chosen[one.key]
    return values


def _all_references(made: Questionnaire, question: Question) -> set[str]:
    found: set[str] = set()
    waiting = references(question)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            target = made.question(key)
            waiting += references(target) if target else []
    return found


def _samples(question: Question, conditions: Sequence[Condition]) -> list[Any]:
    """Answers that between them make every comparison with this question true and false; None is no answer."""
    possible = type_of(question).possible(question)
    if possible is not None:
        return [None, *possible]
    said = {value for one in conditions for part in compares(one) if part.key == question.key for value in part.values}
    if question.kind != "number":
        return [None, "", *said]
    near = {number + step for value in said if (number := as_number(value)) is not None for step in (-0.5, 0, 0.5)}
    ends = {end for end in (question.least, question.most) if end is not None}
    inside = [
        n
        for n in near | ends
        if (question.least is None or n >= question.least) and (question.most is None or n <= question.most)
    ]
    return [None, *inside]


Tree = list[Any]


def tree(made: Questionnaire, question: Question) -> Tree | None:
    """The condition for the page: ``["in", key, values]``, ``[">=", key, number]``, ``["not", tree]``, ``["and", a, b]``."""
    return _tree(made, _read(question.show_if)) if question.show_if else None


def _tree(made: Questionnaire, condition: Condition) -> Tree:
    match condition:
        case Not(inner):
            return ["not", _tree(made, inner)]
        case Both(op, left, right):
            return [op, _tree(made, left), _tree(made, right)]
    target = made.question(condition.key)
    possible = type_of(target).possible(target) if target else None
    if target is None or possible is None:
        return [condition.op, condition.key, *condition.values]
    if condition.op == "!=":
        return ["not", _tree(made, Compare(condition.key, "==", condition.values))]
    return ["in", condition.key, [_sent(value) for value in fitting(target, condition, possible)]]


def _sent(value: Any) -> str:
    """An answer as its field sends it."""
    return "yes" if value is True else str(value[0] if isinstance(value, list) else value)


def fitting(target: Question, condition: Condition, possible: Sequence[Any]) -> list[Any]:
    """The answers for which a condition about this one question holds."""
    kind = type_of(target)
    return [value for value in possible if holds(condition, lambda _: kind.operand(target, value))]  # noqa: B023


def when(made: Questionnaire, question: Question, language: str) -> tuple[str, str]:
    """The condition in words, when it looks at one question only: (its text, the answers that lead here); else "", ""."""
    about = set(references(question))
    target = made.question(about.pop()) if len(about) == 1 else None
    possible = type_of(target).possible(target) if target else None
    if target is None or possible is None:
        return "", ""
    kind = type_of(target)
    leading = fitting(target, _read(question.show_if), possible)
    return target.text.get(language) or target.text["zh"], " / ".join(
        kind.said(target, value, language) for value in leading
    )


def effort(made: Questionnaire) -> dict[int, int]:
    """How many questions each level of the overall question opens, other answers left out: level -> number."""
    one = made.question(made.overall)
    counts: dict[int, int] = {}
    for value in (type_of(one).possible(one) or ()) if one else ():
        values = {made.overall: value}
        shown = sum(type_of(other).asks and is_shown(made, other, values) for other in made.questions)
        counts[level(made, values)] = max(shown, counts.get(level(made, values), 0))
    return counts
