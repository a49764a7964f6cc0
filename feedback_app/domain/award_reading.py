"""From nested tables (TOML, JSON) to the dataclasses of a scheme, by their types: unknown and missing keys are errors."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

Built = TypeVar("Built")


def build(kind: type[Built], body: Mapping[str, Any]) -> Built:
    """Raises TypeError or ValueError that names the field."""
    if not isinstance(body, Mapping):
        raise TypeError(f"{kind.__name__}: a table is wanted")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(body) - set(hints))
    if unknown:
        raise TypeError(unknown[0])
    return kind(**{name: _value(hints[name], value, name) for name, value in body.items()})


def _value(wanted: Any, value: Any, name: str) -> Any:
    origin = typing.get_origin(wanted)
    if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
        return build(wanted, value)
    if origin is tuple:
        return _several(typing.get_args(wanted), value, name)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _value(typing.get_args(wanted)[0], value, name)
    if origin is not None:  # a mapping
        if not isinstance(value, Mapping):
            raise TypeError(name)
        return dict(value)
    return _plain(wanted, value, name)


def _several(inside: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(name)
    if len(inside) == 2 and inside[1] is not Ellipsis and len(value) != 2:
        raise ValueError(name)
    return tuple(_value(inside[0], one, name) for one in value)


def _plain(wanted: type, value: Any, name: str) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise TypeError(name)
    return value
