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


_DENIED = re.compile(
    r"(?:不是很|不是太|不太|不怎么|不够|不大|不算|(?<![得么])不|没(?:有)?(?:那么|多)?|毫无|缺乏|缺少|谈不上|不见得|未必|哪里)(?:什么|任何)?$"
)


def words(message: Message) -> set[str]:
    """The words of praise that are not denied (不太耐心 praises nobody)."""
    text = message.without_names
    found = lexicon.any_word("praise.words").finditer(text)
    return {one[0] for one in found if not _DENIED.search(text[max(0, one.start() - 5) : one.start()])}


def denied(message: Message) -> bool:
    """Whether a word of praise is denied, and none stands for itself."""
    text = message.without_names
    found = list(lexicon.any_word("praise.words").finditer(text))
    return bool(found) and not words(message) and not message.says("praise.patterns")


def praises(message: Message) -> bool:
    return bool(words(message)) or message.says("praise.patterns")


_ENDS_ASKING = re.compile(r"请问|想问|问一下|问下|[?吗么][\s。.!,~]*$")


def much(message: Message) -> bool:
    """Praise in several words, asking nothing: 咨询, 问题 and 建议 in it are what the doctor dealt with."""
    return not _ENDS_ASKING.search(message.text) and (
        len(words(message)) >= 2 or (thanks(message) and not re.search("什么|怎么|哪|多少|几", message.text))
    )


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
