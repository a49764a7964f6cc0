"""Why somebody stands where they stand: plain sentences with counts only. Shown to the person alone."""

import math
from collections.abc import Mapping

from feedback_app.domain import groups
from feedback_app.domain.award_parts import League, Share
from feedback_app.domain.boards import PATIENTS, Row
from feedback_app.domain.cycles import Period
from feedback_app.services.leaderboards import Board
from feedback_app.texts import text

_ENOUGH_FOR_A_TREND = 30  # ratings
_USUAL = 1.645  # within this many standard deviations a change says nothing


def period_name(period: Period, language: str = "zh") -> str:
    """10 月, 9–10 月, 第四季度 …: people read these sentences soon after, so that the year is known."""
    return text(f"stars.periods.{period.kind}", language, **_period_fields(period, language))


def period_title(period: Period, language: str = "zh") -> str:
    """The same with its year: 2026 年 10 月, 2026 年第四季度."""
    return text(f"stars.period_titles.{period.kind}", language, **_period_fields(period, language))


def short_period_name(period: Period, language: str = "zh") -> str:
    """As it fits under a chart: 10 月, Q4."""
    return text(f"stars.short_periods.{period.kind}", language, **_period_fields(period, language))


def _period_fields(period: Period, language: str) -> dict[str, object]:
    return {
        "year": period.first.year,
        "month": text(f"stars.months.m{period.first.month}", language),
        "last_month": text(f"stars.months.m{period.last.month}", language),
        "quarter": text(f"stars.quarters.q{(period.first.month + 2) // 3}", language),
        "half": text(f"stars.halves.h{(period.first.month + 5) // 6}", language),
        "day": period.first.day,
        "last_day": period.last.day,
    }


def place(board: Board, row: Row, language: str = "zh", *, is_told: bool = True) -> str:
    """ "您在医生榜第 7 名" or, in a band, "并列第 5–11 名"; while collecting, what is still needed; not ``is_told``: that the
    place is not told this time."""
    fields: dict[str, object] = {
        "league": _title(board, row.league, language),
        "listed": board.counts[row.league]["listed"],
        "missing": row.missing,
        "valid": row.valid,
        "month": period_name(board.period, language),
    }
    if not row.listed and not row.missing and row.waiting:
        return text("stars.own.waiting", language, **fields, what=waiting(board, row, language))
    if not row.listed:
        return text("stars.own.collecting", language, **fields)
    kind = "untold" if not is_told else "band" if row.shares_place else "place"
    return text(f"stars.own.{kind}", language, **fields, rank=row.rank, first=row.band_first, last=row.band_last)


def trend(board: Board, row: Row, before: Row | None, language: str = "zh") -> str:
    """The own change since the last closed month; "" when there is nothing to compare. Of those who are listed alone: the
    score of a few ratings is mostly the group's, and would tell how others, of whom too few said something, fared."""
    if before is None or row.mean is None or before.mean is None or not (is_told(row) and is_told(before)):
        return ""
    if not row.listed or before.n < _ENOUGH_FOR_A_TREND:
        return ""
    change = row.score - before.score
    usual = abs(change) <= _USUAL * math.sqrt(row.variance + before.variance)
    kind = "steady" if usual else "up" if change > 0 else "down"
    return text(
        f"stars.own.trend_{kind}",
        language,
        now=_points(row.score),
        before=_points(before.score),
        month=period_name(board.period, language),
        previous=period_name(board.period.shifted(-1) or board.period, language),
    )


def is_told(row: Row) -> bool:
    """Whether the score may be given to the person rated: no month behind it has one to four people, as far as the row says.
    A mean of one rating is that patient's answer."""
    return groups.is_enough(row.valid) and (not row.earlier or groups.is_enough(row.earlier))


def lines(board: Board, row: Row, language: str = "zh", *, is_told: bool = True) -> list[str]:
    """The whole explanation, one sentence a line, in the order in which the figure comes about; without the figures that
    would tell what fewer than five people said, unless ``is_told``."""
    say = _Sayer(language)
    month = period_name(board.period, language)
    told = [place(board, row, language, is_told=is_told)]
    if row.listed and is_told:
        told.append(say("interval" if row.high > row.low else "sure", low=row.low, high=row.high))
    if board.scheme.hears_patients:
        told += _from_patients(board, row, say, month, is_told=is_told)
    told += _composed(board, row, language) if is_told else [say("too_few")]
    if row.not_counted:
        told.append(
            say(
                "not_counted",
                month=month,
                total=sum(row.not_counted.values()),
                reasons=_reasons(row.not_counted, language),
            )
        )
    told.append(say("only_patients" if len(board.scheme.shares) == 1 and board.scheme.hears_patients else "process"))
    if board.unverified:
        told.append(say("unverified"))
    return told


def waiting(board: Board, row: Row, language: str = "zh") -> str:
    """What is still lacking beside ratings: 同事互评、专家评分."""
    names = [share_name(share, language) for share in board.scheme.shares if share.name in row.waiting]
    return text("stars.rules.comma", language).join(names)


def share_name(share: Share, language: str = "zh") -> str:
    return share.title.get(language) or share.title.get("zh") or text(f"schemes.kinds.{share.kind}", language)


def _from_patients(board: Board, row: Row, say: "_Sayer", month: str, *, is_told: bool) -> list[str]:
    result = board.league(row.league)
    told = [say("counted", month=month, valid=row.valid, earlier=row.earlier, n=math.floor(row.n + 0.5))]
    if row.mean is None or not is_told:
        return told
    if not row.listed:
        return [*told, say("mean", mean=_points(row.mean))]
    return [
        *told,
        say("mean", mean=_points(row.mean)),
        say(
            "shrunk",
            mu=f"{result.mu:.0f}",  # finer, small groups could work out what a colleague's few patients said
            k=math.floor(result.k + 0.5),
            reliability=f"{row.reliability:.2f}",
            score=_points(row.parts.get(PATIENTS, row.score)),
            mean=_points(row.mean),
        ),
    ]


def _composed(board: Board, row: Row, language: str) -> list[str]:
    """Where several things count: each with its points and weight, and the sum."""
    if len(board.scheme.shares) == 1:
        return []
    parts = [
        text(
            "stars.explain.part",
            language,
            name=share_name(share, language),
            points=_points(row.parts[share.name]),
            weight=share.weight,
        )
        for share in board.scheme.shares
        if share.name not in row.waiting
    ]
    told = text("stars.explain.and", language).join(parts)
    kind = "composed" if row.listed else "composed_so_far"
    return [text(f"stars.explain.{kind}", language, parts=told, score=_points(row.score))]


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
