"""Words cut into pairs of neighbouring signs: Chinese writes no spaces, so pairs are what can be looked up. Pure."""

import re
import unicodedata

_RUN = re.compile(r"[^\W_]+")
_MOST_WORDS, _LONGEST_WORD = 6, 30


def grams(text: str) -> set[str]:
    """All pairs of the text; of a single sign between two stops, that sign."""
    return {gram for run in _RUN.findall(_plain(text)) for gram in _cut(run)}


def wanted(query: str) -> list[list[str]]:
    """The words of a query, each as its pairs: all of them must be found. A query of stops alone finds nothing."""
    runs = [run[:_LONGEST_WORD] for run in _RUN.findall(_plain(query))][:_MOST_WORDS]
    return [_cut(run) for run in runs] or [["\x00\x00"]]


def _cut(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
