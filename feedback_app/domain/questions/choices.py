"""Any number of the offered options."""

from collections.abc import Sequence

from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused


class Choices(QuestionType):
    def check(self, question: Question) -> None:
        values = [option.value for option in question.options]
        if not values or len(set(values)) != len(values):
            raise Refused("questions.bad_options", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> list[str] | None:
        offered = [option.value for option in question.options]
        chosen = {value for value in sent if value}
        if not chosen.issubset(offered):
            raise Refused("questions.unknown_option", key=question.key)
        return [value for value in offered if value in chosen] or None


TYPE = Choices()
