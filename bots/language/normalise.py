"""From what was typed to one plain spelling: width, traditional characters, invisible signs, face codes."""

import re
import unicodedata
from collections.abc import Mapping

from bots.language.traditional import simplified

LONGEST = 1500
"""Characters that are looked at; WeChat sends at most 2,048 bytes."""
_ROMAN = str.maketrans("ⅠⅡⅢⅣⅤⅰⅱⅲⅳⅴ", "1234512345")
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn", "Mn", "Me"})
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")
_FACE = re.compile(r"\[([\u4e00-\u9fffA-Za-z]{1,8})\]")
_SPACES = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\d\sa-z★☆⭐🌟🌹👍👎.])\1{3,}")
_NOT_WORDS = re.compile(r"[^\w\u4e00-\u9fff]+")


def plain(text: str) -> str:
    """NFKC, without control, direction and joining signs, simplified, lower case, single spaces."""
    wide = unicodedata.normalize("NFKC", text[:LONGEST].translate(_ROMAN))
    seen = "".join(_visible(sign) for sign in wide)
    return _SPACES.sub(" ", simplified(_SKIN.sub("", seen))).strip().lower()


def with_faces(text: str, faces: Mapping[str, str]) -> str:
    """WeChat's face codes such as [强] as the emoji they stand for; unknown ones vanish."""
    return _FACE.sub(lambda face: faces.get(face[1].lower(), ""), text)


def calmed(text: str) -> str:
    """Runs of the same sign cut to two: 太太太太好 -> 太太好."""
    return _REPEATED.sub(r"\1\1", text)


def bare(text: str) -> str:
    """Only letters, figures and characters: for comparing whole messages."""
    return _NOT_WORDS.sub("", text)


def _visible(sign: str) -> str:
    if sign in "\n\r\t":
        return " "
    category = unicodedata.category(sign)
    return "" if category in _DROPPED or category == "Cc" else sign
