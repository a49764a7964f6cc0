"""Members of staff in a text: by name, by surname and title, by given name, by sound, in pinyin."""

import re
from collections.abc import Iterator
from functools import cache

from bots.language import lexicon
from bots.language.directory import Directory, Keys, Point, surname_of
from bots.language.sounds import alike, sounds, spelled

Found = tuple[Keys, int, int, bool, str]
"""Candidates, start, end, said plainly, kind (name | role | fuzzy)."""

_HANZI = re.compile(r"[\u4e00-\u9fff]")


@cache
def _roles() -> dict[str, str]:
    return {
        word: role
        for role in ("doctor", "head", "nurse", "head_nurse", "any")
        for word in lexicon.words(f"roles.{role}")
    }


@cache
def _role() -> re.Pattern[str]:
    return re.compile(lexicon.alternatives(_roles()))


def role_fits(point: Point, word: str) -> bool:
    """Whether ``word`` (主任, 护士, …) may be said of this person."""
    role = _roles().get(word, "any")
    about = f"{point.title}{point.duty}{point.category}"
    nursing = "护" in about
    if role == "head_nurse":
        return "护士长" in about
    if role == "nurse":
        return nursing
    if role == "doctor":
        return not nursing and ("医" in about or "技师" in about or not about)
    if role == "head":
        return "主任" in about or word.rstrip("医师") in about
    return True


def staff_mentions(text: str, directory: Directory) -> list[Found]:
    """People spoken of in ``text``, without overlaps."""
    exact = list(_by_name(text, directory))
    found = list(exact)
    for reader in (_by_sound, _by_surname, _by_given_name, _by_pinyin, _by_latin_surname, _by_compound):
        for one in reader(text, directory):
            if not _overlaps(one, found) and not _repeats(one, exact):
                found.append(one)
    return found


def _overlaps(one: Found, others: list[Found]) -> bool:
    return any(one[1] < other[2] and other[1] < one[2] for other in others)


def _repeats(one: Found, exact: list[Found]) -> bool:
    """张伟张主任: the second is the first again."""
    return any(set(one[0]) & set(other[0]) or (not one[0] and one[4] == "role") for other in exact)


def _by_name(text: str, directory: Directory) -> Iterator[Found]:
    place = 0
    while place < len(text):
        step = 1
        for length in directory.name_starts.get(text[place], ()):
            name = text[place : place + length]
            places = directory.names.get(name)
            if places and _stands_as_name(name, text, place, directory):
                yield places, place, place + length, not _only_scored(name, text, place, directory), "name"
                step = length
                break
        place += step


def _stands_as_name(name: str, text: str, start: int, directory: Directory) -> bool:
    if name not in directory.common_names:
        return True
    after, before = text[start + len(name) :], text[:start]
    if _role().match(after.lstrip(" ")):
        return True
    if any(before.endswith(unit) for unit in directory.departments):
        return True
    if not before.strip() and re.match(r"^[,:\s]*(谢谢|感谢|辛苦)(你|您|了)", after):
        return True
    if _only_scored(name, text, start, directory):
        return True
    named = before.endswith(tuple(lexicon.words("names.before")))
    return named and bool(
        re.match(
            r"^(?: ?(?:(?:打|评|点|来)(?:个|一个|了)?)?(?:[\d一二三四五满好差点★⭐👍👎,]|$|非常满|很满|不满))", after
        )
    )


_SCORE_NEXT = re.compile(
    r"^(?:[ ,:]{0,2}(?:[1-5一二两三四五]|满)(?:颗|个)?(?:星|分)|[ ,:]{1,2}(?:(?:非常|很|不太?|比较)?满意|好评|差评))"
)


def _only_scored(name: str, text: str, start: int, directory: Directory) -> bool:
    """万里 四颗星: nothing but the word and a score; a name, but one that is confirmed."""
    if name not in directory.common_names or text[:start].strip():
        return False
    return bool(_SCORE_NEXT.match(text[start + len(name) :]))


def _by_surname(text: str, directory: Directory) -> Iterator[Found]:
    for role in _role().finditer(text):
        called = _CALLED.search(text[max(0, role.start() - 8) : role.start()])
        surname = called[1] if called else _surname_before(text, role.start(), directory)
        if surname is None:
            continue
        places = tuple(
            place for place in directory.surnames.get(surname, ()) if role_fits(directory.points[place], role[0])
        )
        start = role.start() - (len(called[0]) if called else len(surname))
        sure = len(places) == 1 and len(directory.surnames.get(surname, ())) == 1
        yield places, start, role.end(), sure, "role"


def _by_compound(text: str, directory: Directory) -> Iterator[Found]:
    """眼科欧阳: a surname of two characters is a person without a title, too."""
    for surname in lexicon.words("names.compound"):
        start = text.find(surname) if surname in directory.surnames else -1
        if start >= 0:
            yield directory.surnames[surname], start, start + len(surname), False, "fuzzy"


