"""Thanks in one's own words: kept as praise for whom it is meant."""

from bots.intents._filing import file
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn


class Praise(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if reading.expect == "ask_target":
            options = reading.candidates[:8]
            turn.wait_for("ask_praised", text=turn.text, options=[one.id for one in options])
            return turn.choose(turn.say("rating.which" if options else "praise.ask_target"), options)
        return store(
            turn, turn.text, reading.targets[0] if reading.targets else None, comment=reading.expect == "store_comment"
        )


def store(turn: Turn, text: str, point: Point | None, *, comment: bool = False) -> Reply:
    case = file(turn, text, kind="praise", point_id=point.id if point else None)
    turn.settle()
    if comment:
        return Reply.of(turn.say("rating.comment_kept"))
    if point is None:
        return Reply.of(turn.say("praise.stored_all", number=case.number))
    key = "stored" if point.kind == "staff" else "stored_unit"
    return Reply.of(turn.say(f"praise.{key}", name=turn.place(point), number=case.number))


INTENT = Praise()
