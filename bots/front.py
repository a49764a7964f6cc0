"""Standing in front of the server an official account had before: what is ours is answered here, all else passed on.

A person talks to one account and must get one answer. So each push goes one way only, decided before anything is done;
only "unsubscribe", which nobody answers, goes both ways, because both sides have to forget the person.
"""

import re
from datetime import datetime, timedelta

from bots import knowledge, selection
from bots.dispatch import context_of
from bots.events import CLICKS, OURS
from bots.language.meaning import Understanding
from bots.language.understand import understand
from bots.messages import Inbound
from bots.turn import Turn
from feedback_app.services import codes, conversations, inbox, own_cases, round_pages
from feedback_app.services.conversations import Step
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

OPENING = frozenset({"complaint", "praise", "suggestion", "urgent", "progress"})
"""Readings that begin something of ours whoever is asked. A question, a greeting or nonsense is the other server's."""
ENTRIES = frozenset({"评价", "投诉", "查进度", "表扬", "我的"})
"""Words of our menu; 人工 and 帮助 are theirs as long as nothing of ours is open."""
PASSING = frozenset({"menu", "scan", "ask_comment"})
"""Steps that only offer something: words that are no answer to them are not ours."""
WITH_MEDIA = frozenset({"case", "settled", "ask_detail", "intake", "offer_complaint"})
FRESH = timedelta(minutes=30)
"""So long a question of ours has the next word, whatever it is; later only what is plainly ours."""
_FIGURES = re.compile(r"[\s\d０-９]+")


def is_ours(session: Session, runtime: Runtime, inbound: Inbound, *, now: datetime) -> bool:
    """Whether this push is for us; a repeated one goes the way it went before. Changes nothing."""
    if inbox.seen(session, inbox.stored_key(runtime.vault, inbound.key)) is not None:
        return True
    if inbound.kind == "event":
        return _event(runtime, inbound)
    person = runtime.vault.person(inbound.openid, runtime.settings.wechat.app_id)
    step = conversations.current(session, person, now)
    fresh = step is not None and now - (conversations.changed_at(session, person) or now) <= FRESH
    if not inbound.text:
        return fresh and step is not None and step.name in WITH_MEDIA
    directory = knowledge.of(session, runtime)
    turn = Turn(session, runtime, inbound, now, person, "zh", directory, step)
    reading = understand(inbound.text, context_of(step, turn), directory)
    if reading.intent == "progress" and not reading.cases and "投诉" not in inbound.text:
        return bool(own_cases.of_person(session, person))
    if selection.begins(inbound.text) and round_pages.is_asking(session, now=now, zone=runtime.zone):
        return True
    return (fresh and _answers(step, reading, inbound.text)) or _opens(reading, inbound.text)


def _event(runtime: Runtime, inbound: Inbound) -> bool:
    if inbound.event in {"subscribe", "SCAN"}:
        return bool(inbound.event_key) and codes.is_ours(runtime.vault, inbound.event_key)
    key = inbound.event_key
    return inbound.event == "CLICK" and key.startswith(OURS) and key.removeprefix(OURS) in CLICKS


def _answers(step: Step | None, reading: Understanding, text: str) -> bool:
    """Whether it continues what we began."""
    if step is None:
        return False
    if step.name not in PASSING:
        return True
    return bool(_FIGURES.fullmatch(text)) or (reading.intent == "rating" and bool(reading.scores))


def _opens(reading: Understanding, text: str) -> bool:
    """Whether it begins something of ours. A figure alone is an answer to their menu; a name alone may be a booking."""
    if reading.intent == "rating":
        return bool(reading.scores) and not _FIGURES.fullmatch(text)
    return reading.intent in OPENING or (reading.intent == "menu" and reading.topic in ENTRIES)


def both(inbound: Inbound) -> bool:
    """Whether it concerns both sides, and nobody waits for an answer."""
    return inbound.event == "unsubscribe"
