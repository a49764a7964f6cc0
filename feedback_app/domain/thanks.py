"""Choosing one patient's kind words to pass on, and holding back what should not be passed on."""

import re
from collections.abc import Collection, Iterable

SHORTEST = 4
LONGEST = 120
_LONG_NUMBER = re.compile(r"[0-9０-９]{5,}")
_ADDRESS = re.compile(r"https?://|www\.|@|微信号|加我|电话|手机号|身份证", re.IGNORECASE)
_RESERVE = re.compile(
    r"但|不过|就是|可惜|希望|建议|差|慢|贵|等了|太久|不好|不够|不太|投诉|乱收|红包|but|however|slow|wait",
    re.IGNORECASE,
)


def is_fit(text: str, others: Iterable[str]) -> bool:
    """Whether the words may go to the person they are about.

    Held back: too short to say anything, too long for a message, long numbers and addresses, any of the ``others``'
    names, and praise with a sting in it.
    """
    words = text.strip()
    if not SHORTEST <= len(words) <= LONGEST:
        return False
    if _LONG_NUMBER.search(words) or _ADDRESS.search(words) or _RESERVE.search(words):
        return False
    return not any(name in words for name in others if len(name) > 1)


def choose(texts: Iterable[str], names: Collection[str], own: str = "") -> str:
    """The longest fit text, the earlier one of two as long; "" when there is none.

    ``names`` are everybody's; the ``own`` one may stand in the text.
    """
    longest_first = sorted((text.strip() for text in texts), key=len, reverse=True)
    return next((text for text in longest_first if is_fit(text, (name for name in names if name != own))), "")
