"""A few words on one line."""

from collections.abc import Sequence
from typing import Any

from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions.text import Text


class ShortText(Text):
    def read(self, question: Question, sent: Sequence[str]) -> str | None:
        text = super().read(question, sent)
        return " ".join(text.split()) if text else None

    def fresh(self) -> dict[str, Any]:
        return {"longest": 60}


TYPE = ShortText()
