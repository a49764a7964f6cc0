"""The fixed entries, typed, tapped or chosen by figure."""

from bots.intents import complaint, progress
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import own_ratings


class Menu(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        return entry(turn, reading.topic)


def entry(turn: Turn, name: str) -> Reply:
    """What one entry does; an unknown one shows the menu."""
    if name == "评价":
        turn.wait_for("ask_target", score=None, comment="", options=[])
        return Reply.of(turn.say("rating.ask_target_plain"))
    if name == "投诉":
        return complaint.ask_detail(turn, None)
    if name == "查进度":
        return progress.own_list(turn)
    if name == "人工":
        turn.wait_for("ask_detail", point=None, text="")
        return Reply.of(turn.say("human.promise", day=turn.due()))
    if name == "表扬":
        turn.wait_for("ask_praised", text="", options=[])
        return Reply.of(turn.say("praise.ask_target"))
    if name == "我的":
        return _own_ratings(turn)
    return turn.menu()


def _own_ratings(turn: Turn) -> Reply:
    found = own_ratings.of_person(turn.session, turn.person)
    if not found:
        return Reply.of(turn.say("mine.none"))
    lines = [
        turn.say(
            "mine.line",
            day=turn.day(one.day),
            name=one.service_point.name,
            level=turn.level(one.score),
            receipt=one.receipt,
        )
        for one in found
    ]
    return Reply.of("\n".join([turn.say("mine.intro"), *lines]))


INTENT = Menu()
