"""How it could be better."""

import re

from bots.language.meaning import Message, Understanding
from bots.language.rules import praise

_URGES = re.compile(
    r"(^|[,。!;]|我|也|就是|强烈|但|但是|不过)(建议|希望(你们|医院|能|可以|以后|增|改|多)|能不能|最好|应该)|建议(增|多|在|把|改|设|安|开)|就更好"
)
_ASKS = re.compile(r"问问|问一下|问下|请问|咨询|想问|打听")
_WISHES = re.compile(r"建议|希望|意见")
"""想问问能不能退号 is about one's own affair."""


def read(message: Message) -> Understanding | None:
    if (message.is_letter and praise.thanks(message)) or (praise.much(message) and not _URGES.search(message.text)):
        return None
    if message.written_scores or not message.says("suggestion.patterns"):
        return None
    if _ASKS.search(message.text) and not _WISHES.search(message.text):
        return None
    if message.says("question.medical") or message.says("complaint.rhetoric"):
        return None
    return message.reads("complaint", "store_suggestion", targets=message.named[:1])
