"""Pictures. The answer holds ids only; the pictures themselves are re-encoded and kept elsewhere (services/pictures)."""

import re
from collections.abc import Sequence
from typing import Any

from feedback_app import texts
from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused

ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{20}")
MOST = 3


class Picture(QuestionType):
    def check(self, question: Question) -> None:
        if question.most is not None and question.most not in range(1, MOST + 1):
            raise Refused("questions.bad_range", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> list[str] | None:
        """``sent`` are ids that the door has made or checked itself, never what a form claims."""
        ids = list(dict.fromkeys(one for one in sent if one))
        if any(not ID.fullmatch(one) for one in ids):
            raise Refused("questions.unknown_option", key=question.key)
        most = int(question.most or MOST)
        if len(ids) > most:
            raise Refused("questions.too_many_pictures", key=question.key, most=most)
        return ids or None

    def said(self, question: Question, value: Any, language: str) -> str:
        return texts.text("questions.pictures", language, n=len(value))


TYPE = Picture()
