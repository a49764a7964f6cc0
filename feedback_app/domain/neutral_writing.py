"""Question sets in the neutral notation: what :mod:`neutral` reads, written again."""

from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.conditions import Compare, changed, parse, written
from feedback_app.domain.neutral import END_NAMES, PART, PARTS, from_neutral, part_name, translated
from feedback_app.domain.neutral_overall import default_level
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions.level import LEVELS
from feedback_app.errors import Refused

KINDS: Mapping[str, str] = {"likert": "scale", "choices": "multi", "scale": "numeric_scale"}
"""What kinds that were not imported are called in the notation; the others keep their names."""
_KEPT_BY_US = {"neutral", "untitled", PARTS}


def to_neutral(made: Questionnaire) -> dict[str, Any]:
    """The inverse of :func:`neutral.from_neutral`; a set of our own comes out as far as the notation can say it."""
    listed = [one for one in made.questions if not one.source.get("added")]
    overall = made.question(made.overall)
    data = _data(made, listed)
    if overall is None or (overall.source.get("added") and _is_added_again(data, overall)):
        return data
    if overall.source.get("added"):
        listed = [one for one in made.questions if one is overall or not one.source.get("added")]
        data = _data(made, listed)
    return _with_judgement(made, overall, data, numbers(listed)[overall.key])


def _data(made: Questionnaire, listed: Sequence[Question]) -> dict[str, Any]:
    about = {name: value for name, value in made.source.items() if name not in _KEPT_BY_US}
    title = {} if made.source.get("untitled") else _said(made.title, "title")
    draws = {"draw": {group.key: group.ask for group in made.groups}} if made.groups else {}
    names = {one.source["section"]: one.text["zh"] for one in made.questions if "section" in one.source}
    items = [_item(one, numbers(listed), listed, one.key == made.overall) for one in listed]
    items = [
        {**item, "section": names.get(item["section"], item["section"])} if _in_section(item) else item
        for item in items
    ]
    places = [one.source.get(PART) for one in listed]
    return {**title, **about, **draws, **_in_parts(made.source.get(PARTS, ()), items, places)}


def _in_section(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("section"), str)


def _in_parts(parts: Sequence[Mapping[str, Any]], items: list[dict[str, Any]], places: Sequence[Any]) -> dict[str, Any]:
    """Items back inside the ``[[section]]`` tables they came from; a new one goes with the item before it."""
    if not parts:
        return {"item": items}
    found: list[dict[str, Any]] = [{**part, "item": []} for part in parts]
    outside: list[dict[str, Any]] = []
    now = outside
    for item, place in zip(items, places, strict=True):
        if isinstance(place, int) and place < len(found):
            now = found[place]["item"]
            item = {
                name: value for name, value in item.items() if name != "section" or value != part_name(parts[place])
            }
        now.append(item)
    return {**({"item": outside} if outside else {}), "section": found}


def numbers(listed: Sequence[Question]) -> dict[str, str]:
    """Question key -> the number it has in the notation: the author's own, else a key with a meaning, else counted on."""
    made: dict[str, str] = {}
    own = {str(one.source["no"]) for one in listed if "no" in one.source}
    last = 0
    for one in listed:
        number = str(one.source["no"]) if "no" in one.source else "" if _is_counted(one.key) else one.key
        if not number:
            last += 1
            while str(last) in own or str(last) in made.values():
                last += 1
            number = str(last)
        last = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else last
        made[one.key] = number
    return made


def _is_counted(key: str) -> bool:
    return key[:1] == "q" and key[1:].isdigit()


def _is_added_again(data: Mapping[str, Any], overall: Question) -> bool:
    """Whether reading the items would put our own five levels before them, as they stand here."""
    asked = default_level()
    return (overall.kind, overall.text) == (asked.kind, asked.text) and _judged(data) is None


def _judged(data: Mapping[str, Any]) -> Question | None:
    """The overall question somebody who reads this finds, None when they add their own."""
    try:
        read = from_neutral(data, "read")
    except Refused:
        return None
    found = read.question(read.overall)
    return None if found is None or found.source.get("added") else found


def _with_judgement(made: Questionnaire, overall: Question, data: dict[str, Any], number: str) -> dict[str, Any]:
    """Which question gives the level, and which answers are positive, where a reader would not see it by themselves."""
    found = _judged(data)
    place = [str(item.get("no", place)) for place, item in enumerate(_all_items(data), 1)]
    if found is None or str(found.source.get("no", _place(found, data))) != number:
        data = {**data, "overall": number if number in place else overall.key}
    wanted = [option.text["zh"] for option in overall.options if option.value in made.positive]
    read = _positive(data)
    if wanted != read and wanted:
        formula = f"({' + '.join(wanted)}) / all answers"
        result = data["result"] if isinstance(data.get("result"), Mapping) else {}
        data = {**data, "result": {**result, "positive_percent": formula}}
    return data


