"""What pages say about the questions of a draft: their names, and problems with the names instead of keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request, url_for

from feedback_app.domain.condition_words import condition_words, short
from feedback_app.domain.draft_conditions import lenient
from feedback_app.domain.draft_problems import Problem
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.services.questionnaires import DEFAULT
from feedback_app.web.context import explain, language, t, words


def set_key() -> str:
    """The question set the page is about."""
    return request.args.get("set", DEFAULT)[:40]


def names(body: Body) -> dict[str, str]:
    """Key -> "第 3 题"; headings are counted apart."""
    named, count, headings = {}, 0, 0
    for question in body["question"]:
        if question["kind"] == "section":
            headings += 1
            named[question["key"]] = t("builder.heading_n", number=headings)
        else:
            count += 1
            named[question["key"]] = t("questionnaire.question", number=count)
    return named


def full_names(body: Body) -> dict[str, str]:
    """Key -> "第 3 题“您满意吗？”"."""
    by_key = names(body)
    texts = {question["key"]: short(words(question["text"])) for question in body["question"]}
    return {
        key: t("builder.full_name", name=name, text=texts[key]) if texts[key] else name for key, name in by_key.items()
    }


@dataclass(frozen=True)
class Fault:
    """A problem with a link to its place; ``name`` is the place in words."""

    place: str
    name: str
    address: str
    words: str


def faults(body: Body, found: Iterable[Problem]) -> list[Fault]:
    named = full_names(body)
    return [_fault(body, one, named) for one in found]


def _fault(body: Body, one: Problem, named: Mapping[str, str]) -> Fault:
    params = dict(one.params)
    for name in ("key", "about"):
        if name in params:
            params[name] = named.get(str(params[name]), str(params[name]))
    if "path" in params:
        params["path"] = " → ".join(named.get(key, key) for key in str(params["path"]).split(" → "))
    if "condition" in params:
        params["condition"] = condition_words(lenient(body), str(params["condition"]), language())
    return Fault(one.place, *_place(body, one.place, named), explain(one.code, params))


def _place(body: Body, place: str, named: Mapping[str, str]) -> tuple[str, str]:
    key = body.get("key", "")
    if place in named:
        return named[place], url_for("admin_questions.index", set=key, q=place, _anchor=f"q-{place}")
    if place == "title":
        return t("questionnaire.title"), url_for("admin_questions.index", set=key, part="set", _anchor="set")
    return "", ""


def step_words(did: str, body: Body) -> str:
    """What a step of the draft was, for the buttons that undo and redo it."""
    name, *at = did.split(":")
    place = names(body).get(at[0], "") if at else ""
    known = {"type", "add", "duplicate", "remove", "up", "down", "place", "kind", "overall", "restore", "import"}
    group = (
        name
        if name in known
        else name.partition("-")[0]
        if name.partition("-")[0] in {"option", "row", "if", "scores"}
        else "save"
    )
    return t(f"builder.steps.{group}", place=place)
