"""Something went wrong and somebody says so."""

import re

from bots.language import lexicon
from bots.language.directory import Point
from bots.language.meaning import Message, Understanding
from bots.language.rules import praise
from bots.language.rules.case_numbers import is_about_a_filed_one
from bots.language.tone import weigh

_HIM = re.compile(r"投诉(他|她|这个|那个|这位|那位|你们的?那)")
_THANKS = re.compile(
    r"谢谢|感谢|表扬|锦旗|点赞|多亏|(但|但是|不过|可|可是).{0,12}(耐心|仔细|认真|负责|热情|很好|不错|细心|满意|专业)"
)


_BUT = re.compile(r"但是|但|不过|可是|然而")
_NOT_BAD = re.compile(
    r"(没(有)?那么|不算|不是很|不是太|不怎么|不太|并不|不会|(一点|一点儿|根本)(都|也)不|(?<!能)不|没(有)?)(难吃|脏|乱|贵|慢|吵|挤|凶|疼|痛|麻烦|冷|难闻|难|烂|糟|坏)(?!不)"
    "|没有?(想象|预想|传说|别人说|网上说)(中|的|得)*(那么)?(难吃|脏|乱|贵|慢|吵|挤|差|坏|糟)"
    "|(带|领|陪|帮|替|推)着?(我|我们|我妈|我爸|老人).{0,4}跑(了|上|前)"
    "|(没有?|从不|从没|不会|并不|一点没|并没有?)(不耐烦|嫌|凶|骂|推|敷衍|摆架子|甩脸|发火|不理|着急)"
)
"""没那么难吃: a bad word denied tells nothing bad."""
_NEVER_BAD = re.compile(r"(从没|没有?|不会|从不|从来没)让.{0,3}失望|不难吃|没(有)?(等|排队)")


def asked_for(message: Message) -> Understanding | None:
    """我要投诉, with or without the story."""
    if not re.search(r"投诉|举报|complain", message.text) or _only_asks(message):
        return None
    if not _story(message):
        return message.reads("complaint", "ask_detail", targets=blamed(message), candidates=message.possible)
    if _HIM.search(message.text) and not blamed(message):
        return message.reads("complaint", "ask_target")
    return message.reads("complaint", "open_case", targets=_after_the_word(message) or blamed(message))


def _after_the_word(message: Message) -> tuple[Point, ...]:
    """给张伟五星，顺便投诉一下3号窗口: whom the word itself is followed by."""
    for one in message.mentions:
        if len(one.places) == 1 and re.search(r"(投诉|举报)(一下|下)?(你们|那个|这个|的)*$", message.text[: one.start]):
            return message.points(one)
    return ()


def _only_asks(message: Message) -> bool:
    asks = re.search(
        r"(怎么|如何|哪里|在哪|哪儿|去哪|可以|能|能不能|可不可以|怎样|找谁|向谁).{0,6}(投诉|举报)|(投诉|举报).{0,4}(电话|热线|地址|邮箱|渠道|流程|方式|多久|几天|要多长|会不会|会|有用|匿名|是匿名|在哪|怎么|找谁|部门|办公室|入口)|没(有)?投诉|不投诉|不(想|会|要|打算)投诉|(how|where|can i).*complain",
        message.text,
    )
    return bool(asks) and not message.says("complaint.patterns") or is_about_a_filed_one(message)


def read(message: Message) -> Understanding | None:
    """A story of something bad without the word."""
    if is_sour(message):
        return message.reads("complaint", "open_case", targets=blamed(message))
    if not complains(message) or _NEVER_BAD.search(message.text) or _praises_somebody(message):
        return None
    return message.reads("complaint", "open_case", targets=blamed(message))


def is_sour(message: Message) -> bool:
    """厉害了，主任看我一眼就开了两千块的药: a compliment to begin with, and nothing good after it."""
    opened = lexicon.pattern("complaint.opening").search(message.text)
    if not opened or len(message.text) - opened.end() < 6:
        return False
    return not lexicon.any_word("praise.words").search(message.text[opened.end() :]) and not message.written_scores


def complains(message: Message) -> bool:
    text = _NOT_BAD.sub("好", message.without_names)
    found = (
        message.has_word("complaint.taught")
        or lexicon.pattern("complaint.patterns").search(text)
        or lexicon.pattern("complaint.rhetoric").search(text)
        or praise.denied(message)
    )
    thankful = (_THANKS.search(message.text) or _mostly_praise(message)) and not message.says("complaint.irony")
    after_but = _BUT.split(message.without_names)[-1] if thankful and _BUT.search(message.without_names) else ""
    blames_after = bool(after_but and lexicon.pattern("complaint.patterns").search(after_but))
    return bool(found) and (not thankful or blames_after) and not is_vague(message)


def _mostly_praise(message: Message) -> bool:
    return len(praise.words(message)) >= 2 and weigh(message.without_names) > 0


def blamed(message: Message) -> tuple[Point, ...]:
    """Whom the story is about; the point just scanned when nobody is named."""
    if message.named:
        return message.named[:1]
    if message.context.point and message.context.step in {"scan", "ask_score"} and not message.mentions:
        return (message.context.point,)
    return ()


def vague(message: Message) -> Understanding | None:
    """Anger without a story; a lone 差 or 不满意 is a level, not anger."""
    if is_vague(message) and not _soft(message):
        return message.reads("complaint", "ask_detail", targets=blamed(message))
    return None


def is_vague(message: Message) -> bool:
    rest = lexicon.any_word("complaint.vague_core").sub("■", message.bare)
    if "■" not in rest:
        return False
    return not lexicon.any_word("complaint.vague_filler").sub("", rest).replace("■", "").strip()


def _story(message: Message) -> bool:
    rest = lexicon.any_word("complaint.vague_core").sub(
        "", re.sub(r"[^\w]|□|号|窗口|科|主任", "", message.without_names)
    )
    rest = lexicon.any_word("complaint.vague_filler").sub("", rest)
    return message.says("complaint.patterns") and not is_vague(message) or len(rest) >= 5


def _soft(message: Message) -> bool:
    harsh = set(lexicon.any_word("complaint.vague_core").findall(message.bare)) - set(lexicon.words("complaint.soft"))
    return not harsh and not re.search("医院|你们|服务|再也", message.text)


def _praises_somebody(message: Message) -> bool:
    """李建国很好，就是排队太久: it is said of him that he is good."""
    staff = [point for point in message.named if point.kind == "staff"]
    first = message.words[0] if message.words else None
    return bool(staff and first and first.level >= 4) and bool(re.search("就是|但|不过|只是", message.text))
