"""Leaving, taking a rating back, silence, and requests about one's data."""

from bots.intents import progress
from bots.intents import rating as ratings
from bots.intents._filing import point_by_id
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import own_data, own_ratings, people


class Cancel(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.expect == "undo_last":
            return _undo(turn, reading)
        if reading.expect == "withdraw":
            return progress.own_list(turn, withdraw=True)
        turn.settle()
        if reading.expect == "privacy_request":
            return Reply.of(turn.say("cancel.privacy", link=_own_data(turn)))
        if reading.expect in _SILENCE:
            people.set_quiet(turn.session, turn.person, quiet=reading.expect == "unsubscribe")
        return Reply.of(turn.say(_SILENCE.get(reading.expect, "cancel.closed")))


def _own_data(turn: Turn) -> str:
    """The address of a page for this person alone, where it can be seen, taken away and erased."""
    ticket = own_data.link_ticket(turn.runtime.vault, turn.person, turn.now)
    return f"{turn.runtime.settings.server.base_url}/mine/{ticket}"


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
