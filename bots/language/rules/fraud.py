"""Attempts to buy, order or forge ratings."""

from bots.language.meaning import Message, Understanding


def read(message: Message) -> Understanding | None:
    if message.says("fraud.refuse"):
        return message.reads("rating", "refuse", targets=message.named[:1], topic="fraud")
    if message.says("fraud.question"):
        return message.reads("rating", "answer", targets=message.named, topic="reward")
    if message.says("fraud.flag"):
        return message.reads("rating", "refuse_or_flag", targets=message.named[:1], topic="fraud")
    return None
