"""How Chinese names are sorted and found: by pinyin, with the readings that surnames have."""

import re
import tomllib
from functools import cache
from pathlib import Path

SURNAMES = Path(__file__).parent.parent / "presets" / "surnames.toml"
_LONGEST_SORT_KEY = 200
_LONGEST_INITIALS = 40
_LONGEST_SURNAME = 2
_DIGITS = re.compile(r"\d+")


@cache
def _surnames() -> dict[str, list[str]]:
    readings = tomllib.loads(SURNAMES.read_text("utf-8"))["readings"]
    return {surname: str(reading).split() for surname, reading in readings.items()}


def syllables(name: str, *, person: bool) -> list[str]:
    """``单晓`` as a person -> ["shan", "xiao"]; what is not Chinese stays as it is, in lower case."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionaries take a sixth of a second to load

    if person:
        for length in range(_LONGEST_SURNAME, 0, -1):
            known = _surnames().get(name[:length])
            if known:
                return [*known, *(part.lower() for part in lazy_pinyin(name[length:]))]
    return [part.lower() for part in lazy_pinyin(name)]


def sort_key(name: str, *, person: bool) -> str:
    """Sorts as a Chinese reader expects; the name itself stands last, so that those who sound alike stay together.

    Numbers sort by size: window 2 before window 10.
    """
    readable = f"{' '.join(syllables(name, person=person))} {name}"
    return _DIGITS.sub(lambda number: number[0].zfill(4), readable)[:_LONGEST_SORT_KEY]


def initials(name: str, *, person: bool) -> str:
    """``张伟`` -> zw: what people type to find somebody."""
    parts = syllables(name, person=person)
    return "".join(part[0] if part.isalpha() and part.isascii() else part for part in parts).replace(" ", "")[
        :_LONGEST_INITIALS
    ]
