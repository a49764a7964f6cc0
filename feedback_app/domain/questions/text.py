"""Free text. Kept as it was written, without characters that no one can see or type."""

import unicodedata
from collections.abc import Sequence

from feedback_app.domain.questions._base import Question, QuestionType
from feedback_app.errors import Refused

_KEPT_CONTROLS = "\n\t"
_BIDI_AND_INVISIBLE = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def clean(text: str) -> str:
    """Drop NUL and other control characters and direction overrides; unify line ends; trim the ends."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        sign
        for sign in unified
        if sign in _KEPT_CONTROLS
        or (unicodedata.category(sign) not in {"Cc", "Cs"} and sign not in _BIDI_AND_INVISIBLE)
    )
    return "".join(kept).strip()


class Text(QuestionType):
    def check(self, question: Question) -> None:
        if not 1 <= question.longest <= 5000:
            raise Refused("questions.bad_length", key=question.key)

    def read(self, question: Question, sent: Sequence[str]) -> str | None:
        text = clean("\n".join(sent))
        if len(text) > question.longest:
            raise Refused("questions.too_long", key=question.key, most=question.longest, length=len(text))
        return text or None


TYPE = Text()
