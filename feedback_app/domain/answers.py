"""The answers of one form, checked against its question set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feedback_app.domain.contact_details import shortened
from feedback_app.domain.question_logic import drawn, is_shown
from feedback_app.domain.questionnaires import Questionnaire, level, type_of
from feedback_app.domain.questions._base import Form
from feedback_app.errors import Refused


@dataclass(frozen=True)
class Answers:
    """What a form said: ``score`` 1..5 (NO_LEVEL: none) of the overall question, the free text, every value by key.

    In ``values`` numbers of phones, papers and cards in free text are cut in their middle (R10); ``masked``: some were.
    ``comment`` is as it was written: whoever stores it screens it, and the complaints office may need the number.
    """

    score: int
    comment: str
    values: Mapping[str, Any] = field(default_factory=dict)
    masked: bool = False


def read_answers(made: Questionnaire, form: Form, form_key: str = "") -> Answers:
    """Check what was sent. ``form`` maps a field's name to the values sent under it; ``form_key`` says what was drawn.

    Values that belong to no question, to one that was not drawn, or to one whose condition does not hold are not looked
    at. Raises Refused with the code of the first question that cannot be accepted.
    """
    values: dict[str, Any] = {}
    for one in drawn(made, form_key):
        if is_shown(made, one, values):
            values.update(type_of(one).read_form(one, form))
    if made.overall not in values:
        raise Refused("questions.no_level", key=made.overall)
    discreet = {key: _discreet(made, key, value) for key, value in values.items()}
    return Answers(level(made, values), _comment(made, values), discreet, masked=discreet != values)


def _discreet(made: Questionnaire, key: str, value: Any) -> Any:
    one = made.question(key)
    free = one is None or one.kind in {"text", "short_text"}  # None: the words beside "other"
    return shortened(value) if free and isinstance(value, str) else value


def _comment(made: Questionnaire, values: Mapping[str, Any]) -> str:
    kinds = ("text", "short_text")
    written = (values[one.key] for kind in kinds for one in made.questions if one.kind == kind and one.key in values)
    return str(next(written, ""))
