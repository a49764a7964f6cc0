"""Which item of somebody else's questionnaire is its overall judgement, and which of its answers are the positive ones."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.questionnaires import OVERALL, type_of
from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions.level import LEVELS

_UNITS = {"总体", "整体", "总的", "总评", "overall", "total"}
_WORDS = re.compile(r"总体|整体|总的来说|综合评价|overall|as a whole", re.IGNORECASE)
_FORMULA = re.compile(r"^\s*[(（](?P<parts>[^()（）]+)[)）]\s*/")


def which_is_overall(said: Any, listed: Sequence[Question]) -> str | None:
    """Key of the overall question; None when there is none and our own level question is to be asked.

    In this order: the item the file names; one filed under "overall" (``unit_of``), the finest scale first; one whose
    text says so and that is filed under nothing; the first with our own five levels; the only scored item there is.
    """
    scored = [one for one in listed if not one.show_if and _steps(one) > 1]
    named = [one for one in scored if said is not None and str(one.source.get("no", one.key)) == str(said)]
    filed = sorted((one for one in scored if one.dimension.lower() in _UNITS), key=_steps, reverse=True)
    worded = [one for one in scored if not one.dimension and any(_WORDS.search(text) for text in one.text.values())]
    found = (
        named
        or filed
        or worded
        or [one for one in scored if has_five_levels(one)]
        or (scored if len(scored) == 1 else [])
    )
    return found[0].key if found else None


def has_five_levels(one: Question) -> bool:
    """Whether its answers are our five levels in their very words, worth 5 to 1, and it is filed under nothing."""
    if one.kind == "level":
        return not one.dimension
    said = [option.text["zh"] for option in one.options]
    worth = [option.score for option in one.options]
    words = [texts.text(f"patient.level.{level}") for level in LEVELS]
    return one.kind == "likert" and not one.dimension and said == words and worth == [5, 4, 3, 2, 1]


def _steps(one: Question) -> int:
    kind = type_of(one)
    scores = {kind.score(one, value) for value in kind.possible(one) or ()}
    return len(scores - {None})


def positive_options(data: Mapping[str, Any], overall: Question) -> tuple[str, ...]:
    """From ``[result] positive_percent = "(very good + good) / all answers"``: the values of those options."""
    result = data.get("result")
    formula = result.get("positive_percent") if isinstance(result, Mapping) else None
    found = _FORMULA.match(formula) if isinstance(formula, str) else None
    if found is None:
        return ()
    values = {option.text["zh"]: option.value for option in overall.options}
    parts = [part.strip() for part in found["parts"].split("+")]
    return tuple(values[part] for part in parts) if all(part in values for part in parts) else ()


def default_level() -> Question:
    """Our own five levels, asked first where a questionnaire has no overall judgement."""
    asked = {language: texts.text("questions.overall", language) for language in ("zh", "en")}
    return Question(OVERALL, "level", asked, source={"added": True})
