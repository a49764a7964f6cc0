"""Writing a question's condition by drop-downs: rows of "this question, is, that answer", joined and grouped. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from feedback_app.domain.condition_rows import JOINS, Part, Rows, condition_of, edited, rows_of, walked
from feedback_app.domain.conditions import Compare, as_number, parse, written
from feedback_app.domain.neutral import translated
from feedback_app.domain.neutral_writing import numbers
from feedback_app.domain.questionnaire_bodies import question_of
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.domain.questionnaires import Questionnaire, type_of, types
from feedback_app.domain.questions._base import Question
from feedback_app.errors import Refused

Fields = Mapping[str, Sequence[str]]
ORDERED = (">=", "<=", ">", "<")
SAME = ("==", "!=", "in")


def lenient(body: Body) -> Questionnaire:
    """A draft as a question set, however incomplete; a condition that cannot be read is left out."""
    listed = []
    for question in body["question"]:
        if question["kind"] not in types():
            continue
        made = question_of(question)
        listed.append(made if readable(made.show_if) else replace(made, show_if=""))
    return Questionnaire(str(body.get("key", "")), body["title"], tuple(listed), str(body.get("overall") or "overall"))


def readable(show_if: str) -> bool:
    """Whether a condition can be read at all."""
    try:
        return not show_if or parse(show_if) is not None
    except Refused:
        return False


def rows(show_if: str) -> Rows:
    """The condition as rows; none for one that cannot be read."""
    return rows_of(parse(show_if)) if show_if and readable(show_if) else Rows("and", ())


def candidates(made: Questionnaire, key: str) -> list[Question]:
    """The earlier questions a condition of this one can look at."""
    keys = [one.key for one in made.questions]
    earlier = made.questions[: keys.index(key)] if key in keys else ()
    return [one for one in earlier if type_of(one).asks and one.kind != "picture"]


def answers(target: Question) -> list[tuple[str, str]] | None:
    """What can be chosen as an answer: (value, Chinese words); None where it has to be typed."""
    kind = type_of(target)
    if target.kind == "matrix":
        return [(one.value, one.text.get("zh", "")) for one in target.options]
    possible = kind.possible(target)
    if possible is None or target.kind == "scale":
        return None
    sent = [
        ("yes" if value is True else str(value[0] if isinstance(value, list) else value), value) for value in possible
    ]
    return [(text, kind.said(target, value, "zh")) for text, value in sent]


def comparisons(target: Question) -> tuple[str, ...]:
    """How its answers can be compared."""
    if target.kind in {"number", "scale"}:
        return (*ORDERED, "==", "!=")
    if target.kind in {"text", "short_text", "date"}:
        return ("==", "!=")
    has_order = target.kind == "level" or any(one.score is not None for one in target.options)
    return (*SAME, *ORDERED) if has_order and target.kind not in {"choices", "matrix"} else SAME


def begun(target: Question) -> Compare:
    """A row about this question to start from."""
    if target.kind == "level":
        return Compare(target.key, "<=", ("2",))
    if target.kind in {"number", "scale"}:
        return Compare(target.key, ">=", (f"{target.least or 0:g}",))
    offered = answers(target)
    return Compare(target.key, "==", (offered[0][0] if offered else "",))


def typed(made: Questionnaire, question: Body, fields: Fields) -> Body:
    """The question with the condition as its drop-downs say, or as the author wrote it in the notation."""
    key = question["key"]
    raw = (fields.get(f"{key}.if.text") or [""])[-1].strip()
    shown = (fields.get(f"{key}.if.shown") or [shown_text(made, question)])[-1].strip()
    if raw and raw != shown:  # else it is only what the page had shown, perhaps before the drop-downs were changed
        return _written(made, question, raw)
    before = rows(question.get("show_if", ""))
    after = walked(before, lambda path, part: _part(made, f"{key}.if", path, part, fields))
    return question if after == before else with_rows(question, after)


def shown_text(made: Questionnaire, question: Body) -> str:
    """The condition in the notation: the author's own spelling while it says the same."""
    before = question.get("source", {}).get("show_if")
    return str(before if before is not None and _means(made, question, before) else question.get("show_if", ""))


