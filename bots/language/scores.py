"""Scores from 1 to 5 in the ways people write them, and numbers that are none."""

import re
from dataclasses import dataclass
from functools import cache

from bots.language import lexicon
from bots.language.numerals import NUMBER, value


@dataclass(frozen=True)
class Score:
    """One score. ``sure``: on the scale and said plainly. ``kind``: stars | row | points | word | emoji."""

    level: int
    start: int
    end: int
    sure: bool
    kind: str


_N = NUMBER
_NO_SCORE = re.compile(
    "|".join(
        (
            r"(?:星期|礼拜|周)[一二三四五六日天\d]",
            r"\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?|\d{1,2}月\d{1,2}[日号]?",
            r"\d{1,2}[:点]\d{1,2}分?|(?:[二两三四五六七八九十\d]{1,3}|十一)点(?:半|钟|[一二三四五六七八九十\d]{1,3}分?)?|一点(?:半|钟|多|整)",
            r"[五四三二一两12345](?:星级|星酒店|星红旗|星上将)",
            r"[\d一二两三四五六七八九十]+分之[\d一二两三四五六七八九十]+|\d+%|百分之\S{1,4}",
            r"一分(?:钱|货)|[三七]分(?:治|养|靠)|五十步",
            rf"{_N}分(?=[钟鐘诊院店娩配开析别成期明类布泌头])",
            rf"{_N}(?:多|来|几)?个?(?:半)?(?:秒|小时|钟头|刻钟|天|年|岁|块|元|毛钱|万|千|号|楼|层|栋|床|诊室|室|度|片|粒|盒|倍|次|趟|遍|回|位|名|人|路|米|公里|斤|毫升|毫克|克|mg|ml|cm|张|家|份|件|针|瓶|排|月|星期|礼拜|周|点|日|代|种|条|票|医生|护士|窗口|科|病区|病房|诊区)(?!星)",
            r"\d{5,}",
        )
    )
)
_ADVERB = re.compile(r"(?<![打给评是值得个])(?:十分|万分|百分百|百分之百)(?=[\u4e00-\u9fff])(?!给|好评$)")
_SCALE = re.compile(r"(?:满分(?:是|为)?|总分(?:是|为)?)(5|10|100|五|十|百|一百)分?(?:制)?|(5|10|100|五|十|百)分制")
_HATED = re.compile(
    rf"({_N})(?:颗|个)?(?:星|分)(?:我)?(?:都|也)(?:嫌|不想|不愿|不配|不值|给多|多)|不配(?:有)?{_N}?(?:星|分)"
)
_OVER = re.compile(
    rf"(?:{_N})(?:颗|个)?(?:星|分)(?:都|也)?(?:不够|不足以|不止|远远不够|太少|嫌少)|不止(?:{_N})(?:颗|个)?(?:星|分)"
)
_RANGE = re.compile(
    r"(?<![\d-])([1-5一二三四五]) ?(?:星|分)?(?:-|~|到|至|或者?|还是|、|/(?!5)) ?([1-5一二三四五])(?:星|分)?(?![\d月日/-])"
)
_AMONG = re.compile(r"([1-5一二三四五])(?:星|分)?(?:和|与|跟|、)([1-5一二三四五])(?:星|分)?之间")
_NEIGHBOURS = re.compile(r"(?<![十百\d])([一二两三四])([二三四五])(?:颗|个)?(?:星|分(?!钟))")
_STARS = re.compile(
    rf"((?<![\d一二三四五星分])-|负)?({_N}) ?(?:颗|个|粒|枚)?(?:小?星星|星|stars?\b)(半)?(?!座|期|光|巴)"
)
_POINTS = re.compile(
    rf"((?<![\d一二三四五星分])-|负)?({_N}) ?(?:个)?(?:分|points?\b)(半)?(?!钟|[诊院店娩配开析别成期明类布泌部])"
)
_OUT_OF = re.compile(r"(?<!\d)(\d{1,3}(?:\.\d)?) ?(?:/|out of) ?(5|10|100)(?!\d)")
_ROW = re.compile(r"[★⭐🌟✨✭⭑](?: ?[★⭐🌟✨✭⭑☆✩])*")
_BESIDE = re.compile(r"(?<!\d)[1-5](?!\d)")
"""⭐5: the figure beside a lone star is meant."""
_HOLLOW = re.compile(r"^[^★⭐🌟✨✭⭑☆✩]*([☆✩](?: ?[☆✩])*)[^★⭐🌟✨✭⭑☆✩]*$")
"""Nothing but hollow stars: most writers mean as many, some none. Confirmed."""
_COUNTED = re.compile(r"(?:(?<=[1-5一二两三四五])|(?<=[1-5一二两三四五][颗个粒]))[★⭐🌟](?![★⭐🌟])")
"""4⭐ and 四颗⭐ say four, not one."""
_DECORATION = re.compile(r"(?<=[1-5一二三四五满颗个]星)[★⭐🌟 ]+|(?<=[1-5一二三四五满]分)[★⭐🌟 ]+")
"""五颗星⭐: the score is said, the sign adorns it."""
_FULL = re.compile(r"最高分|最低分|满分|全五?星|满星|全优|顶格|拉满|给满|打满|负分|半(?:颗|个)?星")
_OWED = re.compile(r"不[给打](?:个)?(?:五星|5星|满分|好评).{0,4}(?:对不起|说不过去|不行|良心|不好意思|过意不去|天理)")
"""不给五星对不起他: five, said round about."""
_ON_SCALE = re.compile(r"(?<![\d.])(\d{1,3})(?=$|[,。!;])")
"""百分制给60: with the scale said, the figure needs no unit."""
_CLAUSE = re.compile(r"[,;!?~\n]|\. |。")


