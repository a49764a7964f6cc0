"""The words of ``lexicon.toml``, read once, with their patterns compiled."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

FILE = Path(__file__).with_name("lexicon.toml")
Made = TypeVar("Made", bound=Callable[..., Any])
_remembered: list[Any] = []
_taught: Mapping[str, Mapping[str, str]] = {}


def remembered(make: Made) -> Made:
    """``functools.cache`` until words are taught."""
    kept = cache(make)
    _remembered.append(kept)
    return cast(Made, kept)


def teach(overlay: Mapping[str, Mapping[str, str]]) -> None:
    """Lay these words over the file: place -> word -> what it stands for ("" in lists). Replaces what was taught before."""
    global _taught
    if overlay == _taught:
        return
    _taught = overlay
    for kept in _remembered:
        kept.cache_clear()


@cache
def _everything() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def _entry(path: str) -> Any:
    found: Any = _everything()
    for name in path.split("."):
        found = found[name]
    return found


@remembered
def words(path: str) -> tuple[str, ...]:
    """The list at ``path``, for example ``praise.words``."""
    return (*(str(one) for one in _entry(path)), *_taught.get(path, ()))


@remembered
def table(path: str) -> Mapping[str, Any]:
    return {**_entry(path), **_taught.get(path, {})}


@remembered
def one_of(path: str) -> frozenset[str]:
    """The list at ``path`` as whole messages to compare with: without spaces."""
    return frozenset(one.replace(" ", "") for one in words(path))


@remembered
def pattern(path: str) -> re.Pattern[str]:
    """All regular expressions of the list at ``path`` as one."""
    return re.compile("|".join(f"(?:{one})" for one in words(path)))


@remembered
def any_word(path: str) -> re.Pattern[str]:
    """Any word of the list at ``path``, longest first."""
    return re.compile(alternatives(words(path)))


def alternatives(choices: Collection[str]) -> str:
    """A pattern for one of ``choices``, longest first. Latin words end where letters end."""
    if not choices:
        return "(?!)"
    longest_first = sorted(set(choices), key=lambda one: (-len(one), one))
    return "|".join(rf"\b{re.escape(one)}\b" if one[:1].isascii() else re.escape(one) for one in longest_first)


@remembered
def _replacing(path: str) -> re.Pattern[str]:
    return re.compile(alternatives(table(path)))


def replaced(text: str, path: str) -> str:
    """``text`` with every word of the table at ``path`` replaced by what it stands for."""
    entries = table(path)
    return _replacing(path).sub(lambda found: str(entries[found[0]]), text)
