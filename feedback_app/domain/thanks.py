"""Choosing one patient's kind words to pass on, and holding back what should not be passed on."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from feedback_app.domain import harm, screening

SHORTEST = 4
LONGEST = 120
_DIGITS = str.maketrans("零〇洞一幺壹二两贰三叁四肆五伍六陆七柒八捌九玖", "000111222334455667788" + "99")
_BETWEEN = re.compile(r"[\W_]+")  # a telephone number is one however it is spaced
_LONG_NUMBER = re.compile(r"[0-9]{5,}")
_ADDRESS = re.compile(
    r"https?:|www\.|@|[<>{}\[\]\n]|[a-z0-9][.。][a-z]{2}|微信号|加我|加v|[vw]x\b|qq|电话|手机号|身份证", re.IGNORECASE
)
_PATIENT = re.compile(r"我叫|我是|本人|名叫|姓名|[0-9]号?床|床号|住院号|病案|病历|门诊号|就诊卡|医保卡|身份证")
_RESERVE = re.compile(
    r"但|不过|就是|可惜|希望|建议|差|慢|贵|等了|太久|不好|不够|不太|投诉|乱收|红包|but|however|slow|wait",
    re.IGNORECASE,
)


def is_fit(text: str, others: Iterable[str], own: str = "") -> bool:
    """Whether the words may go to the person they are about.

    Held back: too short to say anything, too long for a message, several lines (they could pass for ours), numbers and
    addresses in any spelling, markup, what tells who the patient is, any of the ``others``' names and whatever else reads
    like a name that is not their ``own``, what hurts, and praise with a sting in it. Holding back too much costs little: there are other texts.
    """
    words = text.strip()
    if not SHORTEST <= len(words) <= LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", words)
    figures = plain.translate(_DIGITS)
    if _LONG_NUMBER.search(_BETWEEN.sub("", figures)) or _PATIENT.search(figures):
        return False
    if _ADDRESS.search(plain) or _RESERVE.search(plain):
        return False
    if harm.kind(words) or screening.find(words, lambda name: name == own):
        return False
    return not any(name in words for name in others if len(name) > 1)


def choose(texts: Iterable[str], names: Collection[str], own: str = "") -> str:
    """The longest fit text, of two as long the first by its letters: which one came earlier tells nobody anything; "" when there
    is none. ``names`` are everybody's; the ``own`` one may stand in the text.
    """
    longest_first = sorted((text.strip() for text in texts), key=lambda words: (-len(words), words))
    return next((text for text in longest_first if is_fit(text, (name for name in names if name != own), own)), "")
