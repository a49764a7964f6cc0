"""Complaints by message: filed at once with what was said; suggestions likewise."""

from bots.intents._filing import file
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn


class Complaint(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        point = reading.targets[0] if reading.targets else None
        if reading.expect == "ask_detail":
            return ask_detail(turn, point)
        if reading.expect == "store_suggestion":
            return suggest(turn, turn.text, point)
        if reading.expect == "offer_complaint":
            turn.wait_for("offer_complaint", text=turn.text, point=point.id if point else None)
            return Reply.of(turn.say("complaint.offer"))
        return open_case(turn, turn.text, point, urgent=reading.expect == "open_case_urgent")


def ask_detail(turn: Turn, point: Point | None) -> Reply:
    turn.wait_for("ask_detail", point=point.id if point else None, text=turn.text)
    if point:
        return Reply.of(turn.say("complaint.ask_detail_about", name=turn.place(point)))
    return Reply.of(turn.say("complaint.ask_detail"))


def open_case(turn: Turn, text: str, point: Point | None, *, urgent: bool = False) -> Reply:
    """File it and name the number and the day."""
    case = file(turn, text, kind="complaint", point_id=point.id if point else None, urgent=urgent)
    key = "urgent" if urgent else "filed_about" if point else "filed"
    return Reply.of(
        turn.say(
            f"complaint.{key}",
            number=case.number,
            day=turn.day(case.due_on),
            name=turn.place(point) if point else "",
        )
    )


def suggest(turn: Turn, text: str, point: Point | None) -> Reply:
    case = file(turn, text, kind="suggestion", point_id=point.id if point else None)
    turn.settle()
    return Reply.of(turn.say("suggestion.stored", number=case.number))


INTENT = Complaint()
