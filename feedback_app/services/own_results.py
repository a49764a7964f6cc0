"""What one member of staff sees: their own published results, explained; never anybody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.domain import boards
from feedback_app.domain.boards import Row
from feedback_app.domain.cycles import Period
from feedback_app.services import appeals, explanations
from feedback_app.services import leaderboards as boards_of
from feedback_app.services.leaderboards import Board, board_without_rows


@dataclass(frozen=True)
class OwnResult:
    """One published period. ``lines`` is the explanation, ``place`` its first sentence, ``trend`` may be empty."""

    award: str
    title: str
    league: str
    period: Period
    row: Row
    place: str
    trend: str
    lines: tuple[str, ...]


def own_results(session: Session, point_id: int, language: str = "zh", *, most: int = 12) -> list[OwnResult]:
    """The latest ``most`` published results of this service point, newest first."""
    found = [
        (board_without_rows(one.leaderboard), boards.row_from(one.body))
        for one in leaderboards.rows_of_point(session, point_id)
        if one.leaderboard.published_at is not None
    ]
    return [_told(board, row, _earlier(found, board), language) for board, row in found[:most]]


def _earlier(found: Sequence[tuple[Board, Row]], board: Board) -> Row | None:
    """The same award's row of the month before."""
    wanted = (board.scheme.key, board.period.shifted(-1))
    return next((row for other, row in found if (other.scheme.key, other.period) == wanted), None)


def _told(board: Board, row: Row, before: Row | None, language: str) -> OwnResult:
    lines = explanations.lines(board, row, language)
    league = next(one for one in board.scheme.leagues if one.key == row.league)
    return OwnResult(
        award=board.scheme.key,
        title=board.scheme.title.get(language) or board.scheme.title["zh"],
        league=league.title.get(language) or league.title["zh"],
        period=board.period,
        row=row,
        place=lines[0],
        trend=explanations.trend(board, row, before, language),
        lines=tuple(lines[1:]),
    )


def after_appeals(session: Session, point_id: int, results: Sequence[OwnResult], zone: ZoneInfo) -> dict[int, Row]:
    """Place in ``results`` to what the period would give today, where an appeal was upheld after it had been frozen.

    What was published stays as it is; the person sees both.
    """
    found: dict[int, Row] = {}
    for place, one in enumerate(results):
        months = [str(month) for month in one.period.months]
        closed = leaderboards.closed_at(session, one.award, str(one.period))
        if closed is None or not appeals.upheld_since(session, point_id, closed, months):
            continue
        row = boards_of.preview(session, one.award, one.period, now=closed, zone=zone).row_of(point_id)
        if row is not None:
            found[place] = row
    return found
