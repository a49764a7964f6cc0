"""What a campaign may cost and what was spent, line by line (S49). Money is counted in fen, never in fractions."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import campaign_money as rows
from feedback_app.db.campaign_money import BudgetLine, Spending
from feedback_app.domain.questions.text import clean
from feedback_app.errors import NotFound, Refused
from feedback_app.services import audit

MOST = 100_000_000_00  # fen: a hundred million yuan
_YUAN = re.compile(r"^(-?)(\d{1,9})(?:\.(\d{1,2}))?\Z", re.ASCII)


@dataclass(frozen=True)
class Line:
    one: BudgetLine
    spent: int

    @property
    def left(self) -> int:
        return self.one.planned - self.spent


@dataclass(frozen=True)
class Campaign:
    name: str
    lines: Sequence[Line]

    @property
    def planned(self) -> int:
        return sum(line.one.planned for line in self.lines)

    @property
    def spent(self) -> int:
        return sum(line.spent for line in self.lines)


def fen(typed: str) -> int:
    """Yuan as a person types them, ``500,000`` or ``12.5``, in fen. Raises Refused ``money.bad_amount``."""
    found = _YUAN.match(typed.strip().replace(",", "").replace("，", "").removesuffix("元").strip())
    if found is None:
        raise Refused("money.bad_amount")
    amount = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0") or 0)
    if amount > MOST:
        raise Refused("money.bad_amount")
    return -amount if found[1] else amount


def yuan(amount: int) -> str:
    """12345 fen as 123.45."""
    sign, whole = ("-" if amount < 0 else ""), abs(amount)
    return f"{sign}{whole // 100:,}.{whole % 100:02d}"


def plan(session: Session, campaign: str, title: str, amount: str, *, by: str, now: datetime) -> BudgetLine:
    """A line; planned again under the same title it changes its sum. Raises Refused ``money.needs_words``, ``money.bad_amount``."""
    name, line, planned = clean(campaign)[:60], clean(title)[:100], fen(amount)
    if not name or not line:
        raise Refused("money.needs_words")
    if planned < 0:
        raise Refused("money.bad_amount")
    one = session.scalar(select(BudgetLine).where(BudgetLine.campaign == name, BudgetLine.title == line))
    if one is None:
        one = BudgetLine(campaign=name, title=line, made_at=now, made_by=by)
        session.add(one)
    one.planned = planned
    session.flush()
    audit.write(session, actor=by, action="budget.planned", subject=f"{name} {line}"[:100], now=now, fen=planned)
    return one


def spend(
    session: Session, line_id: int, amount: str, what: str, day: date, form_key: str, *, by: str, now: datetime
) -> Spending:
    """Paid; a mistake is put right by a second entry below zero, so that nothing disappears. The same form twice is once.

    Raises NotFound ``money.no_line``, Refused ``money.needs_words``, ``money.bad_amount``, ``money.bad_day``.
    """
    known = session.scalar(select(Spending).where(Spending.form_key == form_key))
    if known is not None:
        return known
    line = session.get(BudgetLine, line_id)
    if line is None:
        raise NotFound("money.no_line")
    paid, words = fen(amount), clean(what)[:200]
    if not words or not 16 <= len(form_key) <= 64:
        raise Refused("money.needs_words")
    if paid == 0:
        raise Refused("money.bad_amount")
    if abs(day - now.date()) > timedelta(days=800):
        raise Refused("money.bad_day")
    made = Spending(line_id=line.id, day=day, amount=paid, what=words, form_key=form_key, made_by=by, made_at=now)
    session.add(made)
    session.flush()
    audit.write(
        session, actor=by, action="budget.spent", subject=f"{line.campaign} {line.title}"[:100], now=now, fen=paid
    )
    return made


def campaigns(session: Session) -> list[Campaign]:
    """Every campaign with its lines and what was spent of each."""
    lines = rows.lines(session)
    spent: Counter[int] = Counter()
    for entry in rows.spent(session, [one.id for one in lines]):
        spent[entry.line_id] += entry.amount
    names = list(dict.fromkeys(one.campaign for one in lines))
    return [Campaign(name, [Line(one, spent[one.id]) for one in lines if one.campaign == name]) for name in names]


def entries(session: Session) -> dict[int, list[Spending]]:
    """Line id -> what was paid, by day."""
    found: dict[int, list[Spending]] = {}
    for entry in rows.spent(session, [one.id for one in rows.lines(session)]):
        found.setdefault(entry.line_id, []).append(entry)
    return found