_CALLED = re.compile(r"姓([\u4e00-\u9fff]{1,2}?)的?(?:那个|那位|这个|这位|一个|一位)?的?$")


def _surname_before(text: str, end: int, directory: Directory) -> str | None:
    for length in (2, 1):
        surname = text[max(0, end - length) : end]
        known = surname in directory.surnames or (length == 1 and surname in lexicon.table("names")["surnames"])
        if len(surname) == length and known and not text[:end].endswith(lexicon.words("names.not_surnames")):
            return surname
    return None


def _by_given_name(text: str, directory: Directory) -> Iterator[Found]:
    """建国医生: a given name before a title."""
    for role in _role().finditer(text):
        given = text[max(0, role.start() - 2) : role.start()]
        places = directory.given_names.get(given, ())
        if places:
            yield places, role.start() - 2, role.end(), False, "fuzzy"


_LATIN = re.compile(r"[a-z]+")


def _by_pinyin(text: str, directory: Directory) -> Iterator[Found]:
    """zhang wei, zhangwei, wei zhang."""
    words = list(_LATIN.finditer(text))
    for first, word in enumerate(words):
        for count in (1, 2, 3):
            group = words[first : first + count]
            if len(group) < count or any(b.start() - a.end() > 1 for a, b in zip(group, group[1:], strict=False)):
                break
            parts = [one[0] for one in group]
            for spelling in {"".join(parts), "".join([*parts[1:], parts[0]]), "".join([parts[-1], *parts[:-1]])}:
                if spelling in directory.pinyin and len(spelling) > 4:
                    yield directory.pinyin[spelling], word.start(), group[-1].end(), False, "fuzzy"


_LATIN_TITLE = re.compile(r"\b(?:dr|doctor|nurse|director|professor|prof)\b\.? ?([a-z]{2,10})\b")


def _by_latin_surname(text: str, directory: Directory) -> Iterator[Found]:
    """Dr Ouyang: everybody whose surname is spelled so and whom the title fits."""
    for found in _LATIN_TITLE.finditer(text):
        places = tuple(
            place
            for surname, staff in directory.surnames.items()
            if spelled(surname) == found[1]
            for place in staff
            if role_fits(directory.points[place], found[0].split()[0].rstrip("."))
        )
        if places:
            yield places, found.start(), found.end(), False, "fuzzy"


def _by_sound(text: str, directory: Directory) -> Iterator[Found]:
    """欧阳晶 for 欧阳静, 赵一明 for 赵一鸣, 赵一呜: a name that sounds or looks nearly so, never across a title."""
    titles = [role.span() for role in _role().finditer(text)]
    for start, sign in enumerate(text):
        if not _HANZI.match(sign):
            continue
        for length in (4, 3, 2):
            typed, end = text[start : start + length], start + length
            if len(typed) < length or any(start < after and before < end for before, after in titles):
                continue
            places = _heard(typed, directory)
            if places and (_placed_as_name(typed, text, start, directory) or _alike_enough(typed, places, directory)):
                yield places, start, end, False, "fuzzy"
                break


def _alike_enough(typed: str, places: Keys, directory: Directory) -> bool:
    """Long and the same sound throughout: then it is the name wherever it stands."""
    return len(typed) > 2 and all(alike(typed, directory.points[place].name) for place in places)


def _heard(typed: str, directory: Directory) -> Keys:
    keys: set[tuple[str, str, int]] = {
        (first, second, len(typed)) for first in sounds(typed[0]) for second in sounds(typed[1])
    }
    if len(typed) > 2:
        keys |= {(typed[0], typed[1], len(typed)), (typed[0], typed[2], len(typed))}
    candidates = {place for key in keys for place in directory.heard.get(key, ())}
    return tuple(place for place in sorted(candidates) if _may_be(typed, directory.points[place].name))


def _may_be(typed: str, name: str) -> bool:
    same = sum(a == b for a, b in zip(typed, name, strict=False))
    if len(name) != len(typed) or same == 0:
        return False
    if alike(typed, name):
        return same >= len(name) - 1 or len(name) > 2
    return len(name) > 2 and same == len(name) - 1 and typed[0] == name[0]


def _placed_as_name(typed: str, text: str, start: int, directory: Directory) -> bool:
    """A surname first, a title after it, or a score after it with nothing or a 给 before."""
    if typed[0] not in directory.surnames and typed[0] not in lexicon.table("names")["surnames"]:
        return False
    after, before = text[start + len(typed) :].lstrip(), text[:start]
    if _role().match(after):
        return True
    opened = not before.strip() or before.endswith(tuple(lexicon.words("names.before"))) or before[-1] in ",。;科:"
    scored = bool(re.match(r"^(?:[1-5一二三四五][星分颗个]|满分|满意|好评|差评|非常满意|不满意|$|[★⭐👍👎])", after))
    return opened and scored and typed not in lexicon.words("names.common_words")


__all__ = ["Found", "role_fits", "staff_mentions", "surname_of"]
