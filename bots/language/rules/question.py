"""Questions: answered from what we know; never medical advice."""

import re

from bots.language import lexicon
from bots.language.directory import Point
from bots.language.meaning import Message, Understanding
from bots.language.rules import account, complaint, praise, rating
from bots.language.targets import types_in

_RATING_WORDS = re.compile(r"(打分|评分|评价|打星|点评|好评|打几分|给分|怎么评)")
_COMPARING = re.compile(r"还是.{0,12}(好|强|厉害|合适|靠谱)|(谁|哪个|哪位).{0,10}(好|厉害|强|靠谱)")


def read(message: Message) -> Understanding | None:
    if praise.much(message) or (message.is_letter and complaint.complains(message)):
        return None
    if message.says("question.medical"):
        return message.reads("question", "no_medical_advice")
    asks = message.says("question.patterns") or message.has_word("question.taught")
    if not asks or message.says("complaint.rhetoric") or _only_ends_like_one(message):
        return None
    if _COMPARING.search(message.text) and message.possible:
        return message.reads("question", "ask_target", candidates=message.possible)
    if _RATING_WORDS.search(message.text) and message.named and re.search("怎么|如何|在哪|哪里|可以|能", message.text):
        return rating.asks_score(message, message.named[0])
    return message.reads("question", "answer", targets=message.named[:1] or _window_meant(message))


def _only_ends_like_one(message: Message) -> bool:
    """A sign and no word of a question, about something bad: 这种态度也配穿白大褂？"""
    rest = re.sub(r"嘛(?=$|[,.!~ ])|[?]", "", message.text)
    if message.text == rest or lexicon.pattern("question.patterns").search(rest):
        return False
    return complaint.complains(message) or account.tone(message) < 0


def _window_meant(message: Message) -> tuple[Point, ...]:
    if message.mentions:
        return ()
    return tuple(message.directory.points[place] for place in types_in(message.text, message.directory))
