"""Good morning, thank you, are you there."""

import re

from bots.language import normalise
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn

_THANKS = re.compile(r"谢|感恩|辛苦|thank|thx")


class Greeting(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        if _THANKS.search(normalise.plain(turn.text)):
            return Reply.of(turn.say("greeting.thanks"))
        return turn.menu(turn.say("greeting.hello"))


INTENT = Greeting()
