"""Answers to what the bot has just asked."""

import re
from collections.abc import Callable

from bots.language import lexicon, scores
from bots.language.directory import Point
from bots.language.meaning import Message, Understanding
from bots.language.numerals import value
from bots.language.rules import account, case_numbers, complaint, correction, praise, question, suggestion, whole
from bots.language.rules import rating as ratings

_ENTRIES = {1: "评价", 2: "投诉", 3: "查进度", 4: "人工"}
_CHOICE = re.compile(
    r"^(?:我?(?:选|要|按|点|回复|输入))?(?:第)?([\d一二三四两]{1,2})(?:个|项|号)?(?:吧|呀|啊|谢谢|[.!,、)）])*(?:评价|投诉|查进度|人工)?$"
)


def read(message: Message) -> Understanding | None:
    step = _STEPS.get(message.context.step)
    return step(message) if step else None


def _menu(message: Message) -> Understanding | None:
    found = _CHOICE.match(message.seen.replace(" ", ""))
    number = value(found[1]) if found else None
    if number is None:
        return None
    entry = _ENTRIES.get(int(number))
    return message.reads("menu", "accept", topic=entry) if entry else message.reads("nonsense", "ask_intent")


def _score(message: Message) -> Understanding | None:
    """A score was asked for; everything else one may say then still works."""
    if _INSTEAD.search(message.text) and message.named and not message.written_scores:
        return ratings.asks_score(message, message.named[0])
    if message.mentions or message.context.point is None:
        return None
    for rule in (_range, _unsure, _figure, _refusal, _useless):
        reading = rule(message)
        if reading is not None:
            return reading
    return _level(message)


def _range(message: Message) -> Understanding | None:
    both = scores.between(message.text)
    if both is None or scores.corrects_itself(message.text) or _MEANING.search(message.text):
        return None
    return _ask_again(message, both[0])


_MEANING = re.compile(r"什么意思|代表|是什么|是啥|怎么(算|分|选)|哪个(好|高)")
"""1到5是什么意思: the scale is asked about."""
_INSTEAD = re.compile(
    r"不是(他|她|这个|这位|那个)?|(搞|弄|选|点|看|说|扫|认)?错了|不对|换(成|个)?|改(成|为)|应该是|其实是|^(打|评|是)给"
)
_OPENING = re.compile(
    r"^(?:我?(?:给|打|评|选))?([1-5一二三四五]) ?(?:吧|啊|呗)?[,。!;: ]+(?![\d一二三四五六七八九十、])"
)
_CLOSING = re.compile(r"[^\d一二三四五六七八九十、][,。!;: ]+(?:我?(?:给|打|评|选))?([1-5])(?:吧|啊|呗|[。!])*$")
"""3，等太久了 and 他挺负责的，5: a figure beside the reason."""


def _figure(message: Message) -> Understanding | None:
    number = scores.alone(message.seen)
    if number is None:
        repeated = re.fullmatch(r"([1-5])(?:[ ,]+\1)+", message.seen)
        number = float(repeated[1]) if repeated else None
    opening = _OPENING.match(message.seen) or _CLOSING.search(message.seen) if number is None else None
    if opening:
        return _accept(message, int(value(opening[1]) or 0), sure=ratings.agrees(message, int(value(opening[1]) or 0)))
    if number is None:
        return _ask_again(message, None) if re.fullmatch(r"[-\d.,+ ]*\d[-\d.,+ ]*", message.seen) else None
    if number in (1, 2, 3, 4, 5):
        return _accept(message, int(number))
    return _ask_again(message, None if not 1 < number < 5 else int(number + 0.5))


def _unsure(message: Message) -> Understanding | None:
    known = message.exact & lexicon.one_of("unsure.signs")
    if not known:
        return None
    guesses = lexicon.table("unsure.guess")
    return _ask_again(message, next((int(guesses[one]) for one in known if one in guesses), None))


def _refusal(message: Message) -> Understanding | None:
    declined = whole.declines(message) or _NOT_RATING.search(message.text)
    return message.reads("cancel", "close") if declined else None


