"""How it could be better."""

from bots.language.meaning import Message, Understanding
from bots.language.rules import praise


def read(message: Message) -> Understanding | None:
    if message.is_letter and praise.thanks(message):
        return None
    if message.written_scores or not message.says("suggestion.patterns"):
        return None
    if message.says("question.medical") or message.says("complaint.rhetoric"):
        return None
    return message.reads("complaint", "store_suggestion", targets=message.named[:1])
