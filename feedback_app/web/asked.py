"""Reading the query of a list page: whatever is not understood does not narrow."""

from flask import request


def number_from(name: str, otherwise: int | None = None) -> int | None:
    """The whole number of a query field, ``otherwise`` when it is none."""
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else otherwise


def one_of(name: str, offered: tuple[str, ...]) -> str:
    """The value of a query field when it is one of those offered, else ""."""
    value = request.args.get(name, "")
    return value if value in offered else ""
