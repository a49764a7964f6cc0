"""Numbers as people hide or decorate them: full-width, Chinese or circled digits, with spaces, dashes and dots between. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_CHINESE = dict(
    zip("零〇○洞一壹幺弌二贰两弍三叁弎四肆五伍六陆七柒拐八捌九玖勾", "00001111222233344556677788999", strict=True)
)
_BETWEEN = frozenset(" \t\u3000-–—―‐‑‒−－_＿.．。·•・,，、/／()（）[]【】+＋*＊~～:：|｜")
_MOST_BETWEEN = 3
"""So many signs may stand between two digits of one number."""


@dataclass(frozen=True)
class Run:
    """Digits that may be one number: what they say in ASCII, and where each of them stands in the text."""

    digits: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the digits ``start`` to before ``end`` stand."""
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=4096)
def digits_of(sign: str) -> str:
    """The ASCII digits one sign stands for; "" for anything else. X closes an identity number."""
    if sign in "0123456789":
        return sign
    if sign in "xXｘＸ":
        return "X"
    if sign in _CHINESE:
        return _CHINESE[sign]
    plain = unicodedata.normalize("NFKC", sign)
    if plain != sign and plain.isascii() and plain.strip("()[].").isdigit():
        return plain.strip("()[].")
    value = unicodedata.digit(sign, None)
    return "" if value is None else str(value)


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cf", "Mn", "Me"}


def runs(text: str) -> Iterator[Run]:
    """Every run of digits of the text, the longest possible ones."""
    digits: list[str] = []
    places: list[int] = []
    gap = 0
    for place, sign in enumerate(text):
        told = digits_of(sign)
        if told == "X" and len(digits) < 17:  # elsewhere it is a letter
            told = ""
        if told:
            digits.extend(told)
            places.extend([place] * len(told))
            gap = 0
        elif digits and (_is_invisible(sign) or (sign in _BETWEEN and gap < _MOST_BETWEEN)):
            gap += sign in _BETWEEN
        elif digits:
            yield Run("".join(digits), tuple(places))
            digits, places, gap = [], [], 0
    if digits:
        yield Run("".join(digits), tuple(places))
