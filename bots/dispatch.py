"""Message + open conversation -> intent -> answer."""

from datetime import datetime
from functools import cache

from bots import events, intents, knowledge, leaflets, long_answers, pace, selection, steps
from bots.intents import _closing, _intake
from bots.language.meaning import Context, Understanding
from bots.language.understand import understand
from bots.messages import Inbound, Reply, cut
from bots.turn import Intent, Turn
from feedback_app import registry
from feedback_app.services import case_news, conversations, people
from feedback_app.services.conversations import Step
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

LONGEST_NEWS = 900
"""Bytes of an answer at the top of another reply; 进度 shows it whole."""
_UNDERSTOOD_STEPS = frozenset({"menu", "ask_score", "ask_comment", "scan"})


def answer(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> Reply:
    """Do what the message asks for, in the caller's transaction, and say so. Called once for each new message."""
    gone = inbound.event == "unsubscribe"
    person = people.meet(
        session, runtime.vault, inbound.openid, app_id=runtime.settings.wechat.app_id, now=now, following=not gone
    )
    step = conversations.current(session, person.hash, now)
    directory = knowledge.of(session, runtime)
    context = context_of(step, Turn(session, runtime, inbound, now, person.hash, person.language, directory, step))
    reading = understand(inbound.text, context, directory) if inbound.text else None
    if reading is not None and inbound.text.strip():
        person.language = spoken(inbound.text, person.language)
    turn = Turn(session, runtime, inbound, now, person.hash, person.language, directory, step)
    if inbound.kind == "event":
        return long_answers.sent(turn, person.openid_sealed, events.answer(turn))
    too_fast = pace.held(turn, reading)
    if too_fast is not None:
        return too_fast
    reply = events.without_words(turn) if reading is None else act(turn, reading)
    reply = _with_news(turn, person, reply) if person.news and reply.text else reply
    return long_answers.sent(turn, person.openid_sealed, reply)


def _with_news(turn: Turn, person: case_news.Person, reply: Reply) -> Reply:
    """What happened to the person's cases and could not be sent, at the top, once; and whether an answer settles it."""
    told = case_news.untold(turn.session, person, turn.now)
    news = [one for one in told if not one.answer or one.answer not in reply.text]
    if not news:
        return reply
    lines = [turn.say("news.top", title=one.title, answer=cut(one.words, LONGEST_NEWS)) for one in news]
    asked = next((one for one in reversed(news) if one.asks), None)
    if asked is not None and conversations.current(turn.session, turn.person, turn.now) is None:
        turn.wait_for(_closing.SETTLED, number=asked.number)
        lines.append(turn.say("news.ask"))
    return reply.topped("\n".join(lines))


def act(turn: Turn, reading: Understanding) -> Reply:
    """The answer to a message that has been read."""
    answered = long_answers.rest(turn) or selection.read(turn) or leaflets.read(turn) or steps.read(turn, reading)
    return answered or _intake.left(turn, known_intents()[reading.intent].answer(turn, reading))


def spoken(text: str, before: str) -> str:
    """The language of the person's last words; figures and faces do not tell."""
    if any("\u4e00" <= sign <= "\u9fff" for sign in text):
        return "zh"
    letters = sum(sign.isascii() and sign.isalpha() for sign in text)
    return "en" if letters >= 3 else before


def context_of(step: Step | None, turn: Turn) -> Context:
    """What the rules of the language need to know of the open step."""
    if step is None or step.name not in _UNDERSTOOD_STEPS:
        return Context()
    point = next((one for one in turn.directory.points if one.id == step.data.get("point")), None)
    return Context(step.name, point)


@cache
def known_intents() -> dict[str, Intent]:
    """One file of ``bots.intents`` each."""
    return registry.discover_one(intents, "INTENT", Intent)
