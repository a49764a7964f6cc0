"""Question sets in the neutral notation: what :mod:`neutral` reads, written again."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app.domain.conditions import Compare, changed, parse, written
from feedback_app.domain.neutral import translated
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Question


def to_neutral(made: Questionnaire) -> dict[str, Any]:
    """The inverse of :func:`neutral.from_neutral`; a set of our own comes out as far as the notation can say it."""
    about = {name: value for name, value in made.source.items() if name not in {"neutral", "untitled"}}
    title = {} if made.source.get("untitled") else {"title": made.title.get("zh", "")}
    listed = [one for one in made.questions if not one.source.get("added")]
    numbers = {one.key: str(one.source.get("no", one.key)) for one in listed}
    return {**title, **about, "item": [_item(one, numbers, listed) for one in listed]}


def _item(one: Question, numbers: Mapping[str, str], listed: Sequence[Question]) -> dict[str, Any]:
    kept = dict(one.source)
    more = kept.pop("more", {})
    number = {"no": kept.get("no", one.key)} if _made_here(one) or "no" in kept else {}
    item: dict[str, Any] = {**number, "kind": kept.get("kind", one.kind), **_said(one.text, "text")}
    if one.options:
        item |= _listed([option.text for option in one.options], "options")
    if "scores" in kept or any(option.score is not None for option in one.options):
        item["scores"] = _scores_again(one, kept.get("scores"))
    if one.rows:
        item["rows"] = [row.text["zh"] for row in one.rows]
    longest = one.longest if one.kind in {"text", "short_text"} and one.longest != 500 else None
    fields = {**_said(one.unit, "unit"), "min": one.least, "max": one.most if longest is None else longest}
    fields |= {"unit_of": one.dimension or None, "required": True if one.required else kept.get("required")}
    fields |= {"show_if": _show_if_again(one, numbers, listed)}
    fields |= {name: kept.get(name) for name in ("options", "options_en") if name not in item}
    return {**item, **{name: value for name, value in fields.items() if value is not None}, **more}


def _made_here(one: Question) -> bool:
    """Whether the question was not imported from the notation."""
    return "kind" not in one.source


def _said(words: Mapping[str, str], name: str) -> dict[str, str]:
    return {name if language == "zh" else f"{name}_{language}": text for language, text in words.items()}


def _listed(said: Sequence[Mapping[str, str]], name: str) -> dict[str, list[str]]:
    found = {name: [text.get("zh", "") for text in said]}
    return {**found, f"{name}_en": [text["en"] for text in said]} if all("en" in text for text in said) else found


def _scores_again(one: Question, before: Any) -> list[Any]:
    """As they were written while they say the same: "none" has several spellings, and 5.0 is 5."""
    now = [option.score for option in one.options]
    same = isinstance(before, list) and len(before) == len(now)
    if same and all(b == n or (n is None and isinstance(b, str)) for b, n in zip(before, now, strict=True)):
        return list(before)
    return ["none" if score is None else score for score in now]


def _show_if_again(one: Question, numbers: Mapping[str, str], listed: Sequence[Question]) -> str | None:
    if not one.show_if:
        return None
    before = one.source.get("show_if")
    keys = {number: key for key, number in numbers.items()}
    if isinstance(before, str) and translated(one, before, keys, listed) == one.show_if:
        return before
    by_key = {question.key: question for question in listed}

    def change(part: Compare) -> Compare:
        options = by_key[part.key].options if part.key in by_key and part.op in {"==", "!=", "in"} else ()
        said = {option.value: option.text["zh"] for option in options}
        return Compare(numbers.get(part.key, part.key), part.op, tuple(said.get(value, value) for value in part.values))

    return written(changed(parse(one.show_if), change))
