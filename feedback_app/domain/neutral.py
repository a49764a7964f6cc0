"""The neutral notation in which questionnaires of other houses are written down, read and written without loss.

``title`` and a list of ``[[item]]`` with ``no``, ``kind``, ``text``, ``options``, ``scores`` ("none": no score), ``unit``,
``unit_of``, ``min``, ``max``, ``required``, ``show_if`` over the numbers of items. What is not understood is kept as it is
(``source``) and comes out again.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from feedback_app import texts
from feedback_app.domain.conditions import Compare, Condition, changed, parse, written
from feedback_app.domain.neutral_options import (
    OPTIONED,
    draws_of,
    group_of,
    is_words,
    options_of,
    others,
    rows_in_english,
    rows_of,
    wrong,
)
from feedback_app.domain.neutral_overall import default_level, positive_options, which_is_overall
from feedback_app.domain.questionnaires import OVERALL, RESERVED, Group, Questionnaire, type_of, types
from feedback_app.domain.questions._base import Option, Question
from feedback_app.domain.questions.level import LEVELS
from feedback_app.errors import Refused

KINDS: Mapping[str, str] = {
    "scale": "likert",
    "rating": "likert",
    "stars": "likert",
    "multi": "choices",
    "multiple": "choices",
    "checkbox": "choices",
    "radio": "single",
    "select": "single",
    "numeric_scale": "scale",
    "nps": "scale",
    "slider": "scale",
    "integer": "number",
    "bool": "yesno",
    "boolean": "yesno",
    "yes_no": "yesno",
    "long_text": "text",
    "open": "text",
    "line": "short_text",
    "image": "picture",
    "photo": "picture",
    "heading": "section",
    "grid": "matrix",
}
"""Kinds of the notation that are called differently here; our own names are understood too."""
_OURS = {"no", "kind", "text", "options", "scores", "rows", "unit", "unit_of", "required", "show_if", "min", "max"}
_OURS_IF_WORDS = ("shown_as", "hint", "hint_en")
PARTS, PART = "sections", "section_place"
"""Under these names ``source`` keeps which ``[[section]]`` tables there were, and in which of them an item stood."""


def is_neutral(data: Mapping[str, Any]) -> bool:
    return "item" in data or "section" in data


def from_neutral(data: Mapping[str, Any], key: str) -> Questionnaire:
    """Raises Refused ``questions.nothing_inside`` or ``questions.bad_item`` with the item's number and what is wrong."""
    items = _flat(data)
    if not items:
        raise Refused("questions.nothing_inside")
    keys = _keys(items)
    draws = draws_of(data, items)
    listed = [_question(item, key, draws) for item, key in zip(items, keys.values(), strict=True)]
    listed = [_with_condition(one, keys, listed) for one in listed]
    overall = which_is_overall(data.get("overall"), listed)
    if overall is None:
        listed.insert(0, default_level())
        overall = OVERALL
    listed = [_as_level(one) if one.key == overall else one for one in listed]
    ours = {"item", "title", "section", *(("title_en",) if is_words(data.get("title_en")) else ())}
    about = {name: value for name, value in data.items() if name not in ours}
    about = {name: value for name, value in about.items() if not (name == "draw" and draws)}
    about |= _parts(data)
    about |= {"neutral": True, **({} if "title" in data else {"untitled": True})}
    names = {one.dimension: {"zh": one.dimension} for one in listed if one.dimension}
    return Questionnaire(
        key=key,
        title={"zh": str(data.get("title", key)), **({"en": data["title_en"]} if "title_en" in ours else {})},
        questions=tuple(_with_sections(listed)),
        overall=overall,
        groups=tuple(Group(name, ask) for name, ask in draws.items()),
        dimensions=names,
        positive=positive_options(data, next(one for one in listed if one.key == overall)),
        source=_plain(about),
    )


