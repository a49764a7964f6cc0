"""Questions: what the short list knows, otherwise who knows. Medical advice never."""

import re
import tomllib
from functools import cache
from pathlib import Path

from bots.language import normalise
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app import texts

FILE = Path(__file__).with_name("questions.toml")


class Question(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.expect == "no_medical_advice":
            return Reply.of(turn.say("question.medical"))
        if reading.expect == "ask_target":
            return turn.choose(turn.say("question.which"), reading.candidates)
        known = known_answer(turn)
        if known:
            return Reply.of(known)
        if reading.targets:
            return Reply.of(turn.say("question.about", name=turn.place(reading.targets[0])))
        return Reply.of(turn.say("question.desk"))


def known_answer(turn: Turn) -> str:
    """From questions.toml, the first entry one of whose patterns is found; empty when none knows."""
    asked = normalise.plain(turn.text)
    for pattern, words in _entries():
        if pattern.search(asked):
            return texts.fill(words.get(turn.language) or words["zh"], _facts(turn))
    return ""


def _facts(turn: Turn) -> dict[str, object]:
    settings = turn.runtime.settings
    posted = settings.complaints
    return {
        "phone": posted.phone,
        "place": posted.place,
        "hours": posted.hours,
        "routes": posted.routes,
        "hospital": settings.hospital.name,
        "day": turn.due(),
        "site": f"{settings.server.base_url}/stars",
    }


@cache
def _entries() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    listed = tomllib.loads(FILE.read_text("utf-8"))["question"]
    return tuple((re.compile("|".join(one["asked"])), {"zh": one["zh"], "en": one["en"]}) for one in listed)


INTENT = Question()
