"""What cannot wait: somebody's life, violence, wrong medicine, bribes."""

from bots.language.meaning import Message, Understanding


def read(message: Message) -> Understanding | None:
    if message.says("danger.self_harm"):
        return message.reads("urgent", "urgent_safety", topic="self_harm")
    harmless = message.says("danger.harmless")
    if message.says("danger.violence") and not harmless:
        return message.reads("urgent", "urgent_safety", topic="violence")
    if message.says("danger.emergency") and not harmless and not message.says("praise.patterns"):
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
