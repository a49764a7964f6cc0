"""What a page that asks a question set needs beside the set itself."""

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from feedback_app.domain.question_logic import drawn, tree, when
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Question
from feedback_app.web.context import language, named, tm


@dataclass(frozen=True)
class Shown:
    """A condition for the script (``tree``, JSON) and for people (``words``)."""

    tree: str
    words: Markup


def asking(asked: Questionnaire, form_key: str) -> dict[str, Any]:
    """Template context: ``asked``, the ``listed`` questions of this form, their ``conditions``, ``with_pictures``."""
    listed = drawn(asked, form_key)
    return {
        "asked": asked,
        "listed": listed,
        "conditions": {one.key: _shown(asked, one) for one in listed if one.show_if},
        "with_pictures": any(one.kind == "picture" for one in listed),
    }


def _shown(asked: Questionnaire, question: Question) -> Shown:
    about, answers = when(asked, question, language())
    said = tm("questions.if_is", question=named(about), answers=named(answers)) if about else tm("questions.if_more")
    return Shown(json.dumps(tree(asked, question), ensure_ascii=False), said)
