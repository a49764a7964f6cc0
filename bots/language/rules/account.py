"""Sentences no rule placed: what they tell is weighed by small words of good and bad; weak evidence is asked about."""

from bots.language.meaning import Message, Understanding
from bots.language.rules import rating
from bots.language.rules.whole import OF_THE_HOUSE
from bots.language.tone import weigh

TOPIC = "account"
"""Marks what was placed by its tone only."""
SHORTEST = 6
"""Characters; less than that tells nothing."""


def tone(message: Message) -> int:
    """What is left when its words of blame are taken from those of praise, without names."""
    return weigh(message.without_names)


def read(message: Message) -> Understanding | None:
    """A story about the hospital: praise is kept, blame offered to be a complaint, a person only named is asked about."""
    if message.language != "zh" or len(message.bare) < SHORTEST:
        return None
    if message.mentions and not message.named:
        return None
    told = tone(message)
    if told > 0 and (message.named or OF_THE_HOUSE.search(message.text)):
        if message.named:
            return message.reads("praise", "store_praise", targets=message.named[:1])
        return message.reads("praise", "ask_target")
    if told < 0:
        return message.reads("complaint", _weighed(message, told), targets=message.named[:1], topic=TOPIC)
    return _only_told(message)


def _weighed(message: Message, told: int) -> str:
    """A case at once where several words blame and it is about the hospital; otherwise we ask whether it is to be one."""
    return "open_case" if told < -1 and (message.named or OF_THE_HOUSE.search(message.text)) else "offer_complaint"


def _only_told(message: Message) -> Understanding | None:
    staff = next((point for point in message.named if point.kind == "staff"), None)
    if staff is not None:  # nothing bad was said of this person: ask, rather than hold it against them
        return rating.asks_score(message, staff)
    if message.named or OF_THE_HOUSE.search(message.text):
        return message.reads("complaint", "offer_complaint", targets=message.named[:1], topic=TOPIC)
    return None
