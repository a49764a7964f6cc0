"""What was meant: dialect, net slang, and slips of a pinyin or voice keyboard."""

import re
from functools import cache

from bots.language import lexicon

_AFTER = r"(?=$|[\s,.!;~吧哈啊呀了好给评推必])"


@cache
def _star_slip() -> re.Pattern[str]:
    signs = lexicon.table("star_sounds")["signs"]
    return re.compile(rf"(?<![\d一二三四五十])([1-5五四三两二一]) ?(?:颗|个)?[{signs}]{_AFTER}")


def repaired(text: str, protected: frozenset[str] = frozenset()) -> str:
    """``text`` in standard words. ``protected`` (names of the directory) stay as they are."""
    for name in protected:
        if name in text:
            return name.join(repaired(part) for part in text.split(name))
    standard = lexicon.replaced(lexicon.replaced(text, "typos"), "dialect")
    return _star_slip().sub(r"\1星", standard)


_SCORE_WORDS = ("满意", "好评", "差评", "星", "分", "不错", "还行")


def score_repaired(text: str) -> bool:
    """Whether a word that is a score was only read by putting a slip right (满一, 好坪, 五心)."""
    slips = (one for one in lexicon.table("typos").items() if one[1].endswith(_SCORE_WORDS))
    return bool(_star_slip().search(text)) or any(typed in text for typed, _ in slips)
