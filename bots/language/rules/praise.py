"""Thanks and praise in one's own words, without a score."""

import re

from bots.language import lexicon
from bots.language.meaning import Message, Understanding

_PERSON = re.compile(r"医生|大夫|护士|护工|师傅|阿姨|姐|哥|主任|她|他|老师|窗口|工作人员|人员|保安|保洁|导诊")
_BUT = re.compile(r"(但|但是|不过|可是|就是|然而)")


def read(message: Message) -> Understanding | None:
    if not praises(message) or _is_level(message):
        return None
    targets = message.named
    if not targets and message.context.point and message.context.step in {"scan", "ask_score"}:
        targets = (message.context.point,)
    if targets:
        staff = tuple(point for point in targets if point.kind == "staff")
        return message.reads("praise", "store_praise", targets=(staff or targets)[:1])
    if _has_content(message) and (not _PERSON.search(message.text) or _whole_house(message)):
        return message.reads("praise", "store_praise")
    return message.reads("praise", "ask_target", candidates=message.possible)


def praises(message: Message) -> bool:
    return bool(lexicon.any_word("praise.words").search(message.without_names)) or message.says("praise.patterns")


def thanks(message: Message) -> bool:
    """Whether somebody is thanked in so many words."""
    return message.has_word("praise.thanks")


def _is_level(message: Message) -> bool:
    """万分感谢，十分满意: with a word of the scale it is a rating."""
    return bool(message.mentions) and any("满意" in message.without_names[one.start : one.end] for one in message.words)


def _whole_house(message: Message) -> bool:
    return bool(re.search("全体|全院|所有|你们医院|贵院|各位|全科", message.text))


def _has_content(message: Message) -> bool:
    rest = lexicon.any_word("praise.thanks").sub("", message.bare)
    rest = re.sub(
        r"我|要|想|你们|您|你|了|啊|呀|吧|一下|下|个|们|的|非常|很|太|真|十分|万分|衷心|深深|真的|再次|送|信", "", rest
    )
    return len(rest) >= 2
