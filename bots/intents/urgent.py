"""Somebody may be in danger: whom to call now, and an urgent case that the duty route is told of at once."""

from bots.intents._filing import file
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.domain.contact_details import shortened
from feedback_app.errors import FeedbackError
from feedback_app.services import conversations, own_cases, urgent
from feedback_app.services.own_cases import Case


class Urgent(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        return alarm(turn, reading.topic or "emergency", None)


def alarm(turn: Turn, topic: str, point: Point | None) -> Reply:
    """Whom to call, said first; then, only if it is so, that the person on duty is being told."""
    case = _case(turn, point)
    told = urgent.tell(turn.session, turn.runtime.vault, turn.runtime.settings, case, topic, turn.now)
    lines = [turn.say(f"urgent.{topic}"), turn.say("urgent.told" if told else "urgent.alone", number=case.number)]
    if topic not in _NOW:
        lines.append(turn.say("urgent.due", day=turn.day(case.due_on)))
    return Reply.of("\n".join(lines))


_NOW = frozenset({"self_harm", "violence", "emergency"})
"""A date to be answered by would be out of place."""


def _case(turn: Turn, point: Point | None) -> Case:
    """The case that is being told, if there is one, else a new one; what follows belongs to it."""
    known = _open_case(turn)
    if known is None:
        return file(turn, turn.text, kind="complaint", point_id=point.id if point else None, urgent=True)
    own_cases.add(turn.session, known, shortened(turn.text), turn.now, **turn.media)
    own_cases.raise_urgency(turn.session, known, turn.now)
    return known


def _open_case(turn: Turn) -> Case | None:
    if turn.step is None or turn.step.name not in {"case", "intake"}:
        return None
    number = str(turn.step.data.get("number") or conversations.draft(turn.session, turn.person).get("number") or "")
    try:
        case = own_cases.own(turn.session, turn.person, number)
    except FeedbackError:
        return None
    return case if case.state == "open" and case.kind == "complaint" else None


INTENT = Urgent()
