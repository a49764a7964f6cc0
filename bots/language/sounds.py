"""How characters sound, so that homophones typed by a phone's keyboard are still found."""

from functools import cache

from pypinyin import Style, lazy_pinyin, pinyin

_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""Pairs that many speakers, and the keyboards they taught, do not keep apart."""


@cache
def sounds(sign: str) -> frozenset[str]:
    """All toneless syllables of one character, blurred; empty for anything else."""
    if not "\u4e00" <= sign <= "\u9fff":
        return frozenset()
    readings = pinyin(sign, style=Style.NORMAL, heteronym=True)[0]
    return frozenset(_blurred(one) for one in readings)


def spelled(name: str) -> str:
    """The name in pinyin without tones or spaces: 欧阳静 -> ``ouyangjing``."""
    return "".join(lazy_pinyin(name)).lower()


def alike(one: str, other: str) -> bool:
    """Whether two words of the same length can sound the same."""
    return len(one) == len(other) and all(a == b or sounds(a) & sounds(b) for a, b in zip(one, other, strict=True))


def _blurred(syllable: str) -> str:
    for sharp, dull in _MERGED:
        if syllable.startswith(sharp) or syllable.endswith(sharp):
            syllable = syllable.replace(sharp, dull)
    return syllable
