"""Levels said in words: 满意, 不太满意, 好得不得了. Degree and negation before a word move its level."""

import re
from functools import cache

from bots.language import lexicon
from bots.language.scores import Score

_BASE = {"great": 5, "good": 4, "fair": 3, "poor": 2, "awful": 1}
_STRETCHED = re.compile(r"^(?:得很|极了|死了|得要命|得不行|得不得了|透了|到家|爆了|惨了|翻了|得没话说|得要死)")


_FIRM = frozenset({"满意", "非常满意", "好评", "差评", "一般", "一般般", "凑合", "中评", "马马虎虎"})
"""The words of the official scale; with others the level is a guess that is confirmed."""


def _is_plain(idiom: str) -> bool:
    return "满意" in idiom and "不" not in idiom and "没" not in idiom


@cache
def _base_levels() -> dict[str, int]:
    return {word: level for name, level in _BASE.items() for word in lexicon.words(f"levels.{name}")}


@cache
def _phrase() -> re.Pattern[str]:
    before = lexicon.alternatives(
        [
            *lexicon.words("degree.strong"),
            *lexicon.words("degree.weak"),
            *lexicon.words("degree.whole"),
            *lexicon.words("negation.words"),
        ]
    )
    word = lexicon.alternatives(_base_levels())
    idiom = lexicon.alternatives(lexicon.table("idioms"))
    return re.compile(f"(?P<idiom>{idiom})|(?P<before>(?:(?:{before})[的地]? ?){{0,4}})(?P<word>{word})")


_NO_EVALUATION = re.compile(
    "满意(?=度)|最好(?=能|是|不|要|有|在|把|别|给|先|再|多)|好(?=的|了|几|久|多|长|不容易|像|在|心|友|好|不好|吗|医生|大夫|护士|人|处|说|吃|好的|难|似|看病|意思)"
    "|(?<=[刚正恰只最你您友爱喜很])好(?=像|在)|(?<=[你您们早晚上午])好$|^(?:你|您)好|可以(?=[吗么]|(?![吧啊呀的了哦呢])[\u4e00-\u9fff])"
    "|(?:太|很)?乱(?=收|扣|放|停)|普通(?=号|门诊|病房|话)|一般(?=人|都|不|是|情况|要|来|在|会)|差(?=点|不多|价|额|旅|别|异|了?\\d)"
    "|(?<=[出误时偏])差|(?<=太平|公平)平|牛(?=奶|肉)|顶(?=楼|层|着)|及格(?=线)|慢(?=性|慢|病)|贵(?=院|科|姓|宾|重)|(?<=[宝珍])贵"
    "|(?<=手)烂|挤(?=牙|进)|(?<=[忙混])乱(?=中)|坑(?=位)|(?<=[大小茅])坑|乱(?=七八糟的事)"
)


_UNDERSTATED = re.compile(
    r"(?:不能|没法|没人|不敢|不是|并非)说[^,;!?。]{0,8}?(?:不好|不满意|差|坏)"
    r"|(?P<feared>没有?(?:想象|预想|传说|别人说|网上说)(?:中|的|得)*(?:那么)?(?:难吃|脏|乱|贵|慢|吵|挤|差|坏|糟))"
)
"""不能说张敏不好: the two denials are apart. 没有想象中难吃: better than feared."""
_HEDGED = re.compile(
    r"(?P<denied>不是很|不是太|不太|不大|不怎么|不够|不算|没那么|没有那么|谈不上|称不上|说不上)?(?:还算|还挺|算是|算|比较|多)?"
    r"(?:(?P<good>快|干净|好吃|好喝|好用|好停|好找|方便|舒服|热乎|新鲜|准时|宽敞|便宜|安静|整洁|亮堂)|(?P<bad>慢|脏|贵|挤|吵|乱|难吃|难停|难找|堵))"
    r"(?:的|吧|啊|了|呢|呀)*"
)


def hedged(said: str) -> int | None:
    """The level of a quality that is only half said or half denied (还算快, 不是很好吃); None for anything else."""
    found = _HEDGED.fullmatch(said)
    if not found or not (found["denied"] or re.match("还算|算|比较", said)):
        return None
    return (4 if found["good"] else 2) if not found["denied"] else (2 if found["good"] else 4)


def evaluations(text: str) -> tuple[Score, ...]:
    """Every evaluation in words, in order; not ``sure`` where the level depends on taste (不错, 不差)."""
    understated = _UNDERSTATED.search(text)
    if understated:
        return (Score(4 if understated["feared"] else 3, understated.start(), understated.end(), False, "word"),)
    skipped = [found.span() for found in _NO_EVALUATION.finditer(text)]
    made = []
    for found in _phrase().finditer(text):
        if found["idiom"]:
            level, sure = int(lexicon.table("idioms")[found["idiom"]]), _is_plain(found["idiom"])
        elif any(start <= found.start() < end for start, end in skipped):
            continue
        else:
            level, sure = _moved(found["word"], found["before"], text[found.end() : found.end() + 5])
        made.append(Score(level, found.start(), found.end(), sure, "word"))
    return tuple(made)


_ROUNDABOUT = re.compile("[谈说称算]不上|不算|不能算")


def _moved(word: str, before: str, after: str) -> tuple[int, bool]:
    base = _base_levels()[word]
    firm = word in _FIRM
    strong, weak, negations = _weights(before)
    if _STRETCHED.match(after):
        strong = True
    if negations == 0:
        return _undenied(base, strong=strong, weak=weak), firm
    if negations >= 2:
        return (4 if base >= 4 else 2), False
    return _denied(base, before), firm and base >= 4 and not _ROUNDABOUT.search(before)


def _undenied(base: int, *, strong: bool, weak: bool) -> int:
    if base == 3 or weak and not strong:
        return base if base in (2, 3, 4) else (4 if base == 5 else 2)
    if strong:
        return 5 if base > 3 else 1
    return base


def _denied(base: int, before: str) -> int:
    if base >= 4:
        whole = any(before.strip().startswith(word) for word in lexicon.words("degree.whole"))
        return 1 if whole and not before.strip().startswith("不") else 2
    return 3 if base == 3 else 4


def _weights(before: str) -> tuple[bool, bool, int]:
    """Whether a strong and a weak degree stand there, and how many negations."""
    parts = _parts().findall(before)
    strong = any(part in _strong() for part in parts)
    weak = any(part in _weak() for part in parts)
    negations = sum(part in _negations() for part in parts)
    return strong, weak, negations


@cache
def _strong() -> frozenset[str]:
    return frozenset(lexicon.words("degree.strong"))


@cache
def _weak() -> frozenset[str]:
    return frozenset(lexicon.words("degree.weak"))


@cache
def _negations() -> frozenset[str]:
    return frozenset(lexicon.words("negation.words"))


@cache
def _parts() -> re.Pattern[str]:
    return re.compile(lexicon.alternatives([*_strong(), *_weak(), *_negations(), *lexicon.words("degree.whole")]))