def _means(made: Questionnaire, question: Body, text: str) -> bool:
    try:
        return _translated(made, question, text) == str(question.get("show_if", ""))
    except Refused:
        return False


def _translated(made: Questionnaire, question: Body, text: str) -> str:
    listed = [one for one in made.questions if not one.source.get("added")]
    keys = {number: key for key, number in numbers(listed).items()}
    return translated(question_of(question), text, keys, made.questions)


def _written(made: Questionnaire, question: Body, raw: str) -> Body:
    """What cannot be read stays as it was typed: the page says so, and nothing is lost."""
    try:
        meant = _translated(made, question, raw)
    except Refused:
        return {**question, "show_if": raw}
    return {**question, "show_if": meant, "source": {**question.get("source", {}), "show_if": raw}}


def with_rows(question: Body, made: Rows) -> Body:
    condition = condition_of(made)
    rest = {name: value for name, value in question.items() if name != "show_if"}
    return {**rest, "show_if": written(condition)} if condition else rest


def _part(made: Questionnaire, prefix: str, path: str, part: Part, fields: Fields) -> Part:
    place = f"{prefix}.{path}" if path else prefix
    if isinstance(part, Rows):
        join = (fields.get(f"{place}.join") or [part.join])[-1]
        return replace(part, join=join if join in JOINS else part.join)
    about = (fields.get(f"{place}.about") or [part.key])[-1]
    target = made.question(about)
    if about != part.key and target is not None:
        return begun(target)
    op = (fields.get(f"{place}.op") or [part.op])[-1]
    values = tuple(value.strip() for value in fields.get(f"{place}.value", part.values) if value.strip())
    return _fitted(made.question(part.key), part, op, values)


def _fitted(target: Question | None, before: Compare, op: str, values: tuple[str, ...]) -> Compare:
    """The row with another comparison or other answers, as far as they fit together."""
    if target is not None and op not in comparisons(target) and op != before.op:
        return before
    if op in ORDERED:
        numeric = [value for value in values if as_number(value) is not None]
        return Compare(before.key, op, (numeric[0] if numeric else "0",))
    offered = answers(target) if target is not None else None
    if not values:
        kept = before.values if before.op in SAME else ()
        values = kept if offered is not None and kept else (offered[0][0],) if offered else ("",)
    if op == before.op and set(values) == set(before.values):
        return before  # ticks come in the order of the page, the author's order says the same
    return Compare(before.key, op, values if op == "in" else values[:1])


def row_added(body: Body, key: str, path: str, *, grouped: bool) -> Body:
    """One more row in the group at ``path``, or a group of two joined the other way. Raises Refused ``questions.nothing_before``."""
    made = lenient(body)
    offered = candidates(made, key)
    if not offered:
        raise Refused("questions.nothing_before")
    row = begun(offered[-1])

    def change(part: Part) -> Part:
        if not isinstance(part, Rows):
            return part
        other = "or" if part.join in {"and", "nand"} else "and"
        return replace(part, parts=(*part.parts, Rows(other, (row, begun(offered[0]))) if grouped else row))

    return _with(body, key, lambda now: edited(now, path, change))


def part_removed(body: Body, key: str, path: str) -> Body:
    """Without that row or group; the whole condition when ``path`` is empty."""
    return _with(body, key, lambda now: edited(now, path, lambda _: None) if path else Rows("and", ()))


def _with(body: Body, key: str, change: Any) -> Body:
    listed = [
        with_rows(question, change(rows(question.get("show_if", "")))) if question["key"] == key else question
        for question in body["question"]
    ]
    return {**body, "question": listed}
