"""The difference between two versions of a question set, in plain words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_app import texts
from feedback_app.domain.condition_words import condition_words, short
from feedback_app.domain.draft_conditions import lenient
from feedback_app.domain.questionnaire_drafts import Body, has_length, overall_of
from feedback_app.domain.questionnaires import Questionnaire


@dataclass(frozen=True)
class Change:
    """One difference for the person who publishes. ``what`` names it (texts ``questionnaire.changes.*``), ``about`` is the
    question, "" for the whole; ``before`` or ``after`` is empty where there is nothing."""

    what: str
    before: str = ""
    after: str = ""
    about: str = ""


def changes(before: Body, after: Body, language: str = "zh") -> list[Change]:
    """What having ``after`` instead of ``before`` changes for patients and for figures."""
    old = {question["key"]: question for question in before["question"]}
    new = {question["key"]: question for question in after["question"]}
    read = _Reader(lenient(before), lenient(after), language)
    found = [Change("removed", before=_name(question)) for key, question in old.items() if key not in new]
    for key, question in new.items():
        found += read.question(old[key], question) if key in old else [Change("added", after=_name(question))]
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append(Change("moved"))
    if before["title"] != after["title"]:
        found.append(Change("renamed", _both(before["title"]), _both(after["title"])))
    return found + list(_of_the_whole(before, after, language))


def _of_the_whole(before: Body, after: Body, language: str) -> Iterator[Change]:
    names = [
        _name(next((q for q in body["question"] if q["key"] == overall_of(body)), {"text": {}}))
        for body in (before, after)
    ]
    if before["question"] and overall_of(before) != overall_of(after):
        yield Change("overall", *names)
    positive = [_chosen(body, body.get("positive", ())) for body in (before, after)]
    if positive[0] != positive[1]:
        yield Change("positive", *positive)
    draws = [{group["key"]: group["ask"] for group in body.get("group", ())} for body in (before, after)]
    for group in sorted({*draws[0], *draws[1]}):
        if draws[0].get(group) != draws[1].get(group):
            yield Change("ask", str(draws[0].get(group, "")), str(draws[1].get(group, "")), group)
    if before.get("dimension") != after.get("dimension"):
        listed = [
            "、".join(words.get(language) or words.get("zh", key) for key, words in body.get("dimension", {}).items())
            for body in (before, after)
        ]
        yield Change("dimensions", *listed)
    if before.get("source") != after.get("source"):
        yield Change("notes")


def _chosen(body: Body, values: Sequence[str]) -> str:
    options = next((q.get("options", ()) for q in body["question"] if q["key"] == overall_of(body)), ())
    return "、".join(option["text"].get("zh", "") for option in options if option["value"] in values) or "、".join(
        values
    )


@dataclass(frozen=True)
class _Reader:
    """Reads two versions of one question against each other."""

    old_set: Questionnaire
    new_set: Questionnaire
    language: str

    def question(self, old: Body, new: Body) -> Iterator[Change]:
        name = _name(new) or _name(old)
        for what, reader in _READERS.items():
            before, after = reader(old), reader(new)
            if before != after:
                yield Change(what, before, after, "" if what.startswith("reworded") else name)
        if old.get("show_if") != new.get("show_if"):
            was = condition_words(self.old_set, old.get("show_if", ""), self.language)
            now = condition_words(self.new_set, new.get("show_if", ""), self.language)
            always = texts.text("builder.when.always", self.language)
            yield Change("condition", was or always, now or always, name)
        if old["kind"] != new["kind"]:
            was, now = (texts.text(f"questionnaire.kinds.{one['kind']}", self.language) for one in (old, new))
            yield Change("kind", was, now, name)


def _both(words: Mapping[str, str]) -> str:
    return " / ".join(text for text in (words.get("zh", ""), words.get("en", "")) if text)


def _name(question: Body) -> str:
    return str(question["text"].get("zh", ""))


def _options(part: str) -> Any:
    return lambda question: "、".join(_both(option["text"]) for option in question.get(part, ()))


def _scores(question: Body) -> str:
    if question.get("unscored"):
        return "–"
    listed = question.get("options", ())
    scores = [f"{short(o['text'].get('zh', ''))} {o['score']:g}" for o in listed if o.get("score") is not None]
    worst, best = question.get("score_range", (0, 100))
    return f"{'、'.join(scores)} ({worst:g}–{best:g})" if scores else ""


def _span(question: Body) -> str:
    ends = [f"{question[end]:g}" if question.get(end) is not None else "…" for end in ("least", "most")]
    return "" if ends == ["…", "…"] else " – ".join(ends)


def _of(name: str) -> Any:
    return lambda question: str(question.get(name) or "")


_READERS: Mapping[str, Any] = {
    "reworded": lambda question: str(question["text"].get("zh", "")),
    "reworded_en": lambda question: str(question["text"].get("en", "")),
    "hint": lambda question: _both(question.get("hint", {})),
    "options": _options("options"),
    "scores": _scores,
    "rows": _options("rows"),
    "range": _span,
    "ends": lambda question: " – ".join(
        filter(None, (_both(question.get("low", {})), _both(question.get("high", {}))))
    ),
    "unit": lambda question: _both(question.get("unit", {})),
    "length": lambda question: str(question.get("longest", 500)) if has_length(question["kind"]) else "",
    "dimension": _of("dimension"),
    "draw": _of("group"),
    "shown_as": _of("shown_as"),
    "wished": lambda question: "✓" if question.get("required") else "",
    "explained": lambda question: "、".join(
        o["text"].get("zh", "") for o in question.get("options", ()) if o.get("other")
    ),
    "notes": lambda question: _noted(question.get("source", {})),
}


def _noted(source: Mapping[str, Any]) -> str:
    return "；".join(f"{name} {value}" for name, value in source.items() if name in {"no", "more"})
