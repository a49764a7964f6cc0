"""English sentences that are neither a score nor a fixed word: praise or blame by the words they use."""

from bots.language import lexicon
from bots.language.meaning import Message, Understanding
from bots.language.rules import complaint

SHORTEST = 2  # words


def read(message: Message) -> Understanding | None:
    if message.language != "en" or len(message.text.split()) < SHORTEST:
        return None
    good = len(lexicon.any_word("english.praise").findall(message.text))
    bad = len(lexicon.any_word("english.blame").findall(message.text))
    if bad > good:
        return message.reads("complaint", "open_case", targets=complaint.blamed(message))
    if good > bad:
        return message.reads("praise", "store_praise", targets=message.named[:1])
    return None
