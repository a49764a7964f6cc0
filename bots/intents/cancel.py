"""Leaving, taking a rating back, silence, and requests about one's data."""

from bots.intents import progress
from bots.intents import rating as ratings
from bots.intents._filing import file, point_by_id
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import own_ratings, people


class Cancel(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.expect == "undo_last":
            return _undo(turn, reading)
        if reading.expect == "withdraw":
            return progress.own_list(turn, withdraw=True)
        turn.settle()
        if reading.expect == "privacy_request":
            case = file(turn, turn.text, kind="complaint")
            turn.settle()
            return Reply.of(turn.say("cancel.privacy", number=case.number, day=turn.day(case.due_on)))
        if reading.expect in _SILENCE:
            people.set_quiet(turn.session, turn.person, quiet=reading.expect == "unsubscribe")
        return Reply.of(turn.say(_SILENCE.get(reading.expect, "cancel.closed")))


_SILENCE = {"unsubscribe": "cancel.unsubscribed", "resubscribe": "cancel.resubscribed"}


def _undo(turn: Turn, reading: Understanding) -> Reply:
    about = reading.targets[0] if reading.targets else None
    last = own_ratings.last(turn.session, turn.person, turn.now, point_id=about.id if about else None)
    if last is None:
        return Reply.of(turn.say("cancel.nothing"))
    own_ratings.withdraw(turn.session, last, why="taken back by message", now=turn.now)
    point = point_by_id(turn, last.service_point_id)
    name = turn.place(point) if point else last.service_point.name
    undone = turn.say("cancel.undone", name=name, level=turn.level(last.score))
    if reading.scores and point:
        stored = ratings.store(turn, [(point, reading.scores[0])], "")
        return Reply.of("\n".join((undone, stored.text)))
    turn.settle()
    return Reply.of(turn.say("cancel.undone_ask", undone=undone, name=point.name if point else name))


INTENT = Cancel()
