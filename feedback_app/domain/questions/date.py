"""A day."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_YEARS = range(1900, 2101)


class Date(QuestionType):
    def check(self, question: Question) -> None:
        """Any date question can be asked."""

    def read(self, question: Question, sent: Sequence[str]) -> str | None:
        text = unicodedata.normalize("NFKC", clean("".join(sent)[:200])).strip()
        if not text:
            return None
        found = _DAY.fullmatch(text)
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if day is None or day.year not in _YEARS:
            raise Refused("questions.not_a_date", key=question.key)
        return day.isoformat()


TYPE = Date()
