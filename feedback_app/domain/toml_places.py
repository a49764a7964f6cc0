"""Where in a question set's file something is wrong: the line a person has to look at. Pure."""

import re
from collections.abc import Mapping
from typing import Any

_TABLE = re.compile(r"\s*\[\[\s*(?:section\s*\.\s*)?(?:item|question)\s*\]\]\s*(?:#.*)?$")
_ANY_TABLE = re.compile(r"\s*\[\[?[^\[\]]+\]\]?\s*(?:#.*)?$")
_AT_LINE = re.compile(r"at line (\d+)")
_FIELDS = {
    "bad_condition": ("show_if",),
    "cycle": ("show_if",),
    "unknown_reference": ("show_if",),
    "later_reference": ("show_if",),
    "unknown_answer": ("show_if",),
    "dead_branch": ("show_if",),
    "unknown_kind": ("kind",),
    "bad_options": ("options",),
    "bad_scores": ("scores", "options", "score_range"),
    "bad_range": ("min", "max", "least", "most"),
    "bad_rows": ("rows",),
    "bad_key": ("key",),
    "no_text": ("text",),
    "bad_length": ("longest", "max"),
}
_FIELD_IN_WORDS = re.compile(r"\s*(kind|text|options|scores|rows|min|max|no)\b")


def line_of(text: str, code: str, params: Mapping[str, Any]) -> int | None:
    """The line (from 1) a refusal speaks of, None when it speaks of the whole. ``no`` or ``key`` in ``params`` names the
    item."""
    why = str(params.get("why", ""))
    told = _AT_LINE.search(why)
    if told:
        return int(told[1])
    lines = text.splitlines()
    if "at end of document" in why:
        return max(1, len(lines))
    block = _block(lines, str(params.get("no", "")), str(params.get("key", "")))
    if block is None:
        return None
    start, end = block
    in_words = _FIELD_IN_WORDS.match(why)
    wanted = (*([in_words[1]] if in_words else ()), *_FIELDS.get(code.partition(".")[2], ()))
    for name in wanted:
        found = next((at for at in range(start, end) if re.match(rf"\s*{name}\s*=", lines[at])), None)
        if found is not None:
            return found + 1
    return start + 1


def _block(lines: list[str], number: str, key: str) -> tuple[int, int] | None:
    """First line of the item's table, and the line after its last."""
    starts = [at for at, line in enumerate(lines) if _TABLE.match(line)]
    for start in starts:
        end = next((at for at in range(start + 1, len(lines)) if _ANY_TABLE.match(lines[at])), len(lines))
        named = {name: _value(lines[start + 1 : end], name) for name in ("no", "key")}
        if (number and named["no"] == number) or (key and named["key"] == key):
            return start, end
    return None


def _value(lines: list[str], name: str) -> str:
    for line in lines:
        found = re.match(rf"""\s*{name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s#]+))""", line)
        if found:
            return next(value for value in found.groups() if value is not None)
    return ""


def excerpt(text: str, line: int, around: int = 2) -> list[tuple[int, str]]:
    """The line with its neighbours, each with its number."""
    lines = text.splitlines()
    first = max(1, line - around)
    return [(at, lines[at - 1][:200]) for at in range(first, min(len(lines), line + around) + 1)]
