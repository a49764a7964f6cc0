"""What was typed into the builder's fields, put into a draft. What a form does not have stays as it was. Pure.

Fields are named by what they change: ``title.zh``, ``<key>.text.en``, ``<key>.option.<value>.score``, ``<key>.if.0.about`` …
The last value of a field counts, so that a hidden empty field before a tick box says "not ticked".
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app.domain import draft_conditions
from feedback_app.domain.draft_notes import Note, kept_of, notes_of
from feedback_app.domain.neutral_options import score_range
from feedback_app.domain.questionnaire_drafts import Body, as_score, overall_of
from feedback_app.domain.questions.text import clean

Fields = Mapping[str, Sequence[str]]
LANGUAGES = ("zh", "en")
_ABOUT_THE_SET = ("neutral", "untitled", "sections")
_NOT_NOTES = frozenset({"title", "title_en", "item", "section", "draw", *_ABOUT_THE_SET})
_WORDS = ("text", "hint", "unit", "low", "high")


def typed(body: Body, fields: Fields) -> Body:
    """The draft with the words and choices of a form."""
    made = copy.deepcopy(body)
    _retype(made["title"], "title", fields)
    for question in made["question"]:
        _question(made, question, fields)
    made["question"] = [_with_condition(made, question, fields) for question in made["question"]]
    _dimensions(made, fields)
    _groups(made, fields)
    _about(made, fields)
    return made


def keys_typed(body: Body, fields: Fields) -> set[str]:
    """The questions whose fields a form has."""
    prefixes = {name.split(".", 1)[0] for name in fields if "." in name and not name.startswith(("set.", "title."))}
    return {question["key"] for question in body["question"]} & prefixes


def _said(fields: Fields, name: str) -> str | None:
    values = fields.get(name)
    return values[-1] if values else None


def _retype(words: dict[str, str], prefix: str, fields: Fields) -> None:
    for language in LANGUAGES:
        said = _said(fields, f"{prefix}.{language}")
        if said is None:
            continue
        text = clean(said)
        if text:
            words[language] = text
        else:
            words.pop(language, None)


def _question(body: Body, question: Body, fields: Fields) -> None:
    key = question["key"]
    for name in _WORDS:
        words = dict(question.get(name, {}))
        _retype(words, f"{key}.{name}", fields)
        if words or name in ("text", "hint"):
            question[name] = words
        else:
            question.pop(name, None)
    _numbers(question, fields)
    _options(body, question, fields)
    for row in question.get("rows", ()):
        _retype(row["text"], f"{key}.row.{row['value']}", fields)
    _switches(question, fields)
    _from_its_author(question, fields)


def _numbers(question: Body, fields: Fields) -> None:
    key = question["key"]
    longest = (_said(fields, f"{key}.longest") or "").strip()
    if longest.isascii() and longest.isdigit() and len(longest) < 7:
        question["longest"] = int(longest)
    for name in ("least", "most"):
        said = _said(fields, f"{key}.{name}")
        if said is None:
            continue
        number = as_score(said)
        if number is not None:
            question[name] = number
        elif not said.strip():
            question.pop(name, None)


def unread(body: Body, fields: Fields) -> list[str]:
    """What was typed where only a number fits; it was not taken."""
    names = ["least", "most", "longest", "range.worst", "range.best"]
    asked = [f"{question['key']}.{name}" for question in body["question"] for name in names]
    asked += [f"{q['key']}.option.{o['value']}.score" for q in body["question"] for o in q.get("options", ())]
    said = [(_said(fields, name) or "").strip() for name in asked]
    return [text[:20] for text in said if text and as_score(text) is None]


def _options(body: Body, question: Body, fields: Fields) -> None:
    key, scores_before = question["key"], _scores(question)
    for option in question.get("options", ()):
        prefix = f"{key}.option.{option['value']}"
        _retype(option["text"], prefix, fields)
        score = _said(fields, f"{prefix}.score")
        if score is not None and (not score.strip() or as_score(score) is not None):
            option.pop("score", None)
            option |= {} if as_score(score) is None else {"score": as_score(score)}
        _switch(option, "other", _said(fields, f"{prefix}.other"))
        if key == overall_of(body):
            _positive(body, str(option["value"]), _said(fields, f"{prefix}.positive"))
    _range(question, fields, scores_before)


def _scores(question: Body) -> list[float]:
    return [option["score"] for option in question.get("options", ()) if option.get("score") is not None]


def has_own_range(question: Body) -> bool:
    """Whether worst and best were set by hand instead of following from the scores."""
    return tuple(question.get("score_range", (0, 100))) != tuple(score_range(_scores(question)))


def _range(question: Body, fields: Fields, before: list[float]) -> None:
    """Worst and best follow from the scores, unless they were set by hand."""
    how = _said(fields, f"{question['key']}.range")
    by_hand = (
        tuple(question.get("score_range", (0, 100))) != tuple(score_range(before)) if how is None else how == "own"
    )
    if not by_hand:
        follow(question)
    elif how == "own":
        ends = [as_score(_said(fields, f"{question['key']}.range.{end}") or "") for end in ("worst", "best")]
        if None not in ends:
            question["score_range"] = ends


def follow(question: Body) -> None:
    """Set worst and best from the scores, by the same rule as an imported file's."""
    worst, best = score_range(_scores(question))
    question.pop("score_range", None)
    if (worst, best) != (0, 100):
        question["score_range"] = [worst, best]


