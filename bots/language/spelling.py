"""What was meant: dialect, net slang, and slips of a pinyin or voice keyboard."""

import re
from collections.abc import Mapping
from functools import cache

from bots.language import lexicon
from bots.language.sounds import alike

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
    standard = lexicon.replaced(by_ear(lexicon.replaced(text, "typos")), "dialect")
    return _star_slip().sub(r"\1星", standard)


_PAIR = re.compile(r"(?=([\u4e00-\u9fff]{2}))")


@lexicon.remembered
def _heard() -> Mapping[str, tuple[str, ...]]:
    """One character of a word of ours -> the words it stands in."""
    found: dict[str, tuple[str, ...]] = {}
    for word in lexicon.words("sounding.words"):
        for sign in word:
            found[sign] = (*found.get(sign, ()), word)
    return found


def by_ear(text: str) -> str:
    """满忆 as 满意: a word of two characters of which one was mistyped with the same sound."""
    never = lexicon.one_of("sounding.never")
    for found in _PAIR.finditer(text):
        typed = found[1]
        meant = {word for sign in typed for word in _heard().get(sign, ())}
        if typed in meant or typed in never:
            continue
        for word in meant:
            if any(a == b for a, b in zip(word, typed, strict=True)) and alike(word, typed):
                text = text[: found.start(1)] + word + text[found.end(1) :]
    return text


_SCORE_WORDS = ("满意", "好评", "差评", "星", "分", "不错", "还行")


def score_repaired(text: str) -> bool:
    """Whether a word that is a score was only read by putting a slip right (满一, 好坪, 五心)."""
    slips = (one for one in lexicon.table("typos").items() if one[1].endswith(_SCORE_WORDS))
    if _star_slip().search(text) or any(typed in text for typed, _ in slips):
        return True
    heard = by_ear(text)
    return heard != text and any(heard.count(word) > text.count(word) for word in _SCORE_WORDS)
