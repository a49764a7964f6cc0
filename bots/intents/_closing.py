"""Closing by consent, in the chat: is it settled, how was the handling, may it be told without names. One question at a time."""

import re

from bots.language import lexicon, normalise, scores
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Turn
from feedback_app.domain import complaints as rules
from feedback_app.domain.contact_details import shortened
from feedback_app.errors import FeedbackError
from feedback_app.services import case_consent, own_cases
from feedback_app.services.own_cases import Case

SETTLED, RATE, CARD = "settled", "rate_handling", "card_consent"
STEPS = (SETTLED, RATE, CARD)
_SETTLED = re.compile(
    r"^(1|1 ?可以了?|可以了?|可以的|行|好|好的|是|是的|对|嗯+|满意|满意了|解决了|已经?解决了?|都?解决了|没问题了?|没意见了?|"
    r"处理好了|接受|认可|同意|yes|y|ok|okay|settled|it is settled|solved)[,，]?(谢谢|多谢|感谢|谢谢你们|谢谢您)?[吧啊呀哦了!.。~,]*$"
)
_NOT = re.compile(r"^(2|2 ?还?没有?解决|否|不|不行|不可以|没有|没|还没|还没有|不是|no|n|not yet)[吧啊呀哦了呢!.。~,]*$")
_NEW_FACTS = re.compile(r"新(的|发现的)?(情况|事实|证据|线索|材料|录音|照片)|new (facts?|evidence)")
_AGREES = re.compile(
    r"^(1|可以|可以的|好|好的|行|同意|愿意|是|是的|嗯+|要|没问题|yes|y|ok|okay|sure)[吧啊呀哦了!.。~,]*$"
)


def plain(turn: Turn) -> str:
    return normalise.plain(turn.text)


def is_discontent(turn: Turn) -> bool:
    return bool(_NOT.match(plain(turn)) or lexicon.pattern("progress.reopen").search(plain(turn)))


def is_content(turn: Turn) -> bool:
    return bool(_SETTLED.match(plain(turn))) and not is_discontent(turn)


def tells_new_facts(turn: Turn) -> bool:
    return bool(_NEW_FACTS.search(plain(turn)))


def is_elsewhere(reading: Understanding) -> bool:
    """Somebody is named or rated: a new matter, however discontented it sounds."""
    return bool(reading.targets) or (reading.intent == "rating" and bool(reading.scores) and bool(reading.candidates))


def answer(turn: Turn, reading: Understanding) -> Reply | None:
    """What the open question of the three was answered; None: it is to be taken otherwise."""
    assert turn.step is not None  # noqa: S101 - the caller looked
    case = _own(turn)
    if case is None or is_elsewhere(reading):
        return None
    if turn.step.name == RATE:
        return _rated(turn, case)
    if turn.step.name == CARD:
        return _carded(turn, case)
    if is_content(turn):
        return settled(turn, case)
    return Reply.of(refused(turn, case)) if is_discontent(turn) else None


def settled(turn: Turn, case: Case) -> Reply:
    """Yes: closed with the person's consent; how was the handling?"""
    try:
        case_consent.settle(turn.session, case, turn.now, turn.runtime.zone)
    except FeedbackError:
        return Reply.of(turn.say("closing.not_now", number=case.number, state=state_words(turn, case)))
    turn.wait_for(RATE, number=case.number)
    return Reply.of(turn.say("closing.settled", number=case.number))


def refused(turn: Turn, case: Case) -> str:
    """No: one level higher, or the end of the way through the hospital. What was said is kept with the case."""
    words = "" if _NOT.match(plain(turn)) else shortened(turn.text)
    target = case_consent.living(turn.session, case)
    if target.state == rules.FINAL and tells_new_facts(turn):
        case_consent.new_facts(turn.session, case, words, turn.now, turn.runtime.zone)
        outcome = "new_facts"
    else:
        outcome = own_cases.reopen(turn.session, case, words, turn.now, turn.runtime.zone)
    turn.wait_for("case", number=case.number)
    level = turn.say(f"closing.level_{target.level}")
    day = turn.day(target.due_on) or turn.due()
    return turn.say(f"closing.{outcome}", number=case.number, day=day, level=level, routes=_routes(turn))


def ask(turn: Turn, case: Case) -> None:
    """What follows answers whether it is settled, where that is what waits."""
    waits = case_consent.living(turn.session, case).state == rules.ANSWERED
    turn.wait_for(SETTLED if waits else "case", number=case.number)


def state_words(turn: Turn, case: Case) -> str:
    return turn.say(f"progress.{case_consent.living(turn.session, case).state}")


def _rated(turn: Turn, case: Case) -> Reply | None:
    figure = scores.alone(plain(turn))
    if figure in (1, 2, 3, 4, 5):
        case_consent.rate(turn.session, case, int(figure), "", turn.now)
        return _ask_card(turn, case, "closing.rated")
    if plain(turn).strip(" 。.!~吧") in {"跳过", "不评", "不评了", "不打", "算了", "不用", "skip", "no"}:
        return _ask_card(turn, case, "closing.not_rated")
    return None


def _ask_card(turn: Turn, case: Case, key: str) -> Reply:
    turn.wait_for(CARD, number=case.number)
    return Reply.of("\n".join((turn.say(key), turn.say("closing.ask_card"))))


def _carded(turn: Turn, case: Case) -> Reply | None:
    agrees = bool(_AGREES.match(plain(turn)))
    if (
        not agrees
        and not _NOT.match(plain(turn))
        and plain(turn).strip(" 。.!~了吧") not in {"不用", "不要", "算", "跳过", "别", "不同意"}
    ):
        return None
    case_consent.consent(turn.session, case, agrees, turn.now)
    turn.settle()
    return Reply.of(turn.say("closing.card_yes" if agrees else "closing.card_no"))


def _own(turn: Turn) -> Case | None:
    assert turn.step is not None  # noqa: S101 - the caller looked
    try:
        return own_cases.own(turn.session, turn.person, str(turn.step.data.get("number", "")))
    except FeedbackError:
        return None


def _routes(turn: Turn) -> str:
    return turn.runtime.settings.complaints.routes
