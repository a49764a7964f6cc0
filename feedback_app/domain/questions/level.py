"""Five equal levels, very satisfied (5) to very dissatisfied (1): 国办发〔2019〕51号."""

from collections.abc import Sequence

from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused

LEVELS = ("5", "4", "3", "2", "1")


class Level(QuestionType):
    def check(self, question: Question) -> None:
        if tuple(option.value for option in question.options) not in {LEVELS, ()}:
            raise Refused("questions.not_five_levels", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> int | None:
        chosen = [value for value in sent if value.strip()]
        if not chosen:
            return None
        if len(set(chosen)) > 1 or chosen[0] not in LEVELS:
            raise Refused("questions.unknown_option", key=question.key)
        return int(chosen[0])


TYPE = Level()