def masked(text: str) -> str:
    """``text`` with numbers that are no score painted over, of the same length."""
    calm = _ADVERB.sub(lambda found: "非常".rjust(len(found[0]), "非"), text)
    return _NO_SCORE.sub(lambda found: "□" * len(found[0]), calm)


def between(text: str) -> tuple[int, int] | None:
    """Two scores offered at once (4-5): the writer has to choose."""
    found = _RANGE.search(text) or _AMONG.search(text) or _NEIGHBOURS.search(text)
    if not found or found[1] == found[2]:
        return None
    low, high = value(found[1]), value(found[2])
    return (int(low), int(high)) if low is not None and high is not None else None


def explicit(text: str) -> tuple[Score, ...]:
    """Scores in figures, stars or points, in the order written."""
    painted = _COUNTED.sub("星", _DECORATION.sub(lambda found: "□" * len(found[0]), masked(text)))
    scale = _scale(painted)
    if scale:
        painted = _SCALE.sub(lambda found: "□" * len(found[0]), painted)
    found: list[Score] = []
    found += [_hated(one) for one in _HATED.finditer(painted)]
    for special, sure in ((_OVER, True), (_OWED, False)):
        found += [Score(5, one.start(), one.end(), sure, "stars") for one in special.finditer(painted)]
    for reader in (_rows, _fractions, _stars, lambda part: _points(part, scale), _fulls):
        for one in reader(painted):
            if not any(one.start < other.end and other.start < one.end for other in found):
                found.append(one)
    if scale and not found:
        found = [_scaled(float(one[1]), scale, one) for one in _ON_SCALE.finditer(painted)]
    if scale and not found:
        found = [Score(5, one.start(), one.end(), True, "points") for one in _SCALE.finditer(text) if "满分" in one[0]]
    return tuple(sorted(found, key=lambda one: one.start))


def _hated(found: re.Match[str]) -> Score:
    """一星都嫌多 is one; 三星都给多了 is less than three, how much less is asked."""
    number = (value(found[1]) if found[1] else None) or 1
    level = max(1, min(5, int(number) - 1))
    return Score(level, found.start(), found.end(), number <= 1, "stars")


def _scale(text: str) -> float | None:
    found = _SCALE.search(text)
    return {"百": 100.0}.get(found[1] or found[2], value(found[1] or found[2])) if found else None


def _rows(text: str) -> list[Score]:
    made = []
    for one in _ROW.finditer(text):
        count = sum(sign in "★⭐🌟✨✭⭑" for sign in one[0])
        beside = _BESIDE.search(text[max(0, one.start() - 2) : one.end() + 2]) if count == 1 else None
        level = int(beside[0]) if beside else min(count, 5)
        made.append(Score(level, one.start(), one.end(), count <= 5 and not beside, "row"))
    hollow = _HOLLOW.match(text)
    if hollow:
        count = len(hollow[1].replace(" ", ""))
        made.append(Score(min(count, 5), hollow.start(1), hollow.end(1), False, "stars"))
    return made


def _fractions(text: str) -> list[Score]:
    made = []
    for one in _OUT_OF.finditer(text):
        made.append(_scaled(float(one[1]), float(one[2]), one))
    return made


