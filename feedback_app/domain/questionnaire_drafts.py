"""A question set being written: it may be incomplete. Pure steps from one draft to the next.

A draft has the form of ``questionnaire_bodies.to_body``. Steps return a new draft and never change the one they were given.
What was typed is read by :mod:`draft_fields`, conditions by :mod:`draft_conditions`; :mod:`draft_problems` judges.
"""

import copy
from collections.abc import Callable, Collection
from typing import Any

from feedback_app.domain.questionnaires import OVERALL, type_of, types
from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions._options import OneOption
from feedback_app.domain.questions.choices import Choices
from feedback_app.domain.questions.level import Level
from feedback_app.domain.questions.scale import Scale
from feedback_app.errors import Refused

Body = dict[str, Any]
MOST_QUESTIONS = 200
MOST_OPTIONS = 60
FIRST, LAST = "^", ""
"""Where a question is added instead of after another one."""


def needs_options(kind: str) -> bool:
    """Whether a question of this kind cannot be asked without options."""
    return _refuses(Question("probe", kind, {"zh": "?"}))


def has_length(kind: str) -> bool:
    """Whether a question of this kind limits the characters of its answer."""
    return not needs_options(kind) and _refuses(Question("probe", kind, {"zh": "?"}, longest=0))


def _refuses(question: Question) -> bool:
    try:
        type_of(question).check(question)
    except Refused:
        return True
    return False


def overall_of(body: Body) -> str:
    """Key of the question that gives the level."""
    return str(body.get("overall") or OVERALL)


def can_be_overall(question: Body) -> bool:
    """Whether questions of its kind have a level and are always asked."""
    judging = isinstance(types().get(question["kind"]), Level | Scale | OneOption)
    return judging and not question.get("show_if") and not question.get("group")


def empty(key: str, title: str) -> Body:
    """A set without any question."""
    return {"key": key, "title": {"zh": title}, "question": []}


def find(body: Body, key: str) -> Body | None:
    return next((question for question in body["question"] if question["key"] == key), None)


def added(body: Body, kind: str, taken: Collection[str], after: str = LAST) -> Body:
    """With a new, empty question; its key is none of ``taken``, so that old answers are never mistaken for its.

    Raises Refused ``questions.unknown_kind`` or ``questions.too_many``.
    """
    if kind not in types():
        raise Refused("questions.unknown_kind", kind=kind[:40])
    question: Body = {"key": "", "kind": kind, "text": {}, "hint": {}, "options": [], "longest": 500}
    question |= copy.deepcopy(types()[kind].fresh()) | {"source": {"required": False}}
    made = _inserted(body, question, taken, after)
    if find(made, overall_of(made)) is None and kind in {"level", "likert", "scale"}:
        return judged_by(made, _new_key(body, made))
    return made


def duplicated(body: Body, key: str, taken: Collection[str]) -> Body:
    """With the same question once more, right below. Raises Refused ``questions.too_many``."""
    found = find(body, key)
    if found is None:
        return body
    twin = copy.deepcopy(found)
    twin["source"] = {name: value for name, value in twin.get("source", {}).items() if name not in {"no", "added"}}
    return _inserted(body, {name: value for name, value in twin.items() if value != {} or name != "source"}, taken, key)


def _inserted(body: Body, question: Body, taken: Collection[str], after: str) -> Body:
    if len(body["question"]) >= MOST_QUESTIONS:
        raise Refused("questions.too_many", most=MOST_QUESTIONS)
    made = copy.deepcopy(body)
    keys = [one["key"] for one in made["question"]]
    place = 0 if after == FIRST else keys.index(after) + 1 if after in keys else len(keys)
    made["question"].insert(place, {**question, "key": free("q", {*taken, *keys})})
    return made


def _new_key(before: Body, after: Body) -> str:
    old = {question["key"] for question in before["question"]}
    return next(str(question["key"]) for question in after["question"] if question["key"] not in old)


def removed(body: Body, key: str) -> Body:
    """Without that question. Raises Refused ``questions.overall_stays``."""
    if key == overall_of(body):
        raise Refused("questions.overall_stays")
    made = copy.deepcopy(body)
    made["question"] = [question for question in made["question"] if question["key"] != key]
    return made


def judged_by(body: Body, key: str) -> Body:
    """That question gives the level from now on; which answers are positive has to be said anew."""
    made = copy.deepcopy(body)
    made.pop("overall", None)
    made.pop("positive", None)
    if key != OVERALL:
        made["overall"] = key
    return made


def turned_into(body: Body, key: str, kind: str) -> Body:
    """That question as another kind: its words stay, and of the rest what the new kind has too.

    Raises Refused ``questions.unknown_kind``.
    """
    if kind not in types():
        raise Refused("questions.unknown_kind", kind=kind[:40])
    return _changed(body, key, lambda question: _as_kind(question, kind))


