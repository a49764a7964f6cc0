"""A complaint told in several messages: the case is there from the first words, one question at a time completes it."""

from dataclasses import dataclass, replace
from typing import Any

from bots.intents import _filing, progress
from bots.language import facts, normalise
from bots.language.facts import Facts
from bots.language.meaning import Context, Message, Understanding
from bots.messages import Reply
from bots.turn import Turn
from feedback_app.domain import intake
from feedback_app.domain.contact_details import shortened
from feedback_app.domain.intake import Draft
from feedback_app.errors import FeedbackError
from feedback_app.services import conversations, own_cases
from feedback_app.services.own_cases import Case

STEP = "intake"
TELLING = 10
"""Characters; an opening of that length says something that belongs to the case."""
_ELSEWHERE = frozenset({"menu", "progress", "question", "greeting"})
_LEAVING = frozenset(
    {"unsubscribe", "resubscribe", "privacy_request", "undo_last", "refuse", "refuse_or_flag", "no_medical_advice"}
)
_YES = frozenset(
    [
        "可以",
        "好",
        "好的",
        "行",
        "同意",
        "是",
        "是的",
        "嗯",
        "要",
        "愿意",
        "ok",
        "okay",
        "yes",
        "sure",
        "y",
        "可以的",
        "没问题",
    ]
)


@dataclass(frozen=True)
class Open:
    """The complaint that is being told. ``sealed``: a number written in passing, until its writer agrees to its use."""

    case: Case
    draft: Draft
    sealed: str = ""


def begin(turn: Turn, case: Case, text: str) -> str:
    """The case was filed with these words: remember the draft, and return the first question."""
    told = facts.found(text, turn.directory)
    slots = {"what", *told.told} - {"contact"}
    if case.service_point_id is not None:
        slots.add("where")
    sealed = turn.runtime.vault.seal("，".join(told.addresses))
    _note_duty(turn, case, text)
    return _keep(turn, Open(case, intake.begun(slots), sealed))


def _note_duty(turn: Turn, case: Case, text: str) -> None:
    at = turn.moment(text)
    if at is not None:
        own_cases.note_duty(turn.session, case, at, turn.now)


def begin_without_story(turn: Turn, case: Case) -> str:
    """Only whom it is about is known: the first question is what happened."""
    return _keep(turn, Open(case, intake.begun({"where"})))


def current(turn: Turn) -> Open | None:
    """The draft of this person while its case is open."""
    kept = conversations.draft(turn.session, turn.person)
    try:
        case = own_cases.own(turn.session, turn.person, str(kept.get("number") or ""))
    except FeedbackError:
        return None
    if case.state != "open":
        return None
    return Open(case, Draft.restored(kept.get("slots") or {}), str(kept.get("sealed") or ""))


def answer(turn: Turn, reading: Understanding) -> Reply | None:
    """The open question's answer, or what else was said about the case; None: it clearly is something else."""
    told, plain = current(turn), normalise.plain(turn.text)
    if told is None:
        return None
    if facts.takes_back(plain):
        return Reply.of(progress.done(turn, told.case, "withdraw"))
    if facts.ends(plain):
        return _ended(turn, replace(told, draft=intake.ended(told.draft)))
    if told.draft.open == "contact" and plain.strip(" 。.!~吧") in _YES:
        return _agreed(turn, told)
    if facts.skips(plain):
        return _next(turn, replace(told, draft=intake.skipped(told.draft), sealed=_unasked(told)))
    if facts.begins_another(plain) or _leaves(turn, reading):
        return None
    return _heard(turn, told, facts.found(turn.text, turn.directory), reading)


def _unasked(told: Open) -> str:
    """A number that may not be used is not kept."""
    return "" if told.draft.open == "contact" else told.sealed


def _leaves(turn: Turn, reading: Understanding) -> bool:
    if reading.intent in _ELSEWHERE or reading.expect in _LEAVING:
        return True
    if reading.intent == "rating":
        return bool(Message(turn.text, Context(), turn.directory).written_scores)
    return reading.intent == "praise" and any(word in turn.text for word in ("谢", "表扬", "锦旗", "点赞", "thank"))


def _heard(turn: Turn, told: Open, heard: Facts, reading: Understanding) -> Reply:
    slots = heard.told - {"contact", "who"}
    if heard.person is not None:
        slots = slots | {"where"}
    enriched = {"slots": sorted(slots or {told.draft.open} - {""})}
    own_cases.add(turn.session, told.case, shortened(turn.text), turn.now, **enriched, **turn.media)
    if heard.about and (told.case.service_point_id is None or heard.corrects):
        own_cases.point_at(turn.session, told.case, heard.about.id)
    _note_duty(turn, told.case, turn.text)
    told = _with_contact(turn, told, heard)
    if told.draft.open == "contact" and heard.addresses:
        slots = slots | {"contact"}
    if heard.corrects and slots:
        return _next(turn, replace(told, draft=intake.corrected(told.draft, slots)), "intake.corrected")
    return _next(turn, replace(told, draft=intake.heard(told.draft, slots)))


