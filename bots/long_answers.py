"""Answers longer than one reply: the next parts follow as messages of their own, and what even those have no room for comes
when the person writes 继续.

The platform takes a few messages after something a person did: five within 48 hours after a message, three within a minute
after a tap, a scan or a follow. The reply itself costs none of them; one is left for news of a case.
"""

import re
from datetime import timedelta

from bots.language import normalise
from bots.messages import LONGEST_REPLY, ROOM_FOR_NOTE, Reply
from bots.turn import Turn
from feedback_app.services import conversations, outbox
from feedback_app.services.conversations import Step

LONGEST_PART = LONGEST_REPLY - ROOM_FOR_NOTE
AFTER_WORDS, AFTER_A_TAP = 4, 2
STEP = "more"
_TAIL = "tail"
_GO_ON = re.compile(r"^(继续|继续看|接着说|接着|下一页|下一段|还有呢?|更多|more|continue|next|go on)[吧啊呀!。.~]*$")


def sent(turn: Turn, recipient: str, reply: Reply) -> Reply:
    """``reply`` with a line that tells what follows; its parts are in the outbox of the person sealed in ``recipient``."""
    if not reply.rest:
        return reply
    tapped = turn.inbound.kind == "event" or bool(turn.inbound.menu_choice)
    room = AFTER_A_TAP if tapped else AFTER_WORDS
    parts, tail = reply.rest[:room], reply.rest[room:]
    for number, part in enumerate(parts):
        left = len(parts) - number - 1
        line = turn.say("pace.more", left=left) if left else turn.say("pace.go_on") if tail else ""
        _put(turn, recipient, number, "\n".join(filter(None, (part, line))))
    if tail:
        _keep(turn, tail)
    return Reply(f"{reply.text}\n{turn.say('pace.more', left=len(parts))}", reply.options)


def _put(turn: Turn, recipient: str, number: int, text: str) -> None:
    outbox.put(
        turn.session,
        dedupe_key=f"reply:{turn.runtime.vault.person(turn.key)}:{number}",
        purpose="reply_part",
        channel="official_account",
        recipient=recipient,
        payload={"text": text},
        now=turn.now + timedelta(seconds=number),
    )


def _keep(turn: Turn, tail: tuple[str, ...]) -> None:
    """With the question that is open, so that it can still be answered; by itself where none is."""
    open_step = conversations.current(turn.session, turn.person, turn.now)
    name, data = (open_step.name, dict(open_step.data)) if open_step else (STEP, {})
    conversations.remember(turn.session, turn.person, Step(name, {**data, _TAIL: list(tail)}), turn.now)


def rest(turn: Turn) -> Reply | None:
    """What was kept, when the message asks for it; None otherwise. Whatever was asked before stays open."""
    tail = turn.step.data.get(_TAIL) if turn.step else None
    if turn.step is None or not tail or not _GO_ON.match(normalise.plain(turn.text)):
        return None
    left = {name: value for name, value in turn.step.data.items() if name != _TAIL}
    conversations.remember(
        turn.session, turn.person, None if turn.step.name == STEP else Step(turn.step.name, left), turn.now
    )
    first, *others = tail
    return Reply(str(first), rest=tuple(map(str, others)))
