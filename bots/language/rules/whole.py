"""Messages that are one fixed word: menu entries, greetings, refusals; and what is left over."""

import re

from bots.language import lexicon
from bots.language.meaning import Message, Understanding

_MENU_ORDER = ("评价", "投诉", "查进度", "人工", "表扬", "帮助", "我的")


def empty(message: Message) -> Understanding | None:
    return None if message.text else message.reads("nonsense", "reply_help")


def read(message: Message) -> Understanding | None:
    if message.seen in {"?", "??", "help!", "帮助!"}:
        return message.reads("menu", "accept", topic="帮助")
    for entry in _MENU_ORDER:
        if message.is_one_of(f"menu.{entry}"):
            return message.reads("menu", "accept", topic=entry)
    if re.search(r"^(我?要|请|快|给我|帮我)*(转|接|找|叫)(一?个|到)?(人工|真人|客服|活人)", message.text):
        return message.reads("menu", "accept", topic="人工")
    if declines(message):
        return message.reads("cancel", "close")
    if message.is_one_of("greeting.words") or lexicon.pattern("greeting.patterns").search(message.bare):
        return message.reads("greeting", "reply_help")
    if re.fullmatch(r"[\d\s.,+*#-]+|[零一二三四五六七八九十百千]{1,4}", message.seen):
        return message.reads("nonsense", "ask_intent")
    if message.is_one_of("unsure.signs"):
        return message.reads("nonsense", "ask_intent" if "666" in message.bare else "reply_help")
    return message.reads("nonsense", "reply_help") if message.says("chatter.patterns") else None


def declines(message: Message) -> bool:
    """No more, with or without a thank you."""
    if message.is_one_of("close.words") or message.says("close.patterns"):
        return True
    parts = [part for part in re.split(r"[\s,.!?~。]+", message.text) if part]
    closing, polite = lexicon.one_of("close.words"), lexicon.one_of("greeting.words")
    return any(part in closing for part in parts) and all(part in closing or part in polite for part in parts)


def greeting(message: Message) -> Understanding | None:
    """Longer greetings: 你好，在吗."""
    parts = [part for part in re.split(r"[\s,.!?~。]+", message.text) if part]
    known = lexicon.one_of("greeting.words")
    if parts and all(part in known for part in parts):
        return message.reads("greeting", "reply_help")
    return None


def fallback(message: Message) -> Understanding:
    return message.reads("nonsense", "reply_help")
