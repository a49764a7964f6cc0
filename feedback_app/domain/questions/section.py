"""A heading between questions."""

from collections.abc import Sequence

from feedback_app.domain.questions._base import Question, QuestionType


class Section(QuestionType):
    asks = False

    def check(self, question: Question) -> None:
        """Any heading can be shown."""

    def read(self, question: Question, sent: Sequence[str]) -> None:
        return None


TYPE = Section()