def _stars(text: str) -> list[Score]:
    made = []
    for one in _STARS.finditer(text):
        number = value(one[2])
        if number is not None:
            made.append(_on_five(number + (0.5 if one[3] else 0), one, "stars", negative=bool(one[1])))
    return made


def _points(text: str, scale: float | None) -> list[Score]:
    made = []
    for one in _POINTS.finditer(text):
        number = value(one[2])
        if number is None:
            continue
        number += 0.5 if one[3] else 0
        if scale and not one[1]:
            made.append(_scaled(number, scale, one))
        elif number <= 5 or one[1]:
            made.append(_on_five(number, one, "points", negative=bool(one[1])))
        else:
            made.append(_scaled(number, 10.0 if number <= 10 else 100.0, one))
    return made


_SURE_LOWEST = frozenset({"最低分"})
_LOWEST = frozenset({"负分", "半星", "半颗星", "半个星"}) | _SURE_LOWEST


def _fulls(text: str) -> list[Score]:
    return [
        Score(
            1 if one[0] in _LOWEST else 5,
            one.start(),
            one.end(),
            one[0] in _SURE_LOWEST or one[0] not in _LOWEST,
            "points",
        )
        for one in _FULL.finditer(text)
    ]


def _on_five(number: float, found: re.Match[str], kind: str, *, negative: bool = False) -> Score:
    level = 1 if negative else min(5, max(1, int(number + 0.5)))
    sure = not negative and number == level
    return Score(level, found.start(), found.end(), sure, kind)


def _scaled(number: float, scale: float, found: re.Match[str]) -> Score:
    exact = number / scale * 5
    level = min(5, max(1, int(exact + 0.5)))
    return Score(level, found.start(), found.end(), number == scale, "points")


_PAST = re.compile(r"(?:上次|之前|原来|原本|本来|以前|很少|从不|从来不|从没|一般不|平时不|轻易不)[^,;!?]{0,8}$")
_RARELY = re.compile(r"很少|从不|从来不|从没|轻易不|一般不|平时不")
_REJECTED = re.compile(
    r"(?:不是|不给|别给|不能给|不值|不想给|给不了|不打|不可能给|没给|不配)[^,;!?是给]{0,3}$|(?:扣|减|少)(?:了|掉)?$"
)
_CHANGED = re.compile(r"^(?:是|都)?(?:手滑|点错|打错|评错|按错|误|不可能|做梦|想得美|想都别想)")


def meant(text: str, scores: tuple[Score, ...]) -> tuple[Score, ...]:
    """``scores`` without those the writer takes back or only mentions (上次那个1星, 不是二分)."""
    kept = _standing(text, scores)
    said_now = [one for one in kept if not _PAST.search(text[max(0, one.start - 12) : one.start])]
    return tuple(said_now or ([] if _RARELY.search(text) else kept))


def _standing(text: str, scores: tuple[Score, ...]) -> list[Score]:
    return [
        one
        for one in scores
        if not _REJECTED.search(text[max(0, one.start - 8) : one.start])
        and not _CHANGED.search(text[one.end : one.end + 6])
    ]


_CORRECTION = re.compile(r"[,。]不[,。是]|不是[^,;!?]{0,8}是|改成|改为|不对|说错|打错|哦不|啊不|应该是|更正")


def corrects_itself(text: str) -> bool:
    return bool(_CORRECTION.search(text))


@cache
def _emoji_levels() -> dict[str, int]:
    return {sign: int(level) for level, signs in lexicon.table("emoji").items() for sign in signs}


def emoji(text: str) -> tuple[Score, ...]:
    """Emoji that take a side, each a score that has to be confirmed."""
    levels = _emoji_levels()
    return tuple(
        Score(levels[sign], place, place + 1, False, "emoji") for place, sign in enumerate(text) if sign in levels
    )


_ALONE = re.compile(
    rf"^(?:我?(?:给|打|选|评|投|按|点)?(?:个|他|她|第)?)?({_N})(?:个|颗|粒)?(?:吧|啊|呀|了|哦|呗|。|!|\.|~| |,)*$"
)


def alone(text: str) -> float | None:
    """The number when the message is nothing but one (with 选, 吧 or punctuation around it)."""
    found = _ALONE.match(text.strip(" ()[]{}<>、。!~,;:\"'“”"))
    return value(found[1]) if found else None
