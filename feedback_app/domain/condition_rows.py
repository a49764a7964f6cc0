"""A condition as an editor shows it: rows that are joined by "all", "any", "not all" or "none". Pure.

Every condition has such a form and comes back from it as it was; an editor names a part by its path, ``""`` for the whole,
``"0"`` for its first part, ``"1.0"`` for the first part of its second.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from feedback_app.domain.conditions import Both, Compare, Condition, Not

JOINS = ("and", "or", "nand", "nor")


@dataclass(frozen=True)
class Rows:
    """``join`` is one of JOINS: all of them, any of them, not all of them, none of them."""

    join: str
    parts: tuple["Compare | Rows", ...]


Part = Compare | Rows


def rows_of(condition: Condition | None) -> Rows:
    """The inverse of :func:`condition_of`."""
    match condition:
        case None:
            return Rows("and", ())
        case Compare():
            return Rows("and", (condition,))
        case Not(inner):
            made = rows_of(inner)
            turned = {"and": "nand", "or": "nor"}.get(made.join)
            return Rows(turned, made.parts) if turned else Rows("nand", (made,))
        case Both(op, _, _):
            return Rows(op, tuple(_part(one) for one in _chain(condition, op)))


def _chain(condition: Condition, op: str) -> list[Condition]:
    if isinstance(condition, Both) and condition.op == op:
        return [*_chain(condition.left, op), condition.right]
    return [condition]


def _part(condition: Condition) -> Part:
    return condition if isinstance(condition, Compare) else rows_of(condition)


def condition_of(rows: Rows) -> Condition | None:
    """The condition these rows say; None without any row."""
    made = [one if isinstance(one, Compare) else condition_of(one) for one in rows.parts]
    found = [one for one in made if one is not None]
    if not found:
        return None
    joined, op = found[0], "or" if rows.join in {"or", "nor"} else "and"
    for one in found[1:]:
        joined = Both(op, joined, one)
    return Not(joined) if rows.join in {"nand", "nor"} else joined


def at(rows: Rows, path: str) -> Part | None:
    """The part at ``path``, None when there is none."""
    found: Part = rows
    for place in _places(path):
        if not isinstance(found, Rows) or place >= len(found.parts):
            return None
        found = found.parts[place]
    return found


def _places(path: str) -> list[int]:
    return [int(place) for place in path.split(".")] if path else []


def edited(rows: Rows, path: str, change: Callable[[Part], Part | None]) -> Rows:
    """The same rows with the part at ``path`` changed, or taken out when ``change`` gives None."""
    done = _edited(rows, _places(path), change)
    return done if isinstance(done, Rows) else Rows("and", () if done is None else (done,))


def _edited(part: Part, places: list[int], change: Callable[[Part], Part | None]) -> Part | None:
    if not places:
        return change(part)
    if not isinstance(part, Rows) or places[0] >= len(part.parts):
        return part
    before, after = part.parts[: places[0]], part.parts[places[0] + 1 :]
    inner = _edited(part.parts[places[0]], places[1:], change)
    return replace(part, parts=(*before, *(() if inner is None else (inner,)), *after))


def walked(rows: Rows, change: Callable[[str, Part], Part]) -> Rows:
    """Every part, by its path, changed: a group's own join first, then its parts."""
    return _walked(rows, "", change)


def _walked(rows: Rows, path: str, change: Callable[[str, Part], Part]) -> Rows:
    done = change(path, rows)
    if not isinstance(done, Rows):
        raise TypeError(done)
    prefix = f"{path}." if path else ""
    parts: list[Part] = []
    for place, one in enumerate(done.parts):
        inner = f"{prefix}{place}"
        parts.append(_walked(one, inner, change) if isinstance(one, Rows) else change(inner, one))
    return replace(done, parts=tuple(parts))
