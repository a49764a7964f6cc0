"""Answers to our own questions that the words alone do not tell: yes and no, which of these, the rest of a complaint."""

import re
from collections.abc import Callable

from bots.intents import _closing, _filing, _intake, complaint, praise, progress, question, rating
from bots.language import facts, lexicon, normalise, scores
from bots.language.directory import Point
from bots.language.meaning import Understanding
from bots.messages import Reply
from bots.turn import Turn
from feedback_app.domain.contact_details import shortened
from feedback_app.errors import FeedbackError
from feedback_app.services import case_consent, own_cases

_YES = re.compile(
    r"^(是|是的|对|对的|嗯+|恩+|好|好的|可以|确认|确定|没错|正确|要|要的|需要|行|1|yes|y|ok|okay|sure|right|correct)[吧啊呀哦了!.。~,]*$"
)
_NO = re.compile(
    r"^(不是|不对|不|否|错|错了|不用|不用了|不要|不要了|不需要|算了|2|no|n|wrong|取消|cancel)[的吧啊呀哦了!.。~,]*$"
)
_STANDS_ALONE = frozenset({"urgent"})
_NEVER_AN_ANSWER = frozenset({"menu", "progress"})
SHORTEST_ACCOUNT = 4
"""Characters; less than that tells nothing that could be looked into."""
_SIGNS = re.compile(r"\d{4,6}")

Answer = Callable[[Turn, Understanding], Reply | None]


def read(turn: Turn, reading: Understanding) -> Reply | None:
    """Our answer where the message answers the open question; None: it is to be taken by itself."""
    if reading.intent in _STANDS_ALONE or reading.expect in {"unsubscribe", "resubscribe", "privacy_request"}:
        return None
    if facts.resumes(_plain(turn)):
        return _intake.resume(turn)
    if turn.step is None or reading.expect == "open_case_urgent":
        return None
    if turn.step.name == _intake.STEP:
        return _intake.answer(turn, reading)
    if turn.step.name in _closing.STEPS:
        closing = _closing.answer(turn, reading)
        if closing is not None or turn.step.name != _closing.SETTLED:
            return closing
    answer = _ANSWERS.get(turn.step.name) if reading.intent not in _NEVER_AN_ANSWER else None
    return answer(turn, reading) if answer else None


def _plain(turn: Turn) -> str:
    return normalise.plain(turn.text)


