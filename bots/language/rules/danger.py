"""What cannot wait: somebody's life, violence, wrong medicine, bribes."""

import re

from bots.language.meaning import Message, Understanding
from bots.language.rules import praise

_NOW = re.compile("现在|突然|忽然|快来|救命|急|怎么办")
"""刘医生耐心讲了脑梗的预防 tells of an illness; with one of these it happens."""


def read(message: Message) -> Understanding | None:
    if message.says("danger.self_harm"):
        return message.reads("urgent", "urgent_safety", topic="self_harm")
    harmless = message.says("danger.harmless")
    if message.says("danger.violence") and not harmless:
        return message.reads("urgent", "urgent_safety", topic="violence")
    told_of = message.says("praise.patterns") or (praise.much(message) and not _NOW.search(message.text))
    if message.says("danger.emergency") and not harmless and not told_of:
        return message.reads("urgent", "urgent_safety", topic="emergency")
    return _serious(message, harmless=harmless)


def _serious(message: Message, *, harmless: bool) -> Understanding | None:
    """Possible harm or bribery: a case for the same day."""
    if message.says("fraud.question") or message.says("fraud.refuse"):
        return None
    topic = "medicine" if message.says("danger.medicine") else "bribery" if message.says("danger.bribery") else ""
    if not topic or harmless and topic == "medicine":
        return None
    return message.reads("complaint", "open_case_urgent", targets=message.named[:1], topic=topic)
