"""Reading a number as people write it."""

import re
import unicodedata
from collections.abc import Sequence

from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Refused

_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,6})?", re.ASCII)


def number(question: Question, sent: Sequence[str]) -> float | None:
    """３０, 1,200 and "30 分钟" (the question's own unit) are numbers. Raises Refused ``questions.not_a_number``."""
    text = unicodedata.normalize("NFKC", clean("".join(sent)[:200])).replace(",", "").strip()
    for unit in question.unit.values():
        text = text.removesuffix(unicodedata.normalize("NFKC", unit)).strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refused("questions.not_a_number", key=question.key)
    return float(text)
