"""What a new version of a question set does to the trends that go back through it. Pure.

A question's answers before and after compare when key, kind, options and scores are the same. Other words, another condition
or another draw change who answers what: the trend goes on, with a mark. Anything else cuts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from feedback_app.domain.questionnaires import Questionnaire, type_of
from feedback_app.domain.questions._base import Option, Question

SAME = "same"
MARKED = "marked"
CUT = "cut"
ENDED = "ended"
NEW = "new"


@dataclass(frozen=True)
class Trend:
    """One question's trend: ``verdict`` is same, marked, cut, ended or new; ``because`` names what differs."""

    key: str
    text: Mapping[str, str]
    verdict: str
    because: tuple[str, ...] = ()


def trends(before: Questionnaire, after: Questionnaire) -> list[Trend]:
    """Every question of either version that can be answered: those of ``after`` in order, then the ended ones."""
    old = {one.key: one for one in before.questions if type_of(one).asks}
    new = [one for one in after.questions if type_of(one).asks]
    found = [_trend(old[one.key], one) if one.key in old else Trend(one.key, one.text, NEW) for one in new]
    gone = [one for key, one in old.items() if key not in {one.key for one in new}]
    return [*found, *(Trend(one.key, one.text, ENDED) for one in gone)]


def levels_compare(before: Questionnaire, after: Questionnaire) -> bool:
    """Whether ratings of both versions may stand in one row of averages: the overall question measures the same."""
    old, new = before.question(before.overall), after.question(after.overall)
    five = all(one is not None and one.kind == "level" for one in (old, new))
    return five or (old is not None and new is not None and old.key == new.key and not _cutting(old, new))


def _trend(old: Question, new: Question) -> Trend:
    cut = _cutting(old, new)
    marks = _marking(old, new)
    return Trend(new.key, new.text, CUT if cut else MARKED if marks else SAME, cut or marks)


def _cutting(old: Question, new: Question) -> tuple[str, ...]:
    differ = {
        "kind": old.kind != new.kind,
        "options": [one.value for one in old.options] != [one.value for one in new.options],
        "scores": _scores(old) != _scores(new),
        "rows": {row.value for row in old.rows} != {row.value for row in new.rows},
        "range": old.kind == "scale" and (old.least, old.most) != (new.least, new.most),
        "unit": old.unit.get("zh") != new.unit.get("zh"),
    }
    return tuple(name for name, different in differ.items() if different)


def _scores(one: Question) -> Any:
    return one.unscored, one.score_range, {option.value: option.score for option in one.options}


def _marking(old: Question, new: Question) -> tuple[str, ...]:
    differ = {
        "words": (old.text, old.hint, old.low, old.high) != (new.text, new.hint, new.low, new.high),
        "option_words": _texts(old.options + old.rows) != _texts(new.options + new.rows),
        "condition": old.show_if != new.show_if,
        "draw": old.group != new.group,
        "looks": old.shown_as != new.shown_as,
    }
    return tuple(name for name, different in differ.items() if different)


def _texts(options: tuple[Option, ...]) -> dict[str, Mapping[str, str]]:
    return {one.value: one.text for one in options}
