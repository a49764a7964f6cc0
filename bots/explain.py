"""What the bot would understand, do and say: the real thing, in a transaction that is always rolled back."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from bots import dispatch, knowledge
from bots.language import case_numbers, normalise
from bots.language.meaning import Context, Understanding
from bots.language.understand import understand
from bots.messages import Inbound
from feedback_app.services import complaints, conversations, own_cases, people
from feedback_app.services.complaints import Filing
from feedback_app.services.conversations import Step
from feedback_app.services.runtime import Runtime
from feedback_app.services.transaction import Session

SENDER = "somebody-imagined"
STRANGER = "somebody-else-imagined"
_PLACEHOLDER = re.compile(r"\{CASE(?:_(?:LOWER|SPACED|FULLWIDTH|DIGITS|OTHER|UNKNOWN))?\}")


class _Undone(Exception):
    """Ends the transaction without a trace."""


@dataclass(frozen=True)
class Told:
    """What is asked: a text, what the bot did last (``-``, ``menu``, ``ask_score:D01`` …), and whose the numbers are.

    ``own``: case numbers of the imagined sender. Without any, every number that exists counts as the sender's (of
    several: those of whoever filed the first), and in a database without cases every number of the right shape does.
    ``{CASE}``, ``{CASE_LOWER}``, ``{CASE_SPACED}``, ``{CASE_FULLWIDTH}``, ``{CASE_DIGITS}`` in the text stand for an
    imagined case of the sender, ``{CASE_OTHER}`` for somebody else's, ``{CASE_UNKNOWN}`` for a number never given out.
    """

    text: str
    context: str = "-"
    own: tuple[str, ...] = ()


def explain(runtime: Runtime, told: Told) -> dict[str, Any]:
    """``intent``, ``target`` (keys), ``score`` (a number, "5;2" for two targets, or None), ``expect``, ``reply``."""
    answer: dict[str, Any] = {}
    with suppress(_Undone), runtime.transaction() as session:
        answer = _rehearsed(session, runtime, told)
        raise _Undone
    return answer


def _rehearsed(session: Session, runtime: Runtime, told: Told) -> dict[str, Any]:
    now = runtime.now()
    person = people.meet(session, runtime.vault, SENDER, app_id=runtime.settings.wechat.app_id, now=now)
    text, names = _with_numbers(session, runtime, told.text, person.hash)
    theirs = [number for number, name in names.items() if name == "{CASE}"]
    own = _own_numbers(session, runtime, text, theirs or told.own, person.hash)
    directory = knowledge.of(session, runtime)
    context = Context.parse(told.context, directory)
    if context.step:
        data: dict[str, Any] = {"point": context.point.id} if context.point else {}
        conversations.remember(session, person.hash, Step(context.step, data), now)
    reading = _owned(session, understand(text, context, directory), own)
    inbound = Inbound(key=f"{SENDER}:{text}", openid=SENDER, account="", kind="text", created_at=now, text=text)
    reply = dispatch.answer(session, runtime, inbound, now=now)
    return _shown(reading, reply.text, names)


def _shown(reading: Understanding, reply: str, names: Mapping[str, str]) -> dict[str, Any]:
    targets = [point.key for point in reading.targets]
    if reading.cases:
        targets = [names.get(number, number) for number in reading.cases]
    elif reading.intent == "menu":
        targets = [reading.topic]
    score: int | str | None = reading.scores[0] if len(reading.scores) == 1 else None
    if len(reading.scores) > 1:
        score = ";".join(map(str, reading.scores))
    return {
        "intent": reading.intent,
        "target": targets,
        "score": score,
        "expect": reading.expect,
        "reply": reply,
    }


# ---- whose case numbers


def _with_numbers(session: Session, runtime: Runtime, text: str, person: str) -> tuple[str, dict[str, str]]:
    """The text with placeholders filled from imagined cases; and how to call those numbers in the answer."""
    if not _PLACEHOLDER.search(text):
        return text, {}
    own = _imagined(session, runtime, "own", person)
    other = _imagined(session, runtime, "other", runtime.vault.person(STRANGER))
    unknown = f"{own[:-4]}9999"
    forms = {
        "{CASE}": own,
        "{CASE_LOWER}": own.lower(),
        "{CASE_SPACED}": own.replace("-", " "),
        "{CASE_FULLWIDTH}": "".join(chr(ord(sign) + 0xFEE0) for sign in own),
        "{CASE_DIGITS}": re.sub(r"\D", "", own),
        "{CASE_OTHER}": other,
        "{CASE_UNKNOWN}": unknown,
    }
    names = {own: "{CASE}", other: "{CASE_OTHER}", unknown: "{CASE_UNKNOWN}"}
    return _PLACEHOLDER.sub(lambda found: forms[found[0]], text), names


def _imagined(session: Session, runtime: Runtime, name: str, person: str, number: str = "") -> str:
    filing = Filing(text="", source="bot", origin_key=f"imagined:{name}", complainant_hash=person)
    case = complaints.file(session, filing, zone=runtime.zone, now=runtime.now())
    case.number = number or case.number
    session.flush()
    return case.number or ""


def _own_numbers(session: Session, runtime: Runtime, text: str, told: Iterable[str], person: str) -> frozenset[str]:
    """The numbers in ``text`` that are the sender's, made so for the rehearsal."""
    listed = {number for one in told for number in case_numbers.found(normalise.plain(one))}
    found = case_numbers.found(normalise.plain(text))
    cases = {number: own_cases.by_number(session, number) for number in found}
    if listed:
        own = [number for number in found if number in listed]
    elif any(cases.values()) or own_cases.any_filed(session):
        filers = [case.complainant_hash for case in cases.values() if case is not None]
        own = [number for number, case in cases.items() if case is not None and case.complainant_hash == filers[0]]
    else:
        own = list(found)
    for place, number in enumerate(own):
        case = cases[number]
        if case is None:
            _imagined(session, runtime, f"told-{place}", person, number)
        else:
            case.complainant_hash = person
    session.flush()
    return frozenset(own)


def _owned(session: Session, reading: Understanding, own: frozenset[str]) -> Understanding:
    """The reading with what is done about numbers that are not the sender's."""
    if not reading.cases:
        return reading
    mine = tuple(number for number in reading.cases if number in own)
    if mine:
        return replace(reading, cases=mine)
    exists = any(own_cases.by_number(session, number) for number in reading.cases)
    return replace(reading, expect="refuse_not_owner" if exists else "not_found", cases=())
