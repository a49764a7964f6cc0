"""A question set being written: it may be incomplete. Pure steps from one draft to the next, and what is wrong with it.

A draft has the form of ``questionnaires.to_body``. Steps return a new draft and never change the one they were given.
"""

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain.question_logic import check_logic
from feedback_app.domain.questionnaire_bodies import from_body, question_of
from feedback_app.domain.questionnaires import OVERALL, type_of, types
from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused

Body = dict[str, Any]
LANGUAGES = ("zh", "en")
MOST_QUESTIONS = 80
MOST_OPTIONS = 20
LONGEST_WORDS = 200


@dataclass(frozen=True)
class Problem:
    """What keeps a draft from being published, and at which question (key, "" for the whole)."""

    place: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """One difference for the person who publishes: ``what`` is added, removed, reworded, options, length,
    rules (condition, scores, range …) or moved."""

    what: str
    before: str = ""
    after: str = ""


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


def typed(body: Body, fields: Mapping[str, str]) -> Body:
    """The draft with the words of a form: ``title.zh``, ``<key>.text.zh``, ``<key>.hint.en``, ``<key>.longest``,
    ``<key>.option.<value>.zh``. What the form does not have stays."""
    made = copy.deepcopy(body)
    _retype(made["title"], "title", fields)
    for question in made["question"]:
        key = question["key"]
        _retype(question["text"], f"{key}.text", fields)
        _retype(question.setdefault("hint", {}), f"{key}.hint", fields)
        longest = fields.get(f"{key}.longest", "").strip()
        if longest.isascii() and longest.isdigit() and len(longest) < 7:
            question["longest"] = int(longest)
        for option in question.get("options", ()):
            _retype(option["text"], f"{key}.option.{option['value']}", fields)
    return made


def _retype(words: dict[str, str], prefix: str, fields: Mapping[str, str]) -> None:
    for language in LANGUAGES:
        if f"{prefix}.{language}" in fields:
            words[language] = " ".join(clean(fields[f"{prefix}.{language}"]).split())


def added(body: Body, kind: str, taken: Collection[str]) -> Body:
    """With a new, empty question at the end; its key is none of ``taken``, so that old answers are never mistaken for its.

    Raises Refused ``questions.unknown_kind`` or ``questions.too_many``.
    """
    if kind not in types():
        raise Refused("questions.unknown_kind", kind=kind[:40])
    if len(body["question"]) >= MOST_QUESTIONS:
        raise Refused("questions.too_many", most=MOST_QUESTIONS)
    made = copy.deepcopy(body)
    key = _free("q", {*taken, *(question["key"] for question in made["question"])})
    question: Body = {"key": key, "kind": kind, "text": {}, "hint": {}, "options": [], "longest": 500}
    question |= copy.deepcopy(types()[kind].fresh())
    made["question"].append(question)
    return made


def removed(body: Body, key: str) -> Body:
    """Without that question. Raises Refused ``questions.overall_stays``."""
    if key == body.get("overall", OVERALL):
        raise Refused("questions.overall_stays")
    made = copy.deepcopy(body)
    made["question"] = [question for question in made["question"] if question["key"] != key]
    return made


def moved(body: Body, key: str, by: int) -> Body:
    """That question ``by`` places further down (up when negative), as far as there is room."""
    made = copy.deepcopy(body)
    made["question"] = _shifted(made["question"], "key", key, by)
    return made


def option_added(body: Body, key: str) -> Body:
    """Raises Refused ``questions.too_many_options``."""
    made = copy.deepcopy(body)
    for question in made["question"]:
        if question["key"] == key:
            if len(question["options"]) >= MOST_OPTIONS:
                raise Refused("questions.too_many_options", most=MOST_OPTIONS)
            value = _free("o", {option["value"] for option in question["options"]})
            question["options"].append({"value": value, "text": {}})
    return made


def option_removed(body: Body, key: str, value: str) -> Body:
    made = copy.deepcopy(body)
    for question in made["question"]:
        if question["key"] == key:
            question["options"] = [option for option in question["options"] if option["value"] != value]
    return made


def option_moved(body: Body, key: str, value: str, by: int) -> Body:
    made = copy.deepcopy(body)
    for question in made["question"]:
        if question["key"] == key:
            question["options"] = _shifted(question["options"], "value", value, by)
    return made


