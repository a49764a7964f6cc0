"""Why somebody stands where they stand: plain sentences with counts only. Shown to the person alone."""

import math
from collections.abc import Mapping

from feedback_app.domain.awards import League
from feedback_app.domain.boards import Row
from feedback_app.domain.periods import Month
from feedback_app.services.leaderboards import Board
from feedback_app.texts import text

_USUAL = 1.645  # within this many standard deviations a change says nothing


def month_name(month: Month, language: str = "zh") -> str:
    """10 月, October: people read these sentences in the month after."""
    return text(f"stars.months.m{month.number}", language)


def place(board: Board, row: Row, language: str = "zh") -> str:
    """ "您在医生榜第 7 名" or, in a band, "并列第 5–11 名"; while collecting, what is still needed."""
    fields: dict[str, object] = {
        "league": _title(board, row.league, language),
        "listed": board.counts[row.league]["listed"],
        "missing": row.missing,
        "valid": row.valid,
        "month": month_name(board.month, language),
    }
    if not row.listed:
        return text("stars.own.collecting", language, **fields)
    kind = "band" if row.shares_place else "place"
    return text(f"stars.own.{kind}", language, **fields, rank=row.rank, first=row.band_first, last=row.band_last)


def trend(board: Board, row: Row, before: Row | None, language: str = "zh") -> str:
    """The own change since the last closed month; "" when there is nothing to compare."""
    if before is None or row.mean is None or before.mean is None:
        return ""
    change = row.score - before.score
    usual = abs(change) <= _USUAL * math.sqrt(row.variance + before.variance)
    kind = "steady" if usual else "up" if change > 0 else "down"
    return text(
        f"stars.own.trend_{kind}",
        language,
        now=_points(row.score),
        before=_points(before.score),
        month=month_name(board.month, language),
        previous=month_name(board.month.shifted(-1), language),
    )


def lines(board: Board, row: Row, language: str = "zh") -> list[str]:
    """The whole explanation, one sentence a line, in the order in which the figure comes about."""
    result = board.league(row.league)
    say = _Sayer(language)
    month = month_name(board.month, language)
    told = [place(board, row, language)]
    if row.listed:
        told.append(say("interval" if row.high > row.low else "sure", low=row.low, high=row.high))
    told.append(say("counted", month=month, valid=row.valid, earlier=row.earlier, n=math.floor(row.n + 0.5)))
    if row.mean is not None:
        told.append(say("mean", mean=_points(row.mean)))
        told.append(
            say(
                "shrunk",
                mu=_points(result.mu),
                k=math.floor(result.k + 0.5),
                reliability=f"{row.reliability:.2f}",
                score=_points(row.score),
                mean=_points(row.mean),
            )
        )
    if row.not_counted:
        told.append(
            say(
                "not_counted",
                month=month,
                total=sum(row.not_counted.values()),
                reasons=_reasons(row.not_counted, language),
            )
        )
    told.append(say("only_patients"))
    if board.unverified:
        told.append(say("unverified"))
    return told


class _Sayer:
    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, key: str, **params: object) -> str:
        return text(f"stars.explain.{key}", self._language, **params)


def _reasons(dropped: Mapping[str, int], language: str) -> str:
    parts = [text(f"stars.reasons.{reason}", language, count=count) for reason, count in dropped.items()]
    return text("stars.explain.and", language).join(parts)


def _points(value: float) -> str:
    return f"{value:.1f}"


def _title(board: Board, key: str, language: str) -> str:
    league: League = next(one for one in board.scheme.leagues if one.key == key)
    return league.title.get(language) or league.title["zh"]
