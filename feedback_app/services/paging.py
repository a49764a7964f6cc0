"""Long lists, one page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

Row = TypeVar("Row")
SIZE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Page ``number`` (from 1) of a list of ``total`` rows."""

    rows: Sequence[Row]
    number: int
    total: int
    size: int = SIZE

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))


def cut(session: Session, query: Select[Row], number: int, *, size: int = SIZE) -> Page[Row]:
    """The page of an ordered query of one entity; a number beyond the end gives the last page."""
    counted = query.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    total = int(session.scalar(counted) or 0)
    last = max(1, -(-total // size))
    number = min(max(1, number), last)
    rows: Sequence[Any] = session.scalars(query.limit(size).offset((number - 1) * size)).unique().all()
    return Page(rows, number, total, size)
