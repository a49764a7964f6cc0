"""What one member of staff sees: their own published results, explained; never anybody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback_app.db import leaderboards
from feedback_app.domain import boards
from feedback_app.domain.boards import Row
from feedback_app.domain.cycles import Period
from feedback_app.services import appeals, case_findings, explanations, small_months
from feedback_app.services import leaderboards as boards_of
from feedback_app.services.leaderboards import Board, board_without_rows
from feedback_app.services.small_months import SmallMonths


@dataclass(frozen=True)
class OwnResult:
    """One published period. ``lines`` is the explanation, ``place`` its first sentence, ``trend`` may be empty.

    ``is_told`` False: a month in it has one to four people, so that its score would tell what they said (domain.groups);
    neither score nor place nor trend nor the lines with a mean are given (with their scores put together, colleagues could
    tell the score from the place), and the row's score is not to be shown.
    """

    award: str
    title: str
    league: str
    period: Period
    row: Row
    place: str
    trend: str
    lines: tuple[str, ...]
    is_told: bool = True


def own_results(session: Session, point_id: int, language: str = "zh", *, most: int = 12) -> list[OwnResult]:
    """The latest ``most`` published results of this service point, newest first."""
    found = [
        (board_without_rows(one.leaderboard), boards.row_from(one.body))
        for one in leaderboards.rows_of_point(session, point_id)
        if one.leaderboard.published_at is not None
    ]
    small = small_months.of_periods(session, [board.period for board, _ in found[:most]])
    return [_told(board, row, _before(found, board), small, language) for board, row in found[:most]]


def _before(found: Sequence[tuple[Board, Row]], board: Board) -> Row | None:
    """The same award's row of the period before."""
    known = {(other.scheme.key, other.period): row for other, row in found}
    earlier = board.period.shifted(-1)
    return known.get((board.scheme.key, earlier)) if earlier else None


def _told(board: Board, row: Row, before: Row | None, small: SmallMonths, language: str) -> OwnResult:
    is_told = explanations.is_told(row) and not small.are_behind(row.point_id, board.period)
    lines = explanations.lines(board, row, language, is_told=is_told)
    league = next(one for one in board.scheme.leagues if one.key == row.league)
    return OwnResult(
        award=board.scheme.key,
        title=board.scheme.title.get(language) or board.scheme.title["zh"],
        league=league.title.get(language) or league.title["zh"],
        period=board.period,
        row=row,
        place=lines[0],
        trend=explanations.trend(board, row, before, language) if is_told else "",
        lines=tuple(lines[1:]),
        is_told=is_told,
    )


def after_appeals(session: Session, point_id: int, results: Sequence[OwnResult], zone: ZoneInfo) -> dict[int, Row]:
    """Place in ``results`` to what the period would give today, where an appeal was upheld after it had been frozen.

    What was published stays as it is; the person sees both.
    """
    found: dict[int, Row] = {}
    for place, one in enumerate(results):
        months = [str(month) for month in one.period.months]
        closed = leaderboards.closed_at(session, one.award, str(one.period))
        if closed is None:
            continue
        fell = case_findings.fell_since(session, point_id, closed, one.period)
        if not fell and not appeals.upheld_since(session, point_id, closed, months):
            continue
        row = boards_of.preview(session, one.award, one.period, now=closed, zone=zone).row_of(point_id)
        if row is not None:
            found[place] = row
    return found
