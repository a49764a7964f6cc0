"""Somebody may be in danger: whom to call now, and an urgent case for the person on duty."""

from bots.intents._filing import file
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn


class Urgent(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        file(turn, turn.text, kind="complaint", urgent=True)
        return Reply.of(turn.say(f"urgent.{reading.topic or 'emergency'}"))


INTENT = Urgent()
