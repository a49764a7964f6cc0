"""An agreement, given by a tick and by nothing else."""

from collections.abc import Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused

GIVEN = "yes"


class Consent(QuestionType):
    def check(self, question: Question) -> None:
        """Any consent can be asked for; its words are the question's text."""

    def read(self, question: Question, sent: Sequence[str]) -> bool | None:
        chosen = {value for value in sent if value}
        if not chosen.issubset({GIVEN}):
            raise Refused("questions.unknown_option", key=question.key)
        return True if chosen else None

    def said(self, question: Question, value: Any, language: str) -> str:
        return texts.text("questions.agreed", language)

    def possible(self, question: Question) -> Sequence[Any]:
        return (True,)


TYPE = Consent()
