"""What the builder's page shows: a card for each question, and the fields of the one that is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_app.domain import draft_conditions, draft_fields
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.condition_rows import Rows
from feedback_app.domain.condition_words import condition_words, short
from feedback_app.domain.conditions import Compare
from feedback_app.domain.draft_notes import Note, notes_of
from feedback_app.domain.neutral_options import OPTIONED
from feedback_app.domain.neutral_writing import numbers
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.domain.questionnaires import Questionnaire, type_of, types
from feedback_app.domain.questions._base import Question
from feedback_app.services.questionnaire_editing import digest
from feedback_app.web.console_words import known_word, known_words
from feedback_app.web.context import language, t, words
from feedback_app.web.question_words import Fault, names

GROUPS = (
    ("judging", ("level", "likert", "frequency", "scale")),
    ("choosing", ("single", "choices", "yesno", "matrix")),
    ("writing", ("short_text", "text", "number", "date", "picture")),
    ("framing", ("section", "consent")),
)
LOOKS = ("", "stars")
_SCORED = ("likert", "frequency", "single", "matrix", "yesno")


def groups() -> list[tuple[str, list[str]]]:
    """The kinds by what one does with them; one that a plug-in adds stands with the last."""
    known = [kind for _, listed in GROUPS for kind in listed]
    more = [kind for kind in sorted(types()) if kind not in known]
    return [
        (name, [*(kind for kind in listed if kind in types()), *(more if name == "framing" else [])])
        for name, listed in GROUPS
    ]


@dataclass(frozen=True)
class Card:
    """One question in the list."""

    question: Body
    name: str
    when: str
    is_overall: bool
    problems: Sequence[str]


def cards(body: Body, faults: Sequence[Fault]) -> list[Card]:
    made, named = draft_conditions.lenient(body), names(body)
    said: dict[str, list[str]] = {}
    for fault in faults:
        said.setdefault(fault.place, []).append(fault.words)
    return [
        Card(
            question,
            named[question["key"]],
            condition_words(made, question.get("show_if", ""), language()),
            question["key"] == drafts.overall_of(body),
            said.get(question["key"], []),
        )
        for question in body["question"]
    ]


@dataclass(frozen=True)
class RowView:
    """A row of a condition with what its drop-downs offer; ``answers`` is None where the answer is typed."""

    path: str
    about: str
    targets: Sequence[tuple[str, str]]
    op: str
    ops: Sequence[tuple[str, str]]
    values: Sequence[str]
    answers: Sequence[tuple[str, str]] | None
    several: bool


@dataclass(frozen=True)
class GroupView:
    path: str
    join: str
    parts: Sequence["RowView | GroupView"]


class _Conditions:
    def __init__(self, body: Body, key: str) -> None:
        self.made = draft_conditions.lenient(body)
        self.names = names(body)
        self.offered = draft_conditions.candidates(self.made, key)

    def group(self, rows: Rows, path: str = "") -> GroupView:
        prefix = f"{path}." if path else ""
        parts = [
            self.group(one, f"{prefix}{at}") if isinstance(one, Rows) else self.row(one, f"{prefix}{at}")
            for at, one in enumerate(rows.parts)
        ]
        return GroupView(path, rows.join, parts)

    def row(self, row: Compare, path: str) -> RowView:
        target = self.made.question(row.key)
        targets = [(one.key, self.name(one)) for one in self.offered]
        if row.key not in dict(targets):
            targets.append((row.key, self.name(target) if target else t("builder.if_gone", about=row.key)))
        if target is None:
            return RowView(path, row.key, targets, row.op, [(row.op, row.op)], row.values, None, False)
        ops = draft_conditions.comparisons(target)
        listed = _answers(target, row)
        return RowView(
            path,
            row.key,
            targets,
            row.op,
            [(op, _op_words(target, op)) for op in (ops if row.op in ops else (*ops, row.op))],
            row.values,
            listed,
            row.op == "in" and listed is not None,
        )

    def name(self, one: Question) -> str:
        return f"{self.names.get(one.key, one.key)} {short(words(one.text))}"


_PLAIN_OPS = {"==": "is", "!=": "is_not", "in": "in", ">=": "least", "<=": "most", ">": "more", "<": "less"}


def _op_words(target: Question, op: str) -> str:
    levelled = target.kind == "level" or (target.kind not in {"number", "scale"} and op in draft_conditions.ORDERED)
    group = "levels" if levelled else "several" if target.kind in {"choices", "matrix"} else "plain"
    return known_word(f"builder.ops_{group}.", _PLAIN_OPS[op]) if op in _PLAIN_OPS else op


def _answers(target: Question, row: Compare) -> list[tuple[str, str]] | None:
    """What the answer's drop-down offers; the answers that are there stay, even unknown ones."""
    if row.op in draft_conditions.ORDERED and target.kind != "level":
        scored = [
            (f"{one.score:g}", f"{words(one.text)} ({one.score:g})") for one in target.options if one.score is not None
        ]
        return _with(scored, row.values) if scored else None
    kind, listed = type_of(target), draft_conditions.answers(target)
    if listed is None:
        return None
    possible = {
        ("yes" if v is True else str(v[0] if isinstance(v, list) else v)): v for v in kind.possible(target) or ()
    }
    said = [
        (value, kind.said(target, possible[value], language()) if value in possible else zh) for value, zh in listed
    ]
    known = {name: value for value, name in said} | {zh: value for value, zh in listed}
    return _with(said, [value for value in row.values if value not in known])


