"""One sender, more messages than a person types: the words are kept, and the answer says so once.

The buckets are in the database, so they hold across all processes. Danger is heard at any pace.
"""

from datetime import timedelta

from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Turn
from feedback_app.services import buckets, conversations
from feedback_app.services.buckets import Limit

BURST_MINUTES = 6
"""So many minutes' worth may come at once: people send a story in pieces."""
KEPT_AT_ONCE, KEPT_PER_HOUR = 50, 10
"""Messages of one sender that are kept for an administrator; a machine's thousands are not."""
_ALWAYS = frozenset({"urgent"})
_PAUSE = timedelta(minutes=10)


def held(turn: Turn, reading: Understanding | None) -> Reply | None:
    """What to say to a message that came too fast: the first time that it is kept, then nothing. None: go on."""
    if reading is not None and reading.intent in _ALWAYS:
        return None
    each_minute = turn.runtime.settings.limits.messages_per_minute
    if _takes(turn, Limit("messages", burst=each_minute * BURST_MINUTES, per_hour=each_minute * 60)):
        return None
    if turn.text and _takes(turn, Limit("kept", burst=KEPT_AT_ONCE, per_hour=KEPT_PER_HOUR)):
        conversations.not_understood(turn.session, turn.text, "too_fast", turn.now)
    told = _takes(turn, Limit("told", burst=1, per_hour=timedelta(hours=1) / _PAUSE))
    return Reply.of(turn.say("pace.kept")) if told else Reply()


def _takes(turn: Turn, limit: Limit) -> bool:
    return buckets.wait(turn.session, turn.runtime.vault, limit, turn.person, turn.now) == 0
