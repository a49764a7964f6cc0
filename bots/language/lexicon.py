"""The words of ``lexicon.toml``, read once, with their patterns compiled."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

FILE = Path(__file__).with_name("lexicon.toml")
Made = TypeVar("Made", bound=Callable[..., Any])
Words = Mapping[str, Mapping[str, str]]


class Overlay:
    """Words an administrator taught: place -> word -> what it stands for ("" in lists); with all that was made from them."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.made: dict[tuple[Any, ...], Any] = {}


_laid: ContextVar[Overlay] = ContextVar("laid", default=Overlay({}))  # noqa: B039


def lay(overlay: Overlay) -> None:
    """From now on, in this thread, these words lie over the file: one process may speak for several hospitals."""
    _laid.set(overlay)


def remembered(make: Made) -> Made:
    """``functools.cache``, for each overlay by itself."""

    @wraps(make)
    def kept(*arguments: Any) -> Any:
        made = _laid.get().made
        key = (make, *arguments)
        try:
            return made[key]
        except KeyError:
            return made.setdefault(key, make(*arguments))

    return cast(Made, kept)


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
    return (*(str(one) for one in _entry(path)), *_laid.get().words.get(path, ()))


@remembered
def table(path: str) -> Mapping[str, Any]:
    return {**_entry(path), **_laid.get().words.get(path, {})}


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