def _as_kind(question: Body, kind: str) -> Body:
    fresh: Body = copy.deepcopy(types()[kind].fresh())
    has_options = isinstance(types()[kind], OneOption | Choices) or "options" in fresh
    kept: Body = {
        name: value for name, value in question.items() if name not in {"least", "most", "low", "high", "unit", "rows"}
    }
    kept["source"] = {
        name: value for name, value in question.get("source", {}).items() if name not in {"kind", "scores"}
    }
    kept["options"] = question["options"] if has_options and kind != "yesno" else []
    if question["options"] and has_options and len(question["options"]) > 1:
        fresh.pop("options", None)
    ends: Body = {
        name: question[name] for name in ("least", "most", "unit") if name in question and kind in {"number", "scale"}
    }
    return {**kept, "longest": 500, **fresh, **ends, "kind": kind}


def moved(body: Body, key: str, by: int) -> Body:
    """That question ``by`` places further down (up when negative), as far as there is room."""
    made = copy.deepcopy(body)
    made["question"] = _shifted(made["question"], "key", key, by)
    return made


def placed(body: Body, key: str, place: int) -> Body:
    """That question at ``place``, counted from 0."""
    keys = [question["key"] for question in body["question"]]
    return moved(body, key, place - keys.index(key)) if key in keys else body


def _changed(body: Body, key: str, change: Callable[[Body], Body]) -> Body:
    made = copy.deepcopy(body)
    made["question"] = [change(question) if question["key"] == key else question for question in made["question"]]
    return made


def option_added(body: Body, key: str, part: str = "options") -> Body:
    """``part`` is options or rows. Raises Refused ``questions.too_many_options``."""
    return _changed(body, key, lambda question: _with_options(question, part, [{"text": {}}]))


def options_pasted(body: Body, key: str, lines: str, part: str = "options") -> Body:
    """One a line: ``满意``, or with its score and English after bars or tabs: ``满意 | 100 | Satisfied``. Empty ones make room.

    Raises Refused ``questions.too_many_options``.
    """
    made = [_option_of(line) for line in lines.splitlines() if line.strip()]
    return (
        _changed(body, key, lambda question: _with_options(_without_blanks(question, part), part, made))
        if made
        else body
    )


def _option_of(line: str) -> Body:
    words, *rest = (cell.strip() for cell in line.replace("｜", "|").replace("\t", "|").split("|"))
    option: Body = {"text": {"zh": words}}
    for cell in filter(None, rest):
        score = as_score(cell)
        option |= {"score": score} if score is not None else {"text": {**option["text"], "en": cell}}
    return option


def as_score(text: str) -> float | None:
    """A number as people type it, whole where it is whole."""
    try:
        number = float(text.strip())
    except ValueError:
        return None
    if number != number or abs(number) >= 1e9:
        return None
    return int(number) if number == int(number) else number


def _without_blanks(question: Body, part: str) -> Body:
    if question.get(part) == types()[question["kind"]].fresh().get(part):  # nobody has touched what it began with
        return {**question, part: []}
    return {**question, part: [option for option in question.get(part, ()) if option["text"].get("zh")]}


def _with_options(question: Body, part: str, more: list[Body]) -> Body:
    listed = list(question.get(part, ()))
    if len(listed) + len(more) > MOST_OPTIONS:
        raise Refused("questions.too_many_options", most=MOST_OPTIONS)
    for option in more:
        listed.append({"value": free("r" if part == "rows" else "o", {one["value"] for one in listed}), **option})
    return {**question, part: listed}


def option_removed(body: Body, key: str, value: str, part: str = "options") -> Body:
    return _changed(
        body, key, lambda question: {**question, part: [one for one in question.get(part, ()) if one["value"] != value]}
    )


def option_moved(body: Body, key: str, value: str, by: int, part: str = "options") -> Body:
    return _changed(
        body, key, lambda question: {**question, part: _shifted(question.get(part, []), "value", value, by)}
    )


def yes_and_no(body: Body, key: str, *, own: bool) -> Body:
    """That yes/no question with words (and scores) of its own, or with the program's."""
    said = [{"value": "yes", "text": {"zh": "是", "en": "Yes"}}, {"value": "no", "text": {"zh": "否", "en": "No"}}]
    return _changed(body, key, lambda question: {**question, "options": said if own else []})


def scored(body: Body, key: str, *, percent: bool) -> Body:
    """Scores for all options, the first one best: 100 … 0 in equal steps, or 5 4 3 2 1."""
    return _changed(body, key, lambda question: {**question, "options": _scores_for(question["options"], percent)})


def _scores_for(options: list[Body], percent: bool) -> list[Body]:
    last = len(options) - 1
    scores = [round(100 * (last - place) / max(1, last)) if percent else last + 1 - place for place in range(last + 1)]
    return [{**option, "score": score} for option, score in zip(options, scores, strict=True)]


def _shifted(listed: list[Body], name: str, wanted: str, by: int) -> list[Body]:
    at = next((i for i, one in enumerate(listed) if one[name] == wanted), None)
    if at is None:
        return listed
    rest = listed[:at] + listed[at + 1 :]
    to = min(max(0, at + by), len(rest))
    return [*rest[:to], listed[at], *rest[to:]]


def free(letter: str, taken: Collection[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"
