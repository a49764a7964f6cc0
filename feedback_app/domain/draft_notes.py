"""What a question set records beyond our own fields (source, rules of the house …), as rows that a form can show. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback_app.domain.toml_writing import dumps


@dataclass(frozen=True)
class Note:
    """One entry: ``value`` as it is typed; text stands for itself, true, 15, [1, 2] and "in quotes" for what they are."""

    table: str
    name: str
    value: str


def notes_of(kept: Mapping[str, Any]) -> list[Note]:
    """The inverse of :func:`kept_of`."""
    found: list[Note] = []
    for name, value in kept.items():
        if isinstance(value, Mapping) and value:
            found += [Note(name, inner, shown(each)) for inner, each in value.items()]
        else:
            found.append(Note("", name, shown(value)))
    return found


def kept_of(notes: Sequence[Note]) -> dict[str, Any]:
    """A later row of the same name replaces an earlier one; rows without a name are left out."""
    kept: dict[str, Any] = {}
    for note in notes:
        if not note.name:
            continue
        if not note.table:
            kept[note.name] = read(note.value)
            continue
        table = kept.get(note.table)
        kept[note.table] = {**(table if isinstance(table, dict) else {}), note.name: read(note.value)}
    return kept


def shown(value: Any) -> str:
    """A value as one types it."""
    if isinstance(value, str) and read(value) == value and value == value.strip():
        return value
    return dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def read(text: str) -> Any:
    """A number, truth value, list, table or quoted text; anything else is the text itself."""
    plain = text.strip()
    try:
        value = tomllib.loads(f"x = {plain}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return plain
    found = value["x"]
    return (
        found
        if len(value) == 1 and isinstance(found, bool | int | float | str | list | dict) and _plain(found)
        else plain
    )


def _plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, bool | int | float | str)
