"""Taking something back, leaving, or asking for one's data."""

import re

from bots.language import lexicon
from bots.language.meaning import Message, Understanding


def read(message: Message) -> Understanding | None:
    if message.says("privacy.patterns"):
        return message.reads("cancel", "privacy_request")
    if lexicon.pattern("resubscribe.patterns").search(message.bare):
        return message.reads("cancel", "resubscribe")
    if lexicon.pattern("unsubscribe.patterns").search(message.bare):
        return message.reads("cancel", "unsubscribe")
    if message.says("withdraw_case.patterns"):
        return message.reads("cancel", "withdraw", topic="withdraw")
    if message.says("undo.patterns") and "投诉" not in message.text and not _rates_anew(message):
        scores = message.written_scores
        fitting = scores[-1:] if _ANEW.search(message.text) else ()
        return message.reads("cancel", "undo_last", targets=message.named[:1], scores=tuple(s.level for s in fitting))
    return None


_ANEW = re.compile(r"改|应该|其实|本来|是想|错|不是|不对")
"""Words after which a score is the one that is meant: 打错了，4分."""


def _rates_anew(message: Message) -> bool:
    """王芳5星(上次那个1星是手滑): a new rating that mentions the old one."""
    taking = re.search("改|撤|取消|作废|删|刚才|刚刚|不小心", message.text)
    return bool(message.written_scores and message.named) and not taking
