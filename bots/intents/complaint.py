"""Complaints by message: filed at once with what was said; suggestions likewise."""

from bots.intents import _intake
from bots.intents._filing import file, point_by_id
from bots.intents.urgent import alarm
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.language.rules.account import TOPIC as WEIGHED
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import conversations


class Complaint(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        point = reading.targets[0] if reading.targets else None
        if reading.expect == "ask_detail":
            return ask_detail(turn, point)
        if reading.expect == "store_suggestion":
            return suggest(turn, turn.text, point)
        if reading.expect == "offer_complaint":
            if reading.topic == WEIGHED:  # no rule placed it: if it is left unanswered, an administrator still sees it
                conversations.not_understood(turn.session, turn.text, turn.step.name if turn.step else "", turn.now)
            turn.wait_for("offer_complaint", text=turn.text, point=point.id if point else None)
            return Reply.of(turn.say("complaint.offer"))
        if reading.expect == "open_case_urgent":
            return alarm(turn, reading.topic or "medicine", point)
        return open_case(turn, turn.text, point)


def ask_detail(turn: Turn, point: Point | None) -> Reply:
    """What happened? Whom it is about is filed already: nothing said is lost."""
    if point is None:
        turn.wait_for("ask_detail", point=None, text=turn.text)
        return Reply.of(turn.say("complaint.ask_detail"))
    case = file(turn, turn.text, kind="complaint", point_id=point.id)
    filed = turn.say("intake.filed_about", number=case.number, day=turn.day(case.due_on), name=turn.place(point))
    return Reply.of("\n".join((filed, _intake.begin_without_story(turn, case))))


def open_case(turn: Turn, text: str, point: Point | None) -> Reply:
    """File it, name the number and the day, and ask what is missing."""
    case = file(turn, text, kind="complaint", point_id=point.id if point else None)
    key = "filed_about" if point else "filed"
    filed = turn.say(
        f"intake.{key}", number=case.number, day=turn.day(case.due_on), name=turn.place(point) if point else ""
    )
    return Reply.of("\n".join(filter(None, (filed, _intake.begin(turn, case, text)))))


def open_offered(turn: Turn) -> Reply:
    """What was told when we asked whether it is to be a complaint."""
    data = turn.step.data if turn.step else {}
    return open_case(turn, str(data.get("text", "")), point_by_id(turn, data.get("point")))


def suggest(turn: Turn, text: str, point: Point | None) -> Reply:
    case = file(turn, text, kind="suggestion", point_id=point.id if point else None)
    turn.settle()
    return Reply.of(turn.say("suggestion.stored", number=case.number))


INTENT = Complaint()