_NOT_RATING = re.compile(r"(不|懒得|没空|没心情|没兴趣)(想|要|用|需要|愿意?)?(再)?(评|打分)(价|分|了|啦)?[吧啊。! ]*$")


def _useless(message: Message) -> Understanding | None:
    if re.search(
        r"(怎么|为什么|干嘛)(还|又|总|老|都)?(要|让我|叫我)(打分|评)|(评|打分|有)(了|价|这个|什么|啥)*.{0,4}有?(什么用|啥用|用吗|意义|好处)|为什么要(评|打分)|评.{0,4}(匿名|知道|看到|看见)",
        message.text,
    ):
        return message.reads("question", "answer")
    return None


def _level(message: Message) -> Understanding | None:
    if message.written_scores:
        level, sure = ratings.level_of(message, message.written_scores)
        if level is None:
            return _ask_again(message, None)
        sure = sure and ratings.agrees(message, level)
        return _accept(message, level, sure=sure and not ratings.leaves_a_figure(message, message.written_scores))
    if complaint.complains(message) or suggestion.read(message) or whole.read(message) or question.read(message):
        return None
    if message.words:
        level, sure = ratings.level_of(message, message.words)
        sure = sure and not ratings.leaves_a_figure(message, message.words)
        return _ask_again(message, None) if level is None else _accept(message, level, sure=sure)
    if message.emoji:
        level, _ = ratings.level_of(message, message.emoji)
        return _ask_again(message, None) if level is None else _accept(message, level, sure=False)
    return None


def _accept(message: Message, level: int, *, sure: bool = True) -> Understanding:
    point = message.context.point
    assert point is not None  # noqa: S101 - _score looked
    return message.reads("rating", "accept" if sure else "accept_or_confirm", targets=(point,), scores=(level,))


def _ask_again(message: Message, guess: int | None) -> Understanding:
    point = message.context.point
    return message.reads(
        "rating", "ask_score", targets=(point,) if point else (), scores=(guess,) if guess is not None else ()
    )


def _comment(message: Message) -> Understanding | None:
    """Words after a score: kept with it; blame is offered to be a complaint."""
    if whole.declines(message) or message.is_one_of("greeting.words"):
        return message.reads("cancel", "close")
    if correction.read(message) or case_numbers.without_number(message):
        return None
    if (
        message.written_scores
        or message.is_one_of("menu.人工")
        or message.is_one_of("menu.投诉")
        or "投诉" in message.text
    ):
        return None
    if re.match("建议|希望|提个|能不能", message.text) and suggestion.read(message):
        return suggestion.read(message)
    if complaint.complains(message) or complaint.is_vague(message):
        return message.reads("complaint", "offer_complaint", targets=_about(message))
    if suggestion.read(message) or question.read(message) or whole.read(message):
        return None
    if praise.praises(message) or any(one.level >= 4 for one in message.words):
        return message.reads("praise", "store_comment", targets=_about(message))
    if any(one.level <= 2 for one in message.words) or account.tone(message) < 0:
        return message.reads("complaint", "offer_complaint", targets=_about(message))
    if len(message.bare) >= 4 and not message.mentions and not message.cases and message.context.point:
        return message.reads("praise", "store_comment", targets=(message.context.point,))
    return None


def _about(message: Message) -> tuple[Point, ...]:
    """The point just rated, unless the words are about waiting or another place."""
    if message.mentions:
        return tuple(point for point in message.named if point == message.context.point)
    if re.search(r"等|排|叫号|叫到|窗口|收费|挂号|停车|厕所|电梯|食堂|费用|空调", message.text):
        return ()
    return (message.context.point,) if message.context.point else ()


def _scan(message: Message) -> Understanding | None:
    """A code has just been scanned: a lone figure or level is for it."""
    if message.mentions or message.context.point is None:
        return None
    number = scores.alone(message.seen)
    if number is not None:
        return _accept(message, int(number)) if number in (1, 2, 3, 4, 5) else _ask_again(message, None)
    return None


_STEPS: dict[str, Callable[[Message], Understanding | None]] = {
    "menu": _menu,
    "ask_score": _score,
    "ask_comment": _comment,
    "scan": _scan,
}
