"""Full-text search in Chinese, the same on SQLite and PostgreSQL: pairs of neighbouring signs of every word of a case."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, ForeignKey, String, event, func, select, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from feedback_app.db.base import Base
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.domain.grams import grams, wanted


class CaseGram(Base):
    """``gram`` stands somewhere in the history of the case."""

    __tablename__ = "case_grams"

    gram: Mapped[str] = mapped_column(String(2), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, index=True)


_INSERT = text("INSERT INTO case_grams (gram, case_id) VALUES (:gram, :case_id) ON CONFLICT DO NOTHING")


@event.listens_for(CaseEvent, "after_insert")
def _index(_mapper: Mapper[Any], connection: Connection, target: CaseEvent) -> None:
    """With the entry itself, so that no way of writing one can forget it."""
    found = [{"gram": gram, "case_id": target.case_id} for gram in sorted(grams(target.text))]
    if found:
        connection.execute(_INSERT, found)


def holds(words: str) -> list[ColumnElement[bool]]:
    """Conditions on cases: each word stands in the history."""
    return [Case.id.in_(_holding(word)) for word in wanted(words)]


def _holding(word: Iterable[str]) -> Any:
    pairs = sorted(set(word))
    if len(pairs) == 1 and len(pairs[0]) == 1:
        return select(CaseGram.case_id).where(CaseGram.gram >= pairs[0], CaseGram.gram < pairs[0] + "\U0010ffff")
    found = select(CaseGram.case_id).where(CaseGram.gram.in_(pairs))
    return found.group_by(CaseGram.case_id).having(func.count() == len(pairs)) if len(pairs) > 1 else found