def _confirm(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    pairs = rating.stored_pairs(turn, turn.step.data.get("pairs"))
    if _YES.match(_plain(turn)) and pairs:
        return rating.store(turn, pairs, str(turn.step.data.get("comment", "")))
    if _NO.match(_plain(turn)):
        turn.settle()
        return Reply.of(turn.say("rating.not_asked"))
    figure = scores.alone(_plain(turn))
    if figure in (1, 2, 3, 4, 5) and len(pairs) == 1:
        return rating.store(turn, [(pairs[0][0], int(figure))], "")
    return None


def _chosen(turn: Turn, reading: Understanding) -> Point | None:
    """The target told now: a figure from the list, or a name."""
    assert turn.step is not None  # noqa: S101 - read() looked
    options = turn.step.data.get("options") or []
    figure = scores.alone(_plain(turn))
    if figure is not None and 1 <= figure <= len(options) and figure == int(figure):
        return _filing.point_by_id(turn, options[int(figure) - 1])
    listed = [point for point in reading.candidates if point.id in options]
    if len(reading.targets) == 1:
        return reading.targets[0]
    return listed[0] if len(listed) == 1 else None


def _target(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    if reading.intent == "rating" and reading.targets and reading.scores:
        return None
    point = _chosen(turn, reading)
    score = turn.step.data.get("score")
    if point is None or reading.intent not in {"rating", "nonsense", "question"}:
        return _again(turn, reading, score)
    if score is None:
        return rating.ask_score(turn, Understanding("rating", "ask_score", targets=(point,)))
    return rating.store(turn, [(point, int(score))], str(turn.step.data.get("comment", "")))


def _again(turn: Turn, reading: Understanding, score: object) -> Reply | None:
    """Somebody else of that name, or a score now that only the target was missing: keep what is known."""
    if reading.intent != "rating" or reading.scores or not isinstance(score, int) or not reading.candidates:
        return None
    kept = Understanding("rating", "ask_target", scores=(score,), candidates=reading.candidates)
    return rating.ask_target(turn, kept)


def _detail(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    if reading.intent in {"greeting", "cancel", "question", "praise"} or (
        reading.intent == "rating" and reading.expect == "accept"
    ):
        return None
    if reading.expect in {"no_medical_advice", "refuse", "refuse_or_flag", "open_case_urgent"}:
        return None
    point = reading.targets[0] if reading.targets else _filing.point_by_id(turn, turn.step.data.get("point"))
    if len(_plain(turn)) < SHORTEST_ACCOUNT or reading.expect == "ask_detail" and point is None:
        return complaint.ask_detail(turn, point)
    kept = _intake.opening(turn, str(turn.step.data.get("text") or ""))
    return complaint.open_case(turn, "\n".join(filter(None, (kept, turn.text))), point)


def _case(turn: Turn, reading: Understanding) -> Reply | None:
    """A complaint was just filed: what follows belongs to it, unless it clearly is something else."""
    assert turn.step is not None  # noqa: S101 - read() looked
    if facts.begins_another(_plain(turn)) or reading.expect == "open_case_urgent":
        return None
    number = str(turn.step.data.get("number", ""))
    try:
        case = own_cases.own(turn.session, turn.person, number)
    except FeedbackError:
        return None
    state = case_consent.living(turn.session, case).state
    if state in {"answered", "closed", "final"} and _closing.is_discontent(turn) and not _closing.is_elsewhere(reading):
        return Reply.of(_closing.refused(turn, case))
    if state == "final" and _closing.tells_new_facts(turn):
        return Reply.of(_closing.refused(turn, case))
    if reading.intent in {"greeting", "cancel", "question", "rating", "praise"} or reading.expect == "ask_detail":
        return None
    if reading.intent == "nonsense" and len(_plain(turn)) < 2:
        return None
    if state not in {"open", "paused", "answered", "final"}:
        return None
    if facts.ends(_plain(turn)):
        return Reply.of(progress.standing(turn, case))
    own_cases.add(turn.session, case, shortened(turn.text), turn.now, **turn.media)
    _closing.ask(turn, case)
    return Reply.of(turn.say("complaint.added", number=number))


def _offer(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    data = turn.step.data
    if _YES.match(_plain(turn)):
        return complaint.open_offered(turn)
    if _NO.match(_plain(turn)) or turn.text.strip() in lexicon.words("close.words"):
        _filing.file(turn, str(data.get("text", "")), kind="suggestion")
        turn.settle()
        return Reply.of(turn.say("complaint.opinion_kept"))
    if reading.intent == "complaint" and reading.expect != "store_suggestion":
        told = "\n".join((str(data.get("text", "")), turn.text))
        return complaint.open_case(turn, told, _filing.point_by_id(turn, data.get("point")))
    return None


def _question(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    point = _filing.point_by_id(turn, turn.step.data.get("point"))
    if point is None or not _YES.match(_plain(turn)):
        return None
    return question.pass_on(turn, str(turn.step.data.get("text", "")), point.id)


def _number(turn: Turn, reading: Understanding) -> Reply | None:
    """The last figures of one's own number are enough: 0417."""
    found = _SIGNS.search(_plain(turn))
    if not found:
        return None
    fitting = [
        case for case in own_cases.of_person(turn.session, turn.person) if (case.number or "").endswith(found[0])
    ]
    if len(fitting) != 1:
        return None
    withdraw = bool(turn.step and turn.step.data.get("withdraw"))
    return Reply.of(progress.done(turn, fitting[0], "withdraw") if withdraw else progress.standing(turn, fitting[0]))


def _praised(turn: Turn, reading: Understanding) -> Reply | None:
    assert turn.step is not None  # noqa: S101 - read() looked
    point = _chosen(turn, reading)
    if point is None:
        return None
    said = str(turn.step.data.get("text", ""))
    return praise.store(turn, "\n".join(filter(None, (said, turn.text))), point)


_ANSWERS: dict[str, Answer] = {
    "confirm": _confirm,
    "ask_target": _target,
    "ask_detail": _detail,
    "case": _case,
    "offer_question": _question,
    _closing.SETTLED: _case,
    "offer_complaint": _offer,
    "ask_case": _number,
    "ask_praised": _praised,
}
