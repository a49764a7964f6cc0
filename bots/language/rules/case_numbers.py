"""Asking about a complaint that was filed, with or without its number."""

import re

from bots.language.meaning import Message, Understanding
from bots.language.rules import praise

_QUESTIONING = re.compile(r"吗|么|没有|没[?\s]*$|\?|呢|怎么|几|多久|什么")


def read(message: Message) -> Understanding | None:
    if not message.cases:
        return None
    expect = "answer_status"
    if not _QUESTIONING.search(message.text):
        if message.says("progress.reopen"):
            expect = "reopen"
        elif message.says("progress.withdraw"):
            expect = "withdraw"
    return message.reads("progress", expect, cases=message.cases)


_IN_GENERAL = re.compile(
    r"(投诉|举报|反映)(后|之后|以后|的话|一般|要|需要|了以后)?[^,]{0,4}(多久|几天|会不会|多长时间|什么时候能)(?!.*(我的|上次|还没))"
)


_WISHES_NOW = re.compile(
    r"(要|想|来|必须|给我)(再|再次)?(投诉|举报)(?!的|过|了|单|件|案|号|记录|进度|进展|结果|处理|编号|到|$)"
)
_SPEAKS_OF_AN_OLD_ONE = re.compile(
    r"上次|上回|之前|已经|投诉过|投诉了|举报过|举报了|我的投诉|我投诉的|编号|进度|进展|到哪"
)


def is_about_a_filed_one(message: Message) -> bool:
    """Whether somebody asks after a complaint. "我要投诉，…没人管" is a new one, however much it sounds like waiting."""
    if not message.says("progress.patterns"):
        return False
    return not _WISHES_NOW.search(message.text) or bool(_SPEAKS_OF_AN_OLD_ONE.search(message.text))


def without_number(message: Message) -> Understanding | None:
    if is_about_a_filed_one(message) and not praise.much(message) and not _IN_GENERAL.search(message.text):
        return message.reads("progress", "ask_case")
    return None