def _flat(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The items, those inside ``[[section]]`` tables too."""
    items = data.get("item", [])
    parts = data.get("section", [])
    if isinstance(items, list) and isinstance(parts, list) and all(isinstance(part, Mapping) for part in parts):
        inside = [(place, part, item) for place, part in enumerate(parts) for item in _items_of(part)]
        items = items + [{"section": part_name(part), PART: place, **item} for place, part, item in inside]
    if not isinstance(items, list) or any(not isinstance(item, Mapping) for item in items):
        raise Refused("questions.nothing_inside")
    return items


def _items_of(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    inside = part.get("item", [])
    if not isinstance(inside, list) or any(not isinstance(item, Mapping) for item in inside):
        raise Refused("questions.nothing_inside")
    return inside


def part_name(part: Mapping[str, Any]) -> str:
    """What a ``[[section]]`` table is called."""
    return str(part.get("title", part.get("text", "")))


def _parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The ``[[section]]`` tables without their items, so that they can be written again."""
    listed = data.get("section", [])
    return {PARTS: [{name: value for name, value in one.items() if name != "item"} for one in listed]} if listed else {}


def _keys(items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The item's number as written -> its question key, in order."""
    keys: dict[str, str] = {}
    for place, item in enumerate(items, 1):
        number = str(item.get("no", place))
        if number in keys:
            raise wrong(item, f"no = {number} twice")
        plain = re.sub(r"[^A-Za-z0-9_]", "_", number)[:30]
        key = plain if re.fullmatch(r"[A-Za-z]\w*", plain, re.ASCII) and plain not in RESERVED else f"q{plain}"
        keys[number] = key if key not in keys.values() and re.search(r"[A-Za-z0-9]", plain) else f"item{place}"
    return keys


def _question(item: Mapping[str, Any], key: str, draws: Mapping[str, int]) -> Question:
    kind = KINDS.get(str(item.get("kind")), str(item.get("kind")))
    kind = _fitting_kind(item, kind)
    if kind not in types():
        raise wrong(item, f"kind = {item.get('kind')!r}")
    if not isinstance(item.get("text"), str) or not item["text"].strip():
        raise wrong(item, "text")
    options, span = options_of(item, kind)
    longest = {"longest": item["max"]} if kind in {"text", "short_text"} and _is_length(item.get("max")) else {}
    made = Question(
        key=key,
        kind=kind,
        text=_words(item, "text"),
        hint={
            language: item[name] for language, name in (("zh", "hint"), ("en", "hint_en")) if is_words(item.get(name))
        },
        shown_as=item["shown_as"] if is_words(item.get("shown_as")) else "",
        options=options,
        score_range=span,
        rows=rows_of(item),
        unscored=item.get("unscored") is True,
        group=group_of(item, draws),
        unit=_words(item, "unit"),
        least=_end(item, "min"),
        most=None if longest else _end(item, "max"),
        low=_end_in_words(item, "low"),
        high=_end_in_words(item, "high"),
        dimension=str(item.get("unit_of", "")),
        required=item.get("required") is True,
        show_if=str(item.get("show_if", "")),
        source=_plain(_rest(item, kind, draws)),
        **longest,
    )
    try:
        type_of(made).check(made)
    except Refused as refused:
        raise wrong(item, texts.text(refused.code.replace(".", ".errors.", 1), **refused.params)) from None
    return made


def _fitting_kind(item: Mapping[str, Any], kind: str) -> str:
    """Of our kinds the one that can hold the item: a step scale without steps is numeric, and ours that ask for more
    (a way out, exactly yes and no, our five levels) are plain steps or choices where the item has less."""
    options, scores = item.get("options") or [], item.get("scores") or []
    if kind == "likert" and not options:
        return "scale"
    if kind == "level" or (kind == "frequency" and all(isinstance(score, int | float) for score in scores) and scores):
        return "likert" if options else kind
    return "single" if kind == "yesno" and len(options) not in {0, 2} else kind


END_NAMES = {
    "low": ("min_text", "min_label", "low", "low_text"),
    "high": ("max_text", "max_label", "high", "high_text"),
}


def _end_in_words(item: Mapping[str, Any], end: str) -> dict[str, str]:
    """Words at an end of a numeric scale, under the names people give them; they stay in ``source`` as well."""
    said = next((item[name] for name in END_NAMES[end] if isinstance(item.get(name), str)), "")
    return {"zh": said} if said else {}


def _rest(item: Mapping[str, Any], kind: str, draws: Mapping[str, int]) -> dict[str, Any]:
    """What the item says beyond our fields, and how it said what we say differently."""
    understood = {*_OURS, "text_en", "options_en", "unit_en"}
    understood |= {name for name in _OURS_IF_WORDS if is_words(item.get(name))}
    understood |= {"draw"} if group_of(item, draws) else set()
    understood |= {"unscored"} if item.get("unscored") is True else set()
    understood |= {"other"} if others(item) else set()
    understood |= {"rows_en"} if rows_in_english(item) else set()
    rest = {name: value for name, value in item.items() if name not in understood and name != PART}
    kept = {name: item[name] for name in ("no", "kind", "show_if", "scores", PART) if name in item}
    if "required" in item and item["required"] is not True:
        kept["required"] = item["required"]
    if "options" in item and kind not in OPTIONED:
        kept |= {name: item[name] for name in ("options", "options_en") if name in item}
    return {**kept, **({"more": rest} if rest else {})}


def _words(item: Mapping[str, Any], name: str) -> dict[str, str]:
    found = {"zh": item.get(name), "en": item.get(f"{name}_en")}
    return {language: str(text) for language, text in found.items() if text is not None}


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5000


def _end(item: Mapping[str, Any], name: str) -> float | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) > 1e12:
        raise wrong(item, f"{name} = {value!r}")
    return value


def _with_condition(one: Question, keys: Mapping[str, str], listed: Sequence[Question]) -> Question:
    if not one.show_if:
        return one
    return _replaced(one, show_if=translated(one, one.show_if, keys, listed))


def translated(one: Question, text: str, keys: Mapping[str, str], listed: Sequence[Question]) -> str:
    """A condition over item numbers and option words as one over question keys and option values. Raises Refused."""
    by_key = {question.key: question for question in listed}

    def change(part: Compare) -> Compare:
        key = keys.get(part.key, part.key)
        options = by_key[key].options if key in by_key and part.op in {"==", "!=", "in"} else ()
        values = {option.text["zh"]: option.value for option in options}
        return Compare(key, part.op, tuple(values.get(value, value) for value in part.values))

    try:
        return written(changed(_parsed(text, listed), change))
    except Refused as refused:
        raise Refused(refused.code, key=one.key, **refused.params) from None


def _parsed(text: str, listed: Sequence[Question]) -> Condition:
    """Answers are often written without quotes although they contain signs of ours, as in ``5 == 普通号(含专家)``."""
    try:
        return parse(text)
    except Refused:
        said = {option.text["zh"] for one in listed for option in one.options if option.text["zh"] in text}
        signs = [words for words in said if '"' not in words and re.search(r"[\s=<>!(),\[\]&|']", words)]
        for words in sorted(signs, key=len, reverse=True):
            text = re.sub(f'(?<!["\\w]){re.escape(words)}(?!["\\w])', lambda found: f'"{found[0]}"', text)
        return parse(text)


def _replaced(one: Question, **fields: Any) -> Question:
    return Question(**{**{name: getattr(one, name) for name in Question.__dataclass_fields__}, **fields})


def _as_level(one: Question) -> Question:
    """Five steps with our very words and scores are our five levels, faces and all."""
    ours = [texts.text(f"patient.level.{level}") for level in LEVELS]
    same = one.kind == "likert" and [option.text["zh"] for option in one.options] == ours
    if not same or [option.score for option in one.options] != [5, 4, 3, 2, 1]:
        return one
    options = tuple(Option(value, option.text, option.score) for value, option in zip(LEVELS, one.options, strict=True))
    return _replaced(one, kind="level", options=options)


def _with_sections(listed: Sequence[Question]) -> list[Question]:
    """A heading before the first item of each ``section``."""
    made: list[Question] = []
    last = ""
    for one in listed:
        name = str(one.source.get("more", {}).get("section", ""))
        if name and name != last:
            number = sum(other.kind == "section" for other in made) + 1
            about = {"added": True, "section": name}
            made.append(Question(f"section{number}_", "section", {"zh": name}, source=about))
        last = name
        made.append(one)
    return made


def _plain(value: Any) -> Any:
    """Dates as text: what JSON can keep."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime | time) else value
