"""What winners receive, as a list for the pay office (S38).

Made from a *published* board only; titles come from the award's own rules, sums are typed by a person, a second person
confirms, and only then there is a file. The program computes no pay: it has no formula for one, no deduction, and nobody is
on the list but those who were honoured.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.campaign_money import RewardList
from feedback_app.domain.cycles import Period
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, budgets, exports, leaderboards
from feedback_app.services.leaderboards import Board

DRAFT, CONFIRMED = "draft", "confirmed"
COLUMNS = ("key", "name", "department", "award", "period", "league", "tier", "reward", "yuan", "basis")
LARGEST = 100_000_00  # fen for one person


def make(session: Session, award: str, period: str, *, by: str, now: datetime) -> RewardList:
    """The list of a published board; made again while it is a draft it follows the board, sums typed before stay.

    Raises NotFound ``stars.not_published``, Refused ``money.nobody_won``, Conflict ``money.confirmed``.
    """
    board = leaderboards.load(session, award, Period.parse(period))
    if board.published_at is None:
        raise NotFound("stars.not_published", period=period)
    rows = _winners(board)
    if not rows:
        raise Refused("money.nobody_won")
    one = session.scalar(
        select(RewardList).where(RewardList.award_key == award, RewardList.period == str(board.period))
    )
    if one is None:
        one = RewardList(award_key=award, period=str(board.period), made_by=by, made_at=now, rows=[])
        session.add(one)
    if one.state == CONFIRMED:
        raise Conflict("money.confirmed")
    typed = {row["key"]: row["amount"] for row in one.rows}
    one.rows = [{**row, "amount": typed.get(row["key"])} for row in rows]
    one.result_hash, one.made_by, one.made_at = board.result_hash, by, now
    session.flush()
    audit.write(session, actor=by, action="rewards.made", subject=f"{award} {period}", now=now, people=len(rows))
    return one


def _winners(board: Board) -> list[dict[str, Any]]:
    return [
        {
            "key": row.key, "name": row.name, "department": row.department, "league": result.key, "tier": row.tier,
            "reward": "、".join(one.title["zh"] for one in board.scheme.rewards if one.tier in ("", row.tier)),
        }
        for result in board.results for row in result.rows if row.won and row.point_id not in board.revoked
    ]  # fmt: skip


def type_sums(session: Session, list_id: int, sums: Mapping[str, str], *, by: str, now: datetime) -> RewardList:
    """Staff number -> yuan as typed, "" for none. Whoever types last stands as the maker, so that somebody else confirms.

    Raises NotFound ``money.no_list``, Conflict ``money.confirmed``, Refused ``money.bad_amount``, ``money.no_deduction``.
    """
    one = get(session, list_id)
    if one.state == CONFIRMED:
        raise Conflict("money.confirmed")
    one.rows = [{**row, "amount": _sum(sums[row["key"]]) if row["key"] in sums else row["amount"]} for row in one.rows]
    one.made_by, one.made_at = by, now
    session.flush()
    audit.write(session, actor=by, action="rewards.typed", subject=f"{one.award_key} {one.period}", now=now)
    return one


def _sum(typed: str) -> int | None:
    if not typed.strip():
        return None
    amount = budgets.fen(typed)
    if amount < 0:
        raise Refused("money.no_deduction")
    if amount > LARGEST:
        raise Refused("money.bad_amount")
    return amount


def confirm(session: Session, list_id: int, *, by: str, now: datetime) -> RewardList:
    """By somebody else than typed the sums. Raises NotFound ``money.no_list``, NotAllowed ``money.second_person``, Conflict
    ``money.confirmed`` or ``money.board_changed`` (an honour was taken back meanwhile: make the list anew)."""
    one = get(session, list_id)
    if one.state == CONFIRMED:
        raise Conflict("money.confirmed")
    if one.made_by == by:
        raise NotAllowed("money.second_person")
    if not stands(session, one):
        raise Conflict("money.board_changed")
    one.state, one.confirmed_by, one.confirmed_at = CONFIRMED, by, now
    session.flush()
    audit.write(session, actor=by, action="rewards.confirmed", subject=f"{one.award_key} {one.period}", now=now)
    return one


def stands(session: Session, one: RewardList) -> bool:
    """Whether the list still names exactly those whom the board honours."""
    board = leaderboards.load(session, one.award_key, Period.parse(one.period))
    return [row["key"] for row in _winners(board)] == [row["key"] for row in one.rows]


def get(session: Session, list_id: int) -> RewardList:
    """Raises NotFound ``money.no_list``."""
    one = session.get(RewardList, list_id)
    if one is None:
        raise NotFound("money.no_list")
    return one


def listed(session: Session) -> Sequence[RewardList]:
    return session.scalars(select(RewardList).order_by(RewardList.id.desc()).limit(200)).all()


def table(session: Session, list_id: int, *, by: str, now: datetime) -> list[tuple[str, ...]]:
    """The rows for the pay office. Raises NotFound ``money.no_list``, Conflict ``money.not_confirmed``."""
    one = get(session, list_id)
    if one.state != CONFIRMED:
        raise Conflict("money.not_confirmed")
    audit.write(session, actor=by, action="rewards.exported", subject=f"{one.award_key} {one.period}", now=now)
    return [
        (
            row["key"], row["name"], row["department"], one.award_key, one.period, row["league"], row["tier"],
            row["reward"], "" if row["amount"] is None else budgets.yuan(row["amount"]).replace(",", ""),
            f"{one.confirmed_by} {one.result_hash[:16]}",
        )
        for row in one.rows
    ]  # fmt: skip


def as_csv(rows: Sequence[tuple[str, ...]]) -> bytes:
    """UTF-8 with a mark, as spreadsheets of the pay office open it; no cell is a formula."""
    out = io.StringIO()
    exports.write_csv(COLUMNS, iter(rows), out)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Sequence[tuple[str, ...]]) -> bytes:
    """Every cell is text, but the sum, which is a number."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet()
    for place, name in enumerate(COLUMNS):
        sheet.write_string(0, place, name)
    for line, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if COLUMNS[place] == "yuan" and cell:
                sheet.write_number(line, place, float(cell))
            else:
                sheet.write_string(line, place, cell)
    book.close()
    return out.getvalue()
