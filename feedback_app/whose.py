"""Whose work this thread is doing: the name of a hospital of a group, for the logs. One hospital alone has none."""

from contextvars import ContextVar

_name: ContextVar[str] = ContextVar("hospital", default="")


def is_of(name: str) -> None:
    """From now on, in this thread."""
    _name.set(name)


def name() -> str:
    return _name.get()