def _with_contact(turn: Turn, told: Open, heard: Facts) -> Open:
    """Sent when asked for it: that is the consent. Written in passing: sealed away until asked."""
    if not heard.addresses:
        return told
    sealed = turn.runtime.vault.seal("，".join(heard.addresses))
    if told.draft.open == "contact" or told.case.has_contact:
        own_cases.leave_contact(turn.session, told.case, sealed, turn.now)
        return replace(told, sealed="")
    return replace(told, sealed=sealed)


def _agreed(turn: Turn, told: Open) -> Reply:
    if not told.sealed:
        return Reply.of(turn.say("intake.send_number"))
    own_cases.leave_contact(turn.session, told.case, told.sealed, turn.now)
    return _next(turn, replace(told, draft=intake.heard(told.draft, {"contact"}), sealed=""))


def _next(turn: Turn, told: Open, noted: str = "intake.noted") -> Reply:
    """What was understood, and the next question; the end when nothing is left to ask."""
    if not told.draft.open:
        return _ended(turn, told)
    return Reply.of("\n".join((turn.say(noted), _keep(turn, told))))


def _ended(turn: Turn, told: Open) -> Reply:
    number = told.case.number
    conversations.keep_draft(turn.session, turn.person, {}, turn.now)
    turn.wait_for("case", number=number)
    return Reply.of(turn.say("intake.ended", number=number, day=turn.day(told.case.due_on)))


def _keep(turn: Turn, told: Open) -> str:
    """Remember it and return the open question; "" without one."""
    data: dict[str, Any] = {"number": told.case.number, "slots": told.draft.stored(), "sealed": told.sealed}
    conversations.keep_draft(turn.session, turn.person, data, turn.now)
    turn.wait_for(STEP if told.draft.open else "case", number=told.case.number)
    return _question(turn, told)


def _question(turn: Turn, told: Open) -> str:
    name = f"{told.draft.open}_found" if told.draft.open == "contact" and told.sealed else told.draft.open
    found = shortened(turn.runtime.vault.unseal(told.sealed))
    return turn.say(f"intake.ask_{name}", found=found) if name else ""


def media(turn: Turn, *, just_opened: bool = False) -> Reply | None:
    """A picture or voice message: kept with the case, and the question stays open. None: no complaint is being told."""
    telling = just_opened or (turn.step is not None and turn.step.name == STEP)
    told = current(turn) if telling else None
    if told is None:
        return None
    own_cases.add(turn.session, told.case, f"[{turn.inbound.kind}]", turn.now, **turn.media)
    added = turn.say("complaint.media_added", number=told.case.number)
    return Reply.of("\n".join((added, _keep(turn, told))))


def resume(turn: Turn) -> Reply | None:
    """Taken up again where it was left; the newest open complaint when nothing was left half told. None: there is none."""
    told = current(turn) or _newest(turn)
    if told is None:
        return None
    told = replace(told, draft=intake.resumed(told.draft))
    return Reply.of("\n".join((turn.say("intake.resumed", number=told.case.number), _keep(turn, told))))


def _newest(turn: Turn) -> Open | None:
    cases = own_cases.of_person(turn.session, turn.person)
    case = next((one for one in cases if one.kind == "complaint" and one.state == "open"), None)
    if case is None:
        return None
    slots = {"where"} if case.service_point_id is not None else set()
    return Open(case, intake.begun({*slots, *({"what"} if case.text else ())}))


def left(turn: Turn, reply: Reply) -> Reply:
    """``reply`` with a word that the half-told complaint waits."""
    told = current(turn) if turn.step is not None and turn.step.name == STEP else None
    if told is None or not reply.text or reply.options:
        return reply
    return Reply.of("\n".join((reply.text, turn.say("intake.left", number=told.case.number))))


def opening(turn: Turn, text: str) -> str:
    """``text`` where it tells something that belongs to the case; "" for 我要投诉 alone."""
    return text if len(text) >= TELLING or facts.found(text, turn.directory).told else ""


def awaits_story(turn: Turn, before: str) -> Reply:
    """A picture instead of the story that was asked for: filed with it, nothing is lost."""
    text = "\n".join(filter(None, (opening(turn, before), f"[{turn.inbound.kind}]")))
    case = _filing.file(turn, text, kind="complaint")
    filed = turn.say("intake.filed", number=case.number, day=turn.day(case.due_on))
    return Reply.of("\n".join((filed, _keep(turn, Open(case, intake.begun(set()))))))
