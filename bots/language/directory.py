"""Everything that can be rated, indexed by what people call it. Immutable; built once a directory version."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bots.language import lexicon
from bots.language.normalise import plain
from bots.language.numerals import value
from bots.language.sounds import sounds, spelled

_BRACKETS = re.compile(r"\(.*?\)")
_WINDOW_NUMBER = re.compile(r"(\d{1,3})号?")
_NOT_TYPE = re.compile(r"第?\d+号?|窗口|\(.*?\)")


@dataclass(frozen=True)
class Point:
    """A service point as far as talking about it goes."""

    id: int
    kind: str  # staff | window | logistics | department
    key: str
    name: str
    aliases: tuple[str, ...] = ()
    department: str = ""
    title: str = ""
    duty: str = ""
    category: str = ""
    floor: str = ""


Keys = tuple[int, ...]  # places in Directory.points


@dataclass(frozen=True)
class Directory:
    """Look-ups from a word to the places in ``points`` it may mean."""

    points: tuple[Point, ...]
    by_key: Mapping[str, int]
    names: Mapping[str, Keys]  # full names of staff
    name_starts: Mapping[str, tuple[int, ...]]  # first character -> lengths of names, longest first
    given_names: Mapping[str, Keys]
    surnames: Mapping[str, Keys]
    pinyin: Mapping[str, Keys]
    heard: Mapping[tuple[str, str, int], Keys]  # two sounds, or two characters, and the length of the name -> staff
    departments: Mapping[str, tuple[str, ...]]  # what it is called -> names of departments
    units: Mapping[str, Keys]  # names of departments and logistics teams
    windows_by_number: Mapping[int, Keys]
    windows_by_type: Mapping[str, Keys]
    units_by_start: Mapping[str, tuple[str, ...]]  # first character -> words of units and departments, longest first
    staffed: frozenset[str]  # departments somebody belongs to
    common_names: frozenset[str] = field(default_factory=frozenset)

    def point(self, key: str) -> Point | None:
        place = self.by_key.get(key)
        return None if place is None else self.points[place]


def surname_of(name: str) -> str:
    """欧阳静 -> 欧阳, 张伟 -> 张."""
    return name[:2] if len(name) > 2 and name[:2] in lexicon.words("names.compound") else name[:1]


def _ear_marks(name: str) -> set[tuple[str, str, int]]:
    """The pairs a misspelt name is looked up by."""
    marks = {(first, second, len(name)) for first in sounds(name[0]) for second in sounds(name[1])}
    if len(name) > 2:
        marks |= {(name[0], name[1], len(name)), (name[0], name[2], len(name))}
    return marks


def build(points: Iterable[Point]) -> Directory:
    """Index ``points``; later ones with the same key are left out."""
    unique: dict[str, Point] = {}
    for point in points:
        unique.setdefault(point.key, point)
    listed = tuple(unique.values())
    index = _Index(listed)
    return index.finished()


class _Index:
    def __init__(self, points: tuple[Point, ...]) -> None:
        self.points = points
        self.maps: dict[str, dict[object, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.departments: dict[str, set[str]] = defaultdict(set)
        for place, point in enumerate(points):
            if point.department:
                self._department_word(plain(point.department))
            {"staff": self._staff, "window": self._window}.get(point.kind, self._unit)(place, point)

    def _put(self, name: str, key: object, place: int) -> None:
        self.maps[name][key].add(place)

    def _staff(self, place: int, point: Point) -> None:
        for written in (point.name, *point.aliases):
            name = plain(written).replace(" ", "").replace("·", "")
            if len(name) < 2:
                continue
            surname = surname_of(name)
            self._put("names", name, place)
            self._put("surnames", surname, place)
            self._put("pinyin", spelled(name), place)
            for key in _ear_marks(name):
                self._put("heard", key, place)
            if len(name) - len(surname) >= 2:
                self._put("given", name[len(surname) :], place)

    def _window(self, place: int, point: Point) -> None:
        name = plain(point.name)
        number = _WINDOW_NUMBER.search(name)
        if number:
            self._put("numbers", int(value(number[1]) or 0), place)
        types = {_NOT_TYPE.sub("", name), _NOT_TYPE.sub("", plain(point.category))}
        types |= {plain(alias) for alias in point.aliases}
        for called in filter(None, types):
            self._put("types", called, place)
            for official, others in lexicon.table("windows").items():
                if official in called:
                    for other in others:
                        self._put("types", other, place)

    def _unit(self, place: int, point: Point) -> None:
        name = plain(point.name)
        called = {name, _BRACKETS.sub("", name), *(plain(alias) for alias in point.aliases)}
        if point.kind == "department":
            self._department_word(name)
            for alias in point.aliases:
                self.departments[plain(alias)].add(name)
            called |= {word for word, names in self.departments.items() if name in names}
        else:
            for part, others in lexicon.table("teams").items():
                if part in name:
                    called |= {part, *others}
        for word in filter(None, called):
            self._put("units", word, place)

    def _department_word(self, name: str) -> None:
        called = {name, name.replace("医学科", "科")}
        if name.endswith("科") and len(name) > 3:
            called.add(name[:-1])
        called |= {short for short, full in lexicon.table("departments").items() if full == name}
        for word in called:
            self.departments[word].add(name)

    def _map(self, name: str) -> dict[object, Keys]:
        # A unit named exactly so goes before one that only contains or also answers to the word.
        return {key: tuple(sorted(places)) for key, places in self.maps[name].items()}

    def finished(self) -> Directory:
        names = self._map("names")
        lengths: dict[str, set[int]] = defaultdict(set)
        for name in names:
            lengths[str(name)[0]].add(len(str(name)))
        units = self._exact_first(self._map("units"))
        starts: dict[str, set[str]] = defaultdict(set)
        for word in {*map(str, units), *self.departments}:
            starts[word[0]].add(word)
        common = set(lexicon.words("names.common_words"))
        return Directory(
            points=self.points,
            by_key={point.key: place for place, point in enumerate(self.points)},
            names={str(key): places for key, places in names.items()},
            name_starts={sign: tuple(sorted(found, reverse=True)) for sign, found in lengths.items()},
            given_names={str(key): places for key, places in self._map("given").items()},
            surnames={str(key): places for key, places in self._map("surnames").items()},
            pinyin={str(key): places for key, places in self._map("pinyin").items()},
            heard={key: places for key, places in self._map("heard").items() if isinstance(key, tuple)},
            departments={word: tuple(sorted(found)) for word, found in self.departments.items()},
            units=units,
            windows_by_number={int(str(key)): places for key, places in self._map("numbers").items()},
            windows_by_type={str(key): places for key, places in self._map("types").items()},
            units_by_start={sign: tuple(sorted(found, key=len, reverse=True)) for sign, found in starts.items()},
            staffed=frozenset(point.department for point in self.points if point.kind == "staff"),
            common_names=frozenset(str(name) for name in names if name in common),
        )

    def _exact_first(self, units: dict[object, Keys]) -> dict[str, Keys]:
        chosen: dict[str, Keys] = {}
        for word, places in units.items():
            exact = tuple(place for place in places if _BRACKETS.sub("", plain(self.points[place].name)) == word)
            chosen[str(word)] = exact or places
        return chosen