def _shifted(listed: list[Body], name: str, wanted: str, by: int) -> list[Body]:
    at = next((i for i, one in enumerate(listed) if one[name] == wanted), None)
    if at is None:
        return listed
    rest = listed[:at] + listed[at + 1 :]
    to = min(max(0, at + by), len(rest))
    return [*rest[:to], listed[at], *rest[to:]]


def _free(letter: str, taken: Collection[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def problems(body: Body) -> list[Problem]:
    """Everything that must be put right before publishing, each at its place. Empty: ``from_body`` accepts it."""
    found = [problem for question in body["question"] for problem in _problems_of(question)]
    if not body["title"].get("zh"):
        found.append(Problem("title", "questions.no_title"))
    if not found:
        try:
            check_logic(from_body(body))
        except Refused as refused:
            place = (
                body.get("overall", OVERALL)
                if refused.code == "questions.no_overall"
                else str(refused.params.get("key", ""))
            )
            found.append(Problem(place, refused.code, refused.params))
    return found


def _problems_of(question: Body) -> list[Problem]:
    key = question["key"]
    if not question["text"].get("zh"):
        return [Problem(key, "questions.no_words")]
    words = [*question["text"].values(), *question.get("hint", {}).values()]
    words += [text for option in question.get("options", ()) for text in option["text"].values()]
    if max(map(len, words)) > LONGEST_WORDS:
        return [Problem(key, "questions.words_too_long", {"most": LONGEST_WORDS})]
    if any(not option["text"].get("zh") for option in question.get("options", ())):
        return [Problem(key, "questions.option_without_words")]
    names = [option["text"]["zh"] for option in question.get("options", ())]
    if len(set(names)) < len(names):
        return [Problem(key, "questions.options_alike")]
    return _asked_by_its_type(question)


def _asked_by_its_type(question: Body) -> list[Problem]:
    try:
        made = question_of(question)
        type_of(made).check(made)
    except Refused as refused:
        code = "questions.needs_options" if refused.code == "questions.bad_options" else refused.code
        return [Problem(question["key"], code, refused.params)]
    return []


def without_english(body: Body) -> list[str]:
    """Keys of the questions that readers of English would see in Chinese."""
    return [
        question["key"]
        for question in body["question"]
        if not all(text.get("en") for text in (question["text"], *(o["text"] for o in question.get("options", ()))))
    ]


def changes(before: Body, after: Body) -> list[Change]:
    """What publishing ``after`` in place of ``before`` changes for patients."""
    old = {question["key"]: question for question in before["question"]}
    new = {question["key"]: question for question in after["question"]}
    found = [Change("removed", before=_name(question)) for key, question in old.items() if key not in new]
    for key, question in new.items():
        found += _changes_of(old[key], question) if key in old else [Change("added", after=_name(question))]
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append(Change("moved"))
    if before["title"] != after["title"]:
        found.append(Change("reworded", before["title"].get("zh", ""), after["title"].get("zh", "")))
    if any(before.get(name) != after.get(name) for name in ("overall", "group", "dimension", "positive")):
        found.append(Change("rules", after=after["title"].get("zh", "")))
    return found


def _changes_of(old: Body, new: Body) -> list[Change]:
    found = []
    if _said(old["text"]) != _said(new["text"]) or _said(old.get("hint", {})) != _said(new.get("hint", {})):
        found.append(Change("reworded", _name(old), _name(new)))
    before, after = _options(old), _options(new)
    if before != after:
        found.append(Change("options", "、".join(name for _, name in before), "、".join(name for _, name in after)))
    if has_length(new["kind"]) and old.get("longest", 500) != new.get("longest", 500):
        found.append(Change("length", str(old.get("longest", 500)), str(new.get("longest", 500))))
    if _rules(old) != _rules(new):
        found.append(Change("rules", after=_name(new)))
    return found


def _rules(question: Body) -> Body:
    """Everything that is neither words nor length: kind, condition, scores, range, draw …"""
    shown = {"text", "hint", "options", "longest"}
    scores = [(option["value"], option.get("score"), option.get("other")) for option in question.get("options", ())]
    same_options = {value: rest for value, *rest in scores}
    return {"scores": same_options, **{name: value for name, value in question.items() if name not in shown}}


def _said(words: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in words.items() if text}


def _options(question: Body) -> list[tuple[str, str]]:
    return [(option["text"].get("en", ""), option["text"].get("zh", "")) for option in question.get("options", ())]


def _name(question: Body) -> str:
    return str(question["text"].get("zh", ""))
