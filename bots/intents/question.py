"""Questions: what the short list knows, otherwise who knows. Medical advice never."""

import re
import tomllib
from functools import cache
from pathlib import Path

from bots.language import normalise
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app import texts
from feedback_app.domain.contact_details import shortened
from feedback_app.domain.workdays import deadline
from feedback_app.services import calendar, case_clock, complaints, patient_questions
from feedback_app.services.complaints import Filing

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
            return _offer(turn, reading.targets[0])
        return Reply.of(turn.say("question.desk"))


def _offer(turn: Turn, point: Point) -> Reply:
    """Nobody here knows: somebody of the hospital may be asked, with a promise of when."""
    turn.wait_for("offer_question", point=point.id, text=turn.text)
    name = turn.place(point)
    return Reply.of(
        "\n".join((turn.say("question.about", name=name), turn.say("question.offer", name=name, day=_day(turn))))
    )


def pass_on(turn: Turn, text: str, point_id: int) -> Reply:
    """The question as a case of its own, answered by whom it is put to; what follows belongs to it."""
    filing = Filing(
        text=shortened(text)[: complaints.LONGEST_TEXT],
        source="bot",
        origin_key=f"{turn.key}:question",
        kind=patient_questions.KIND,
        point_id=point_id,
        complainant_hash=turn.person,
    )
    case = patient_questions.ask(turn.session, filing, zone=turn.runtime.zone, now=turn.now)
    turn.wait_for("case", number=case.number)
    return Reply.of(turn.say("question.passed_on", number=case.number, day=turn.day(case.due_on)))


def _day(turn: Turn) -> str:
    """The day by which a question asked now is answered."""
    today = turn.now.astimezone(turn.runtime.zone).date()
    return turn.day(deadline(today, case_clock.DAYS[patient_questions.KIND], calendar.table(turn.session)).day)


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
