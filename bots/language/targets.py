"""Who or what a message speaks of: names, titles, windows, units, as written, misspelt or in pinyin."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bots.language import lexicon
from bots.language.directory import Directory, Keys
from bots.language.numerals import value
from bots.language.people import staff_mentions
from bots.language.sounds import alike

_FLOOR = re.compile(r"([\d一二三四五六七八九十]{1,2}) ?(?:楼|层)")
_NUMBER = r"([\d一二两三四五六七八九十]{1,3})"
_PERSON_AT = r"(?:窗口|窗|处|员|室|台|那个|这个|的那|的人|的(?:护士|医生|人|小|大|工作|女|男|姑娘|师傅|阿姨|大姐|员工|态度)|人员|小|大姐|的$|妹|柜台|登记|窗台)"

_PLACES = ("房", "处", "室", "台", "窗口")
"""A type of window that ends like this is a place by itself; 收费 alone may be a verb."""


@dataclass(frozen=True)
class Mention:
    """One thing spoken of. ``places`` are the candidates; ``sure`` when it was named plainly and is unique."""

    places: Keys
    start: int
    end: int
    sure: bool
    kind: str  # name | role | fuzzy | window | window_type | unit


def find(text: str, directory: Directory) -> tuple[Mention, ...]:
    """All mentions in ``text`` (normalised and repaired), in order, each narrowed by what stands around it."""
    departments = _departments(text, directory)
    people = [_as_mention(one) for one in staff_mentions(text, directory)]
    people = [_narrowed(one, departments, directory) for one in people]
    windows = _windows(text, directory)
    taken = [*people, *windows]
    units = [one for one in _units(text, directory) if not _inside(one, taken)]
    found = _without_settings([*taken, *units], people, text) or _by_ear(text, directory)
    return tuple(sorted(found, key=lambda one: one.start))


def _as_mention(found: tuple[Keys, int, int, bool, str]) -> Mention:
    places, start, end, sure, kind = found
    return Mention(places, start, end, sure, kind)


def _inside(one: Mention, others: Iterable[Mention]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


_BETWEEN = re.compile(r"(?:的|那个|那位|这个|这位|有个|叫|主任|护士长|护士|医生|大夫|专家|老师){0,4}")


def _without_settings(found: list[Mention], people: list[Mention], text: str) -> list[Mention]:
    """A unit beside a person (骨科李建国, 导诊吴霞) says where that person is, and is not spoken of itself."""
    kept = []
    for one in found:
        beside = any(
            0 <= person.start - one.end <= 3
            or 0 <= one.start - person.end <= 1
            or (one.end < person.start and _BETWEEN.fullmatch(text[one.end : person.start]))
            for person in people
        )
        if one.kind != "unit" or not beside:
            kept.append(one)
    return kept


# ---- departments as a hint


def _departments(text: str, directory: Directory) -> tuple[str, ...]:
    names: list[str] = []
    for _, word in _words_of_units(text, directory):
        names += directory.departments.get(word, ())
    return tuple(dict.fromkeys(names))


def _words_of_units(text: str, directory: Directory) -> Iterable[tuple[int, str]]:
    place = 0
    while place < len(text):
        word = next((one for one in directory.units_by_start.get(text[place], ()) if _stands(one, text, place)), None)
        if word is None:
            place += 1
        else:
            yield place, word
            place += len(word)


def _stands(word: str, text: str, place: int) -> bool:
    """Latin words only where no letter touches them: the er of after is no emergency room."""
    if not text.startswith(word, place):
        return False
    around = text[max(0, place - 1) : place] + text[place + len(word) : place + len(word) + 1]
    return not word.isascii() or not any(sign.isascii() and sign.isalpha() for sign in around)


def _narrowed(one: Mention, named: tuple[str, ...], directory: Directory) -> Mention:
    departments = tuple(name for name in named if name in directory.staffed)
    if not departments:
        return one
    fitting = tuple(place for place in one.places if directory.points[place].department in departments)
    if fitting:
        return replace(one, places=fitting, sure=one.sure or (len(fitting) == 1 and one.kind == "role"))
    if one.kind in {"role", "fuzzy"}:
        return replace(one, places=(), sure=False)
    return replace(one, sure=False)


# ---- windows


def _windows(text: str, directory: Directory) -> list[Mention]:
    types = lexicon.alternatives(directory.windows_by_type) or "(?!)"
    latin = lexicon.alternatives([one for one in directory.windows_by_type if one.isascii()])
    found = [
        *_by(rf"{_NUMBER} ?(?:号|#)? ?(?:的)?({types})(?:的)?(?:窗口|窗|处|台)", text, directory, 1, 2),
        *_by(
            rf"{_NUMBER} ?号({types})(?=$|[\s,.!:的]|[\d一二两三四五][星分颗]|[好差][评]|很|非常|不|太|满)",
            text,
            directory,
            1,
            2,
        ),
        *_by(rf"({types})(?:的|处|室)?(?:第)?{_NUMBER} ?(?:号|#)?(?:窗口|窗)", text, directory, 2, 1),
        *_by(rf"{_NUMBER} ?(?:号|#) ?(?:窗口|窗|柜台)(?:的)?(?:那个)?({types})?", text, directory, 1, 2),
        *_by(
            rf"(?:窗口|窗) ?{_NUMBER} ?(?:号)?(?![\d星分颗个般直样点下些起会定人]| ?[星分])", text, directory, 1, None
        ),
        *_by(rf"(?:window|counter)(?: number| no\.?| #)? ?{_NUMBER}\b", text, directory, 1, None),
        *_by(rf"{_NUMBER}窗口?(?:的)?({types})?", text, directory, 1, 2),
        *_by(
            rf"({types})(?:的|办事|办理|服务|结算|业务|人工|咨询|办|处|科|部)?(?={_PERSON_AT})(?:窗口|窗)?",
            text,
            directory,
            None,
            1,
        ),
        *_by(rf"({latin})", text, directory, None, 1),
        *_by(
            rf"^(?:给|对|评价?|我要评价?|表扬|投诉|我要投诉|感谢|谢谢)?({types})(?= ?(?:的)?(?:[\d一二三四五]|满意|不满|很|非常|差|好|$|,|太|真|一般|还))",
            text,
            directory,
            None,
            1,
        ),
    ]
    nouns = [called for called in directory.windows_by_type if called.endswith(_PLACES)]
    found += _by(rf"({lexicon.alternatives(nouns) or '(?!)'})", text, directory, None, 1)
    kept: list[Mention] = []
    for one in found:
        if not _inside(one, kept):
            kept.append(one)
    return [_on_floor(one, text, directory) for one in kept]


def _by(
    pattern: str, text: str, directory: Directory, number_group: int | None, type_group: int | None
) -> list[Mention]:
    made = []
    for found in re.finditer(pattern, text):
        number = value(found[number_group]) if number_group else None
        kind = found[type_group] if type_group else None
        places = _window_places(directory, int(number) if number is not None else None, kind)
        if places or number is not None:
            made.append(
                Mention(places, found.start(), found.end(), len(places) == 1, "window" if number else "window_type")
            )
    return made


def _window_places(directory: Directory, number: int | None, kind: str | None) -> Keys:
    numbered = directory.windows_by_number.get(number, ()) if number is not None else None
    typed = directory.windows_by_type.get(kind, ()) if kind else None
    if numbered is not None and typed is not None:
        return tuple(place for place in numbered if place in typed)
    return numbered if numbered is not None else (typed or ())


def _on_floor(one: Mention, text: str, directory: Directory) -> Mention:
    floor = _FLOOR.search(text)
    if not floor or len(one.places) < 2:
        return one
    number = str(int(value(floor[1]) or 0))
    fitting = tuple(place for place in one.places if directory.points[place].floor.rstrip("楼层F") == number)
    return replace(one, places=fitting, sure=len(fitting) == 1) if fitting else one


# ---- departments and logistics teams


def _units(text: str, directory: Directory) -> list[Mention]:
    made = []
    for start, word in _words_of_units(text, directory):
        places = directory.units.get(word, ())
        if not places:
            continue
        generic = any(directory.points[place].kind == "department" for place in places)
        passed = _NEARBY.match(text[start + len(word) :])
        made.append(Mention(places, start, start + len(word), len(places) == 1 and not generic and not passed, "unit"))
    return made


_NEARBY = re.compile(r"(?:间|口|门口|旁|旁边|对面|附近|外面)(?:的|那|这)")
"""电梯间那个阿姨 is somebody else."""

_EAR = re.compile(
    r"(?:^|给|对|评价|投诉|表扬|号)([\u4e00-\u9fff]{2})(?=窗口|窗|[ ,]?(?:[1-5一二两三四五][星分颗]|满意|很|非常|差评|好评|不满意))"
)


def _by_ear(text: str, directory: Directory) -> list[Mention]:
    """收非窗口: the type of a window or a team of two characters, of which one was mistyped with the same sound."""
    for found in _EAR.finditer(text):
        for called in (directory.windows_by_type, directory.units):
            for word, places in called.items():
                if (
                    len(word) == 2
                    and alike(word, found[1])
                    and any(a == b for a, b in zip(word, found[1], strict=True))
                ):
                    return [Mention(places, found.start(1), found.end(1), False, "unit")]
    return []


def types_in(text: str, directory: Directory) -> Keys:
    """Windows of a type the text speaks of in passing (医保电子凭证): for questions only; empty when several may be meant."""
    found = re.findall(lexicon.alternatives(directory.windows_by_type) or "(?!)", text)
    places = {place for kind in found for place in directory.windows_by_type[kind]}
    return tuple(places) if len(places) == 1 else ()