def _switch(table: dict[str, Any], name: str, said: str | None) -> None:
    if said:
        table[name] = True
    elif said is not None:
        table.pop(name, None)


def _positive(body: Body, value: str, said: str | None) -> None:
    if said is None:
        return
    kept = [one for one in body.get("positive", ()) if one != value] + ([value] if said else [])
    body.pop("positive", None)
    body |= {"positive": kept} if kept else {}


def _switches(question: Body, fields: Fields) -> None:
    key = question["key"]
    _switch(question, "unscored", _said(fields, f"{key}.unscored"))
    shown_as = _said(fields, f"{key}.shown_as")
    if shown_as is not None:
        question.pop("shown_as", None)
        question |= {"shown_as": shown_as[:40]} if shown_as else {}


def _from_its_author(question: Body, fields: Fields) -> None:
    """Number, whether the author wished for an answer, and further notes: kept for the file that is written again."""
    key, source = question["key"], dict(question.get("source", {}))
    wished = _said(fields, f"{key}.required")
    if wished in {"yes", "no", "unsaid"}:
        source.pop("required", None)
        _switch(question, "required", "1" if wished == "yes" else "")
        source |= {"required": False} if wished == "no" else {}
    number = _said(fields, f"{key}.no")
    if number is not None and clean(number) != str(source.get("no", "")):
        source.pop("no", None)
        source |= {"no": clean(number)[:40]} if clean(number) else {}
    more = _noted(f"{key}.note", fields, source.get("more", {}))
    source.pop("more", None)
    source |= {"more": more} if more else {}
    question.pop("source", None)
    question |= {"source": source} if source else {}


def _noted(prefix: str, fields: Fields, before: Mapping[str, Any]) -> dict[str, Any]:
    """Further notes as typed; without fields for them those there were."""
    count = _said(fields, f"{prefix}.count") or ""
    if not (count.isascii() and count.isdigit() and len(count) < 4):
        return dict(before)
    listed = [
        Note(*(clean(_said(fields, f"{prefix}.{place}.{part}") or "") for part in ("table", "name", "value")))
        for place in range(int(count))
    ]
    return {} if not listed else dict(before) if listed == notes_of(before) else kept_of(listed)


def _with_condition(body: Body, question: Body, fields: Fields) -> Body:
    if not any(name.startswith(f"{question['key']}.if") for name in fields):
        return question
    return draft_conditions.typed(draft_conditions.lenient(body), question, fields)


def _dimensions(body: Body, fields: Fields) -> None:
    known = dict(body.get("dimension", {}))
    for name, words in known.items():
        _retype(words, f"set.dimension.{name}", fields)
    for question in body["question"]:
        chosen, new = (
            _said(fields, f"{question['key']}.dimension"),
            clean(_said(fields, f"{question['key']}.dimension.new") or ""),
        )
        if new:
            chosen = next((name for name, words in known.items() if words.get("zh") == new), new)
            known.setdefault(chosen, {"zh": new})
        if chosen is not None:
            question.pop("dimension", None)
            question |= {"dimension": chosen} if chosen else {}
    used = {question.get("dimension") for question in body["question"]}
    _put(body, "dimension", {name: words for name, words in known.items() if name in used})


def _groups(body: Body, fields: Fields) -> None:
    asked = {group["key"]: group["ask"] for group in body.get("group", ())}
    for name in asked:
        number = as_score(_said(fields, f"set.group.{name}.ask") or "")
        asked[name] = int(number) if number is not None else asked[name]
    for question in body["question"]:
        chosen, new = (
            _said(fields, f"{question['key']}.group"),
            clean(_said(fields, f"{question['key']}.group.new") or "")[:40],
        )
        if new:
            asked.setdefault(new, 1)
        chosen = new or chosen
        if chosen is not None:
            question.pop("group", None)
            question |= {"group": chosen} if chosen else {}
    used = {question.get("group") for question in body["question"]}
    _put(body, "group", [{"key": name, "ask": ask} for name, ask in asked.items() if name in used])


def _put(body: Body, name: str, value: Any) -> None:
    body.pop(name, None)
    if value:
        body[name] = value


def about_of(body: Body) -> dict[str, Any]:
    """What the set records beyond our own fields."""
    return {name: value for name, value in body.get("source", {}).items() if name not in _ABOUT_THE_SET}


def _about(body: Body, fields: Fields) -> None:
    source = body.get("source", {})
    ours = {name: source[name] for name in _ABOUT_THE_SET if name in source}
    noted = {
        name: value for name, value in _noted("set.about", fields, about_of(body)).items() if name not in _NOT_NOTES
    }
    _put(body, "source", {**noted, **ours})