def _with(listed: list[tuple[str, str]], values: Sequence[str]) -> list[tuple[str, str]]:
    return listed + [(value, value) for value in values if value not in dict(listed)]


@dataclass(frozen=True)
class Editing:
    """Everything the fields of one question need."""

    question: Body
    seen: str
    asks: bool
    is_overall: bool
    can_judge: bool
    has_options: bool
    fixed: bool
    scored: bool
    explained: bool
    has_length: bool
    positive: Sequence[str]
    looks: Sequence[str]
    when: str
    rows: GroupView
    unreadable: bool
    has_earlier: bool
    notation: str
    own_range: bool
    worst: float
    best: float
    dimensions: Sequence[tuple[str, str]]
    groups: Sequence[Mapping[str, Any]]
    group_size: int
    group_ask: int
    kinds: Sequence[tuple[Any, str]]
    number: str
    number_auto: str
    wished: str
    notes: Sequence[Note]


def editing(body: Body, question: Body) -> Editing:
    key, kind = question["key"], question["kind"]
    conditions = _Conditions(body, key)
    worst, best = question.get("score_range", (0, 100))
    source = question.get("source", {})
    group = next((one for one in body.get("group", ()) if one["key"] == question.get("group")), {"ask": 0})
    return Editing(
        question=question,
        seen=digest(question),
        asks=types()[kind].asks,
        is_overall=key == drafts.overall_of(body),
        can_judge=drafts.can_be_overall(question),
        has_options=bool(question.get("options")) or (kind in OPTIONED and kind not in {"level", "yesno"}),
        fixed=kind == "yesno",
        scored=kind in _SCORED and bool(question.get("options")),
        explained=kind in {"single", "choices", "likert", "frequency"},
        has_length=drafts.has_length(kind),
        positive=body.get("positive", ()),
        looks=tuple(dict.fromkeys((*LOOKS, question.get("shown_as", "")))),
        when=condition_words(conditions.made, question.get("show_if", ""), language()),
        rows=conditions.group(draft_conditions.rows(question.get("show_if", ""))),
        unreadable=not draft_conditions.readable(question.get("show_if", "")),
        has_earlier=bool(conditions.offered),
        notation=draft_conditions.shown_text(conditions.made, question),
        own_range=draft_fields.has_own_range(question),
        worst=worst,
        best=best,
        dimensions=[(name, words(said)) for name, said in body.get("dimension", {}).items()],
        groups=body.get("group", ()),
        group_size=sum(one.get("group") == question.get("group") for one in body["question"]),
        group_ask=group["ask"],
        kinds=known_words("questionnaire.kinds.", sorted(types())),
        number=str(source.get("no", "")),
        number_auto=_auto_number(conditions.made, key),
        wished="yes" if question.get("required") else "no" if source.get("required") is False else "unsaid",
        notes=notes_of(source.get("more", {})),
    )


def _auto_number(made: Questionnaire, key: str) -> str:
    return numbers([one for one in made.questions if not one.source.get("added")]).get(key, "")
