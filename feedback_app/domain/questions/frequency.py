"""How often something happened, with a way out for those to whom it did not apply: an option without a score."""

from typing import Any

from feedback_app.domain.questions._base import Question
from feedback_app.domain.questions._options import OneOption
from feedback_app.errors import Refused

_STEPS = (("总是", "Always", 100), ("经常", "Often", 67), ("有时", "Sometimes", 33), ("从不", "Never", 0))


class Frequency(OneOption):
    def check(self, question: Question) -> None:
        super().check(question)
        if all(option.score is not None for option in question.options):
            raise Refused("questions.no_way_out", key=question.key)

    def fresh(self) -> dict[str, Any]:
        steps: list[dict[str, Any]] = [
            {"value": f"o{place}", "text": {"zh": zh, "en": en}, "score": score}
            for place, (zh, en, score) in enumerate(_STEPS, 1)
        ]
        return {"options": [*steps, {"value": "none", "text": {"zh": "没有遇到", "en": "Did not apply"}}]}


TYPE = Frequency()