def _place(found: Question, data: Mapping[str, Any]) -> str:
    return found.key.removeprefix("q").removeprefix("item")


def _positive(data: Mapping[str, Any]) -> list[str]:
    try:
        read = from_neutral(data, "read")
    except Refused:
        return []
    one = read.question(read.overall)
    return [option.text["zh"] for option in one.options if option.value in read.positive] if one else []


def _all_items(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*data.get("item", ()), *(item for part in data.get("section", ()) for item in part.get("item", ()))]


def _item(one: Question, named: Mapping[str, str], listed: Sequence[Question], is_overall: bool) -> dict[str, Any]:
    kept = {name: value for name, value in one.source.items() if name not in {PART, "added", "section"}}
    more = dict(kept.pop("more", {}))
    number = {"no": kept.get("no", named[one.key])} if _made_here(one) or "no" in kept else {}
    item: dict[str, Any] = {
        **number,
        "kind": kept.get("kind", KINDS.get(one.kind, one.kind)),
        **_said(one.text, "text"),
    }
    item |= _options(one, kept, is_overall)
    if one.rows:
        item |= _listed([row.text for row in one.rows], "rows")
    longest = one.longest if one.kind in {"text", "short_text"} and _says_length(one) else None
    fields = {
        **_said(one.unit, "unit"),
        **_said(one.hint, "hint"),
        "min": one.least,
        "max": one.most if longest is None else longest,
    }
    fields |= {"unit_of": one.dimension or None, "required": True if one.required else kept.get("required")}
    fields |= {"show_if": _show_if_again(one, named, listed), "shown_as": one.shown_as or None}
    fields |= {"unscored": one.unscored or None, "draw": one.group or None}
    fields |= {name: kept.get(name) for name in ("options", "options_en") if name not in item}
    return {**item, **{name: value for name, value in fields.items() if value is not None}, **_ends(one, more)}


def _says_length(one: Question) -> bool:
    return one.longest != (500 if not _made_here(one) or one.kind == "text" else 60)


def _options(one: Question, kept: Mapping[str, Any], is_overall: bool) -> dict[str, Any]:
    if one.kind == "level" and _made_here(one):
        if not is_overall:
            return {}
        words = [texts.text(f"patient.level.{level}") for level in LEVELS]
        return {"kind": "scale", "options": words, "scores": [int(level) for level in LEVELS]}
    item = _listed([option.text for option in one.options], "options") if one.options else {}
    if "scores" in kept or any(option.score is not None for option in one.options):
        item["scores"] = _scores_again(one, kept.get("scores"))
    others = [option.text["zh"] for option in one.options if option.other]
    return {**item, **({"other": others} if others else {})}


def _ends(one: Question, more: dict[str, Any]) -> dict[str, Any]:
    """What else the item said, with the words at the ends of a scale as they are now."""
    for end, words in (("low", one.low), ("high", one.high)):
        said = next((name for name in END_NAMES[end] if isinstance(more.get(name), str)), None)
        if words.get("zh"):
            more[said or END_NAMES[end][0]] = words["zh"]
        elif said and one.kind == "scale":
            more.pop(said)
    return more


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


def _show_if_again(one: Question, named: Mapping[str, str], listed: Sequence[Question]) -> str | None:
    if not one.show_if:
        return None
    before = one.source.get("show_if")
    keys = {number: key for key, number in named.items()}
    if isinstance(before, str) and _means(one, before, keys, listed):
        return before
    by_key = {question.key: question for question in listed}

    def change(part: Compare) -> Compare:
        options = by_key[part.key].options if part.key in by_key and part.op in {"==", "!=", "in"} else ()
        said = {option.value: option.text["zh"] for option in options}
        return Compare(named.get(part.key, part.key), part.op, tuple(said.get(value, value) for value in part.values))

    return written(changed(parse(one.show_if), change))


def _means(one: Question, before: str, keys: Mapping[str, str], listed: Sequence[Question]) -> bool:
    """Whether the author's own spelling of the condition still says what the question's condition says."""
    try:
        return translated(one, before, keys, listed) == one.show_if
    except Refused:
        return False
