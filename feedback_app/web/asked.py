"""Reading the query of a list page: whatever is not understood does not narrow."""

from flask import request


def number_from(name: str, otherwise: int | None = None) -> int | None:
    """The whole number of a query field, ``otherwise`` when it is none."""
    found = whole_number(request.args.get(name, ""))
    return otherwise if found is None else found


def whole_number(typed: str) -> int | None:
    """What was sent as a number, when a column can hold it; None for everything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def one_of(name: str, offered: tuple[str, ...]) -> str:
    """The value of a query field when it is one of those offered, else ""."""
    value = request.args.get(name, "")
    return value if value in offered else ""
