"""What nobody can place: said so, offered the menu, kept for teaching."""

from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Intent, Turn
from feedback_app.services import conversations


class Nonsense(Intent):
    def answer(self, turn: Turn, reading: Understanding) -> Reply:
        conversations.not_understood(turn.session, turn.text, turn.step.name if turn.step else "", turn.now)
        return turn.menu(turn.say("nonsense.ask" if reading.expect == "ask_intent" else "nonsense.help"))


INTENT = Nonsense()
