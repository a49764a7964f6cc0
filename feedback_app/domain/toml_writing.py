"""Writing TOML for people: the inverse of ``tomllib.loads`` for texts, numbers, truth values, lists and tables."""

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_WIDE = 100


def dumps(table: Mapping[str, Any]) -> str:
    """Top-level lists of tables become ``[[name]]``; everything else stays inline, long lists one entry a line."""
    plain = {name: value for name, value in table.items() if not _is_tables(value)}
    lines = [f"{_key(name)} = {_value(value)}" for name, value in plain.items()]
    for name, value in table.items():
        if _is_tables(value):
            for one in value:
                lines += ["", f"[[{_key(name)}]]", *(f"{_key(inner)} = {_value(each)}" for inner, each in one.items())]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """JSON's escapes are TOML's too, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    listed = [_value(each) for each in value]
    flat = f"[{', '.join(listed)}]"
    return flat if len(flat) <= _WIDE else "[\n" + "".join(f"    {each},\n" for each in listed) + "]"
